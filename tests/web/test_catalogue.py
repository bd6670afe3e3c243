"""Three languages, none with a hole: every text that is asked for is there, with its placeholders and plural forms."""

from __future__ import annotations

import re

import pytest

from tests.web import texts_used
from web import i18n

FORMS = {"en": 2, "he": 3, "ru": 3}
# The same in both languages by their nature: marks, codes and names of others.
SAME_IN_HEBREW = re.compile(r"[^A-Za-z]*|VIP|SMS|.*\{[a-z_]+\}[^A-Za-z]*")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module", params=i18n.LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def _strings(message: object) -> list[str]:
    return [message] if isinstance(message, str) else list(message)  # type: ignore[call-overload]


def test_every_text_that_is_asked_for_exists(language: str) -> None:
    catalogue = i18n.read_catalogue(language)
    missing = []
    for wanted, where in texts_used.everywhere().items():
        message = catalogue.get(wanted.id, wanted.context)
        if message is None or not all(_strings(message.string)) or message.fuzzy:
            missing.append(f"{where}: {wanted.id!r} ({wanted.context})")
    assert not missing, "\n".join(missing)


def test_every_entry_is_whole(language: str) -> None:
    for message in i18n.read_catalogue(language):
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        strings = _strings(message.string)
        assert all(strings), f"{message.id} is empty in {language}"
        if message.pluralizable:
            assert len(strings) == FORMS[language], message.id
        allowed = set(_PLACEHOLDER.findall(" ".join(_strings(message.id))))
        for text in strings:
            assert set(_PLACEHOLDER.findall(text)) <= allowed, f"{message.id}: {text}"
        if not message.pluralizable:
            assert set(_PLACEHOLDER.findall(strings[0])) == allowed, message.id
        else:
            assert set(_PLACEHOLDER.findall(strings[-1])) == allowed, message.id


def test_hebrew_is_hebrew_and_russian_is_russian() -> None:
    for language, script in (("he", "\u0590-\u05ff"), ("ru", "\u0400-\u04ff")):
        for message in i18n.read_catalogue(language):
            if not message.id or SAME_IN_HEBREW.fullmatch(_strings(message.id)[0]):
                continue
            for text in _strings(message.string):
                assert re.search(f"[{script}]", text), f"{language}: {message.id} -> {text}"


def test_the_three_catalogues_hold_the_same_texts() -> None:
    keys = [
        {
            (m.context, m.id if isinstance(m.id, str) else tuple(m.id))
            for m in i18n.read_catalogue(code)
        }
        for code in i18n.LANGUAGES
    ]
    assert keys[0] == keys[1] == keys[2]


@pytest.mark.parametrize(
    "language,expected",
    [
        ("he", {1: "לקוח אחד", 2: "שני לקוחות", 5: "5 לקוחות", 21: "21 לקוחות"}),
        (
            "ru",
            {1: "1 клиент", 2: "2 клиента", 5: "5 клиентов", 21: "21 клиент", 12: "12 клиентов"},
        ),
        ("en", {1: "1 customer", 2: "2 customers", 0: "0 customers"}),
    ],
)
def test_counts_take_the_form_of_the_language(language: str, expected: dict[int, str]) -> None:
    texts = i18n.load()[language]
    assert {n: texts.count("{n} customer", "{n} customers", n) for n in expected} == expected


def test_scripts_ask_in_a_form_that_is_found() -> None:
    loose = re.compile(r"\b(?:t|tn|tp)\(\s*(?![\"\w)}\].]|\.\.\.)")
    for path in sorted(i18n.STATIC.rglob("*.js")):
        if "vendor" in path.parts:
            continue
        found = loose.findall(path.read_text(encoding="utf-8"))
        assert not found, f"{path.name}: texts stand in double quotes: {found}"
