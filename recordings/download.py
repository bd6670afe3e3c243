"""A model from elsewhere into a folder of ours: fetched beside its place, checked, unpacked with suspicion, then renamed.

An archive may name files that lie outside of it, links, or more bytes than any disk has. What is not a plain file or folder
below the archive's own root is refused, and so is what grows beyond its limits. Until the last step nothing stands at the
final name, so a download that breaks leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from callcenter import errors
from recordings import engines
from recordings.engines import folders

BLOCK = 1 << 20
PATIENCE_SECONDS = 30.0
LARGEST_ARCHIVE = 8 * 1024**3
LARGEST_MODEL = 24 * 1024**3
MOST_FILES = 20_000
SAFE_WITHOUT_TLS = frozenset({"127.0.0.1", "::1", "localhost"})

Progress = Callable[[int, int], None]  # bytes so far, bytes in all or 0


class DownloadFailed(errors.CallCenterError):
    """Say why a model was not fetched; nothing of it was kept."""

    code = "download_failed"


@dataclass(frozen=True, slots=True)
class Sums:
    """Checksums that an archive must have, in hexadecimal; empty where none is known."""

    sha256: str = ""
    md5: str = ""

    def __bool__(self) -> bool:
        """Say whether there is anything to check by."""
        return bool(self.sha256 or self.md5)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A model in its folder, and the checksum of the archive that it came in."""

    folder: Path
    kind: str
    sha256: str


def model(url: str, into: Path, *, name: str = "", sums: Sums, progress: Progress) -> Fetched:
    """Fetch an archive and put the model that is in it below `into`; raise DownloadFailed and leave nothing else."""
    if not sums and urlsplit(url).hostname not in SAFE_WITHOUT_TLS and not url.startswith("https:"):
        raise DownloadFailed(f"{url} is neither https nor has a checksum: give --sha256")
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=into) as work:
        archive, tree = Path(work) / "archive", Path(work) / "tree"
        try:
            found = _fetch(url, archive, progress)
            _verify(archive, found, sums)
            _unpack(archive, tree)
            source = _model_in(tree)
            target = into / (
                name or (source.name if source != tree else Path(urlsplit(url).path).stem)
            )
            if target.exists():
                raise DownloadFailed(
                    f"{target} is there already: remove it or choose another folder"
                )
            kind = folders.recognise(source)
            source.rename(target)
        except OSError as error:
            raise DownloadFailed(f"{into}: {error.strerror or error}") from error
    return Fetched(target, kind, found.sha256)


def small(url: str, *, most: int) -> bytes:
    """Fetch a small file whole."""
    with _open(url) as answer:
        data: bytes = answer.read(most + 1)
    if len(data) > most:
        raise DownloadFailed(f"{url} is larger than {most} bytes")
    return data


def _open(url: str) -> Any:
    if urlsplit(url).scheme not in ("http", "https"):
        raise DownloadFailed(f"{url!r} is not an http or https address")
    try:
        answer = urllib.request.urlopen(url, timeout=PATIENCE_SECONDS)
    except urllib.error.HTTPError as error:
        with error:
            raise DownloadFailed(f"{url}: {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise DownloadFailed(f"{url} cannot be reached: {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise DownloadFailed(f"{url} cannot be reached: {error}") from error
    if url.startswith("https:") and not answer.url.startswith("https:"):
        answer.close()
        raise DownloadFailed(f"{url} leads away from https, to {answer.url}")
    return answer


def _fetch(url: str, to: Path, progress: Progress) -> Sums:
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    got = 0
    with _open(url) as answer, to.open("xb") as file:
        length = answer.headers.get("Content-Length", "")
        whole = int(length) if length.isdecimal() else 0
        try:
            while block := answer.read(BLOCK):
                got += len(block)
                if got > LARGEST_ARCHIVE:
                    raise DownloadFailed(f"{url} is larger than {LARGEST_ARCHIVE} bytes")
                sha256.update(block)
                md5.update(block)
                file.write(block)
                progress(got, whole)
        except (TimeoutError, ConnectionError, HTTPException) as error:
            raise DownloadFailed(f"{url} broke off after {got} bytes: {error}") from error
    if whole and got != whole:
        raise DownloadFailed(f"{url} broke off: {got} of {whole} bytes came")
    return Sums(sha256.hexdigest(), md5.hexdigest())


def _verify(archive: Path, found: Sums, wanted: Sums) -> None:
    for name in ("sha256", "md5"):
        right, is_ = getattr(wanted, name).strip().lower(), getattr(found, name)
        if right and right != is_:
            size = archive.stat().st_size
            raise DownloadFailed(f"its {name} is {is_} ({size} bytes), and should be {right}")


def _unpack(archive: Path, tree: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = packed.infolist()
            _refuse(entries)
            for entry in entries:
                path = tree.joinpath(*PurePosixPath(entry.filename).parts)
                if entry.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(entry) as source, path.open("xb") as file:
                    shutil.copyfileobj(source, file, BLOCK)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise DownloadFailed(f"it is not a zip archive that can be unpacked: {error}") from error
    except FileExistsError as error:
        raise DownloadFailed("the archive names a file twice") from error


def _refuse(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive that would write elsewhere, link, or fill the disk; sizes are held to what is declared."""
    if len(entries) > MOST_FILES:
        raise DownloadFailed(f"the archive holds {len(entries)} files, more than {MOST_FILES}")
    if sum(entry.file_size for entry in entries) > LARGEST_MODEL:
        raise DownloadFailed(f"the archive unpacks to more than {LARGEST_MODEL} bytes")
    for entry in entries:
        name, mode = entry.filename, entry.external_attr >> 16
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\\" in name or ":" in name:
            raise DownloadFailed(f"the archive names {name!r}, which lies outside of it")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DownloadFailed(f"the archive holds {name!r}, which is a link or a device")


def _model_in(tree: Path) -> Path:
    """Find the model: at the archive's root, or in the one folder that is there."""
    inside = list(tree.iterdir()) if tree.is_dir() else []
    source = inside[0] if len(inside) == 1 and inside[0].is_dir() else tree
    try:
        folders.recognise(source)
    except engines.NoModel as problem:
        said = str(problem).replace(str(source), "the archive")
        raise DownloadFailed(said) from problem
    return source
