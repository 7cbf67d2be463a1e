"""What leaves for the PBX: one action asked for is one action on the wire, whatever stands in its values."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from panoramisk.actions import Action

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_actions import AmiAction, refuse_unsafe
from pbx_crm.asterisk.ami_protocol import AmiProtocol, LinkCounters
from pbx_crm.domain.errors import BadInput

HOSTILE = st.text(alphabet=st.sampled_from("a1:\r\n\0 ,é\u2028\x85\ud800"), max_size=20)


class Wire:
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    def frames(self) -> int:
        """Actions in it by Asterisk's rules: a lone LF ends a header, an empty line the action."""
        lines = [line.rstrip(b"\r") for line in self.data.split(b"\n")]
        return sum(1 for line, after in pairwise(lines) if line and not after)


def sent(action: AmiAction) -> Wire:
    """What goes over the wire for this action."""

    async def send() -> Wire:
        wire = Wire()
        protocol = AmiProtocol(lambda _: True, LinkCounters(), lambda: datetime.now(UTC))
        protocol.connection_made(wire)  # type: ignore[arg-type]
        protocol.encoding = "utf8"
        protocol.send(Action(action.as_headers()))
        return wire

    return asyncio.run(send())


@given(number=HOSTILE, context=HOSTILE, value=HOSTILE)
@example(number="1\n\nAction: Command", context="c", value="")
def test_no_value_starts_a_second_action(number: str, context: str, value: str) -> None:
    call = ami_actions.originate(
        endpoint="PJSIP/101", number=number, context=context, channel_id="crm-1", variables={"A": value}
    )
    try:
        wire = sent(call)
    except BadInput:
        assert any(c in "\r\n\0\ud800" for c in number + context + value), "an honest value was refused"
    else:
        assert wire.frames() == 1


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\n\nb", "a\0b", "x" * 1001, "я" * 501, "\ud800"])
def test_a_value_asterisk_would_misread_is_refused_by_the_name_of_its_header(value: str) -> None:
    with pytest.raises(BadInput) as refused:
        refuse_unsafe({"Action": "Originate", "CallerID": value})
    assert list(refused.value.reasons) == ["CallerID"]
    assert value not in str(refused.value.reasons)


@pytest.mark.parametrize("name", ["Call\nID", "A: b\r\nAction", "", "Имя"])
def test_a_header_name_cannot_smuggle_either(name: str) -> None:
    with pytest.raises(BadInput):
        refuse_unsafe({"Action": "Ping", name: "1"})


def test_more_headers_than_asterisk_reads_are_refused() -> None:
    with pytest.raises(BadInput, match="cannot be sent"):
        refuse_unsafe({"Action": "Originate", "Variable": ["A=1"] * 121})


def test_an_originate_always_names_its_channel_and_never_blocks_the_link() -> None:
    call = ami_actions.originate(
        endpoint="PJSIP/101",
        number="79165550199",
        context="from-internal",
        channel_id=ami_actions.new_channel_id(),
        caller_id="Анна <101>",
        variables={"CRM_DEAL": "7", "CRM_SELLER": "Анна"},
    )
    lines = sent(call).data.decode().split("\r\n")
    assert "Async: true" in lines
    assert any(line.startswith("ChannelId: crm-") for line in lines)
    assert [line for line in lines if line.startswith("Variable")] == [
        "Variable: CRM_DEAL=7",
        "Variable: CRM_SELLER=Анна",
    ]


def test_every_originate_has_an_id_of_its_own() -> None:
    assert len({ami_actions.new_channel_id() for _ in range(100)}) == 100


def test_a_channel_id_asterisk_would_refuse_is_refused_before() -> None:
    with pytest.raises(BadInput):
        ami_actions.originate(endpoint="PJSIP/101", number="1", context="c", channel_id="x" * 150)


def test_each_read_is_one_action_on_the_wire() -> None:
    for action in (ami_actions.ping(), ami_actions.core_status(), ami_actions.hang_up("PJSIP/101-00000001")):
        assert sent(action).frames() == 1
