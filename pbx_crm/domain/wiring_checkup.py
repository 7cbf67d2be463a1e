"""How a PBX's dialplan and its own records fit the CRM: look-up, zone of its clock, contexts, recordings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pbx_crm.domain.finding import Finding, fault, good, unseen, warning
from pbx_crm.domain.pbx_door import PbxDoor
from pbx_crm.domain.sentence import N_, Sentence

REFUSED, NOT_READY = "who is asking?", "not now"
"""What the CRM says to whom it does not know, and while its database is away (`pages/lookup.py`)."""
OUR_DIAL, LEADS_TO = "pbx-crm-dial", "from-internal"
"""The context of `pbx-crm.conf` for click-to-call, and where it leads until somebody changes it."""
PLAYED = ("wav",)
CONVERTED = ("WAV", "wav49", "gsm")
OFFSET = re.compile(r"[+-]\d{4}")
ADDRESS = re.compile(r"[0-9.]+|[0-9A-Fa-f:]+:[0-9A-Fa-f:.]*")


@dataclass(frozen=True, slots=True)
class Asking:
    """What the dialplan knows of the CRM, and what the PBX was answered when it asked just now."""

    url: str = ""
    token: str = field(default="", repr=False)
    answer: str | None = None
    """None: nothing came back."""
    rests: bool = False
    """Whether its breaker is open: it asks nobody for a while."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A call that came in while we listened."""

    context: str
    exten: str
    has_did: bool
    """Whether the dialplan keeps the called number in FROM_DID."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What one connection showed of it."""

    zone: str = ""
    """The PBX's distance from UTC as `%z` of strftime writes it; empty if it is not told."""
    asking: Asking | None = None
    """None: it may not be asked."""
    entries: tuple[Entry, ...] = ()
    recordings: tuple[str, ...] = ()
    """Files that calls were recorded into while we listened."""
    contexts: Mapping[str, bool] = field(default_factory=dict)
    """Of those asked about: whether the dialplan has it; one it does not tell of is left out."""


def judge_lookup(door: PbxDoor | None, asking: Asking | None) -> list[Finding]:
    """What stands between the dialplan and an answer; nothing where neither side wants one."""
    if asking is None:
        return (
            [] if door is None else [unseen("lookup", N_("what the dialplan asks cannot be seen over AMI"))]
        )
    if door is None:
        return [_lookup_unset(asking)] if asking.url else []
    if not asking.url:
        return [_lookup_unasked()]
    found = [*_lookup_answer(door, asking), *_lookup_manner(asking)]
    return found or [good("lookup", N_("the PBX asks at %(url)s and is answered"), url=asking.url)]


def _lookup_unset(asking: Asking) -> Finding:
    return fault(
        "lookup_unset",
        Sentence.of(N_("the dialplan asks at %(url)s, and the CRM answers no dialplan"), url=asking.url),
        Sentence.of(N_('pbx_crm.toml under this [[pbx]]: [pbx.dialplan] token_file = "pbx.token"')),
    )


def _lookup_unasked() -> Finding:
    return warning(
        "lookup_unasked",
        Sentence.of(N_("the CRM would answer the dialplan, and the dialplan asks nobody")),
        Sentence.of(N_("extensions.conf [globals]: PBX_CRM_URL = http://ADDRESS-OF-THE-CRM:PORT/pbx")),
    )


def _lookup_answer(door: PbxDoor, asking: Asking) -> list[Finding]:
    if asking.token != door.token:
        mend = Sentence.of(N_("extensions.conf [globals]: PBX_CRM_TOKEN = the text of token_file"))
        return [fault("lookup_token", Sentence.of(N_("the dialplan shows another token")), mend)]
    if not asking.answer:
        says = Sentence.of(N_("the PBX gets no answer from %(url)s"), url=asking.url)
        mend = Sentence.of(
            N_(
                "on the PBX:  curl -d x= %(url)s/lookup  and  asterisk -rx 'module show like curl'; "
                "pbx_crm.toml [web]: host; the firewall between the two"
            ),
            url=asking.url,
        )
        return [fault("lookup_unreachable", says, mend)]
    if asking.answer == REFUSED:
        mend = Sentence.of(N_('pbx_crm.toml [pbx.dialplan]: addresses = ["the address of the PBX"]'))
        return [fault("lookup_refused", Sentence.of(N_("the CRM refuses the PBX's address")), mend)]
    if not asking.answer.startswith("crm:"):
        says = Sentence.of(
            N_("at %(url)s answers something that is not the CRM, or is not ready"), url=asking.url
        )
        mend = Sentence.of(N_("extensions.conf [globals]: PBX_CRM_URL = http://ADDRESS-OF-THE-CRM:PORT/pbx"))
        return [fault("lookup_strange", says, mend)]
    return []


