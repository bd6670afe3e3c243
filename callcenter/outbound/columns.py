"""From a row of a list to a lead: which column is what, guessed in three languages, and what is wrong with a row; pure.

A phone column may stand several times, and one cell may hold several numbers. A number that a spreadsheet damaged is repaired
where all its digits are there (the leading zero), and refused where they are not (5.41E+08).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcenter.crm import phones

PHONE, NAME, GIVEN, FAMILY = "phone", "name", "given", "family"
FIELDS = (PHONE, NAME, GIVEN, FAMILY, "city", "email", "language", "priority")
FACT = "fact"  # kept with the lead under its heading
NOTHING = ""
LONGEST_NAME = 200
MOST_FACTS = 30
MOST_NUMBERS = 5

_WORDS: Mapping[str, tuple[str, ...]] = {
    PHONE: ("phone", "telephone", "mobile", "cell", "cellular", "number", "tel", "msisdn", "טלפון", "נייד", "פלאפון", "סלולרי",
            "מספר", "טל", "телефон", "мобильный", "номер", "тел", "сотовый"),
    NAME: ("name", "full name", "customer", "contact", "client", "שם", "שם מלא", "לקוח", "שם לקוח", "איש קשר", "имя",
           "фио", "клиент", "полное имя", "контакт"),
    GIVEN: ("first name", "given name", "firstname", "שם פרטי", "имя клиента"),
    FAMILY: ("last name", "family name", "surname", "lastname", "שם משפחה", "משפחה", "фамилия"),
    "city": ("city", "town", "עיר", "יישוב", "ישוב", "город"),
    "email": ("email", "e mail", "mail", "אימייל", "מייל", "דואל", "דוא ל", "почта", "эл почта", "электронная почта"),
    "language": ("language", "lang", "שפה", "язык"),
    "priority": ("priority", "עדיפות", "приоритет"),
}  # fmt: skip
_TELEPHONES = frozenset((
    "phone", "telephone", "mobile", "cell", "cellular", "טלפון", "נייד", "פלאפון", "סלולרי", "телефон", "мобильный",
))  # fmt: skip
_LANGUAGES = {
    "he": "he", "hebrew": "he", "עברית": "he", "иврит": "he", "en": "en", "english": "en", "אנגלית": "en",
    "английский": "en", "ru": "ru", "russian": "ru", "רוסית": "ru", "русский": "ru",
}  # fmt: skip
_SPLIT = re.compile(r"[^\w]+|_", re.UNICODE)
_SCIENTIFIC = re.compile(r"[+-]?\d+([.,]\d+)?[eE]\+?\d+")
_BARE_ISRAELI = re.compile(r"[57]\d{8}|[2-489]\d{7}")


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a row is not taken: a code, and what it is about."""

    code: str  # no_number | not_a_number | damaged_number | duplicate_in_file | already_in_campaign | own_number
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A row that can be called."""

    name: str
    numbers: tuple[phones.Number, ...]
    given: str = ""
    family: str = ""
    city: str = ""
    email: str = ""
    language: str = ""
    priority: int = 0
    facts: Mapping[str, str] | None = None


def guess(header: Sequence[str]) -> dict[int, str]:
    """Return a field for each column whose heading says one; other headings are kept as facts."""
    found: dict[int, str] = {}
    for column, heading in enumerate(header):
        field = _field(heading)
        taken = field != PHONE and field in found.values()
        if field and not taken:
            found[column] = field
        elif heading.strip():
            found[column] = FACT
    return found


def is_header(row: Sequence[str], region: str) -> bool:
    """Say whether a first row is headings: no cell of it is a telephone number."""
    return not any(_number(cell, region) for cell in row if cell)


def by_content(row: Sequence[str], region: str) -> dict[int, str]:
    """Guess from a row of data, where there are no headings: the number, and the first words as the name."""
    found = {column: PHONE for column, cell in enumerate(row) if cell and _number(cell, region)}
    for column, cell in enumerate(row):
        if column not in found and any(c.isalpha() for c in cell):
            found[column] = NAME
            break
    return found


def read(
    row: Sequence[str], mapping: Mapping[int, str], header: Sequence[str], region: str
) -> Person | Bad:
    """Read one row, or say what is wrong with it."""
    values: dict[str, str] = {}
    texts: list[str] = []
    facts: dict[str, str] = {}
    for column, field in mapping.items():
        cell = row[column] if 0 <= column < len(row) else ""
        if not cell or not field:
            continue
        if field == PHONE:
            texts.append(cell)
        elif field == FACT and len(facts) < MOST_FACTS:
            facts[_heading(header, column)] = cell[:200]
        elif field != FACT:
            values.setdefault(field, cell)
    numbers = _numbers(texts, region)
    if isinstance(numbers, Bad):
        return numbers
    given, family = _words(values.get(GIVEN, ""), 100), _words(values.get(FAMILY, ""), 100)
    name = _words(values.get(NAME, ""), LONGEST_NAME) or f"{given} {family}".strip()
    return Person(
        name=name or numbers[0].display,
        numbers=numbers,
        given=given,
        family=family,
        city=_words(values.get("city", ""), 100),
        email=_email(values.get("email", "")),
        language=_LANGUAGES.get(values.get("language", "").strip().lower(), ""),
        priority=_priority(values.get("priority", "")),
        facts=facts,
    )


def _field(heading: str) -> str:
    words = " ".join(word for word in _SPLIT.split(heading.lower()) if word)
    bare = words.rstrip("0123456789 ")
    for field, known in _WORDS.items():
        if words in known or bare in known:
            return field
    # A telephone is one under any adornment: "Phone (home)", "טלפון נייד", "мобильный телефон".
    return PHONE if _TELEPHONES & set(bare.split()) else ""


def _numbers(texts: Sequence[str], region: str) -> tuple[phones.Number, ...] | Bad:
    if not texts:
        return Bad("no_number")
    found: dict[str, phones.Number] = {}
    wrong: Bad | None = None
    for text in texts:
        if _SCIENTIFIC.fullmatch(text.strip()):
            wrong = wrong or Bad("damaged_number", text[:60])
            continue
        for part in phones.split(text) or [text]:
            number = _number(part, region)
            if number is None or number.e164 is None:
                wrong = wrong or Bad("not_a_number", part[:60])
            else:
                found.setdefault(number.e164, number)
    return tuple(found.values())[:MOST_NUMBERS] or wrong or Bad("no_number")


def _number(text: str, region: str) -> phones.Number | None:
    """Return a number that can be called from a campaign; one without its leading zero is given it back."""
    plain = text.strip()
    if region == "IL" and _BARE_ISRAELI.fullmatch(plain):
        plain = f"0{plain}"
    number = phones.classify(plain, region)
    return number if number.kind == phones.EXTERNAL and number.e164 else None


def _words(text: str, longest: int) -> str:
    plain = "".join(c if c.isprintable() or c in "\u200e\u200f" else " " for c in text)
    return " ".join(plain.split())[:longest]


def _email(text: str) -> str:
    plain = text.strip()
    return plain if "@" in plain and " " not in plain and len(plain) <= 200 else ""


def _priority(text: str) -> int:
    plain = text.strip()
    return min(int(plain), 9) if plain.isdecimal() and len(plain) < 4 else 0


def _heading(header: Sequence[str], column: int) -> str:
    name = _words(header[column], 60) if column < len(header) else ""
    return name or str(column + 1)
