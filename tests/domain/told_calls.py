"""Calls told event by event, as AMI sends them."""

from __future__ import annotations

from tests.ami_story import AmiStory, Line

CLIENT = "79161112233"
MOBILE = "89035550205"


def told(pbx: AmiStory, number: int = 0, of: int = 1) -> dict[str, object]:
    calls = pbx.calls()
    assert len(calls) == of, [(c["direction"], c["external_number"]) for c in calls]
    return calls[number]


def answered_by_phone(pbx: AmiStory, extension: str = "205") -> tuple[Line, Line]:
    """A client called, the phone rang a second, and they talk."""
    client = pbx.comes_in(CLIENT)
    phone = pbx.dials(client, f"PJSIP/{extension}")
    pbx.rings(phone, client)
    pbx.wait(1)
    pbx.answers(phone, client)
    return client, phone
