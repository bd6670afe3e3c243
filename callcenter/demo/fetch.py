"""Bring a real Asterisk and SIPp into the cache, without root: `python -m callcenter.demo.fetch [--version 22|16]`.

Debian's packages are resolved and downloaded by apt in a folder of its own, unpacked below `.cache/pbx/<version>/root`,
and run from there by the unpacked loader. The mirror is the one that the machine's own apt sources name. Signatures and
hashes are verified; the age of the index alone is not, since a mirror's copy of `sid` may be older than it promises.
An `asterisk` and `sipp` on the PATH are used instead, and nothing is downloaded.
"""

from __future__ import annotations

import argparse
import dataclasses
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from callcenter import errors

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "pbx"
APT = Path("/etc/apt")
KEYRINGS = Path("/usr/share/keyrings")
PACKAGES = (
    "asterisk",
    "asterisk-modules",
    "asterisk-voicemail",
    "asterisk-core-sounds-en-wav",
    "sip-tester",
)
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
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = home / "stamp.json"
        if _stamped(stamp) is None:
            stamp.unlink(missing_ok=True)
            _bring(version, home=home, say=say)
            programs = _unpacked(home / "root")
            stamp.write_text(json.dumps({"layout": LAYOUT, "asterisk": programs.version}))
            return programs
        return _unpacked(home / "root", version=_stamped(stamp))


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
    suites = {"22": _suites_of_this_machine(), "16": ["bullseye"]}.get(version)
    if suites is None:
        raise NoExchange(f"no recipe for Asterisk {version}: there is one for 22 and one for 16")
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise NoExchange("needs apt-get and dpkg-deb, or an asterisk and a sipp on the PATH")
    refusal = ""
    for suite in suites:
        if say:
            sys.stdout.write(f"bringing Asterisk {version} from {suite}\n")
        try:
            _download(suite, home=home)
        except NoExchange as problem:
            refusal = str(problem)
            continue
        _unpack(home)
        return
    raise NoExchange(f"Asterisk {version} cannot be had: {refusal}")


def _suites_of_this_machine() -> list[str]:
    """Name the machine's own release first where it packages Asterisk 20 or newer, then Debian's `sid`."""
    policy = subprocess.run(
        ["apt-cache", "policy", "asterisk"], capture_output=True, text=True, check=False
    )
    candidate = re.search(r"Candidate: (?:\d+:)?(\d+)\.", policy.stdout)
    release = dict(
        line.split("=", 1)
        for line in Path("/etc/os-release").read_text().splitlines()
        if "=" in line
    )
    own = release.get("VERSION_CODENAME", "").strip('"')
    return [own, "sid"] if own and candidate and int(candidate.group(1)) >= 20 else ["sid"]


def mirrors(apt: Path = APT) -> list[str]:
    """List the mirrors that the machine's apt sources name, one-line and deb822 ones alike."""
    found: list[str] = []
    for path in (apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))):
        if not path.is_file() or path.suffix not in {".list", ".sources"}:
            continue
        text = "\n".join(
            line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")
        )
        if path.suffix == ".list":
            found += re.findall(r"^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)", text, re.M)
        else:
            for line in re.findall(r"^URIs:((?:.|\n[ \t])*)", text, re.M):
                found += line.split()
    return list(dict.fromkeys(uri for uri in found if "security" not in uri))


def _download(suite: str, *, home: Path) -> None:
    """Let apt resolve and download into a folder of its own, from the first mirror that has the suite."""
    apt, refusal = home / "apt", "the machine's apt sources name no mirror"
    keys = ",".join(
        str(key) for key in sorted(KEYRINGS.glob("*-archive-*.gpg")) if "removed" not in key.name
    )
    for mirror in mirrors():
        shutil.rmtree(apt, ignore_errors=True)
        for folder in ("etc", "state/lists/partial", "cache/archives/partial"):
            (apt / folder).mkdir(parents=True)
        (apt / "status").touch()
        components = "main universe" if "ubuntu" in mirror else "main"
        (apt / "etc/sources.list").write_text(
            f"deb [signed-by={keys}] {mirror} {suite} {components}\n"
        )
        refusal = _apt(apt, "update") or _apt(
            apt, "install", "--download-only", "-y", *(_offered(apt)), needs=PACKAGES
        )
        if not refusal:
            return
    raise NoExchange(refusal)


def _offered(apt: Path) -> list[str]:
    """Leave out packages that this release does not have apart (older ones carry voicemail within the modules)."""
    names = subprocess.run(
        ["apt-cache", *_options(apt), "pkgnames"], capture_output=True, text=True, check=False
    ).stdout.split()
    return [name for name in PACKAGES if name in set(names)]


def _options(apt: Path) -> list[str]:
    settings = {
        "Dir::Etc": f"{apt}/etc",
        "Dir::Etc::netrc": "/etc/apt/auth.conf",
        "Dir::Etc::netrcparts": "/etc/apt/auth.conf.d",
        "Dir::State": f"{apt}/state",
        "Dir::State::status": f"{apt}/status",
        "Dir::Cache": f"{apt}/cache",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root" if os.geteuid() == 0 else "",
        "APT::Update::Post-Invoke": "",
        "Acquire::Languages": "none",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Retries": "3",
    }
    return [part for key, value in settings.items() for part in ("-o", f"{key}={value}")]


def _apt(apt: Path, *command: str, needs: Iterable[str] = ()) -> str:
    """Run apt-get and return its complaint in one line, or nothing."""
    if needs and not {"asterisk", "sip-tester"} <= set(command):
        return "this mirror has no package asterisk"
    done = subprocess.run(
        ["apt-get", "-q", *_options(apt), *command],
        capture_output=True,
        text=True,
        check=False,
        env=_c_locale(),
    )
    lines = [
        line for line in (done.stderr + done.stdout).splitlines() if line.startswith(("E:", "Err:"))
    ]
    return "" if done.returncode == 0 else (lines or ["apt-get failed"])[0]


def _c_locale() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _unpack(home: Path) -> None:
    """Unpack every package into one tree, and drop the archives."""
    root = home / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    archives = sorted((home / "apt/cache/archives").glob("*.deb"))
    # base-files first: it lays the links that make /lib and /usr/lib one folder in newer releases.
    for archive in sorted(archives, key=lambda path: not path.name.startswith("base-files")):
        done = subprocess.run(
            ["dpkg-deb", "-x", archive, root], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NoExchange(f"{archive.name} cannot be unpacked: {done.stderr.strip()[:200]}")
    for idle in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache"):
        shutil.rmtree(root / idle, ignore_errors=True)
    shutil.rmtree(home / "apt")


def main() -> int:
    """Bring the programs and say which they are."""
    parser = argparse.ArgumentParser(
        prog="python -m callcenter.demo.fetch", description=main.__doc__
    )
    parser.add_argument("--version", choices=("22", "16"), help="a major version of Asterisk")
    try:
        programs = fetch(parser.parse_args().version, say=True)
    except (NoExchange, OSError) as problem:
        sys.stderr.write(f"fetch: {problem}\n")
        return 1
    sys.stdout.write(f"Asterisk {programs.version}: {programs.asterisk[-1]}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
