"""Values are dataclasses like any other, frozen and slotted, however they are made."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from callcenter.telephony import facts

RECORD = facts.CallRecord("1.1", facts.Direction.INBOUND, "050", "", "100", None, None, 1.0)
FACT = facts.CallHeld("1.1", 2.0, by="PJSIP/1001")


def test_a_value_takes_its_fields_by_place_and_by_name_bases_first() -> None:
    assert facts.CallHeld(by="PJSIP/1001", at=2.0, linkedid="1.1") == FACT
    assert dataclasses.astuple(FACT) == ("1.1", 2.0, "PJSIP/1001")
    assert repr(FACT) == "CallHeld(linkedid='1.1', at=2.0, by='PJSIP/1001')"


def test_a_value_cannot_be_changed_and_takes_nothing_more() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        FACT.by = "nobody"  # type: ignore[misc]
    assert not hasattr(FACT, "__dict__")
    with pytest.raises(TypeError):
        facts.CallHeld("1.1")  # type: ignore[call-arg]


def test_what_is_left_out_is_made_anew_for_each_value() -> None:
    other = dataclasses.replace(RECORD, id="1.2", variables={})
    assert RECORD.variables == {} and RECORD.participants == ()
    again = facts.CallRecord("1.1", facts.Direction.INBOUND, "050", "", "100", None, None, 1.0)
    assert again == RECORD != other
    assert again.variables is not RECORD.variables


def test_values_are_copied_and_pickled() -> None:
    assert pickle.loads(pickle.dumps(RECORD)) == copy.copy(RECORD) == RECORD
    assert hash(FACT) == hash(copy.deepcopy(FACT))
