"""Texts in the reader's language: gettext catalogues, read and compiled in memory once at the start.

The English text is the key. Placeholders are `{name}`; `say` fills them, and in templates `rendering` escapes what it fills
in. A text that scripts use is found by `browser_texts` and sent as JSON, so that both sides speak from one catalogue.
"""

from __future__ import annotations

import gettext
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import babel
from babel.messages import catalog, mofile, pofile

LANGUAGES = {"he": "עברית", "en": "English", "ru": "Русский"}
RIGHT_TO_LEFT = frozenset({"he"})
FOLDER = Path(__file__).parent / "locale"
STATIC = Path(__file__).parent / "static"
_LOCALES = {"he": "he_IL", "en": "en_GB", "ru": "ru_RU"}
# t("text"), tn("one", "other", n), tp("context", "text"): double quotes and no escapes, tests see to it.
_IN_SCRIPT = re.compile(r'\b(t|tn|tp)\(\s*"([^"\\]+)"(?:\s*,\s*"([^"\\]+)")?')

Id = str | tuple[str, str]


def N_(text: str) -> str:
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Wanted:
    """A text of a script: its key in the catalogue, and its context if it has one."""

    id: Id
    context: str | None = None


def in_scripts(folder: Path = STATIC) -> Iterator[Wanted]:
    """Yield every text that our own scripts ask for."""
    for path in sorted(folder.rglob("*.js")):
        if "vendor" in path.parts:
            continue
        for call, first, second in _IN_SCRIPT.findall(path.read_text(encoding="utf-8")):
            if call == "tn":
                yield Wanted((first, second))
            elif call == "tp":
                yield Wanted(second, first)
            else:
                yield Wanted(first)


def read_catalogue(language: str, folder: Path = FOLDER) -> catalog.Catalog:
    """Read one language's messages.po."""
    with (folder / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return pofile.read_po(file, locale=language)


@dataclass(frozen=True)
class Texts:
    """One language: its texts, direction and habits."""

    language: str
    catalogue: catalog.Catalog
    translations: gettext.NullTranslations

    @property
    def direction(self) -> str:
        """Return `rtl` or `ltr`."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"

    @cached_property
    def locale(self) -> babel.Locale:
        """Return the locale that dates and numbers follow."""
        return babel.Locale.parse(_LOCALES[self.language])

    def say(self, text: str, **values: Any) -> str:
        """Translate a text and fill its placeholders."""
        return self.translations.gettext(text).format(**values)

    def count(self, one: str, other: str, n: int, **values: Any) -> str:
        """Translate a text in the form that the count asks for."""
        return self.translations.ngettext(one, other, n).format(n=n, **values)

    def within(self, context: str, text: str, **values: Any) -> str:
        """Translate a text whose meaning depends on where it stands."""
        return self.translations.pgettext(context, text).format(**values)

    @cached_property
    def browser_texts(self) -> str:
        """Return the texts of our scripts as JSON: {language, plural, texts: {key: text or forms}}."""
        texts: dict[str, str | list[str]] = {}
        for wanted in in_scripts():
            message = self.catalogue.get(wanted.id, wanted.context)
            if message is None or not message.string:
                continue
            key = wanted.id if isinstance(wanted.id, str) else wanted.id[0]
            key = f"{wanted.context}\x04{key}" if wanted.context else key
            texts[key] = message.string if isinstance(message.string, str) else [*message.string]
        return json.dumps({"language": self.language, "texts": texts}, ensure_ascii=False)


def load(folder: Path = FOLDER) -> dict[str, Texts]:
    """Read and compile every language."""
    loaded = {}
    for language in LANGUAGES:
        read = read_catalogue(language, folder)
        compiled = io.BytesIO()
        mofile.write_mo(compiled, read)
        compiled.seek(0)
        loaded[language] = Texts(language, read, gettext.GNUTranslations(compiled))
    return loaded
