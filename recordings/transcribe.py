"""From sounds to a transcript: each side by itself, silence skipped, then merged in the order of speaking.

Two people who speak at once leave two segments whose times overlap; nothing is cut to make them follow each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import models
from callcenter.settings import Settings
from recordings import audio, engines, loudness

TURN_SECONDS = 0.8  # a pause this long inside an utterance lets the other side's words come between


@dataclass(frozen=True, slots=True)
class Said:
    """A segment and who said it: agent, customer, or mixed where the two were not recorded apart."""

    side: str
    segment: engines.Segment


@dataclass(frozen=True, slots=True)
class _Piece:
    """Where a stretch of a sound stands among the samples given to an engine; in seconds."""

    at: float
    until: float
    offset: float  # to be added to a time among those samples


def transcribe(
    engine: engines.Engine,
    sides: Mapping[str, audio.Sound],
    *,
    language: str,
    worked: Callable[[float], None] = lambda _seconds: None,
) -> list[Said]:
    """Transcribe every side and merge them in the order of speaking; `worked` is told after each stretch how much processor time it took."""
    said = [
        Said(side, heard)
        for side, sound in sides.items()
        for heard in _hear(engine, sound, language, worked)
    ]
    return sorted(said, key=lambda each: (each.segment.t0, each.segment.t1, each.side))


def _hear(
    engine: engines.Engine, sound: audio.Sound, language: str, worked: Callable[[float], None]
) -> Iterator[engines.Segment]:
    samples = sound.mono()
    found = loudness.stretches(samples, sound.rate)
    for parts in _together(found, window=round(engine.window_seconds * sound.rate)):
        cut = [samples[part.first : part.last] for part in parts]
        pcm = np.ascontiguousarray(np.concatenate(cut), dtype="<i2").tobytes()
        pieces = _pieces(parts, sound.rate)
        began = time.process_time()  # where others hold the processor, we have not worked
        segments = engine.transcribe(pcm, sound.rate, language)
        worked(time.process_time() - began)
        for heard in segments:
            for each in _apart(heard, pieces):
                yield from _turns(each)


def _together(found: list[loudness.Stretch], *, window: int) -> Iterator[list[loudness.Stretch]]:
    """Put stretches together as long as they fit into a window of so many samples; with 0, each by itself."""
    held: list[loudness.Stretch] = []
    length = 0
    for part in found:
        size = part.last - part.first
        if held and length + size > window:
            yield held
            held, length = [], 0
        held.append(part)
        length += size
    if held:
        yield held


def _pieces(parts: list[loudness.Stretch], rate: int) -> list[_Piece]:
    pieces, at = [], 0
    for part in parts:
        until = at + part.last - part.first
        pieces.append(_Piece(at / rate, until / rate, (part.first - at) / rate))
        at = until
    return pieces


def _apart(heard: engines.Segment, pieces: list[_Piece]) -> Iterator[engines.Segment]:
    """Give a segment its real times; one that reaches over a cut becomes one for each piece."""
    if not heard.words:
        yield _shift(heard, pieces[0])
        return
    words: dict[_Piece, list[engines.Word]] = {}
    for word in heard.words:
        middle = (word.t0 + word.t1) / 2
        piece = next((each for each in pieces if middle < each.until), pieces[-1])
        words.setdefault(piece, []).append(word)
    for piece, some in words.items():
        whole = heard if len(words) == 1 else _turn(some)
        yield _shift(whole, piece)


def _shift(heard: engines.Segment, piece: _Piece) -> engines.Segment:
    def moved(at: float) -> float:
        return round(min(max(at, piece.at), piece.until) + piece.offset, 3)

    words = tuple(replace(word, t0=moved(word.t0), t1=moved(word.t1)) for word in heard.words)
    return replace(heard, t0=moved(heard.t0), t1=moved(heard.t1), words=words)


def _turns(heard: engines.Segment) -> Iterator[engines.Segment]:
    """Split an utterance at long pauses between its words."""
    turn: list[engines.Word] = []
    for word in heard.words:
        if turn and word.t0 - turn[-1].t1 >= TURN_SECONDS:
            yield _turn(turn)
            turn = []
        turn.append(word)
    yield _turn(turn) if turn else heard


def _turn(words: list[engines.Word]) -> engines.Segment:
    confidence = round(sum(word.confidence for word in words) / len(words), 3)
    text = " ".join(word.text for word in words)
    return engines.Segment(words[0].t0, words[-1].t1, text, tuple(words), confidence)


def row(
    engine: engines.Engine,
    said: list[Said],
    *,
    language: str,
    now: datetime,
    work_seconds: float | None = None,
) -> models.Transcript:
    """Make the transcript's row with its segments."""
    sure = [word.confidence for each in said for word in each.segment.words]
    return models.Transcript(
        engine=engine.name,
        model=engine.model[:100],
        language=language,
        confidence=round(sum(sure) / len(sure), 3) if sure else None,
        work_seconds=work_seconds,
        created_at=now,
        segments=[
            models.Segment(
                side=each.side,
                t0=each.segment.t0,
                t1=each.segment.t1,
                text=each.segment.text,
                words=words(each.segment),
            )
            for each in said
        ],
    )


def words(segment: engines.Segment) -> list[dict[str, Any]]:
    """Write a segment's words as rows and programs keep them."""
    return [
        {"w": word.text, "t0": word.t0, "t1": word.t1, "c": word.confidence}
        for word in segment.words
    ]


def language(session: Session, recording: models.Recording, settings: Settings) -> str:
    """Say which language is spoken: the queue's, else the customer's, else the default of speech, else the site's."""
    fallback = settings.speech.language or settings.site.language
    call = session.get(models.Call, recording.call_id) if recording.call_id else None
    if call is None:
        return fallback
    profile = select(models.QueueProfile.language).where(
        models.QueueProfile.pbx == call.pbx, models.QueueProfile.queue == call.queue
    )
    party = session.get(models.Party, call.party_id) if call.party_id else None
    return session.scalar(profile) or (party.language if party else "") or fallback
