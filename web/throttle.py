"""How often a sign-in may be tried: longer waits the more often it was wrong, and never a closed door.

    from a browser that signed in before     a bucket of its own: 10 tries at once, then growing waits
    from anywhere else                       per name and address: 5 tries at once, then 1, 2, 4 ... 60 s
                                             per name from all addresses: 30 at once, then 10 s at most
                                             per address for all names: 120 a minute, for a
                                             whole office that begins its shift behind one

So whoever guesses a name's password cannot keep its owner out: the owner's own browser waits for nobody else's mistakes, and
a new one waits ten seconds at most. Every try is counted before the password is looked at, so that tries at the same moment
cannot slip through; a refused one is not counted, and a success forgets the count.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

PER_ADDRESS = RateLimitItemPerMinute(120)
FORGET_SECONDS = 900.0
MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How many tries are free, and how long the waits between the later ones grow."""

    free: int
    longest_seconds: float

    def wait(self, tries: int) -> float:
        """Return the seconds to wait after so many tries."""
        over = tries - self.free
        return 0.0 if over < 0 else min(float(2 ** min(over, 16)), self.longest_seconds)


KNOWN_DEVICE = Patience(10, 60.0)
HERE = Patience(5, 60.0)
EVERYWHERE = Patience(30, 10.0)
CODE = Patience(5, 60.0)  # of the second step, by account


class Throttle:
    """Count sign-in tries, in this process."""

    def __init__(
        self,
        *,
        address: RateLimitItem = PER_ADDRESS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._address = address
        self._clock = clock
        self._tries: OrderedDict[str, tuple[int, float]] = OrderedDict()  # key -> (tries, last)

    async def refused_for(self, address: str, login: str, device: str = "") -> int:
        """Count a try; return 0 when it may go on, else the seconds until the next may. `device` is a known one's hash."""
        if device:
            return self._count(((f"d:{device}", KNOWN_DEVICE),))
        name = login.casefold()
        seconds = self._count(((f"h:{name}|{address}", HERE), (f"e:{name}", EVERYWHERE)))
        if seconds:
            return seconds
        if not await self._limiter.hit(self._address, f"a:{address}"):
            stats = await self._limiter.get_window_stats(self._address, f"a:{address}")
            return max(1, math.ceil(stats.reset_time - time.time()))
        return 0

    def code_refused_for(self, user_id: int) -> int:
        """Count a try of a second step; return 0 when it may go on, else the seconds until the next may."""
        return self._count(((f"c:{user_id}", CODE),))

    def succeeded(self, address: str, login: str, device: str = "") -> None:
        """Forget the tries that led to a success."""
        for key in (f"d:{device}", f"h:{login.casefold()}|{address}"):
            self._tries.pop(key, None)

    def code_succeeded(self, user_id: int) -> None:
        """Forget the tries of a second step."""
        self._tries.pop(f"c:{user_id}", None)

    def _count(self, buckets: tuple[tuple[str, Patience], ...]) -> int:
        now = self._clock()
        left = 0.0
        for key, patience in buckets:
            tries, last = self._tries.get(key, (0, 0.0))
            if now - last > FORGET_SECONDS:
                self._tries.pop(key, None)
                continue
            left = max(left, last + patience.wait(tries) - now)
        if left > 0:
            return math.ceil(left)
        for key, _ in buckets:
            self._tries[key] = (self._tries.pop(key, (0, 0.0))[0] + 1, now)
        while len(self._tries) > MOST_KEPT:
            self._tries.popitem(last=False)
        return 0
