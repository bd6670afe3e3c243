"""Numbers: what kind one is, and its one spelling (E.164). Pure: standard library and phonenumbers.

Rules, in this order:
1. What arrives is hostile: bidi and control characters, names around the number and SIP addresses are taken off first.
2. Classify before parsing. phonenumbers would make `*2700` into +9722700 and `100` into +972100.
3. A *possible* number is enough to match. Validity is a flag: number plans lag behind the numbers people really have.
4. `region` and `line_type` cost more than all the rest together, so they are computed when somebody asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Sequence
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from callcenter import errors
from callcenter.telephony import values

WITHHELD = "withheld"
INTERNAL = "internal"
OWN = "own"
IGNORED = "ignored"
SHORT = "short"
EXTERNAL = "external"

LONGEST_RAW = 80
LONGEST_SHORT = 6
SUFFIX_END = ":"  # the character after "9": the open end of a range of digits

_NO_NUMBER = frozenset(
    [
        "anonymous",
        "unknown",
        "private",
        "restricted",
        "unavailable",
        "withheld",
        "blocked",
        "asterisk",
        "s",
        "none",
        "null",
        "unknown-caller",
        "no-number",
        "חסוי",
        "חסום",
        "скрыт",
    ]
)
_LINE_TYPES = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
}
# The forms in which a trunk sends Israeli numbers. phonenumbers says the same of each (tests prove it) in 40 us.
_ISRAELI = re.compile(r"(?:0|(?:\+|00)?972)([57][0-9]{8}|[2-489][0-9]{7})")
_ISRAELI_HOME = re.compile(r"\+972([57][0-9]|[23489])([0-9]{3})([0-9]{4})")
_RUN = re.compile(r"\+?[0-9*#(][0-9*#\-(). /]*")
_SPLIT = re.compile(r"[,;|/\n\r\t]+|\bאו\b|\bor\b|\bили\b")
_DIALABLE = re.compile(r"\+?[0-9*#]+")
_DECORATION = re.compile(r"[\s\-().\u2010-\u2015\u00a0]")


@values.value
class Number:
    """A classified number; `e164` is None where there is none to match by."""

    kind: str  # withheld | internal | own | ignored | short | external
    raw: str
    e164: str | None = None
    national: str = ""  # the national significant number, digits only
    home: str = "IL"

    @property
    def display(self) -> str:
        """Return it as a person at home writes it."""
        return display(self.e164, self.home) if self.e164 else self.raw

    @property
    def region(self) -> str:
        """Return its country, ISO 3166, or nothing."""
        return facts(self.e164)[0] if self.e164 else ""

    @property
    def line_type(self) -> str:
        """Return mobile, fixed, voip, toll_free, premium, shared_cost, or nothing."""
        return facts(self.e164)[1] if self.e164 else ""

    @property
    def valid(self) -> bool:
        """Say whether the number plan knows it; never a reason not to match."""
        return facts(self.e164)[2] if self.e164 else False

    @property
    def digits_reversed(self) -> str:
        """Return the national number from its end, as the index keeps it."""
        return self.national[::-1]


def classify(
    raw: str,
    region: str = "IL",
    *,
    internal: Container[str] = (),
    own: Container[str] = (),
    ignore: Sequence[re.Pattern[str]] = (),
) -> Number:
    """Say what kind of number this is; `internal` holds extensions, `own` our lines in E.164."""
    text = clean(raw)
    if text in internal:
        return Number(INTERNAL, text, home=region)
    e164: str | None
    israeli = _ISRAELI.fullmatch(text) if region == "IL" else None
    if israeli is not None:
        e164, national = "+972" + israeli[1], israeli[1]
    elif withheld(text):
        return Number(WITHHELD, text, home=region)
    elif "*" in text or "#" in text or _short(text):
        kind = IGNORED if _ignored(ignore, text) else SHORT
        return Number(kind, text, home=region)
    else:
        e164, national = _parse(text, region)
    if e164 is not None and e164 in own:
        return Number(OWN, text, e164, national, region)
    kind = IGNORED if ignore and _ignored(ignore, text, e164) else EXTERNAL
    return Number(kind, text, e164, national, region)


def clean(raw: str) -> str:
    """Strip what is not the number: invisible characters, a name around it, a SIP address."""
    text = raw[:LONGEST_RAW]
    if _ISRAELI.fullmatch(text) or (text.isascii() and text.isalnum()):
        return text
    text = unicodedata.normalize("NFKC", text)
    text = "".join(_plain(c) for c in text).strip()
    for prefix in ("sips:", "sip:", "tel:"):
        text = text.removeprefix(prefix)
    text = text.partition("@")[0].partition(";")[0].strip()
    runs = _RUN.findall(text)
    if not runs:
        return text
    best = max(runs, key=lambda run: sum(c.isdigit() for c in run))
    return str(best).strip(" -./(") if any(c.isdigit() for c in best) else text


def withheld(text: str) -> bool:
    """Say whether a cleaned caller id hides the caller: a word for it, nothing, or only zeros."""
    if any(c.isdigit() for c in text):
        return not text.strip("+0 -")
    return text.strip("<>").lower() in _NO_NUMBER or not any(c.isalnum() or c in "*#" for c in text)


def parse(text: str, region: str) -> tuple[str | None, str]:
    """Return (E.164, national number) of a possible number, else (None, its digits)."""
    if region == "IL" and (match := _ISRAELI.fullmatch(text)):
        return "+972" + match[1], match[1]
    return _parse(text, region)


@lru_cache(maxsize=16384)
def _parse(text: str, region: str) -> tuple[str | None, str]:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None, "".join(c for c in text if c.isdigit())
    national = phonenumbers.national_significant_number(number)
    if not phonenumbers.is_possible_number(number):
        return None, national
    return f"+{number.country_code}{national}", national


@lru_cache(maxsize=16384)
def facts(e164: str) -> tuple[str, str, bool]:
    """Return (region, line type, validity) of an E.164 number."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return "", "", False
    region = phonenumbers.region_code_for_number(number)
    if (
        region is None and number.country_code
    ):  # unallocated: the country is still known by its code
        region = phonenumbers.region_code_for_country_code(number.country_code)
    line = _LINE_TYPES.get(phonenumbers.number_type(number), "")
    known = region if region not in (None, "ZZ", "001") else ""
    return known, line, phonenumbers.is_valid_number(number)


