"""How often a sign-in may be tried: per address against guessing many names, per name against guessing one.

Every try is counted before the password is looked at, so that tries at the same moment cannot slip through; a success
clears the name's count, never the address's.
"""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

PER_ADDRESS = RateLimitItemPerMinute(30)
PER_LOGIN = RateLimitItemPerMinute(6)


class Throttle:
    """Count sign-in tries of the last minute."""

    def __init__(
        self, *, address: RateLimitItem = PER_ADDRESS, login: RateLimitItem = PER_LOGIN
    ) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._address = address
        self._login = login

    async def refused_for(self, address: str, login: str) -> int:
        """Count a try; return 0 when it may go on, else the seconds until the next may."""
        waits = [0]
        for item, name in ((self._address, f"a:{address}"), (self._login, f"l:{login.casefold()}")):
            if not await self._limiter.hit(item, name):
                stats = await self._limiter.get_window_stats(item, name)
                waits.append(max(1, math.ceil(stats.reset_time - time.time())))
        return max(waits)

    async def succeeded(self, login: str) -> None:
        """Forget the failed tries of a name."""
        await self._limiter.clear(self._login, f"l:{login.casefold()}")
