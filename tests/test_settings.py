"""Settings: read once, strict, and their errors name the key, the value and what it should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from callcenter import errors, manual, settings

ROOT = Path(__file__).parent.parent


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "callcenter.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_file_is_read_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, '[site]\nname = "מוקד"\n[web]\nport = 1234\n[[pbx]]\nhost = "pbx"\n')
    monkeypatch.setenv("CALLCENTER_WEB__PORT", "4321")
    loaded = settings.load(file)
    assert (loaded.site.name, loaded.web.port, loaded.pbx[0].host) == ("מוקד", 4321, "pbx")


def test_exchanges_can_be_given_as_json_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCENTER_PBX", '[{"name": "a"}, {"name": "b", "port": 5039}]')
    assert [(p.name, p.port) for p in settings.load(written(tmp_path, "")).pbx] == [
        ("a", 5038),
        ("b", 5039),
    ]


@pytest.mark.parametrize(
    "text,key,word",
    [
        ("[web]\nport = 'abc'\n", "web.port", "abc"),
        ("[web]\nprot = 1\n", "web.prot", "Extra inputs"),
        ("[site]\ntimezone = 'Mars'\n", "site.timezone", "time zone"),
        ("[[pbx]]\nport = 70000\n", "pbx.0.port", "70000"),
        ("[web\n", "callcenter.toml", "line 1"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(
    tmp_path: Path, text: str, key: str, word: str
) -> None:
    with pytest.raises(errors.BadSetting) as caught:
        settings.load(written(tmp_path, text))
    assert key in str(caught.value)
    assert word in str(caught.value)


def test_a_secret_is_never_part_of_an_error_or_a_dump(tmp_path: Path) -> None:
    with pytest.raises(errors.BadSetting) as caught:
        settings.load(written(tmp_path, "[[pbx]]\nsecret = 4711\n"))
    assert "4711" not in str(caught.value)
    loaded = settings.load(written(tmp_path, "[[pbx]]\nsecret = 'hidden-word'\n"))
    assert "hidden-word" not in loaded.model_dump_json()


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(errors.BadSetting, match="does not exist"):
        settings.load(tmp_path / "none.toml")


def test_settings_are_frozen(tmp_path: Path) -> None:
    loaded = settings.load(written(tmp_path, ""))
    with pytest.raises(ValidationError):
        loaded.web.port = 1  # type: ignore[misc]


def test_the_reference_of_settings_is_up_to_date() -> None:
    written_page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written_page == manual.settings_reference()
