"""Which passwords are refused: those that everybody tries first, and those that say who one is. Pure."""

from __future__ import annotations

import re

from callcenter import errors

SHORTEST, LONGEST = 8, 200
TOO_SHORT = f"has at least {SHORTEST} characters"
TOO_COMMON = "is among those that everybody tries first"
OWN_NAME = "holds little more than one's own name"
# What stands first in every list of leaked passwords, and what our own manuals say; compared without its digits and signs at the end.
_WORDS = """
    password passw0rd p@ssw0rd p@ssword passwort parol qwerty qwertyui qwertyuiop qwerty1 asdfghjk asdfghjkl asdfgh zxcvbnm
    zxcvbn iloveyou welcome letmein admin administrator adminadmin dragon monkey football baseball superman batman
    princess sunshine shadow master michael jordan trustno changeme default secret secretpw temporary abcdefgh abcd
    abcdef starwars whatever computer internet hello hellohello killer freedom ninja azerty qazwsx qazwsxedc 1q2w3e4r
    1q2w3e4r5t 1q2w3e 1qaz2wsx 1qaz q1w2e3r4 zaq1zaq1 aa aaaaaaaa asterisk callcenter telephone freepbx shalom
    israel jerusalem йцукен йцукенг пароль привет סיסמה ישראל
"""
_COMMON = frozenset(_WORDS.split())
_ROWS = ("0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def check(password: str, *, login: str = "", name: str = "") -> None:
    """Raise Invalid for a password that is too short, is tried first by everybody, or is made of one's own name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise errors.Invalid("password", TOO_SHORT)
    plain = password.casefold().strip()
    stem = re.sub(r"[\d\W_]+$", "", plain)
    if plain in _COMMON or stem in _COMMON or len(set(plain)) < 4 or _is_a_row(plain):
        raise errors.Invalid("password", TOO_COMMON)
    own = [login.casefold(), *name.casefold().split()]
    if any(len(word) >= 3 and word in plain and len(plain) - len(word) < 6 for word in own):
        raise errors.Invalid("password", OWN_NAME)


def _is_a_row(plain: str) -> bool:
    """Say whether it runs along the keyboard or counts."""
    return any(plain in row * 2 for row in _ROWS)
