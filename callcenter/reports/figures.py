"""The table of figures: of the center (queues, campaigns, days), and of agents; pure.

The words are keys of the catalogues (web/locale); docs/figures.md is generated from here by `callcenter report list`.
"""

from __future__ import annotations

from typing import Final

from callcenter.reports.metrics import COUNT, SECONDS, SHARE, Figure

CENTER: Final = (
    Figure("offered", "Offered", "Calls that entered the queue in the period.", COUNT, ("offered",)),
    Figure(
        "answered", "Answered", "Offered calls in which the caller was connected to an agent.",
        COUNT, ("answered",), better=1,
    ),
    Figure(
        "abandoned", "Abandoned", "Calls in which the caller hung up while waiting in the queue.",
        COUNT, ("abandoned",), better=-1,
    ),
    Figure(
        "short", "Short abandons", "Calls abandoned before the set number of seconds; they are left out of the rates.",
        COUNT, ("short",),
    ),
    Figure(
        "unanswered", "Sent elsewhere", "Offered calls that ended without an agent though the caller did not give up: time-out, voicemail, lost.",
        COUNT, ("unanswered",), better=-1,
    ),
    Figure("running", "Still running", "Offered calls that have not ended; they count in no other figure yet.", COUNT, ("running",)),
    Figure(
        "service_level", "Service level",
        "Calls answered or abandoned within the target time, divided by all answered and abandoned calls.",
        SHARE, ("in_time",), "counted", better=1,
    ),
    Figure(
        "abandonment", "Abandonment rate", "Abandoned calls divided by the offered calls that are over, without short abandons.",
        SHARE, ("abandoned",), "over", better=-1,
    ),
    Figure(
        "asa", "Average speed of answer (ASA)",
        "Average time from entering the queue to the agent's answer, for answered calls.",
        SECONDS, ("waited",), "answered", better=-1,
    ),
    Figure(
        "missed", "Missed", "Calls that rang at the phone of at least one agent who did not answer it and nobody else did meanwhile.",
        COUNT, ("missed",), better=-1,
    ),
    Figure("handled", "Handled", "Calls of every direction that are over and in which two people talked.", COUNT, ("handled",)),
    Figure("talk", "Talk time", "Talk time of all handled calls together.", SECONDS, ("talked",)),
    Figure(
        "aht", "Average handle time (AHT)",
        "Average of talk, hold and wrap-up time together, for handled calls.",
        SECONDS, ("talked", "held", "wrapped"), "handled", better=-1,
    ),
    Figure("attempts", "Attempts", "Outbound calls that are over and in which the customer was dialed.", COUNT, ("attempts",), family="outbound"),
    Figure("contacts", "Contacts", "Attempts in which the customer and an agent talked.", COUNT, ("contacts",), better=1, family="outbound"),
    Figure("contact_rate", "Contact rate", "Contacts divided by attempts.", SHARE, ("contacts",), "attempts", better=1, family="outbound"),
    Figure(
        "conversion", "Conversion", "Contacts whose outcome is a success, divided by contacts.",
        SHARE, ("successes",), "contacts", better=1, family="outbound",
    ),
    Figure("dropped", "Dropped", "Attempts that a person answered and no agent joined in time.", COUNT, ("dropped",), better=-1, family="outbound"),
    Figure("occupancy", "Occupancy", "Talk, hold and wrap-up time divided by signed-in time.", SHARE, ("busy",), "signed_in"),
)  # fmt: skip
AGENTS: Final = (
    Figure("rang", "Rang", "Calls that rang at the agent's phone; the agent's own click-to-dial is left out.", COUNT, ("rang",)),
    Figure("taken", "Taken", "Calls that are over and in which the agent talked.", COUNT, ("taken",), better=1),
    Figure(
        "own_missed", "Missed by the agent", "Calls that rang at the agent's phone and were answered neither there nor meanwhile elsewhere.",
        COUNT, ("missed",), better=-1,
    ),
    Figure("in_calls", "Time in calls", "From the agent's answer to the agent's leaving, holds included, over calls taken.", SECONDS, ("in_calls",)),
    Figure(
        "own_aht", "Agent's handle time",
        "Average of the agent's time in calls and wrap-up, for calls taken; the wrap-up is the last agent's.",
        SECONDS, ("in_calls", "own_wrapped"), "taken", better=-1,
    ),
    Figure("own_wrapup", "Wrap-up time", "Wrap-up time of the calls taken; a call's wrap-up is the last agent's.", SECONDS, ("own_wrapped",)),
    Figure("dialled", "Dialed", "Attempts in which the agent was on the line.", COUNT, ("dialled",)),
    Figure("reached", "Reached", "Attempts in which the agent and the customer talked.", COUNT, ("reached",), better=1),
    Figure(
        "own_conversion", "Agent's conversion", "Calls reached whose outcome is a success, divided by calls reached.",
        SHARE, ("sold",), "reached", better=1,
    ),
    Figure("signed_in", "Signed-in time", "Time in the period in which the agent was not signed out; pauses count.", SECONDS, ("signed_in",)),
    Figure("paused", "Time paused", "Time in the period in which the agent was paused, whatever the reason.", SECONDS, ("paused",)),
    Figure(
        "own_occupancy", "Agent's occupancy", "Talk, hold and wrap-up time divided by signed-in time; pauses count as signed in.",
        SHARE, ("busy",), "signed_in",
    ),
)  # fmt: skip
HEADLINES: Final = {
    "service": ("offered", "answered", "service_level", "abandonment", "asa", "aht"),
    "outbound": ("attempts", "contacts", "contact_rate", "conversion", "dropped", "aht"),
    "agents": ("taken", "own_missed", "in_calls", "own_aht", "own_conversion", "own_occupancy"),
}
FAMILIES: Final = tuple(HEADLINES)
ALL: Final = (*CENTER, *AGENTS)
BY_CODE: Final = {figure.code: figure for figure in ALL}

# What a set of calls is called when a list is opened by it.
SET_NAMES: Final = {
    "offered": "Offered", "answered": "Answered", "abandoned": "Abandoned", "short": "Short abandons",
    "unanswered": "Sent elsewhere", "running": "Still running", "over": "Offered and over",
    "counted": "Answered and abandoned", "in_time": "Within the target time", "handled": "Handled",
    "attempts": "Attempts", "contacts": "Contacts", "successes": "Successes", "dropped": "Dropped",
    "rang": "Rang", "missed": "Missed", "taken": "Taken", "dialled": "Dialed", "reached": "Reached", "sold": "Successes",
}  # fmt: skip


def listed(family: str, short_seconds: float) -> tuple[Figure, ...]:
    """Choose the figures to show; short abandons only where the settings know of them."""
    shown = AGENTS if family == "agents" else tuple(f for f in CENTER if f.family == family)
    return tuple(f for f in shown if f.code != "short" or short_seconds > 0)
