"""Names as they are searched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm import names


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("כֹּהֵן", "כהן"), ("Ёлкин", "елкин"), ("COHEN", "cohen"), ("José", "jose"), ("צה״ל", 'צה"ל'),
        ("ג׳ורג׳", "ג'ורג'"), ("ﬁnn", "Finn"), ("לוי־אברמוביץ׳", "לוי אברמוביץ"), ("\u202bדנה\u202c", "דנה"),
    ],
)  # fmt: skip
def test_two_spellings_fold_to_one(a: str, b: str) -> None:
    assert names.fold(a) == names.fold(b) != ""


def test_a_final_letter_is_the_same_letter() -> None:
    assert names.fold("כהן").startswith(names.fold("כה"))
    assert names.fold("שלומי").startswith(names.fold("שלום"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("fvi", "כהן"), ("shlom", "shlom"), ("кгш", "רון"), ("ifhjd", "шаров"), ("בםיקמ", "cohen")],
)
def test_a_name_typed_in_the_wrong_layout_is_read(typed: str, meant: str) -> None:
    assert names.words(meant) in names.readings(typed)


@given(st.text(max_size=100))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert names.fold(names.fold(text)) == names.fold(text)
