"""SIP messages as bytes and back, digest answers, and the audio half of SDP: as much as a desk phone needs. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
import re

# Headers that phones spell short.
_LONG = {
    "i": "call-id",
    "f": "from",
    "t": "to",
    "v": "via",
    "m": "contact",
    "c": "content-type",
    "l": "content-length",
}
_LONG |= {"r": "refer-to", "b": "referred-by"}


@dataclasses.dataclass(slots=True)
class Message:
    """One request (`status` 0) or response; header names are lower-case, in order, repeated ones repeated."""

    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""
    headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    body: str = ""

    def get(self, name: str, default: str = "") -> str:
        """Return the first header of that name."""
        return next((value for key, value in self.headers if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return every header of that name."""
        return [value for key, value in self.headers if key == name]

    @property
    def cseq(self) -> tuple[int, str]:
        """Return the number and the method of CSeq."""
        number, _, method = self.get("cseq").partition(" ")
        return int(number or 0), method.strip()

    @property
    def branch(self) -> str:
        """Return what tells this transaction from others."""
        found = re.search(r"branch=([^;,\s]+)", self.get("via"))
        return found.group(1) if found else ""

    def encode(self) -> bytes:
        """Spell it out for the wire."""
        first = (
            f"SIP/2.0 {self.status} {self.reason}"
            if self.status
            else f"{self.method} {self.uri} SIP/2.0"
        )
        body = self.body.encode()
        lines = [
            first,
            *(f"{_capital(key)}: {value}" for key, value in self.headers),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def _capital(name: str) -> str:
    return {"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate"}.get(
        name
    ) or "-".join(part.capitalize() for part in name.split("-"))


def decode(data: bytes) -> Message | None:
    """Read a message, or None from what is none (keep-alives)."""
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    message = Message(body=body)
    if first.startswith("SIP/2.0 "):
        _, status, *reason = first.split(" ", 2)
        message.status, message.reason = int(status), " ".join(reason)
    elif first.endswith(" SIP/2.0"):
        message.method, message.uri, _ = first.split(" ")
    else:
        return None
    for line in lines:
        key, _, value = line.partition(":")
        name = key.strip().lower()
        if name != "content-length" and name != "l":
            message.headers.append((_LONG.get(name, name), value.strip()))
    return message


def answer_to(request: Message, status: int, reason: str, *, tag: str = "") -> Message:
    """Begin the response to a request; `tag` is ours where the request's To has none yet."""
    response = Message(status=status, reason=reason)
    for name in ("via", "record-route", "from", "to", "call-id", "cseq"):
        for value in request.all(name):
            if name == "to" and tag and ";tag=" not in value:
                value = f"{value};tag={tag}"
            response.headers.append((name, value))
    return response


def tag_of(value: str) -> str:
    """Return the tag of a From or To."""
    found = re.search(r";tag=([^;>\s]+)", value)
    return found.group(1) if found else ""


def address(value: str) -> str:
    """Return the URI of a Contact, From or To."""
    found = re.search(r"<([^>]+)>", value)
    return found.group(1) if found else value.split(";")[0].strip()


def user_of(value: str) -> str:
    """Return the user part of a URI or of a header with one: the number."""
    found = re.search(r"sips?:([^@;>]+)@", value)
    return found.group(1) if found else ""


def authorization(challenge: str, *, method: str, uri: str, username: str, secret: str) -> str:
    """Answer a digest challenge (RFC 2617, MD5)."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.partition(" ")[2]))
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    ha1, ha2 = md5(f"{username}:{realm}:{secret}"), md5(f"{method}:{uri}")
    said = f'Digest username="{username}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5'
    if "opaque" in asked:
        said += f', opaque="{asked["opaque"]}"'
    if "qop" in asked:
        count, client = "00000001", md5(nonce + uri)[:16]
        response = md5(f"{ha1}:{nonce}:{count}:{client}:auth:{ha2}")
        return f'{said}, qop=auth, nc={count}, cnonce="{client}", response="{response}"'
    return f'{said}, response="{md5(f"{ha1}:{nonce}:{ha2}")}"'


def offer(host: str, port: int, *, version: int = 1, direction: str = "sendrecv") -> str:
    """Describe our audio: mu-law and telephone events at `port`."""
    lines = ["v=0", f"o=phone 1 {version} IN IP4 {host}", "s=phone", f"c=IN IP4 {host}", "t=0 0"]
    lines += [
        f"m=audio {port} RTP/AVP 0 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:101 telephone-event/8000",
    ]
    lines += ["a=fmtp:101 0-16", "a=ptime:20", f"a={direction}"]
    return "\r\n".join(lines) + "\r\n"


def audio_of(sdp: str) -> tuple[str, int] | None:
    """Return where the far end wants its audio, if it says."""
    host, port = re.search(r"^c=IN IP4 (\S+)", sdp, re.M), re.search(r"^m=audio (\d+)", sdp, re.M)
    return (host.group(1), int(port.group(1))) if host and port else None
