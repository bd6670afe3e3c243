"""Every error we raise on purpose, in one tree.

CallCenterError
├── Invalid              what was asked for cannot be: names the field and what to do
│   ├── BadSetting       a setting's name, its value and what it should be
│   └── UnknownVersion   a version of the API that is not spoken here
├── NotFound             no such record, or none that this person may see
├── Forbidden            the record may be seen, the act may not be done
│   └── SecondStepNeeded the role asks for a second step of the sign-in that is not set up
├── Conflict             somebody else changed it meanwhile
└── TelephonyError       the exchange
    ├── LinkDown         there is no signed-in connection, or it went away before the answer came
    ├── ActionTimeout    the exchange did not answer in time
    └── ActionRefused    the exchange answered with an error; carries its words
"""

from __future__ import annotations


class CallCenterError(Exception):
    """Base of all errors that we raise on purpose; `code` is stable, for programs and translations."""

    code = "error"


class Invalid(CallCenterError):
    """Refuse input, naming the field that is wrong."""

    code = "invalid"

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class BadSetting(Invalid):
    """Refuse a setting, naming its key, its value and the type it should have."""

    code = "bad_setting"


class UnknownVersion(Invalid):
    """Refuse a version of the API, naming the one that is spoken."""

    code = "unknown_version"


class NotFound(CallCenterError):
    """Say that there is no such record for this person."""

    code = "not_found"


class Forbidden(CallCenterError):
    """Say that this person may not do this."""

    code = "forbidden"


class SecondStepNeeded(Forbidden):
    """Say that the sign-in needs a second step first."""

    code = "second_step_needed"


class Conflict(CallCenterError):
    """Say that the record changed since it was read."""

    code = "conflict"


class DatabaseAway(CallCenterError):
    """Say that the database cannot be asked now; the same question may be answered later."""

    code = "database_away"


class TelephonyError(CallCenterError):
    """Base of what goes wrong between us and the exchange."""

    code = "telephony"


class LinkDown(TelephonyError):
    """Say that the exchange cannot be reached now; the action was not sent, or its answer was lost."""

    code = "link_down"


class ActionTimeout(TelephonyError):
    """Say that the exchange did not answer an action in time."""

    code = "action_timeout"


class ActionRefused(TelephonyError):
    """Carry the exchange's own words for refusing an action."""

    code = "action_refused"
