"""Troubles in words: what is down and since when, what still works, what will be made good or what a person must do.

A trouble is health's; here it gets its texts, in the reader's language through `say`. Keepers read all of them on the system
page and the bad ones in the banner; an agent reads one line about what concerns the calls, and nothing of disks and workers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from callcenter import health

Say = Callable[[str], str]
Clock = Callable[[float], str]  # epoch seconds -> as the office's clock shows it
KEEPERS = ("supervisor", "manager", "admin")


def N_(text: str) -> str:
    """Mark a text for translation where it stands."""
    return text


@dataclass(frozen=True, slots=True)
class _Words:
    what: str
    meanwhile: str
    then: str
    agent: str = ""  # the one line for who answers calls; empty where it does not concern them


@dataclass(frozen=True, slots=True)
class Told:
    """A trouble in one language; `reason` is another program's words, or empty."""

    code: str
    level: str  # info | warn | bad
    since: float
    what: str
    meanwhile: str
    then: str
    reason: str
    setting: str


_LINK_AGENT = N_(
    "The telephone link is down since {since}. Calls ring on; cards will come back by themselves."
)
_LOOKUP_AGENT = N_(
    "Customers cannot be looked up since {since}. Calls ring on, with the number alone."
)
_RINGING = N_(
    "Calls still ring on the phones. Customers, notes and the log work; dialing does not."
)
_WORDS = {
    "link_down": _Words(
        N_("No link to the PBX {pbx} since {since}."),
        _RINGING,
        N_("The link is tried again by itself; calls that go on then come back with their cards."),
        _LINK_AGENT,
    ),
    "auth_failed": _Words(
        N_("The PBX {pbx} refuses our sign-in since {since}."),
        _RINGING,
        N_(
            "Correct the user name and secret in the settings or in manager.conf. It is tried again every {seconds} s."
        ),
        _LINK_AGENT,
    ),
    "lag": _Words(
        N_("Events of the PBX {pbx} arrive late since {since}."),
        N_("Calls go on; cards and states come late."),
        N_("What waits is worked off in order. If it stays so, the computer or the network is too slow."),
        N_("Cards come late since {since}. Calls ring on."),
    ),
    "snapshot": _Words(
        N_("The PBX {pbx} does not tell everything that goes on, since {since}."),
        N_("Calls that began later are seen whole."),
        N_("Give our user the missing permission in manager.conf; the doctor names the lines."),
    ),
    "not_written": _Words(
        N_("The database cannot be written since {since}."),
        N_("Calls and cards go on; what is to be written waits in memory."),
        N_("It is written by itself when the database answers. Do not stop the program before that."),
        N_("Nothing can be saved since {since}. Calls go on; a note stays on the screen until it is saved."),
    ),
    "not_read": _Words(
        N_("The database cannot be read since {since}."),
        N_("Calls ring on, and cards show the number alone."),
        N_("It is asked again by itself."),
        _LOOKUP_AGENT,
    ),
    "lookup": _Words(
        N_("Callers cannot be looked up since {since}."),
        N_("Calls ring on, and cards show the number alone."),
        N_("It is asked again with every call."),
        _LOOKUP_AGENT,
    ),
    "refused": _Words(
        N_("Rows that the database refused: {rows}, the last at {since}."),
        N_("All other rows are written."),
        N_("They are not tried again. The log names each with its call."),
    ),
    "redis": _Words(
        N_("Redis cannot be reached since {since}."),
        N_("Calls and cards go on; recordings are found by the sweep, a minute later."),
        N_("It is tried again by itself."),
    ),
    "disk_full": _Words(
        N_("The disk for recordings is full since {since}."),
        N_("Calls and cards go on. Recordings stay with the PBX."),
        N_("Free some space: what waits is then fetched by itself."),
    ),
    "disk_low": _Words(
        N_("The disk for recordings is nearly full since {since}."),
        N_("Everything works."),
        N_("Free some space or shorten the retention."),
    ),
    "workers": _Words(
        N_("Workers that run since {since}: {alive} of {wanted}."),
        N_("Recordings are kept and wait."),
        N_("A worker that ended is started again by itself."),
    ),
    "behind": _Words(
        N_("Recordings that wait for their transcript: {count}, the oldest since {since}."),
        N_("They can be listened to."),
        N_("They are transcribed in order, by themselves. More workers make it faster."),
    ),
    "failed": _Words(
        N_("Recordings of the last day that failed: {count} ({reasons})."),
        N_("The others are not affected."),
        N_("A missing file is looked for again for a day; the call's page says what happened."),
    ),
    "no_model": _Words(
        N_("Recordings that wait for a speech model: {count}."),
        N_("They can be listened to."),
        N_("Install the model: they are then transcribed by themselves."),
    ),
}  # fmt: skip


def told(trouble: health.Trouble, say: Say, clock: Clock) -> Told:
    """Put a trouble into words."""
    words = _WORDS[trouble.code]
    values = _values(trouble, clock)
    return Told(
        code=trouble.code,
        level=trouble.severity.name.lower(),
        since=trouble.since,
        what=say(words.what).format(**values),
        meanwhile=say(words.meanwhile).format(**values),
        then=say(words.then).format(**values),
        reason=str(trouble.params.get("reason") or trouble.params.get("missing") or ""),
        setting=trouble.setting,
    )


def banner(
    troubles: Sequence[health.Trouble], role: str, say: Say, clock: Clock
) -> list[dict[str, Any]]:
    """Give what a user's banner says, the worst first: one line each, nothing where it does not concern them."""
    lines = []
    for trouble in troubles:
        words = _WORDS[trouble.code]
        values = _values(trouble, clock)
        if trouble.severity is health.Severity.INFO:
            continue
        if role in KEEPERS:
            text = f"{say(words.what)} {say(words.meanwhile)}"
        elif words.agent:
            text = say(words.agent)
        else:
            continue
        level = trouble.severity.name.lower()
        line = {"code": trouble.code, "level": level, "since": trouble.since}
        lines.append({**line, "text": text.format(**values)})
    return _once(lines)


def _once(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say the same to an agent once, however many exchanges or parts are behind it."""
    return list({line["text"]: line for line in reversed(lines)}.values())[::-1]


def _values(trouble: health.Trouble, clock: Clock) -> dict[str, str]:
    """Give the placeholders' values, each in an isolate, so that none turns the sentence around."""
    shown = {name: f"\u2068{value}\u2069" for name, value in trouble.params.items()}
    return {**shown, "since": f"\u2066{clock(trouble.since)}\u2069"}
