"""How the dialplan fits, seen over AMI: its variables, its zone, its question to the CRM, calls that enter.

`Getvar` runs a dialplan function on no channel: so the PBX itself asks the CRM, by the network it will use
during calls, and nothing is changed on it. CURL without a channel has Asterisk's own time-out, which is
long: it is asked last, and what comes late is not waited for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from panoramisk.message import Message

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_link import AmiLink
from pbx_crm.domain.endpoint import EndpointKind, PbxShape
from pbx_crm.domain.errors import BadInput, PbxUnreachable, RightMissing
from pbx_crm.domain.wiring_checkup import Asking, Entry, Wiring

OF_A_CALL_UNDER_WAY = {"DialBegin", "BridgeEnter", "QueueCallerJoin", "Hangup"}
"""By then the dialplan has had its turn."""
ASK_SECONDS = 5.0


async def look_at_wiring(
    link: AmiLink, events: Sequence[Message], shape: PbxShape, now: datetime, contexts: Collection[str] = ()
) -> Wiring:
    """What the PBX tells of it, and what was heard meanwhile; it is asked whether it has these contexts."""
    there = {name: await _variable(link, f"DIALPLAN_EXISTS({name})") for name in contexts}
    zone = await _variable(link, "STRFTIME(,,%z)")
    asking = await _asking(link, now)
    return Wiring(
        zone or "",
        asking,
        entries=tuple(_entries(events, shape)),
        recordings=tuple(sorted({name for m in events if (name := _told(m, "MIXMONITOR_FILENAME"))})),
        contexts={name: told == "1" for name, told in there.items() if told in ("0", "1")},
    )


async def _asking(link: AmiLink, now: datetime) -> Asking | None:
    url = await _variable(link, "PBX_CRM_URL")
    if url is None:
        return None
    token = await _variable(link, "PBX_CRM_TOKEN") or ""
    until = await _variable(link, "PBX_CRM_RESTS_UNTIL") or ""
    rests = until.isdecimal() and int(until) > now.timestamp()
    answer = await _variable(link, f"CURL({url}/lookup,token={token}&number=)") if url else None
    return Asking(url, token, answer, rests)


async def _variable(link: AmiLink, name: str) -> str | None:
    """Its value; None if it may not be asked, or no answer came."""
    try:
        action = ami_actions.get_variable(name)
        return str((await link.ask(action, quiet=True, first=True, seconds=ASK_SECONDS))[0].value or "")
    except (RightMissing, PbxUnreachable, BadInput):
        return None


def _entries(events: Sequence[Message], shape: PbxShape) -> list[Entry]:
    """Calls that came in over a trunk and went on, each with whether its called number was kept."""
    born = {m.uniqueid: m for m in events if m.event == "Newchannel" and _came_in(m, shape)}
    kept = {m.uniqueid for m in events if _told(m, "FROM_DID")}
    went_on = {m.uniqueid for m in events if m.event in OF_A_CALL_UNDER_WAY}
    return [
        Entry(message.context, message.exten, uniqueid in kept)
        for uniqueid, message in born.items()
        if uniqueid in went_on
    ]


def _came_in(message: Message, shape: PbxShape) -> bool:
    """A trunk's channel with a called number; one that Asterisk dials has `s` or nothing there."""
    is_trunk = shape.classify(message.channel).kind is EndpointKind.TRUNK
    return is_trunk and message.uniqueid == message.linkedid and message.exten not in ("", "s")


def _told(message: Message, variable: str) -> str:
    told = message.get("ChanVariable") or []
    for text in [told] if isinstance(told, str) else told:
        name, _, value = text.partition("=")
        if name == variable and value:
            return str(value)
    return ""