def country(e164: str) -> int:
    """Return the country calling code of an E.164 number, 0 where there is none."""
    for length in (1, 2, 3):
        code = e164[1 : 1 + length]
        if code.isdigit() and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return int(code)
    return 0


def display(e164: str, region: str = "IL") -> str:
    """Return the national spelling at home, the international one elsewhere."""
    if region == "IL" and (home := _ISRAELI_HOME.fullmatch(e164)):
        return f"0{home[1]}-{home[2]}-{home[3]}"  # what _display says, without its 60 us: a card waits for this
    return _display(e164, region)


@lru_cache(maxsize=16384)
def _display(e164: str, region: str) -> str:
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    home = number.country_code == phonenumbers.country_code_for_region(region)
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    text = phonenumbers.format_number(number, style)
    if home and text.isdigit() and region == "IL":  # unallocated numbers come back without a break
        return _israeli_break(text)
    return text


def dialable(text: str, region: str = "IL") -> str:
    """Return what the exchange is asked to dial; raise Invalid for what no telephone can dial.

    At home the national spelling (0541234567), elsewhere the international one with the prefix that is dialled from
    `region`; star and short numbers and extensions as they are.
    """
    if any(unicodedata.category(c) == "Cc" for c in text):
        raise errors.Invalid("number", "has a control character in it")
    plain = "".join(_plain(c) for c in unicodedata.normalize("NFKC", text[: LONGEST_RAW + 1]))
    bare = _DECORATION.sub("", plain.strip().removeprefix("tel:"))
    if len(bare) > 20:
        raise errors.Invalid("number", "is too long to dial")
    if not _DIALABLE.fullmatch(bare):
        raise errors.Invalid("number", "can only have digits, +, * and #")
    if "*" in bare or "#" in bare:
        return bare
    if len(bare) <= LONGEST_SHORT and not bare.startswith("+"):
        return bare
    e164, national = parse(bare, region)
    if e164 is None:
        raise errors.Invalid("number", "is not a number that can be dialled")
    return _from_home(e164, national, region)


def _from_home(e164: str, national: str, region: str) -> str:
    code = phonenumbers.country_code_for_region(region)
    if e164[1:] == f"{code}{national}":
        # Numbers such as 1-800 take no leading zero; phonenumbers' own spelling knows.
        shown = phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.NATIONAL)
        return "".join(c for c in shown if c.isdigit())
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    prefix = (
        (metadata.preferred_international_prefix or metadata.international_prefix)
        if metadata
        else None
    )
    return (prefix if prefix and prefix.isdigit() else "00") + e164[1:]


def split(text: str) -> list[str]:
    """Split a cell that holds several numbers: by comma, slash, semicolon, line, or the word "or"."""
    parts = (part.strip() for part in _SPLIT.split(text))
    return [part for part in parts if any(c.isdigit() for c in part)]


def _short(text: str) -> bool:
    """Say whether these few digits are an extension, a service or an emergency number."""
    return 0 < sum(c.isdigit() for c in text) <= LONGEST_SHORT and not text.startswith("+")


def _ignored(patterns: Sequence[re.Pattern[str]], *texts: str | None) -> bool:
    return any(text and p.search(text) for p in patterns for text in texts)


def _plain(c: str) -> str:
    """Return one character in its plain form; invisible ones vanish."""
    if c.isascii():
        return c if c.isprintable() else ""
    if c.isdecimal():
        return str(unicodedata.decimal(c))
    category = unicodedata.category(c)
    if category in ("Cf", "Cc"):
        return ""
    return "-" if category == "Pd" or c == "\u2212" else " " if category == "Zs" else c


def _israeli_break(digits: str) -> str:
    area = 3 if digits[1:2] in ("5", "7") else 2
    return f"{digits[:area]}-{digits[area:-4]}-{digits[-4:]}" if len(digits) >= 9 else digits
