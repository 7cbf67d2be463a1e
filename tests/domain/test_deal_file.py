"""Under which name a file is kept, and which is not kept at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.deal_file import LONGEST_NAME, good_name
from pbx_crm.domain.errors import BadInput


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("offer.pdf", "offer.pdf"),
        ("C:\\Users\\anna\\КП для Вектора.PDF", "КП для Вектора.PDF"),
        ("../../etc/offer.pdf", "offer.pdf"),
        ('of"fer:1?.docx', "of_fer_1_.docx"),
        ("  two   spaces .txt ", "two spaces .txt"),
        ("پیشنهاد.xlsx", "پیشنهاد.xlsx"),
        # A letter that turns the writing around would show exe.pdf for fdp.exe.
        ("offer\u202efdp.pdf", "offerfdp.pdf"),
    ],
)
def test_a_name_is_kept_without_its_folders_and_tricks(raw: str, name: str) -> None:
    assert good_name(raw) == name


@pytest.mark.parametrize(
    "raw",
    ["", "offer", ".pdf", "page.html", "page.svg", "run.exe", "offer.pdf.js", "a.pdf/", "x.PHP", "\x00"],
)
def test_what_a_browser_or_a_system_might_run_is_refused(raw: str) -> None:
    with pytest.raises(BadInput) as refusal:
        good_name(raw)
    assert set(refusal.value.reasons) == {"file"}


@given(st.text(max_size=300))
def test_no_name_of_anybodys_choosing_becomes_a_path(stem: str) -> None:
    try:
        name = good_name(f"{stem}.pdf")
    except BadInput:
        return
    assert not set(name) & set('\\/:*?"<>|\n\r\0')
    assert len(name) <= LONGEST_NAME
    assert name.endswith(".pdf")
