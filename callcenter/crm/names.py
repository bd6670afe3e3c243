"""Names as they are searched: without vowel points, final letters, case and accents, and in the wrong keyboard layout.

A search key is the folded name; the words of it are rows of `party_name`. What is typed is folded in the same way, so
כֹּהֵן, "כהן" and (with the keyboard left in English) "fvi" find the same person, and so do "Ёлкин" and "елкин".
"""

from __future__ import annotations

import re
import unicodedata

LONGEST_KEY = 400
LONGEST_WORD = 60
END = "\U0010ffff"  # sorts after every character of a word: the open end of a prefix range

_FINAL = str.maketrans("ךםןףץ", "כמנפצ")
_WORD = re.compile(r"\w+")

# The same keys of the three layouts that our users have.
_EN = "qwertyuiop[]asdfghjkl;'zxcvbnm,./"
_HE = "/'קראטוןםפ][שדגכעיחלךף,זסבהנמצתץ."
_RU = "йцукенгшщзхъфывапролджэячсмитьбю."
_LAYOUTS = ((_EN, _HE), (_HE, _EN), (_EN, _RU), (_RU, _EN), (_RU, _HE), (_HE, _RU))


def fold(text: str) -> str:
    """Return the text as it is searched: words in plain small letters with single spaces."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf"))
    for mark in "'\"`׳״’":  # ג׳ורג׳ and צה״ל are one word
        bare = bare.replace(mark, "")
    plain = unicodedata.normalize("NFKC", bare).casefold().translate(_FINAL)
    return " ".join(_WORD.findall(plain))[:LONGEST_KEY]


def words(text: str) -> list[str]:
    """Return the folded words of a text, each once, in order."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in fold(text).split()))


def readings(text: str) -> list[list[str]]:
    """Return the words of what was typed, as typed and as typed with another keyboard layout."""
    # One letter in another layout would find strangers.
    other = _LAYOUTS if len(text.strip()) > 1 else ()
    typed = [text, *(_retype(text, *pair) for pair in other)]
    found = {tuple(words(t)): None for t in typed if t}
    return [list(reading) for reading in found if reading]


def _retype(text: str, source: str, target: str) -> str:
    """Return what the same keys give in another layout, or nothing where a letter is not of this one."""
    keys = dict(zip(source, target, strict=True))
    lowered = text.lower()
    if not all(c in keys or not c.isalpha() for c in lowered):
        return ""
    return "".join(keys.get(c, c) for c in lowered)
