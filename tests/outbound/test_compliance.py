"""The gate's verdicts, in tables: who may be called, for what, when, and what the receipt says of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from callcenter.outbound import compliance, hours

ISRAEL, NEW_YORK = ZoneInfo("Asia/Jerusalem"), ZoneInfo("America/New_York")
RULES = compliance.Rules(
    hours.week({**dict.fromkeys(hours.DAYS, "09:00-20:00"), "sat": ""}, {"2026-12-25": "חג"}),
    max_attempts=6,
    blocked_prefixes=("+97215",),
)
OPEN = datetime(2026, 11, 25, 11, 0, tzinfo=ISRAEL)


def question(**change: Any) -> compliance.Question:
    usual = {
        "purpose": "marketing", "kind": "external", "e164": "+972541234567", "local": (OPEN,), "region": "IL",
        "line_type": "mobile",
    }  # fmt: skip
    return compliance.Question(**{**usual, **change})


def codes(reasons: tuple[compliance.Reason, ...]) -> list[str]:
    return [reason.code for reason in reasons]


@pytest.mark.parametrize(
    ("change", "marketing", "service"),
    [
        ({}, [], []),
        ({"e164": None, "kind": "short"}, ["not_a_customer_number"], []),
        ({"line_type": "premium"}, ["premium"], ["premium"]),
        ({"e164": "+972151234567"}, ["blocked_prefix"], ["blocked_prefix"]),
        ({"region": "GB", "e164": "+442079460000"}, ["abroad"], []),
        ({"phone_bad": True}, ["bad_number"], []),
        ({"listed": compliance.Listed("own", "2026-01-02")}, ["on_our_list"], []),
        ({"listed": compliance.Listed("registry", "2026-01-02")}, ["in_registry"], []),
        ({"phone_blocked": True}, ["number_blocked"], []),
        ({"wish": "blocked"}, ["customer_asked"], []),
        ({"wish": "allowed"}, [], []),
        ({"local": (OPEN.replace(hour=8),)}, ["outside_hours"], []),
        ({"local": (OPEN.replace(day=28),)}, ["shabbat"], []),
        ({"local": (OPEN.replace(month=12, day=25),)}, ["holiday"], []),
        ({"today": 3}, ["attempts_today"], []),
        ({"week": 8}, ["attempts_week"], []),
        ({"attempts": 6}, ["attempts_used"], []),
    ],
)
def test_what_forbids_a_call_of_each_purpose(
    change: dict[str, Any], marketing: list[str], service: list[str]
) -> None:
    sold = compliance.judge(question(**change), RULES)
    assert (codes(sold.reasons), sold.allowed) == (marketing, not marketing)
    served = compliance.judge(question(**change, purpose="service"), RULES)
    assert (codes(served.reasons), served.allowed) == (service, not service)


@pytest.mark.parametrize(
    ("change", "warnings"),
    [
        ({"listed": compliance.Listed("own", "2026-01-02")}, ["on_our_list"]),
        ({"wish": "blocked", "phone_blocked": True}, ["number_blocked", "customer_asked"]),
        ({"local": (OPEN.replace(hour=22),)}, ["outside_hours"]),
        ({"today": 9, "attempts": 9}, []),
    ],
)
def test_a_service_call_is_warned_and_made(change: dict[str, Any], warnings: list[str]) -> None:
    verdict = compliance.judge(question(**change, purpose="service"), RULES)
    assert verdict.allowed and codes(verdict.warnings) == warnings


@pytest.mark.parametrize(
    ("abroad", "marketing", "service"),
    [("never", False, False), ("service", False, True), ("always", True, True)],
)
def test_calls_abroad_follow_the_setting(abroad: str, marketing: bool, service: bool) -> None:
    rules = compliance.Rules(RULES.week, abroad=abroad)
    far = {"region": "US", "e164": "+12125550100"}
    assert compliance.judge(question(**far), rules).allowed is marketing
    assert compliance.judge(question(**far, purpose="service"), rules).allowed is service


def test_the_hours_are_those_of_the_number_not_of_the_office() -> None:
    there = OPEN.astimezone(NEW_YORK)  # four in the morning
    verdict = compliance.judge(question(local=(there,)), RULES)
    assert codes(verdict.reasons) == ["outside_hours"]
    assert verdict.later == there.replace(hour=9)


def test_a_number_with_two_zones_waits_until_both_are_open() -> None:
    late = datetime(2026, 11, 25, 8, 30, tzinfo=NEW_YORK)
    other = late.astimezone(ZoneInfo("America/Los_Angeles"))
    verdict = compliance.judge(question(local=(late, other)), RULES)
    assert not verdict.allowed
    assert verdict.later == other.replace(hour=9, minute=0)


def test_what_lasts_is_told_from_what_waiting_helps() -> None:
    lasting = compliance.judge(question(wish="blocked", local=(OPEN.replace(hour=8),)), RULES)
    assert lasting.lasting and lasting.later is None
    waiting = compliance.judge(question(today=3), RULES)
    assert not waiting.lasting and waiting.later == OPEN.replace(day=26, hour=9)
    never_open = compliance.judge(question(), compliance.Rules(hours.week({}, {})))
    assert not never_open.allowed and not never_open.lasting


def test_the_receipt_says_what_was_checked_also_when_nothing_was_wrong() -> None:
    receipt = json.loads(json.dumps(compliance.judge(question(), RULES).receipt()))
    assert receipt["version"] == compliance.VERSION and receipt["allowed"] is True
    assert receipt["checked"]["hours"] == [
        {"zone": "Asia/Jerusalem", "local": "2026-11-25T11:00+02:00", "open": "09:00-20:00", "holiday": ""}
    ]  # fmt: skip
    assert receipt["checked"]["list"] is None and receipt["checked"]["wish"] == "unknown"
    assert receipt["checked"]["attempts"]["per_day"] == 3
    refused = compliance.judge(question(wish="blocked"), RULES).receipt()
    assert refused["allowed"] is False and refused["reasons"] == [{"code": "customer_asked"}]
