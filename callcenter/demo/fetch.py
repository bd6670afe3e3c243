"""Bring a real Asterisk and SIPp into the cache, without root: `python -m callcenter.demo.fetch [--version 22|16]`.

Debian's packages (debian.py) are unpacked below `.cache/pbx/<version>/root`, and run from there by the unpacked loader. An `asterisk` and `sipp` on the PATH are used instead, and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import dataclasses
import fcntl
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from callcenter import errors
from callcenter.demo import debian

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "pbx"
LAYOUT = 1  # raise it when what is unpacked changes, and every cache is made anew


class NoExchange(errors.TelephonyError):
    """Say in one line why no Asterisk can be had here."""

    code = "no_exchange"


@dataclasses.dataclass(frozen=True, slots=True)
class Programs:
    """How to run one Asterisk and one SIPp, and where their modules and prompts lie."""

    asterisk: tuple[str, ...]
    sipp: tuple[str, ...]
    modules: Path
    sounds: Path
    data: Path
    version: str

    @property
    def major(self) -> int:
        """Tell Asterisk's major version, such as 22."""
        return int(self.version.split(".")[0])


def fetch(version: str | None = None, *, say: bool = False) -> Programs:
    """Return the programs, bringing them first where they are not there yet; raise NoExchange where they cannot be had.

    Without a version, what is on the PATH will do; with one, it must be that major version.
    """
    on_path = _on_path()
    if on_path and version in (None, str(on_path.major)):
        return on_path
    version = version or "22"
    home = CACHE / version
    if have := _stamped(home / "stamp.json"):
        return _unpacked(home / "root", version=have)
    try:
        return _fill(home, version, say=say)
    except OSError as problem:
        raise NoExchange(f"the cache {home} cannot be filled: {problem}") from problem


def _fill(home: Path, version: str, *, say: bool) -> Programs:
    """Bring the programs into their cache, one process at a time."""
    home.mkdir(parents=True, exist_ok=True)
    stamp = home / "stamp.json"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if have := _stamped(stamp):
            return _unpacked(home / "root", version=have)
        stamp.unlink(missing_ok=True)
        _bring(version, home=home, say=say)
        programs = _unpacked(home / "root")
        stamp.write_text(json.dumps({"layout": LAYOUT, "asterisk": programs.version}))
        return programs


def _stamped(stamp: Path) -> str | None:
    """Read which Asterisk a finished cache holds, or None where it is not finished."""
    try:
        found = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None
    return str(found["asterisk"]) if found.get("layout") == LAYOUT else None


def _on_path() -> Programs | None:
    """Find programs that are installed already, if both of them and the prompts are."""
    asterisk, sipp = shutil.which("asterisk"), shutil.which("sipp")
    modules = _first(Path("/usr/lib").glob("*/asterisk/modules"), Path("/usr/lib/asterisk/modules"))
    sounds = _first(
        [Path("/usr/share/asterisk/sounds/en")],
        Path("/var/lib/asterisk/sounds/en"),
        Path("/usr/share/asterisk/sounds"),
    )
    if (
        not asterisk
        or not sipp
        or not modules
        or not sounds
        or not (sounds / "hello-world.wav").exists()
    ):
        return None
    data = _first([Path("/usr/share/asterisk")], Path("/var/lib/asterisk")) or sounds
    return Programs((asterisk,), (sipp,), modules, sounds, data, _version((asterisk,)))


def _first(candidates: Iterable[Path], *more: Path) -> Path | None:
    return next((path for path in (*candidates, *more) if path.exists()), None)


def _unpacked(root: Path, *, version: str | None = None) -> Programs:
    """Describe an unpacked tree: programs run by its own loader, with its own libraries."""
    libraries = [
        path
        for path in (*root.glob("usr/lib/*-linux-gnu*"), *root.glob("lib/*-linux-gnu*"))
        if path.is_dir()
    ]
    loader = next(
        (ld for path in libraries for ld in (*path.glob("ld-linux*.so.*"), *path.glob("ld-2*.so"))),
        None,
    )
    modules = _first(root.glob("usr/lib/*/asterisk/modules"), root / "usr/lib/asterisk/modules")
    sounds = _first(
        root.glob("usr/share/asterisk/sounds/en_US*"), root / "usr/share/asterisk/sounds/en"
    )
    if not loader or not modules or not sounds:
        raise NoExchange(
            f"the unpacked Asterisk in {root} is not whole: remove the folder and fetch again"
        )
    path = ":".join(str(folder) for folder in (*dict.fromkeys(libraries), root / "usr/lib"))
    run = (str(loader), "--library-path", path)
    asterisk = (*run, str(root / "usr/sbin/asterisk"))
    sipp = (*run, str(root / "usr/bin/sipp"))
    return Programs(
        asterisk, sipp, modules, sounds, root / "usr/share/asterisk", version or _version(asterisk)
    )


def _version(asterisk: tuple[str, ...]) -> str:
    said = subprocess.run([*asterisk, "-V"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+\.\d+\S*)", said.stdout)
    if not found:
        raise NoExchange(
            f"{asterisk[-1]} does not run: {(said.stderr or said.stdout).strip()[:200]}"
        )
    return found.group(1)


def _bring(version: str, *, home: Path, say: bool) -> None:
    """Download and unpack the packages of one version."""
    suites = {"22": debian.suites_of_this_machine(), "16": ["bullseye"]}.get(version)
    if suites is None:
        raise NoExchange(f"no recipe for Asterisk {version}: there is one for 22 and one for 16")
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NoExchange("needs apt-get and dpkg-deb, or an asterisk and a sipp on the PATH")
    refusal = ""
    for suite in suites:
        if say:
            sys.stdout.write(f"bringing Asterisk {version} from {suite}\n")
        try:
            debian.download(suite, home=home)
            debian.unpack(home)
        except debian.NotToBeHad as problem:
            refusal = str(problem)
            continue
        return
    raise NoExchange(f"Asterisk {version} cannot be had: {refusal}")


def main() -> int:
    """Bring the programs and say which they are."""
    parser = argparse.ArgumentParser(
        prog="python -m callcenter.demo.fetch", description=main.__doc__
    )
    parser.add_argument("--version", choices=("22", "16"), help="a major version of Asterisk")
    try:
        programs = fetch(parser.parse_args().version, say=True)
    except NoExchange as problem:
        sys.stderr.write(f"fetch: {problem}\n")
        return 1
    sys.stdout.write(f"Asterisk {programs.version}: {programs.asterisk[-1]}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
