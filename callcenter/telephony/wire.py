"""Bytes of the Asterisk Manager Interface, cut into messages; no I/O, for the live link and for files alike.

Rules
1. A message is lines that end in CRLF, and ends with an empty line. TCP may cut it anywhere, so nothing is decoded before
   the whole message is there: half a Hebrew letter is never seen.
2. What nobody wants is dropped before it is decoded: on a real, noisy PBX three quarters of the stream is VarSet and
   Newexten. Answers to our own actions are always kept, known by the ActionID prefix that the link chose.
3. Nothing that a peer sends makes `Framer.feed` raise, or grow without bound: a message over `limit` bytes is discarded
   up to its end and noted in `Framer.faults` with its Linkedid; the stream goes on.
4. Headers are parsed when first asked for (fields.py).

Speed: what happens to each of the stream's messages, wanted or not, decides. A message is told by its whole first line,
one look into a table that learns every line it has not met (bounded, names come from outside); nothing else of an
unwanted message is touched. Our ActionIDs are looked for once in all that came, not message by message.

A recorded file may use bare LF (an editor's work), may begin in the middle of a message and may hold several banners.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from callcenter.telephony import fields

LIMIT = 1 << 20

_END = b"\r\n\r\n"
_BANNER = b"Asterisk Call Manager/"
_LINKEDID = re.compile(rb"\r\nLinkedid: ([^\r\n]{1,150})\r\n")
_EVENT = re.compile(rb"^Event: ([^\r\n]{0,100})")
_LEARNED = 1000  # first lines that a table may hold
_OVERLAP = 256  # kept of a discarded message, so that a Linkedid cut in two is still found


class Message:
    """One event or response: `name` is the event's name, empty for a response; `text` its lines joined by CRLF."""

    __slots__ = ("_headers", "name", "text")

    def __init__(self, name: str, text: str, headers: dict[str, str] | None = None) -> None:
        self.name = name
        self.text = text
        self._headers = headers

    @property
    def headers(self) -> dict[str, str]:
        """Give every header under Asterisk's spelling; repeated ones as fields.py says."""
        headers = self._headers
        if headers is None:
            headers = self._headers = fields.parse(self.text)
        return headers

    def get(self, key: str, default: str = "") -> str:
        """Give one header, or the default where it is missing."""
        return self.headers.get(key, default)

    def __repr__(self) -> str:
        return f"Message({self.name!r}, {self.headers!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.name, self.text) == (other.name, other.text)

    __hash__ = None  # type: ignore[assignment]


def from_headers(headers: Mapping[str, object]) -> Message:
    """Make a message of a header object, as a line of JSONL holds it; a list is a header that was repeated."""
    flat = {
        key: "\n".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in headers.items()
    }
    text = "\r\n".join(f"{key}: {value}" for key, value in flat.items())
    return Message(flat.get("Event", ""), text, flat)


@dataclass(frozen=True, slots=True)
class Oversized:
    """A message that was discarded for its size, with what was learned of it."""

    event: str
    linkedid: str
    size_bytes: int


