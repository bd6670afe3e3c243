"""How dates, times, lengths and numbers are written: in the reader's language and the office's time zone.

Whatever reads from left to right comes wrapped in its own `<bdi dir="ltr">`, so that a Hebrew line around it keeps its order.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import dates, numbers
from markupsafe import Markup, escape

from callcenter.crm import phones
from callcenter.db import utcnow
from web.i18n import Texts

NONE = "–"  # for "none" where a figure could stand; never 0
AVATARS = "abcd"


def _ltr(text: str, style: str = "num") -> Markup:
    # The style is a word of our own.
    return Markup(f'<bdi dir="ltr" class="{style}">{escape(text)}</bdi>')


def plain_duration(seconds: float | None) -> str:
    """Return m:ss, or h:mm:ss from an hour on."""
    if seconds is None:
        return NONE
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


class Formats:
    """The writing habits of one language in one office."""

    def __init__(self, texts: Texts, timezone: str, region: str) -> None:
        self._texts = texts
        self._locale = texts.locale
        self._zone = ZoneInfo(timezone)
        self._region = region

    def local(self, at: datetime) -> datetime:
        """Return a time as the office's clock shows it."""
        return at.astimezone(self._zone)

    def today(self) -> date:
        """Return the office's date."""
        return self.local(utcnow()).date()

    def midnight(self) -> datetime:
        """Return when the office's day began."""
        return self.local(utcnow()).replace(hour=0, minute=0, second=0, microsecond=0)

    def plain_date(self, day: date) -> str:
        """Return 14.11.2026, or 14 Nov 2026 in English."""
        pattern = "d MMM y" if self._texts.language == "en" else "dd.MM.y"
        return dates.format_date(day, pattern, locale=self._locale)

    def weekday(self, day: date) -> str:
        """Return a date with its day of the week, short and without markup."""
        named = dates.format_date(day, "EEE", locale=self._locale)
        return f"{named} \u2066{self.plain_day(day)}\u2069"

    def plain_day(self, day: date) -> str:
        """Return day and month: 14.11, or 14 Nov in English."""
        pattern = "d MMM" if self._texts.language == "en" else "dd.MM"
        return dates.format_date(day, pattern, locale=self._locale)

    def is_today(self, at: datetime) -> bool:
        """Say whether a time is on the office's present day."""
        return self.local(at).date() == self.today()

    def date(self, at: datetime) -> Markup:
        """Return the date alone."""
        return _ltr(self.plain_date(self.local(at).date()))

    def time(self, at: datetime) -> Markup:
        """Return HH:MM."""
        return _ltr(f"{self.local(at):%H:%M}")

    def span(self, start: datetime, end: datetime | None) -> Markup:
        """Return HH:MM–HH:MM, or the beginning alone."""
        shown = f"{self.local(start):%H:%M}"
        return _ltr(f"{shown}–{self.local(end):%H:%M}" if end else shown)

    def plain_span(self, start: datetime, end: datetime) -> str:
        """Return HH:MM–HH:MM without markup, isolated for a title."""
        return f"\u2066{self.local(start):%H:%M}–{self.local(end):%H:%M}\u2069"

    def moment(self, at: datetime) -> Markup:
        """Return date and time."""
        local = self.local(at)
        return _ltr(f"{self.plain_date(local.date())} {local:%H:%M}")

    def plain_moment(self, at: datetime) -> str:
        """Return date and time without markup, isolated for a title."""
        local = self.local(at)
        return f"\u2066{self.plain_date(local.date())} {local:%H:%M}\u2069"

    def day(self, at: datetime) -> str:
        """Return a heading for a day: today, yesterday with its date, or the date in words."""
        day = self.local(at).date()
        today = self.today()
        if day == today:
            return self._texts.say("Today")
        between = "ב" if self._texts.language == "he" else ""  # the preposition of the month
        words = dates.format_date(day, f"d {between}MMMM", locale=self._locale)
        if day == today - timedelta(days=1):
            return self._texts.say("Yesterday, {date}", date=words)
        if day.year == today.year:
            named = dates.format_date(day, f"EEEE, d {between}MMMM", locale=self._locale)
            return named[:1].upper() + named[1:]
        return dates.format_date(day, "long", locale=self._locale)

    def near(self, at: datetime) -> Markup:
        """Return the time for today, else the date: for lists."""
        if self.is_today(at):
            return self.time(at)
        return self.short_date(at)

    def short_date(self, at: datetime) -> Markup:
        """Return day and month, with the year when it is another."""
        day = self.local(at).date()
        if day.year != self.today().year:
            return _ltr(self.plain_date(day))
        return _ltr(self.plain_day(day))

    def clock(self, seconds: float) -> str:
        """Return m:ss without markup, for a label."""
        return f"\u2066{plain_duration(seconds)}\u2069"

    def from_epoch(self, at: float) -> datetime:
        """Return a time that was kept as epoch seconds."""
        return datetime.fromtimestamp(at, self._zone)

    def duration(self, seconds: float | None) -> Markup:
        """Return m:ss, or a dash for none."""
        if seconds is None:
            return Markup('<span class="muted">{}</span>').format(NONE)
        return _ltr(plain_duration(seconds))

    def number(self, value: float) -> Markup:
        """Return a number with the language's separators."""
        return _ltr(numbers.format_decimal(value, locale=self._locale))

    def percent(self, share: float) -> Markup:
        """Return a share of 1 in percent."""
        return _ltr(numbers.format_percent(share, locale=self._locale))

    def share(self, share: float | None) -> Markup:
        """Return a share of 1 in percent to a tenth, or a dash for none."""
        if share is None:
            return Markup('<span class="muted">{}</span>').format(NONE)
        return _ltr(numbers.format_percent(share, "#,##0.0%", locale=self._locale))

    def hour(self, hour: int) -> str:
        """Return an hour of the clock without markup."""
        return f"\u2066{hour:02}:00\u2069"

    def size(self, count: float) -> Markup:
        """Return bytes as B, KB, MB, GB or TB."""
        unit = "B"
        for unit in ("B", "KB", "MB", "GB", "TB"):
            if count < 1000 or unit == "TB":
                break
            count /= 1000
        shown = numbers.format_decimal(round(count, 1 if count < 10 else 0), locale=self._locale)
        return _ltr(f"{shown} {unit}")

    def plain_phone(self, number: str) -> str:
        """Return a number as it is dialled from here, without markup."""
        return phones.display(number, self._region) if number.startswith("+") else number

    def phone(self, number: str) -> Markup:
        """Return a number as it is dialled from here."""
        return _ltr(self.plain_phone(number), "phone")

    def ltr(self, text: object) -> Markup:
        """Isolate an id, a host or a file name."""
        return _ltr(str(text))

    def language_name(self, code: str) -> str:
        """Return a language's name in the reader's language."""
        return self._locale.languages.get(code, code) if code else NONE


def initials(name: str) -> str:
    """Return up to two letters for an avatar."""
    words = [word for word in name.split() if word[0].isalpha()]
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)]
    return "".join(letters).upper() or "?"


def tint(number: int) -> str:
    """Return an avatar's colour, always the same for the same id."""
    return AVATARS[number % len(AVATARS)]
