"""Only the PBX itself asks in its own name, and what it is told can do no harm in a dialplan."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.caller_answer import LONGEST_NAME, NOBODY, CallerAnswer, shown_name
from pbx_crm.domain.pbx_door import PbxDoor
from tests.dialplan.samples import sample

TOKEN = "x" * 32
DOOR = PbxDoor("office", TOKEN, (ip_network("192.0.2.5"), ip_network("2001:db8::/32")))


@pytest.mark.parametrize("address", ["192.0.2.5", "2001:db8::7"])
def test_the_pbx_is_let_in_by_its_token_and_its_address(address: str) -> None:
    assert DOOR.admits(TOKEN, address)


@pytest.mark.parametrize(
    ("token", "address"),
    [
        (TOKEN, "192.0.2.6"),
        (TOKEN, "::ffff:192.0.2.6"),
        (TOKEN, ""),
        (TOKEN, "192.0.2.5, 127.0.0.1"),
        ("", "192.0.2.5"),
        (TOKEN[:-1], "192.0.2.5"),
        (TOKEN + "x", "192.0.2.5"),
        ("ключ\ud800"[:4], "192.0.2.5"),
    ],
)
def test_nobody_else_is(token: str, address: str) -> None:
    assert not DOOR.admits(token, address)


def test_a_door_that_is_printed_tells_no_token() -> None:
    assert TOKEN not in repr(DOOR)


def shape() -> re.Pattern[str]:
    """What the shipped dialplan takes for an answer, read from its file; Asterisk counts bytes."""
    text = sample("asterisk/extensions.d/pbx-crm-lookup.conf")
    found = re.search(r"PBX_CRM_SHAPE=(.*)\)$", text, re.MULTILINE)
    assert found is not None
    return re.compile(found[1].replace("[^:[:cntrl:]]", r"[^:\x00-\x1f\x7f]").replace("$", r"\Z"))


@given(name=st.text(max_size=200), seconds=st.integers(1, 15))
def test_whatever_a_client_is_called_the_dialplan_understands_the_answer(name: str, seconds: int) -> None:
    line = CallerAnswer("201", seconds, shown_name(name)).line()
    assert shape().search(line.encode().decode("latin-1"))
    assert CallerAnswer(name=shown_name(name)).line().count(":") == 3


def test_an_unknown_caller_is_a_good_answer_too() -> None:
    assert NOBODY.line() == "crm::0:"
    assert shape().search(NOBODY.line())


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Мар'яна Ёлкина (опт)", "Мар'яна Ёлкина (опт)"),
        ("شرکت نوین‌پرداز", "شرکت نوین پرداز"),
        ("O'Brien & Sons, Ltd.", "O'Brien & Sons, Ltd."),
        ('Eve"<sip:666@evil>', "Eve sip 666 evil"),
        ("${SHELL(reboot)}", "SHELL(reboot)"),
        ("two\r\nlines\t:", "two lines"),
        ("é" * 60, "é" * LONGEST_NAME),
        ("", ""),
    ],
)
def test_a_name_is_shown_without_what_means_something_to_a_phone(written: str, shown: str) -> None:
    assert shown_name(written) == shown