class Framer:
    """Cut a stream of bytes into messages; feed it in any pieces."""

    def __init__(
        self,
        names: Iterable[bytes] | None = None,
        *,
        variables: Iterable[bytes] | None = None,
        answers: bytes | None = None,
        limit: int = LIMIT,
    ) -> None:
        """Keep events of these names (all, if None) and, of VarSet, variables that begin with one of these prefixes.

        Args:
            answers: the prefix of our own ActionIDs; messages that carry one are kept whatever their name.
        """
        self._all = names is None
        # What becomes of a message, by its first line: its name, or "" where nobody wants it.
        self._lines = {b"Event: " + name: name.decode("ascii") for name in names or ()}
        self._variables = None if variables is None else tuple(variables)
        self._answers = None if answers is None else b"\r\nActionID: " + answers
        self._limit = limit
        self._held = bytearray()
        self._discarding: Oversized | None = None
        self._bare_lf: bool | None = None  # None until the first line end has been seen
        self.banner = ""
        self.seen = 0  # messages, kept or not
        self.stray = (
            0  # pieces that are neither event nor response: a beginning cut off, or no AMI at all
        )
        self.oversized = 0
        self.faults: deque[Oversized] = deque(maxlen=100)

    @property
    def pending(self) -> bytes:
        """Give the bytes of the message that is not complete yet."""
        return bytes(self._held)

    def feed(self, data: bytes) -> list[Message]:
        """Take the next bytes and return the messages that they complete, in order."""
        if self._bare_lf is not False:
            data = self._with_crlf(data)
        held = self._held
        if held:
            seen = max(0, len(held) - 3)
            held += data
            if held.find(_END, seen) < 0:
                self._bound()
                return []
            data = bytes(held)
            held.clear()
        parts = data.split(_END)
        held += parts.pop()
        if parts and (self._discarding or len(data) > self._limit):
            parts = self._within_limit(parts)
        # `data` holds all of `parts`, so where no ActionID of ours is in it, none is in them.
        answers = self._answers
        messages = self._read(parts, answers if answers is not None and answers in data else None)
        self._bound()
        return messages

    def finish(self) -> list[Message]:
        """End the stream: return a last message that lacks only its empty line; one cut within a line is not trusted."""
        if self._bare_lf is None:
            self._bare_lf = True
            first = bytes(self._held)
            self._held.clear()
            last = self.feed(first)
        else:
            last = []
        complete = self._held.endswith(b"\r\n") and not self._discarding
        rest = bytes(self._held[:-2])
        self._held.clear()
        self._discarding = None
        return last + self._read([rest], self._answers) if complete else last

    def _read(self, parts: list[bytes], answers: bytes | None) -> list[Message]:
        lines, variables = self._lines, self._variables
        messages: list[Message] = []
        keep = messages.append
        self.seen += len(parts)
        for part in parts:
            name = lines.get(part.partition(b"\r\n")[0])
            if name is None:  # a first line not met before
                part = self._odd(part)
                if not part.startswith(b"Event: "):
                    if part:
                        keep(Message("", part.decode("utf-8", "replace")))
                    else:
                        self.seen -= 1
                    continue
                name = self._learned(part.partition(b"\r\n")[0])
            if not name:
                if answers is None or answers not in part:
                    continue
                name = part.partition(b"\r\n")[0][7:].decode("ascii", "replace")
            elif name == "VarSet" and variables is not None:
                at = part.rfind(b"\r\nVariable: ")  # it is the last header but one
                if at < 0 or not part.startswith(variables, at + 12):
                    continue
            try:
                text = part.decode()
            except UnicodeDecodeError:
                text = part.decode("utf-8", "replace")
            keep(Message(name, text))
        return messages

    def _learned(self, line: bytes) -> str:
        """Say what becomes of messages with this first line, and remember it."""
        name = self._lines.get(line)
        if name is None:
            name = line[7:].decode("ascii", "replace") if self._all else ""
            if len(self._lines) < _LEARNED and len(line) < 100:
                self._lines[line] = name
        return name

    def _odd(self, part: bytes) -> bytes:
        """Return what stands after a banner or empty lines, its Event or Response line first; empty if it is no message."""
        part = part.lstrip(b"\r\n")
        if part.startswith(_BANNER):
            line, _, part = part.partition(b"\r\n")
            self.banner = line.decode("ascii", "replace")
        if not part or part.startswith((b"Event: ", b"Response: ")):
            return part
        lines = part.split(b"\r\n")
        for i, line in enumerate(lines):
            if line.startswith((b"Event: ", b"Response: ")):
                return b"\r\n".join([line, *lines[:i], *lines[i + 1 :]])
        self.stray += 1
        return b""

    def _with_crlf(self, data: bytes) -> bytes:
        """Learn once which line ends the stream has, and give it back with CRLF."""
        if self._bare_lf is None:
            data = bytes(self._held) + data
            self._held.clear()
            crlf = data.find(b"\r\n", 0, self._limit)
            empty = data.find(b"\n\n", 0, self._limit)
            if empty >= 0 and not 0 <= crlf < empty:
                self._bare_lf = True
            elif crlf >= 0 or len(data) > self._limit:
                self._bare_lf = False
            else:  # too early to tell: held back as it came
                self._held += data
                return b""
        if self._bare_lf:
            return data.replace(b"\r", b"").replace(b"\n", b"\r\n")
        return data

    def _bound(self) -> None:
        """Forget the bytes of a message that has grown over the limit, all but the last few."""
        held = self._held
        if len(held) <= (_OVERLAP if self._discarding else self._limit + 3):  # 3: of its end
            return
        self._discarding = self._described(bytes(held), len(held) - _OVERLAP)
        del held[:-_OVERLAP]

    def _described(self, piece: bytes, size: int) -> Oversized:
        so_far = self._discarding or Oversized("", "", 0)
        event = _EVENT.match(piece) if not so_far.size_bytes else None
        linkedid = _LINKEDID.search(piece) if not so_far.linkedid else None
        return Oversized(
            event[1].decode("ascii", "replace") if event else so_far.event,
            linkedid[1].decode("utf-8", "replace") if linkedid else so_far.linkedid,
            so_far.size_bytes + size,
        )

    def _within_limit(self, parts: list[bytes]) -> list[bytes]:
        """Note and leave out each message over the limit; the first piece ends the one being discarded."""
        fit = []
        for part in parts:
            if self._discarding or len(part) > self._limit:
                self.faults.append(self._described(part + b"\r\n", len(part)))
                self.oversized += 1
                self._discarding = None
            else:
                fit.append(part)
        return fit
