"""The settings' tables of calling out: which calls may be made, and how leads are handed out; settings.py reads them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from callcenter import errors
from callcenter.outbound import hours as calling_hours
from callcenter.setting_tables import Part


class Compliance(Part):
    """Which calls may be made to whom and when; checked at every dial, and kept with it."""

    hours: dict[str, str] = Field(
        default_factory=lambda: {
            **dict.fromkeys(("sun", "mon", "tue", "wed", "thu"), "09:00-20:00"),
            "fri": "09:00-13:00",
            "sat": "",
        },
        description="Calling hours by day (mon ... sun), in the time zone of the number; empty is closed.",
    )
    holidays: dict[str, str] = Field(
        default_factory=dict, description="Days without calls: ISO date -> name of the holiday."
    )
    attempts_per_day: int = Field(
        3, ge=1, description="Most marketing calls to one number in a day."
    )
    attempts_per_week: int = Field(
        8, ge=1, description="Most marketing calls to one number in seven days."
    )
    abroad: Literal["never", "service", "always"] = Field(
        "service", description="Calls to another country: never, service calls alone, or always."
    )
    premium: bool = Field(False, description="Dial premium and shared-cost numbers.")
    blocked_prefixes: tuple[str, ...] = Field(
        (), description="Beginnings of numbers, as +97215, that are never dialled."
    )

    @field_validator("hours")
    @classmethod
    def _readable_hours(cls, value: dict[str, str]) -> dict[str, str]:
        try:
            calling_hours.week(value, {})
        except errors.Invalid as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("holidays")
    @classmethod
    def _real_dates(cls, value: dict[str, str]) -> dict[str, str]:
        for day in value:
            try:
                date.fromisoformat(day)
            except ValueError as error:
                raise ValueError(f"{day!r} is not a date such as 2026-09-12") from error
        return value


class Campaigns(Part):
    """How leads are handed out and brought in."""

    lease_seconds: int = Field(
        180, ge=10, description="A lead whose desk gave no sign for so long goes to another agent."
    )
    callback_grace_minutes: int = Field(
        30, ge=0, description="A callback its owner did not take for so long goes to the team."
    )
    sweep_seconds: float = Field(
        20.0,
        gt=0,
        description="Time between two looks for callbacks that are due and calls that nobody closed.",
    )
    folder: str = Field("var/imports", description="Where files of leads wait for their import.")
    largest_megabytes: int = Field(100, ge=1, description="Largest file of leads.")
