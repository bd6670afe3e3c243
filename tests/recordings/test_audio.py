"""WAV files as they come: whole, growing, cut off, of many encodings, and not WAV at all."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.demo import rtp
from recordings import audio
from tests.recordings import sounds

TONE = sounds.tone(0.5)


def wav(
    encoding: int, data: bytes, *, bits: int = 8, channels: int = 1, rate: int = 8_000
) -> bytes:
    """Write a WAV file by hand."""
    block = channels * bits // 8
    form = struct.pack("<HHIIHHH", encoding, channels, rate, rate * block, block, bits, 0)
    body = (
        b"fmt "
        + struct.pack("<I", len(form))
        + form
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def read(folder: Path, data: bytes, *, salvage: bool = False) -> audio.Sound:
    """Write bytes to a file and read it as sound."""
    path = folder / "a.wav"
    path.write_bytes(data)
    return audio.read(path, salvage=salvage)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_written_is_read_back(tmp_path: Path, rate: int, channels: int) -> None:
    mono = sounds.tone(0.1, rate=rate)
    sound = mono if channels == 1 else audio.stereo(mono, sounds.silence(0.1, rate=rate))
    heard = read(tmp_path, audio.encode(sound))
    assert heard.rate == rate and np.array_equal(heard.samples, sound.samples)


def test_mu_law_is_decoded_as_the_standard_says(tmp_path: Path) -> None:
    codes = bytes([0x00, 0x80, 0x7F, 0xFF, 0x0F, 0x70, 0xF0])
    heard = read(tmp_path, wav(audio.ULAW, codes)).samples[:, 0]
    assert heard.tolist() == [-32124, 32124, 0, 0, -16764, -120, 120]


def test_a_law_is_decoded_as_the_standard_says(tmp_path: Path) -> None:
    heard = read(tmp_path, wav(audio.ALAW, bytes([0xAA, 0x2A, 0xD5, 0x55, 0x80]))).samples[:, 0]
    assert heard.tolist() == [32256, -32256, 8, -8, 5504]


def test_speech_in_mu_law_is_the_speech(tmp_path: Path) -> None:
    original = sounds.prompt()
    source = tmp_path / "prompt.wav"
    source.write_bytes(audio.encode(original))
    heard = read(tmp_path, wav(audio.ULAW, rtp.speech(source)))
    known = original.samples[: len(heard.samples), 0].astype(float)
    got = heard.samples[: len(known), 0].astype(float)
    assert np.corrcoef(known, got)[0, 1] > 0.99


def test_eight_bits_are_centred(tmp_path: Path) -> None:
    heard = read(tmp_path, wav(audio.PCM, bytes([0, 128, 255])))
    assert heard.samples[:, 0].tolist() == [-32768, 0, 32512]


def test_a_growing_file_is_open_and_only_salvaged_when_asked(tmp_path: Path) -> None:
    data = sounds.growing(TONE)
    (tmp_path / "a.wav").write_bytes(data)
    found = audio.header(tmp_path / "a.wav")
    assert found and found.condition is audio.Condition.OPEN
    with pytest.raises(audio.BadAudio, match="cut_off"):
        read(tmp_path, data)
    assert read(tmp_path, data, salvage=True).seconds == TONE.seconds


def test_a_file_cut_off_is_read_to_its_last_whole_sample(tmp_path: Path) -> None:
    data = audio.encode(TONE)[:1045]
    with pytest.raises(audio.BadAudio, match="cut_off"):
        read(tmp_path, data)
    heard = read(tmp_path, data, salvage=True)
    assert len(heard.samples) == 500 and np.array_equal(heard.samples, TONE.samples[:500])


@pytest.mark.parametrize("length", [0, 1, 3, 11, 20, 43])
def test_a_file_shorter_than_its_header_may_still_grow(tmp_path: Path, length: int) -> None:
    data = audio.encode(TONE)[:length]
    (tmp_path / "a.wav").write_bytes(data)
    assert audio.header(tmp_path / "a.wav") is None
    assert len(read(tmp_path, data, salvage=True).samples) == 0


def test_a_header_with_nothing_behind_it_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(audio.encode(sounds.silence(0)))
    found = audio.header(tmp_path / "a.wav")
    assert found and found.condition is audio.Condition.EMPTY


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"ID3\x04 an mp3 file, not a wav", "not_audio"),
        (b"<html>404 Not Found</html>", "not_audio"),
        (wav(49, b"x" * 65, bits=0), "encoding"),
        (wav(3, b"x" * 64, bits=32), "encoding"),
        (wav(audio.PCM, b"x" * 48, bits=16, channels=6), "encoding"),
        (wav(audio.PCM, b"x" * 48, bits=16, rate=0), "encoding"),
        (b"RIFF\x24\0\0\0WAVEdata\x08\0\0\0" + b"x" * 8, "not_audio"),
        (b"RIFF\x24\0\0\0WAVEjunk\xff\xff\xff\x7f" + b"x" * 70_000, "not_audio"),
    ],
)
def test_what_is_not_heard_is_refused_by_name(tmp_path: Path, data: bytes, code: str) -> None:
    with pytest.raises(audio.BadAudio) as refused:
        read(tmp_path, data, salvage=True)
    assert refused.value.code == code and str(refused.value).startswith(f"{code}: ")


@given(st.binary(max_size=80), st.integers(min_value=0, max_value=60))
@settings(max_examples=300, deadline=None)
def test_no_bytes_at_all_do_anything_but_sound_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, keep: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for data in (junk, audio.encode(TONE)[:keep] + junk):
        try:
            assert read(folder, data, salvage=True).samples.ndim == 2
        except audio.BadAudio as refused:
            assert refused.code in {"not_audio", "encoding", "cut_off"}


def test_a_pipe_a_link_and_a_folder_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "real.wav").write_bytes(audio.encode(TONE))
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    (tmp_path / "folder.wav").mkdir()
    for name in ("pipe.wav", "link.wav", "folder.wav"):
        with pytest.raises(audio.BadAudio):
            audio.read(tmp_path / name)


def test_sides_of_different_length_and_rate_are_put_beside_each_other() -> None:
    both = audio.stereo(sounds.tone(0.5, rate=16_000), sounds.tone(1.0, rate=8_000))
    assert both.rate == 16_000 and both.samples.shape == (16_000, 2)
    assert not both.samples[8_000:, 0].any() and both.samples[15_000:, 1].any()
