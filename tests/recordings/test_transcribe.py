"""Merging what two sides said, and choosing the language in which they spoke."""

from __future__ import annotations

import pytest

from callcenter import db, models
from recordings import audio, engines, transcribe
from tests.recordings import sounds
from tests.recordings.conftest import Place


class Parrot:
    """An engine that hears one word for each half second, and remembers what it was given."""

    name, model, languages = "parrot", "grey", frozenset[str]()
    window_seconds = 0.0

    def __init__(self) -> None:
        self.heard: list[tuple[float, int]] = []

    def transcribe(self, pcm16: bytes, rate: int, language: str) -> list[engines.Segment]:
        seconds = len(pcm16) / 2 / rate
        self.heard.append((round(seconds, 1), rate))
        words = tuple(
            engines.Word(f"w{number}", number / 2, number / 2 + 0.4, 0.5)
            for number in range(int(seconds * 2))
        )
        return [engines.Segment(0.0, seconds, " ".join(word.text for word in words), words)]


def test_sides_are_merged_in_the_order_of_speaking_and_overlap_is_kept() -> None:
    agent = sounds.joined(sounds.tone(2), sounds.silence(4), sounds.tone(2))
    customer = sounds.joined(sounds.silence(1.5), sounds.tone(2), sounds.silence(5))
    said = transcribe.transcribe(Parrot(), {"agent": agent, "customer": customer}, language="ko")
    assert [each.side for each in said] == ["agent", "customer", "agent"]
    assert said[1].segment.t0 < said[0].segment.t1
    assert 5.7 < said[2].segment.t0 < 6.0
    assert said[2].segment.words[0].t0 == said[2].segment.t0


def test_silence_is_never_given_to_the_engine() -> None:
    parrot = Parrot()
    long = sounds.joined(sounds.silence(60), sounds.tone(1), sounds.silence(60))
    transcribe.transcribe(parrot, {"mixed": long, "other": sounds.silence(60)}, language="ko")
    assert parrot.heard == [(1.5, 8_000)]


def test_a_long_pause_inside_an_utterance_ends_a_turn() -> None:
    words = [
        engines.Word(name, at, at + 0.4, 0.8) for name, at in (("a", 0), ("b", 0.5), ("c", 3.0))
    ]

    class Once(Parrot):
        def transcribe(self, pcm16: bytes, rate: int, language: str) -> list[engines.Segment]:
            return [engines.Segment(0, 3.4, "a b c", tuple(words))]

    said = transcribe.transcribe(Once(), {"agent": sounds.tone(4)}, language="ko")
    assert [each.segment.text for each in said] == ["a b", "c"]
    assert said[1].segment.confidence == 0.8


def test_stretches_are_put_together_for_an_engine_whose_windows_cost_the_same_full_or_empty() -> (
    None
):
    parrot = Parrot()
    parrot.window_seconds = 4.0
    turns = [sounds.joined(sounds.tone(1), sounds.silence(3)) for _ in range(4)]
    said = transcribe.transcribe(parrot, {"agent": sounds.joined(*turns)}, language="ko")
    assert [seconds for seconds, _ in parrot.heard] == [2.8, 3.0]  # two windows instead of four
    starts = [each.segment.t0 for each in said]
    assert len(starts) == 4
    for at, start in enumerate(starts):
        assert abs(start - 4 * at) < 0.6, starts
    for each in said:
        assert each.segment.t0 <= each.segment.words[0].t0 <= each.segment.t1 <= 16
        assert each.segment.text == " ".join(word.text for word in each.segment.words)


@pytest.mark.vosk
@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_vosk_hears_words_with_times_at_either_rate(vosk: engines.Engine, rate: int) -> None:
    spoken = audio.resample(sounds.prompt("vm-goodbye"), rate)
    said = transcribe.transcribe(
        vosk, {"customer": sounds.joined(sounds.silence(3, rate=rate), spoken)}, language="ko"
    )
    assert said and 2.7 < said[0].segment.t0 < said[-1].segment.t1 <= 3 + spoken.seconds + 0.3
    assert all(word.text and 0 <= word.confidence <= 1 for word in said[0].segment.words)


@pytest.mark.vosk
def test_vosk_tells_each_stretch_in_its_own_time_whatever_it_heard_before(
    vosk: engines.Engine,
) -> None:
    spoken = sounds.prompt("vm-goodbye")
    pcm = spoken.mono().tobytes()
    firsts = []
    for before in (b"", b"\0" * 160_000, pcm, pcm[: 4_001 * 2]):
        vosk.transcribe(before, spoken.rate, "ko")
        said = vosk.transcribe(pcm, spoken.rate, "ko")
        assert said and said[-1].t1 <= spoken.seconds + 0.3
        firsts.append(said[0].t0)
    assert max(firsts) - min(firsts) < 0.2, firsts


@pytest.mark.vosk
def test_vosk_takes_a_tone_and_a_click(vosk: engines.Engine) -> None:
    for sound in (sounds.tone(1), sounds.tone(0.02)):
        for each in transcribe.transcribe(vosk, {"agent": sound}, language="ko"):
            assert each.segment.t1 <= sound.seconds + 0.5


@pytest.fixture(scope="module")
def vosk() -> engines.Engine:
    """Load the model once for these tests."""
    return engines.load(sounds.model_folder())


@pytest.mark.parametrize(
    ("queue", "party", "speech", "spoken"),
    [("ru", "en", "ko", "ru"), ("", "en", "ko", "en"), ("", "", "ko", "ko"), ("", "", "", "he")],
)
def test_the_language_is_the_queues_then_the_customers_then_the_default(
    place: Place, queue: str, party: str, speech: str, spoken: str
) -> None:
    now = db.utcnow()
    with place.database.session() as session:
        person = models.Party(display="x", language=party, created_at=now, updated_at=now)
        session.add_all(
            [person, models.QueueProfile(pbx="main", queue="support", labels={}, language=queue)]
        )
        session.flush()
        call = models.Call(
            pbx="main",
            linkedid="1.1",
            direction="inbound",
            started=now,
            queue="support",
            party_id=person.id,
        )
        session.add(call)
    told = place.settings.model_copy(
        update={"speech": place.settings.speech.model_copy(update={"language": speech})}
    )
    recording = place.row(place.expect())
    assert place.database.call(transcribe.language, recording, told) == spoken
