"""Commands about recordings: `transcribe` a file, run a `worker`, `reindex` their words."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from callcenter import db, errors, settings
from callcenter.crm import wordindex
from recordings import audio, engines, store, transcribe, worker

app = typer.Typer()

Config = Annotated[Path | None, typer.Option(help="Settings file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("transcribe")
def transcribe_file(
    file: Annotated[Path, typer.Argument(help="A WAV file; two channels are agent and customer.")],
    language: Annotated[str, typer.Option(help="Language spoken: he, en, ru, ...")] = "",
    model: Annotated[
        Path | None, typer.Option(help="Folder of a Vosk or faster-whisper model.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Print what is said in an audio file, with times."""
    known = settings.load(config)
    spoken = language or known.speech.language or known.site.language
    sounds = _sounds(file)
    engine = engines.load(model) if model else engines.Engines(known.speech.models).get(spoken)
    said = transcribe.transcribe(engine, sounds, language=spoken)
    if not as_json:
        for each in said:
            print(
                f"{each.segment.t0:8.2f} {each.segment.t1:8.2f}  {each.side:<8}  {each.segment.text}"
            )
        return
    print(
        json.dumps(
            _document(engine, said, seconds=_longest(sounds), language=spoken), ensure_ascii=False
        )
    )


def _sounds(file: Path) -> dict[str, audio.Sound]:
    if not file.is_file():
        raise errors.Invalid("file", f"{file} is not there, or not a file")
    # A person who names a file may mean a link, and one that is still being written.
    return store.read(store.Found(file.resolve(), {}), salvage=True)


def _longest(sounds: dict[str, audio.Sound]) -> float:
    return round(max(sound.seconds for sound in sounds.values()), 3)


def _document(
    engine: engines.Engine, said: list[transcribe.Said], *, seconds: float, language: str
) -> dict[str, Any]:
    segments = [
        {
            "side": each.side,
            "t0": each.segment.t0,
            "t1": each.segment.t1,
            "text": each.segment.text,
            "confidence": each.segment.confidence,
            "words": transcribe.words(each.segment),
        }
        for each in said
    ]
    about = {"engine": engine.name, "model": engine.model, "language": language, "seconds": seconds}
    return {**about, "segments": segments}


@app.command("worker")
def run_worker(config: Config = None) -> None:
    """Fetch and transcribe recordings until stopped."""
    worker.run(settings.load(config))


@app.command("reindex")
def reindex(config: Config = None) -> None:
    """Make the index of words of transcripts and notes anew; searching goes on meanwhile."""
    began = time.monotonic()
    with db.Database(settings.load(config).database.url) as database:
        done = wordindex.fill(database.engine, everything=True)
        health = database.call(wordindex.check)
    print(f"{done} transcripts and notes indexed in {time.monotonic() - began:.0f} s.")
    if health.missing or health.wrong:
        raise errors.Conflict(
            f"{health.missing} came meanwhile or were left out, {health.wrong} are wrong: run it again"
        )
