"""Which names are one, and where a number is from."""

from __future__ import annotations

import pytest

from pbx_crm.domain.contact import plain_name
from pbx_crm.domain.number_place import place_of
from pbx_crm.domain.region import Place


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ООО «Вектор»", "ооо  вектор"),
        ("Sara-Ahmadi", "SARA AHMADI"),
        ("Ｖｅｃｔｏｒ", "vector"),
        ("علی  رضایی", "علی رضایی"),
    ],
)
def test_spelling_makes_nobody_another_person(one: str, other: str) -> None:
    assert plain_name(one) == plain_name(other)


def test_different_names_stay_different() -> None:
    assert len({plain_name(name) for name in ("Vector", "Vektor", "Vector 2", "")}) == 4


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("+74951234567", Place("RU", zones=("Europe/Moscow",))),
        ("+73832123456", Place("RU", zones=("Asia/Novosibirsk",))),
        # A Russian mobile rings anywhere between Kaliningrad and Kamchatka: no hour is guessed.
        ("+79051234567", Place("RU")),
        ("+821012345678", Place("KR", zones=("Asia/Seoul",))),
        ("12", None),
    ],
)
def test_a_number_tells_its_hour_only_where_that_is_sure(number: str, place: Place | None) -> None:
    assert place_of(number) == place
