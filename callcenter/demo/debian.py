"""Debian packages without root: apt resolves and downloads them in a folder of its own, dpkg-deb unpacks them into a tree.

The mirror is one that the machine's own apt sources name. Signatures and hashes are verified with the machine's keyrings;
the age of the index alone is not, since a mirror's copy of `sid` may be older than it promises.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from callcenter import errors

APT = Path("/etc/apt")
KEYRINGS = Path("/usr/share/keyrings")
PACKAGES = (
    "asterisk",
    "asterisk-modules",
    "asterisk-voicemail",
    "asterisk-core-sounds-en-wav",
    "sip-tester",
)


class NotToBeHad(errors.CallCenterError):
    """Say in one line why packages cannot be had."""

    code = "not_to_be_had"


def suites_of_this_machine() -> list[str]:
    """Name the machine's own release first where it packages Asterisk 20 or newer, then Debian's `sid`."""
    policy = subprocess.run(
        ["apt-cache", "policy", "asterisk"], capture_output=True, text=True, check=False
    )
    candidate = re.search(r"Candidate: (?:\d+:)?(\d+)\.", policy.stdout)
    lines = Path("/etc/os-release").read_text().splitlines()
    release = {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}
    own = release.get("VERSION_CODENAME", "")
    # Ubuntu has it in every release and no sid; on a fresh machine apt-cache knows of nothing yet.
    if own and (release.get("ID") == "ubuntu" or (candidate and int(candidate.group(1)) >= 20)):
        return [own, "sid"]
    return ["sid"]


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


def download(suite: str, *, home: Path) -> None:
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
    raise NotToBeHad(refusal)


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


def unpack(home: Path) -> None:
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
            raise NotToBeHad(f"{archive.name} cannot be unpacked: {done.stderr.strip()[:200]}")
    for idle in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache"):
        shutil.rmtree(root / idle, ignore_errors=True)
    shutil.rmtree(home / "apt")
