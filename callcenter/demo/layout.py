"""The folders and the configuration of an exchange of our own: config/asterisk with its placeholders filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from callcenter.demo import fetch

SAMPLES = Path(__file__).resolve().parents[2] / "config" / "asterisk"
FOLDERS = (
    "etc",
    "var/keys",
    "data/moh",
    "spool/monitor",
    "spool/outgoing",
    "log/cdr-csv",
    "log/cel-custom",
)


def make_folders(folder: Path, programs: fetch.Programs) -> None:
    """Make the folders, and data of its own: the packaged links are absolute, and break in an unpacked tree."""
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    music = programs.sounds / "basic-pbx-ivr-main.wav"
    links = {
        "sounds/en": programs.sounds,
        "documentation": programs.data / "documentation",
        "moh/music.wav": music if music.exists() else programs.sounds / "hello-world.wav",
    }
    for name, target in links.items():
        link = folder / "data" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(target)


def write(etc: Path, values: Mapping[str, str]) -> None:
    """Write every sample with `@name@` replaced; a name without a value is a KeyError."""
    for sample in sorted(SAMPLES.glob("*.conf")):
        text = re.sub(r"@(\w+)@", lambda found: values[found.group(1)], sample.read_text())
        target = etc / sample.name
        target.write_text(text)
        target.chmod(0o600)


def phone(number: str, *, port: int | None = None) -> str:
    """Describe an agent's phone for pjsip.conf; with a UDP port on loopback it need not register."""
    contact = f"contact = sip:{number}@127.0.0.1:{port}\n" if port else ""
    return (
        f"[{number}](phone)\nauth = {number}\naors = {number}\n"
        f"callerid = Agent {number} <{number}>\nmailboxes = {number}@default\n"
        f"[{number}](phone-auth)\nusername = {number}\n[{number}](phone-aor)\n{contact}"
    )
