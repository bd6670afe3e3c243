"""The headers of one message: parsed from its text, and written for an action we send; pure.

A header that comes again: `Output` and every `...Variable` are joined by "\\n" in order; of all others the last one stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from callcenter import errors

LINE_LIMIT = 1022  # Asterisk reads action lines into 1,025 bytes and discards what is longer

# Asterisk 13 and older answer Command with "Response: Follows", these headers, and then bare text.
_FOLLOWS_HEADERS = frozenset({"Response", "Privilege", "ActionID", "Message"})
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def parse(text: str) -> dict[str, str]:
    """Give the headers of a message, its lines joined by CRLF, under Asterisk's spelling."""
    if text.startswith("Response: Follows"):
        return _parse_follows(text)
    lines = text.split("\r\n")
    try:  # One expression in C: a learned regular expression for each kind of event was no faster.
        headers = dict([line.split(": ", 1) for line in lines])
    except ValueError:  # a line that is no header
        return _parse_odd(lines)
    return headers if len(headers) == len(lines) else _parse_odd(lines)


def _parse_odd(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        key, colon, value = line.partition(": ")
        if not colon:
            if not line.endswith(":"):
                continue
            key = line[:-1]
        if key in headers and (key == "Output" or key.endswith("Variable")):
            value = f"{headers[key]}\n{value}"
        headers[key] = value
    return headers


def _parse_follows(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    lines = text.split("\r\n")
    while lines:
        key, colon, value = lines[0].partition(": ")
        if not colon or key not in _FOLLOWS_HEADERS:
            break
        headers[key] = value
        lines.pop(0)
    headers["Output"] = "\n".join(lines).removesuffix("--END COMMAND--").rstrip("\n")
    return headers


def encode(action: Mapping[str, str | Sequence[str]]) -> bytes:
    """Write an action as bytes; a list of values becomes a repeated header.

    Raises:
        errors.Invalid: naming the header that holds a control character (a line end in a caller's name would be a second
            action), or that is longer than Asterisk reads.
    """
    lines = []
    for key, value in action.items():
        if not key or ":" in key or " " in key or _FORBIDDEN.search(key):
            raise errors.Invalid(ascii(key), "is not a header's name")
        for one in (value,) if isinstance(value, str) else value:
            if _FORBIDDEN.search(one):
                raise errors.Invalid(key, "control characters are not allowed")
            line = f"{key}: {one}".encode()
            if len(line) > LINE_LIMIT:
                raise errors.Invalid(key, f"longer than the {LINE_LIMIT} bytes that Asterisk reads")
            lines.append(line)
    return b"\r\n".join(lines) + b"\r\n\r\n"
