"""Which calls are recorded: the most particular word counts, as it stands in the database at that moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callcenter import errors, models
from callcenter.crm import audit
from recordings import rulebook, rules
from tests.recordings.conftest import MakePlace, Place

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
BY = audit.By(None, "127.0.0.1")


def of(**said: object) -> rules.Of:
    return rules.Of(**{"pbx": "main", "direction": "inbound", **said})  # type: ignore[arg-type]


def ruled(*exceptions: tuple[str, str, str, bool], record: bool = True) -> rules.Rules:
    return rules.Rules(record, tuple(rules.Rule(*each) for each in exceptions))


ALL = ruled(
    ("campaign", "", "7", True), ("queue", "main", "support", False), ("direction", "", "outbound", False),
)  # fmt: skip


@pytest.mark.parametrize(
    ("call", "record", "why"),
    [
        (of(), True, "default"),
        (of(direction="outbound"), False, "direction"),
        (of(direction="internal"), True, "default"),
        (of(queue="support"), False, "queue"),
        (of(queue="sales"), True, "default"),
        (of(queue="support", pbx="other"), True, "default"),
        (of(direction="outbound", queue="support", campaign="7"), True, "campaign"),
        (of(direction="outbound", campaign="8"), False, "direction"),
        (of(campaign="7", refuses=True), False, "customer"),
    ],
)
def test_the_most_particular_word_counts(call: rules.Of, record: bool, why: str) -> None:
    assert rules.decide(ALL, call) == rules.Verdict(record, why)


def test_nothing_but_exceptions_is_recorded_where_the_default_says_no() -> None:
    some = ruled(("queue", "main", "sales", True), record=False)
    assert rules.decide(some, of(queue="sales")).record
    assert not rules.decide(some, of(queue="")).record


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (ruled(), " same => n,Gosub(record,customer,1)"),
        (ruled(record=False), " same => n,NoOp(not recorded)"),
        (ALL, ' same => n,GosubIf($["${EXTEN}" != "support"]?record,customer,1)'),
        (
            ruled(("queue", "main", "a1", True), ("queue", "main", "b2", True), record=False),
            ' same => n,GosubIf($["${EXTEN}" = "a1" | "${EXTEN}" = "b2"]?record,customer,1)',
        ),
        (ALL, "exten => _[+0]X!,1,Dial(PJSIP/${EXTEN}@trunk,${RING_SECONDS},tTkK${IF($[\"${CC_CAMPAIGN}\" = \"7\"]?U(record))})"),
        (ruled(("direction", "", "outbound", False)), "exten => _[+0]X!,1,Dial(PJSIP/${EXTEN}@trunk,${RING_SECONDS},tTkK)"),
        (
            ruled(("queue", "main", "sales", False), ("campaign", "", "3", False), ("campaign", "", "4", True)),
            "exten => _[a-z][a-z].,1,GosubIf($[\"${CC_CAMPAIGN}\" = \"4\" | (\"${CC_CAMPAIGN}\" != \"3\" & (\"${EXTEN}\" != \"sales\"))]?record,customer,1)",
        ),
        (ruled(("queue", "other", "support", False)), " same => n,Gosub(record,customer,1)"),
    ],
)  # fmt: skip
def test_the_dialplans_lines_say_the_same(told: rules.Rules, line: str) -> None:
    assert line in rules.dialplan(told, "main").splitlines()


def test_a_name_that_would_be_a_line_of_its_own_stands_in_no_line() -> None:
    evil = 'x"]?evil,s,1)\nexten => s,1,System(rm'
    told = ruled(("queue", "main", evil, False), ("queue", "main", "sales", False))
    written = rules.dialplan(told, "main")
    assert "System" not in written and "1 more" in written and '"sales"' in written


@pytest.fixture
def place(make_place: MakePlace) -> Place:
    """Make a place whose call center has two customers, one of whom does not want to be recorded."""
    made = make_place()
    with made.database.session() as session:
        for name, refuses in (("Dana", False), ("Yossi", True)):
            party = models.Party(
                display=name, search_key=name.lower(), do_not_record=refuses, created_at=NOW, updated_at=NOW
            )  # fmt: skip
            session.add(party)
            session.flush()
            session.add(models.Call(pbx="main", linkedid=f"{name}.1", direction="inbound", started=NOW, party_id=party.id))  # fmt: skip
    return made


def asked(place: Place, linkedid: str, **said: str) -> rules.Verdict:
    call = {"direction": "inbound", "queue": "", "campaign": "", "party": "", **said}
    return place.database.call(rulebook.decide, pbx="main", linkedid=linkedid, **call)


def test_a_change_counts_for_the_next_call(place: Place) -> None:
    assert asked(place, "Dana.1").record
    place.database.call(rulebook.put, BY, ("queue", "main", "support"), record=False)
    assert asked(place, "Dana.1", queue="support") == rules.Verdict(False, "queue")
    place.database.call(rulebook.put, BY, ("queue", "main", "support"), record=True)
    with place.database.session() as session:
        (rule,) = rulebook.exceptions(session)
        seen = rulebook.stamp(rulebook.policy(session))
        rulebook.change(session, BY, {"record": "0", "notice_en": " We record\ncalls "}, seen=seen)
    assert asked(place, "Dana.1", queue="support").record and not asked(place, "Dana.1").record
    place.database.call(rulebook.remove, BY, rule.id)
    assert not asked(place, "Dana.1", queue="support").record
    with pytest.raises(errors.Conflict):
        place.database.call(rulebook.change, BY, {"record": "1"}, seen=seen)
    with place.database.session() as session:
        assert rulebook.policy(session).notice == {"en": "We record calls"}
        said = [row.action for row in session.query(models.Audit)]
    assert said == [
        "recording_rule_set", "recording_rule_set", "recording_policy_changed", "recording_rule_removed",
    ]  # fmt: skip


def test_a_customer_who_does_not_want_it_is_not_recorded_whoever_calls_whom(place: Place) -> None:
    assert asked(place, "Yossi.1") == rules.Verdict(False, "customer")
    with place.database.session() as session:
        party = session.query(models.Party).filter_by(display="Yossi").one().id
    assert asked(place, "not-written-yet", party=str(party)).why == "customer"
    assert asked(place, "not-written-yet", party="٣").record


def test_what_callers_are_told_is_kept_with_the_recording_as_it_was_then(place: Place) -> None:
    first, second = place.expect("a.wav"), place.expect("b.wav", linkedid="2.2")
    for recording, text in ((first, "We record."), (second, "We record, and keep it 30 days.")):
        with place.database.session() as session:
            seen = rulebook.stamp(rulebook.policy(session))
            rulebook.change(session, BY, {"record": "1", "notice_en": text}, seen=seen)
        place.database.call(rulebook.note, recording)
    assert place.row(first).notice == {"en": "We record."}
    assert place.row(second).notice == {"en": "We record, and keep it 30 days."}


def test_an_exception_is_for_something_that_there_is(place: Place) -> None:
    with place.database.session() as session:
        session.add(models.Campaign(name="סיבים", created_at=NOW))
        session.flush()
        queues = {("main", "support")}
        for good in ("direction//inbound", "queue/main/support", "campaign//1"):
            rulebook.check(session, rulebook.named(good), queues)
        for bad in ("", "direction//internal", "direction/main/inbound", "queue//support", "queue/main/x",
                    "campaign//01", "campaign//2", "campaign//٣", "customer//1", "queue/main/support/x"):  # fmt: skip
            with pytest.raises(errors.Invalid):
                rulebook.check(session, rulebook.named(bad), queues)
