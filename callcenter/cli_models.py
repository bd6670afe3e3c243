"""`callcenter models`: which speech models there are, one more from elsewhere, one more from a folder."""

from __future__ import annotations

import json
import re
import sys
import time
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from callcenter import errors, settings
from recordings import catalogue, download, engines
from recordings.engines import folders

app = typer.Typer()
models = typer.Typer(help="List the configured speech models, or get another.")
app.add_typer(models, name="models")

Config = Annotated[Path | None, typer.Option(help="Settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LANGUAGE = re.compile(r"[a-z]{2,3}")
TABLE = "[speech.models]"


@models.callback(invoke_without_command=True)
def list_models(context: typer.Context, as_json: AsJson = False, config: Config = None) -> None:
    """List the configured speech models and say which of them are there; status 1 where one is not."""
    if context.invoked_subcommand:
        return
    known = engines.Engines(settings.load(config).speech.models)
    rows = [_model(known, language) for language in sorted(known.models)]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
    elif not rows:
        print("No speech model is configured: set speech.models, language -> folder of a model.")
        print("`callcenter models download` lists what can be had.")
    for row in () if as_json else rows:
        shown = row["problem"] or f"{row['folder']} ({row['kind']})"
        print(f"{row['language']:<4} {'ok' if row['ok'] else 'BAD':<4} {shown}")
    if not all(row["ok"] for row in rows):
        raise typer.Exit(1)


def _model(known: engines.Engines, language: str) -> dict[str, Any]:
    kind = problem = ""
    folder = known.models[language]
    try:
        found = known.folder(language)
        folder, kind = str(found), folders.kind(found)
    except engines.NoModel as error:
        problem = str(error)
    ok = not problem
    return {"language": language, "folder": folder, "ok": ok, "kind": kind, "problem": problem}


@models.command("download")
def download_model(
    what: Annotated[str, typer.Argument(help="A name of the catalogue, or an address.")] = "",
    into: Annotated[Path, typer.Option(help="Folder below which the model is put.")] = Path(
        "var/models"
    ),
    sha256: Annotated[str, typer.Option(help="Checksum that the archive must have.")] = "",
    from_: Annotated[str, typer.Option("--catalogue", help="Address of another list.")] = "",
    config: Config = None,
) -> None:
    """Fetch a model, check and unpack it, and print the settings for it; without a name, list what can be had."""
    listed = from_ or settings.load(config).speech.catalogue
    if not what:
        for offer in catalogue.read(listed):
            print(f"{offer.language:<8} {offer.size / 1e6:>8.0f} MB  {offer.name}")
        return
    url, name, sums, language = what, "", download.Sums(sha256), "LANGUAGE"
    if "://" not in what:
        offer = catalogue.find(listed, what)
        url, name = offer.url, offer.name
        language = offer.language[:2] if LANGUAGE.fullmatch(offer.language[:2]) else language
        sums = download.Sums(sha256 or offer.sums.sha256, offer.sums.md5)
    fetched = download.model(url, into, name=name, sums=sums, progress=_progress())
    checked = "checked" if sums else "NOT CHECKED against any checksum"
    print(f"{fetched.folder}: {fetched.kind}, {checked}, sha256 {fetched.sha256}", file=sys.stderr)
    _print_lines(language, fetched.folder)


def _progress() -> download.Progress:
    last = 0.0

    def tell(got: int, whole: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < 1 or not sys.stderr.isatty():
            return
        last = now
        share = f" of {whole / 1e6:.0f}" if whole else ""
        print(f"\r{got / 1e6:.0f}{share} MB", end="", file=sys.stderr, flush=True)

    return tell


@models.command("add")
def add_model(
    language: Annotated[str, typer.Argument(help="Language that it hears: he, en, ru, ...")],
    folder: Annotated[Path, typer.Argument(help="Folder of a Vosk or faster-whisper model.")],
    write: Annotated[
        bool, typer.Option("--write", help="Write it into the settings file.")
    ] = False,
    config: Config = None,
) -> None:
    """Load the model in a folder to see that it works, and print the settings for it, or write them."""
    if not LANGUAGE.fullmatch(language):
        raise errors.Invalid("language", f"{language!r} is not a code such as he, en or ru")
    where = folder.expanduser().resolve()
    engine = engines.Engines({language: str(where)}).get(language)
    print(f"{engine.name} loads {where}", file=sys.stderr)
    if not write:
        _print_lines(language, where)
        return
    file = config or settings.DEFAULT_FILE
    _write(file, with_model(file.read_text() if file.exists() else "", language, where))
    print(f"{file}: {TABLE} {language}", file=sys.stderr)


def _print_lines(language: str, folder: Path) -> None:
    print(TABLE)
    print(f"{language} = {json.dumps(str(folder.resolve()), ensure_ascii=False)}")


def with_model(text: str, language: str, folder: Path) -> str:
    """Return a settings file's text with the folder of a language's model in it, everything else as it was."""
    line = f"{language} = {json.dumps(str(folder), ensure_ascii=False)}"
    lines = text.splitlines()
    heads = [i for i, each in enumerate(lines) if each.split("#")[0].strip() == TABLE]
    if not heads:
        return "\n".join([*lines, *([""] if lines else []), TABLE, line]) + "\n"
    first = heads[0] + 1
    after = (i for i in range(first, len(lines)) if lines[i].lstrip().startswith("["))
    last = next(after, len(lines))
    own = re.compile(rf"\s*[\"']?{language}[\"']?\s*=")
    kept = [each for each in lines[first:last] if not own.match(each)]
    return "\n".join([*lines[:first], line, *kept, *lines[last:]]) + "\n"


def _write(file: Path, text: str) -> None:
    try:
        settings.Speech.model_validate(tomllib.loads(text).get("speech", {}))
    except ValueError as error:
        raise errors.Invalid(
            str(file), f"cannot be changed by us, write it by hand: {error}"
        ) from error
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.touch(mode=0o600)
    if file.exists():
        beside.chmod(file.stat().st_mode & 0o777)
    beside.write_text(text)
    beside.replace(file)
