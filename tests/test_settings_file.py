"""Writing the settings file: nothing of a person's is lost, nobody else reads it, nothing is written that would not load."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from callcenter import errors, settings_file

BEFORE = '# by hand\n[site]\nname = "A" # ours\n\n[[pbx]]\nname = "main"\nhost = "a"\n\n[[pbx]]\nname = "two"\nhost = "b"\n'


def test_comments_and_other_values_stay() -> None:
    after = settings_file.changed(BEFORE, {"site": {"region": "US"}, "pbx two": {"host": "c"}})
    assert after.startswith("# by hand\n") and "# ours" in after
    read = tomllib.loads(after)
    assert read["site"] == {"name": "A", "region": "US"}
    assert [(p["name"], p["host"]) for p in read["pbx"]] == [("main", "a"), ("two", "c")]


def test_an_exchange_that_is_missing_is_added_to_those_that_are_there() -> None:
    after = settings_file.changed(BEFORE, {"pbx new": {"host": "d", "trunks": ("PJSIP/t-*",)}})
    read = tomllib.loads(after)["pbx"]
    assert read[2] == {"name": "new", "host": "d", "trunks": ["PJSIP/t-*"]}
    assert len(read) == 3


def test_the_lines_to_paste_are_the_change_alone() -> None:
    assert tomllib.loads(settings_file.snippet({"site": {"name": "מוקד"}})) == {
        "site": {"name": "מוקד"}
    }


@pytest.mark.parametrize(
    "text,tables,field",
    [
        ("", {"pbx main": {"port": 70_000}}, "pbx.0.port"),
        ("", {"site": {"timezone": "Mars"}}, "site.timezone"),
        ("[site\n", {"site": {"name": "B"}}, "settings file"),
    ],
)
def test_what_would_not_load_is_refused(
    text: str, tables: dict[str, dict[str, object]], field: str
) -> None:
    with pytest.raises(errors.BadSetting) as caught:
        settings_file.changed(text, tables)
    assert caught.value.field == field


def test_the_file_is_its_owners_alone_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "config" / "callcenter.toml"
    assert settings_file.read(file) == "" and settings_file.writable(file)
    settings_file.write(file, "one")
    file.chmod(0o644)
    settings_file.write(file, "two")
    assert file.read_text() == "two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["callcenter.toml"]


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "link.toml"
    real.write_text("old")
    link.symlink_to(real)
    settings_file.write(link, "new")
    assert link.is_symlink() and real.read_text() == "new"
