"""Who may be calling: the policy, as a table of candidates and decisions."""

from __future__ import annotations

from callcenter.crm import matching, phones
from callcenter.crm.matching import Context, Row, decide

NUMBER = phones.classify("0541234567", "IL")
E164 = "+972541234567"
NOW = 1_000_000_000.0


def row(party_id: int, name: str = "", **more: object) -> Row:
    return Row(party_id, name or f"Party {party_id}", e164=more.pop("e164", E164), **more)  # type: ignore[arg-type]


def test_one_exact_candidate_is_strong_and_linked() -> None:
    found = decide(NUMBER, [row(1, "דנה", primary=True)])
    assert (found.state, found.party_id, found.name) == ("strong", 1, "דנה")
    assert found.reasons[:2] == ("exact", "only_one")


def test_several_exact_candidates_are_ambiguous_and_nobody_is_linked() -> None:
    found = decide(NUMBER, [row(1), row(2)])
    assert (found.state, found.party_id, found.reasons) == ("ambiguous", None, ("several",))
    assert {c.party_id for c in found.candidates} == {1, 2}


def test_a_remembered_choice_wins_and_says_so() -> None:
    context = Context(remembered_party_id=2, now=NOW)
    found = decide(NUMBER, [row(1, open_cases=3, last_contact=NOW, primary=True), row(2)], context=context)  # fmt: skip
    assert (found.state, found.party_id) == ("chosen", 2)
    assert "remembered" in found.reasons
    assert len(found.candidates) == 2


def test_a_choice_of_somebody_who_lost_the_number_is_forgotten() -> None:
    found = decide(NUMBER, [row(1), row(2)], context=Context(remembered_party_id=9))
    assert found.state == "ambiguous"


def test_the_clicked_customer_beats_whom_the_number_remembers() -> None:
    context = Context(clicked_party_id=1, remembered_party_id=2, now=NOW)
    found = decide(NUMBER, [row(1), row(2, open_cases=1, last_contact=NOW, primary=True)], context=context)  # fmt: skip
    assert (found.state, found.party_id) == ("strong", 1)
    assert found.reasons[0] == "clicked"


def test_the_clicked_customer_needs_no_number() -> None:
    found = decide(NUMBER, [row(1, e164="")], context=Context(clicked_party_id=1))
    assert (found.state, found.party_id) == ("strong", 1)
    assert "exact" not in found.reasons


def test_the_campaigns_member_beats_every_lesser_reason() -> None:
    context = Context(campaign_party_id=1, remembered_party_id=2, now=NOW)
    best = row(2, open_cases=2, last_contact=NOW, primary=True)
    assert decide(NUMBER, [best, row(1)], context=context).party_id == 1


def test_candidates_are_ranked_by_case_then_contact_then_primary_then_person() -> None:
    rows = [
        row(1, kind="organisation"),
        row(2),
        row(3, primary=True),
        row(4, last_contact=NOW - 86400),
        row(5, open_cases=1),
    ]
    found = decide(NUMBER, rows, context=Context(now=NOW))
    assert [c.party_id for c in found.candidates] == [5, 4, 3, 2, 1]


def test_of_two_recent_contacts_the_later_comes_first() -> None:
    rows = [row(1, last_contact=NOW - 9000), row(2, last_contact=NOW - 60)]
    found = decide(NUMBER, rows, context=Context(now=NOW))
    assert [c.party_id for c in found.candidates] == [2, 1]


def test_at_most_five_candidates_are_shown() -> None:
    assert len(decide(NUMBER, [row(i) for i in range(1, 9)]).candidates) == 5


def test_a_party_with_the_number_twice_is_one_candidate() -> None:
    found = decide(NUMBER, [row(1), row(1, label="בית")])
    assert (found.state, len(found.candidates)) == ("strong", 1)


def test_a_weak_candidate_is_a_hint_and_never_linked() -> None:
    other = row(1, e164="+97241234567")
    found = decide(NUMBER, [], [other])
    assert (found.state, found.party_id) == ("weak", None)
    assert found.candidates[0].reasons[0] == "last_digits:8"
    assert decide(NUMBER, [], [other, row(2, e164="+97241234567")]).party_id is None


def test_weak_candidates_are_ignored_beside_an_exact_one() -> None:
    found = decide(NUMBER, [row(1)], [row(2, e164="+97241234567")])
    assert [c.party_id for c in found.candidates] == [1]


def test_a_shared_number_says_how_it_is_shared() -> None:
    family = decide(NUMBER, [row(1, "דנה לוי"), row(2, "אבי לוי")])
    company = decide(NUMBER, [row(1, "מוסך", kind="organisation"), row(2, "אבי לוי")])
    chance = decide(NUMBER, [row(1, "דנה לוי"), row(2, "אבי כהן")])
    for found, code in ((family, "household"), (company, "switchboard"), (chance, "shared")):
        assert all(code in c.reasons for c in found.candidates)


def test_nobody_is_told_apart_by_the_kind_of_number() -> None:
    states = {
        raw: matching.decide(phones.classify(raw, "IL", internal={"1001"}), []).state
        for raw in ("anonymous", "1001", "*2700", "0541234567")
    }
    assert states == {
        "anonymous": "anonymous",
        "1001": "internal",
        "*2700": "none",
        "0541234567": "none",
    }


def test_the_score_is_the_sum_of_its_reasons() -> None:
    found = decide(NUMBER, [row(1, primary=True, open_cases=1), row(2)], context=Context(now=NOW))
    for candidate in found.candidates:
        points = sum(matching.POINTS[r.partition(":")[0]] for r in candidate.reasons)
        assert candidate.score == min(100, points)