def _lookup_manner(asking: Asking) -> list[Finding]:
    found = []
    host = urlsplit(asking.url).hostname or ""
    if not ADDRESS.fullmatch(host):
        says = Sentence.of(N_("the dialplan asks %(host)s by name: where DNS is slow, calls wait"), host=host)
        mend = Sentence.of(N_("extensions.conf [globals]: PBX_CRM_URL with an address in place of the name"))
        found.append(warning("lookup_name", says, mend))
    if asking.rests:
        says = Sentence.of(N_("the dialplan asked in vain three times and rests for half a minute"))
        mend = Sentence.of(
            N_("once the CRM answers:  asterisk -rx 'dialplan set global PBX_CRM_RESTS_UNTIL 0'")
        )
        found.append(warning("lookup_rests", says, mend))
    return found


def judge_dialling(contexts: Mapping[str, bool], dial_context: str) -> list[Finding]:
    """Whether calls that begin in the CRM lead anywhere; nothing where the dialplan does not tell."""
    if not contexts.get(dial_context, True):
        says = N_("click-to-call leads nowhere: the dialplan has no [%(context)s]")
        mend = N_("pbx_crm.toml [[pbx]]: dial_context = the one in which phones dial outside numbers")
        return [fault("dial_context", Sentence.of(says, context=dial_context), Sentence.of(mend))]
    if dial_context == OUR_DIAL and not contexts.get(LEADS_TO, True):
        says = N_(
            "[%(ours)s] as it is shipped leads to [%(context)s], and there is none here: "
            "put your phones' context for it, unless you have"
        )
        return [unseen("dial_context", says, ours=OUR_DIAL, context=LEADS_TO)]
    return []


def judge_zone(told: str, ours: str, zone: str, part: str) -> Finding:
    """Whether the PBX's wall clock is in the zone we read its records by; `ours` is that zone's `%z` now."""
    if not OFFSET.fullmatch(told):
        return unseen("zone", N_("the PBX does not tell its time zone"))
    if told == ours:
        return good("zone", N_("the PBX's wall clock is in our zone (%(offset)s)"), offset=told)
    says = Sentence.of(
        N_("the PBX's wall clock is at %(told)s, its records are read as %(zone)s (%(ours)s)"),
        told=told,
        ours=ours,
        zone=zone,
    )
    name = "UTC" if told == "+0000" else "…"
    mend = Sentence.of(
        N_('pbx_crm.toml [%(part)s]: time_zone = "%(name)s" (timedatectl on the PBX names it)'),
        part=part,
        name=name,
    )
    return warning("zone", says, mend)


def judge_entries(entries: tuple[Entry, ...]) -> list[Finding]:
    """Contexts in which a call entered and its called number was not kept."""
    found = {entry.context: entry for entry in entries if not entry.has_did}
    return [
        warning(
            "unmapped_context",
            Sentence.of(
                N_("calls enter in [%(context)s], and nothing there keeps the called number"), context=context
            ),
            Sentence.of(
                N_(
                    "extensions.conf [%(context)s], first in the extension of %(exten)s: "
                    "Gosub(pbx-crm-in,s,1(${EXTEN}))"
                ),
                context=context,
                exten=entry.exten,
            ),
        )
        for context, entry in sorted(found.items())
    ]


def judge_recordings(files: tuple[str, ...]) -> list[Finding]:
    """Whether recordings can be played; nothing where none was made."""
    endings = sorted({name.rpartition(".")[2] for name in files})
    strange = [ending for ending in endings if ending not in (*PLAYED, *CONVERTED)]
    heavy = [ending for ending in endings if ending in CONVERTED]
    mend = Sentence.of(N_("extensions.conf: MixMonitor(${CHANNEL(linkedid)}.wav,b)"))
    if strange:
        says = Sentence.of(
            N_("calls are recorded as %(names)s, which no browser plays"), names=", ".join(strange)
        )
        return [fault("recording_format", says, mend)]
    if heavy:
        says = Sentence.of(
            N_("calls are recorded as %(names)s, which sox must convert"), names=", ".join(heavy)
        )
        return [warning("recording_format", says, mend)]
    return [good("recording_format", N_("recordings are played as they are (wav)"))] if files else []
