"""A plan is a pure function of its seed."""

from __future__ import annotations

from tests.faults import plan


def test_a_seed_gives_the_same_plan_each_time_and_another_seed_another() -> None:
    assert plan.make(7, postgres=True) == plan.make(7, postgres=True)
    assert len({plan.make(seed).words() for seed in range(200)}) == 200


def test_seeds_in_a_row_leave_no_kind_of_fault_out() -> None:
    for kinds in (plan.SCRIPTED, plan.REAL):
        row = [plan.make(seed, kinds=kinds) for seed in range(len(kinds))]
        assert {fault.kind for each in row for fault in each.faults} == set(kinds)


def test_faults_come_in_order_of_time_within_the_run_and_some_runs_are_on_postgres() -> None:
    made = [plan.make(seed, seconds=5, postgres=True) for seed in range(100)]
    for each in made:
        moments = [fault.at for fault in each.faults]
        assert moments == sorted(moments)
        assert 2 <= len(moments) <= 4
        assert all(0 < at <= 5 for at in (*moments, *each.clicks))
    assert 10 <= sum(each.database == "postgres" for each in made) <= 40


def test_a_plan_in_words_names_the_seed_and_every_fault() -> None:
    made = plan.make(11)
    assert made.words().startswith("seed 11 on sqlite: ")
    assert all(fault.kind in made.words() for fault in made.faults)
