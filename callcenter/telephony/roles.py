"""Which channels are the phones of our people and which are trunks, told by the names of their channels; pure.

A channel's name is `technology/endpoint-serial`; without its serial it is the Interface, as queues name it. A glob is
matched against the whole name (`PJSIP/1001-*`) and against the Interface (`PJSIP/1001`). What no glob names:

- only trunks were given: every other endpoint is a phone; only phones were given: every other one is a trunk;
- both or neither: an endpoint of two to six digits is a phone, so is every member of a queue; the rest are trunks.

Local channels and Asterisk's own helpers (announcers, recorders, snoops) are nobody's.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence

PHONE = "phone"
TRUNK = "trunk"
NOBODY = ""

_HELPERS = frozenset(
    {
        "announcer", "asyncgoto", "audiosocket", "bridge", "cbann", "cbrec", "confbridgerecorder", "local", "message",
        "multicastrtp", "outgoingspoolfailed", "parked", "recorder", "rtp", "snoop", "surrogate", "transfered",
        "unicastrtp", "voicemail", "websocket",
    }
)  # fmt: skip
_SERIAL = re.compile(r"-(?:[0-9a-fA-F]{4,16}|[0-9]+)(?:;[12])?$")
_HEX = frozenset("0123456789abcdefABCDEF")
_GHOST = re.compile(r"(?:<(?:MASQ|ZOMBIE)>)+$")
_SHORT_NUMBER = re.compile(r"[0-9]{2,6}")


def interface(name: str) -> str:
    """Give the Interface of a channel: its name without the serial number."""
    if name.endswith(">"):
        name = bare(name)
    head, dash, serial = name.rpartition("-")
    if dash and len(serial) >= 4 and _HEX.issuperset(serial):
        return head  # by far the most
    return _SERIAL.sub("", name)


def bare(name: str) -> str:
    """Give a channel's name without the marks that a masquerade leaves on it."""
    return _GHOST.sub("", name)


def is_local(name: str) -> bool:
    """Say whether a channel is one half of a Local pair."""
    return name.startswith("Local/")


class Roles:
    """Tell phones from trunks, and a phone's extension; remembers every Interface that it was asked about."""

    def __init__(
        self,
        trunks: Sequence[str] = (),
        phones: Sequence[str] = (),
        extensions: Mapping[str, str] | None = None,
    ) -> None:
        """Take globs of channel names, and the extension of each Interface that is not called by its endpoint's name."""
        self._trunks = tuple(trunks)
        self._phones = tuple(phones)
        self._extensions = dict(extensions or {})
        self._members: set[str] = set()
        self._known: dict[str, str] = {}

    def role(self, name: str) -> str:
        """Say whose channel this is: PHONE, TRUNK or NOBODY."""
        return self.role_of(interface(name), name)

    def role_of(self, key: str, name: str) -> str:
        """Say whose a channel is whose Interface is known already."""
        role = self._known.get(key)
        if role is None:
            if len(self._known) > 10_000:  # names come from outside; the memory of them is bounded
                self._known.clear()
            role = self._known[key] = self._judge(bare(name), key)
        return role

    def extension(self, of: str) -> str:
        """Give the extension of an Interface: as configured, else the endpoint's name."""
        known = self._extensions.get(of)
        return known if known is not None else of.partition("/")[2].partition("@")[0] or of

    def learn_member(self, of: str) -> None:
        """Remember that this Interface serves a queue, so it is a person's phone whatever its name looks like."""
        if of and of not in self._members and not is_local(of) and len(self._members) < 10_000:
            self._members.add(of)
            self._known.pop(of, None)

    def _judge(self, name: str, key: str) -> str:
        technology, _, endpoint = key.partition("/")
        if technology.lower() in _HELPERS or not endpoint or endpoint == "pseudo":
            return NOBODY
        if _any(self._trunks, name, key):
            return TRUNK
        if _any(self._phones, name, key):
            return PHONE
        if self._trunks and not self._phones:
            return PHONE
        if self._phones and not self._trunks:
            return TRUNK
        if key in self._members or _SHORT_NUMBER.fullmatch(endpoint.partition("@")[0]):
            return PHONE
        return TRUNK


def _any(globs: tuple[str, ...], name: str, key: str) -> bool:
    return any(fnmatch.fnmatchcase(name, g) or fnmatch.fnmatchcase(key, g) for g in globs)
