"""Models from elsewhere: downloaded from a server on loopback, checked, unpacked with suspicion; and models from a folder."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import stat
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from callcenter import cli_models
from recordings import catalogue, download, engines
from recordings.engines import folders
from tests.recordings import sounds
from tests.recordings.test_commands import run

Serve = Callable[[str, bytes], str]
FAKE = {f"vosk-model-xx/{part}": b"x" * 100 for part in folders.PARTS[folders.VOSK]}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve bytes by name from a free port of loopback; `.cut` in a name promises more than it sends."""
    files: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = files.get(self.path)
            self.send_response(200 if data is not None else 404)
            data = data or b""
            more = 1000 if ".cut" in self.path else 0
            self.send_header("Content-Length", str(len(data) + more))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def put(name: str, data: bytes) -> str:
        files[f"/{name}"] = data
        return f"http://127.0.0.1:{server.server_port}/{name}"

    yield put
    server.shutdown()
    server.server_close()
    thread.join()


def packed(files: dict[str, bytes], *, link: str = "") -> bytes:
    """Make a zip archive; `link` names one symbolic link in it."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        if link:
            entry = zipfile.ZipInfo(link)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, "/etc/passwd")
    return raw.getvalue()


def get(url: str, into: Path, **more: str) -> download.Fetched:
    return download.model(
        url, into, name=more.pop("name", ""), sums=download.Sums(**more), progress=lambda *_: None
    )


@pytest.mark.vosk
def test_a_model_of_the_catalogue_is_downloaded_checked_and_hears(
    tmp_path: Path, serve: Serve
) -> None:
    source = sounds.model_folder()
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(source.rglob("*")):
            archive.write(path, Path("vosk-model-small-ko") / path.relative_to(source))
    data = raw.getvalue()
    url = serve("vosk-model-small-ko.zip", data)
    offer = {
        "name": "vosk-model-small-ko", "lang": "ko", "url": url, "size": len(data), "obsolete": "false",
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
    }  # fmt: skip
    old = {**offer, "name": "vosk-model-old", "obsolete": "true"}
    listed = serve("list.json", json.dumps([offer, old, {"name": "../x", "url": url}, 7]).encode())
    told = run("models", "download", "--catalogue", listed, folder=tmp_path)
    assert told.returncode == 0 and "vosk-model-small-ko" in told.stdout
    assert len(told.stdout.splitlines()) == 1

    told = run(
        "models", "download", "vosk-model-small-ko", "--into", "m", "--catalogue", listed, folder=tmp_path
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    folder = tmp_path / "m" / "vosk-model-small-ko"
    assert tomllib.loads(told.stdout) == {"speech": {"models": {"ko": str(folder)}}}
    assert hashlib.sha256(data).hexdigest() in told.stderr and ", checked" in told.stderr
    assert [path.name for path in (tmp_path / "m").iterdir()] == ["vosk-model-small-ko"]
    engine = engines.load(folder)
    spoken = sounds.prompt("vm-goodbye")
    assert engine.transcribe(spoken.mono().tobytes(), spoken.rate, "ko")

    told = run("models", "add", "ko", str(folder), "--write", "--config", "c.toml", folder=tmp_path)
    assert told.returncode == 0, told.stderr
    told = run("models", "--config", "c.toml", folder=tmp_path)
    assert told.returncode == 0 and "ko   ok" in told.stdout and "(vosk)" in told.stdout


def test_a_wrong_checksum_leaves_nothing_and_says_both(tmp_path: Path, serve: Serve) -> None:
    data = packed(FAKE)
    url = serve("m.zip", data)
    right = hashlib.sha256(data).hexdigest()
    with pytest.raises(download.DownloadFailed, match=f"its sha256 is {right} .* should be abc"):
        get(url, tmp_path, sha256="abc")
    assert not list(tmp_path.iterdir())
    fetched = get(url, tmp_path, sha256=right.upper())
    assert (fetched.folder, fetched.kind) == (tmp_path / "vosk-model-xx", "vosk")
    with pytest.raises(download.DownloadFailed, match="is there already"):
        get(url, tmp_path, sha256=right)


@pytest.mark.parametrize(
    "data,problem",
    [
        (packed({**FAKE, "../../outside": b"x"}), "lies outside of it"),
        (packed({**FAKE, "/etc/cron.d/x": b"x"}), "lies outside of it"),
        (packed({**FAKE, "C:\\x": b"x"}), "lies outside of it"),
        (packed(FAKE, link="vosk-model-xx/conf/link"), "a link or a device"),
        (packed({"readme.txt": b"x"}), "is not a model: it has neither"),
        (packed({"m/am/final.mdl": b"x"}), "not a whole vosk model"),
        (packed(FAKE)[:-30], "not a zip archive"),
        (b"<html>sign in first</html>", "not a zip archive"),
        (b"", "not a zip archive"),
    ],
)
def test_an_archive_that_is_none_or_reaches_out_is_refused(
    data: bytes, problem: str, tmp_path: Path, serve: Serve
) -> None:
    into = tmp_path / "deep" / "models"
    with pytest.raises(download.DownloadFailed, match=problem):
        get(serve("m.zip", data), into)
    assert not list(into.iterdir())
    assert [path.name for path in tmp_path.rglob("*")] == ["deep", "models"]


def test_an_archive_that_would_fill_the_disk_is_not_unpacked(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = serve("m.zip", packed({**FAKE, "vosk-model-xx/zeros": b"\0" * 1_000_000}))
    monkeypatch.setattr(download, "LARGEST_MODEL", 500_000)
    with pytest.raises(download.DownloadFailed, match="unpacks to more than"):
        get(url, tmp_path)
    monkeypatch.setattr(download, "LARGEST_ARCHIVE", 100)
    with pytest.raises(download.DownloadFailed, match="is larger than 100 bytes"):
        get(url, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_download_that_breaks_off_says_how_far_it_came(tmp_path: Path, serve: Serve) -> None:
    data = packed(FAKE)
    with pytest.raises(download.DownloadFailed, match=f"broke off.*{len(data)}"):
        get(serve("m.cut.zip", data), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "url,problem",
    [
        ("http://models.invalid/m.zip", "neither https nor has a checksum"),
        ("https://models.invalid/m.zip", "cannot be reached"),
        ("file:///etc/passwd", "neither https nor"),
    ],
)
def test_an_address_that_cannot_be_trusted_or_reached_is_said(
    url: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(download.DownloadFailed, match=problem):
        get(url, tmp_path)
    with pytest.raises(download.DownloadFailed, match="not an http or https address"):
        get("file:///etc/passwd", tmp_path, sha256="00")


def test_a_name_that_is_not_in_the_catalogue_names_those_like_it(serve: Serve) -> None:
    listed = serve(
        "list.json", json.dumps([{"name": "vosk-model-small-ru", "url": "https://x.invalid/"}]).encode()
    )  # fmt: skip
    with pytest.raises(download.DownloadFailed, match="there are vosk-model-small-ru"):
        catalogue.find(listed, "RU")
    with pytest.raises(download.DownloadFailed, match="404"):
        catalogue.read(listed.replace("list", "gone"))
    with pytest.raises(download.DownloadFailed, match="is not JSON"):
        catalogue.read(serve("page.html", b"<html>"))


@pytest.mark.whisper
def test_a_folder_is_added_only_if_it_hears_that_language(tmp_path: Path) -> None:
    folder = str(sounds.whisper_folder())
    told = run("models", "add", "en", folder, folder=tmp_path)
    assert told.returncode == 0, told.stderr
    assert tomllib.loads(told.stdout) == {"speech": {"models": {"en": folder}}}
    for arguments, problem in (
        (("he", folder), "does not know 'he'"),
        (("english", folder), "is not a code"),
        (("en", str(tmp_path)), "is not a model"),
    ):
        told = run("models", "add", *arguments, folder=tmp_path)
        assert told.returncode == 2 and problem in told.stderr and not told.stdout
        assert len(told.stderr.splitlines()) == 1


def test_a_settings_file_keeps_all_that_is_not_the_model() -> None:
    one = cli_models.with_model("", "he", Path("/m/he"))
    assert one == '[speech.models]\nhe = "/m/he"\n'
    text = '# ours\n[site]\nname = "x"\n[speech.models] # here\nru = "/m/ru"\nhe = "/old"\n\n[log]\nlevel = "info"\n'
    changed = cli_models.with_model(text, "he", Path('/m/"he"'))
    assert tomllib.loads(changed) == {
        "site": {"name": "x"},
        "speech": {"models": {"ru": "/m/ru", "he": '/m/"he"'}},
        "log": {"level": "info"},
    }
    assert changed.startswith("# ours\n")


@pytest.mark.whisper
def test_a_settings_file_that_cannot_be_changed_by_us_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[speech]\nmodels = { ru = "/m/ru" }\n')
    before = file.read_text()
    told = run(
        "models", "add", "en", str(sounds.whisper_folder()), "--write", "--config", "c.toml",
        folder=tmp_path,
    )  # fmt: skip
    assert told.returncode == 2 and "write it by hand" in told.stderr
    assert file.read_text() == before
