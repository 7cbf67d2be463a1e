"""What a short look at a PBX means: which rights lack or are too many, what it does not tell, its clock.

Write classes are seen by the commands that the AMI user may send; read `system` by FullyBooted, which comes
at the log-in or never; the other read classes and the settings of events only by what was heard meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from pbx_crm.domain.finding import Finding, fault, good, unseen, warning
from pbx_crm.domain.sentence import N_, Sentence
from pbx_crm.domain.wiring_checkup import Wiring, judge_entries, judge_recordings

SIGN_OF_WRITE = {
    "reporting": "CoreShowChannels",
    "originate": "Originate",
    "call": "Redirect",
    "system": "ModuleLoad",
    "command": "Command",
    "config": "UpdateConfig",
    "agent": "QueuePause",
    "user": "UserEvent",
    "message": "MessageSend",
    "agi": "AGI",
}
"""A command that only this write class allows."""
DANGEROUS = frozenset({"system", "command", "config"})
"""With these the AMI user owns the PBX: it may run programs and rewrite files."""
OLDEST_MAJOR = 16
CLOCK_WARNING, CLOCK_FAULT = timedelta(seconds=2), timedelta(seconds=60)
NEEDS = {
    "reporting": N_("calls under way are unknown after a reconnect"),
    "originate": N_("click-to-call and voice messages do not work (dial_context or voice is set)"),
    "call": N_("calls cannot be hung up from the popup (hang_up is set)"),
}


@dataclass(frozen=True, slots=True)
class PbxPicture:
    """What one connection showed."""

    user: str
    place: str
    is_local: bool
    """Whether the PBX runs on this machine."""
    tls: bool
    version: str = ""
    cdr_enabled: bool | None = None
    commands: frozenset[str] | None = None
    """Names of the commands the user may send; None if it may not even ask."""
    booted: bool = False
    """Whether FullyBooted came."""
    ahead: timedelta | None = None
    """How far the PBX's clock is ahead of ours."""
    heard: frozenset[str] = frozenset()
    """Names of all events heard."""
    stamped: bool | None = None
    """Whether events carry a time; None without events."""
    told_variables: frozenset[str] | None = None
    """Channel variables that stand beside events of channels; None without such."""
    unannounced: int = 0
    """Channels that were born while we listened and that no event told of."""
    answered_over: int = 0
    """Answered channels that hung up while we listened."""
    listened_seconds: float = 0.0
    wiring: Wiring = field(default_factory=Wiring)
    """How dialplan and records fit."""


def judge(picture: PbxPicture, wanted: frozenset[str], needed_events: frozenset[str]) -> list[Finding]:
    """The findings, by subject; `wanted` are the write classes that the configuration needs."""
    return [
        *_about_it(picture),
        *_writes(picture, wanted),
        *_reads(picture, needed_events),
        *_events(picture),
        _clock(picture),
        *judge_entries(picture.wiring.entries),
        *judge_recordings(picture.wiring.recordings),
    ]


def _line(picture: PbxPicture, template: str, **values: object) -> Sentence:
    return Sentence.of(template, user=picture.user, **values)


def _about_it(picture: PbxPicture) -> list[Finding]:
    found = [good("login", N_("logged in at %(place)s as %(user)s"), place=picture.place, user=picture.user)]
    if not picture.tls and not picture.is_local:
        found.append(
            warning(
                "ami_clear",
                Sentence.of(N_("the AMI secret travels in the clear to %(place)s"), place=picture.place),
                Sentence.of(N_("manager.conf: tlsenable = yes; pbx_crm.toml: tls = true, port = 5039")),
            )
        )
    return [*found, _version(picture.version), *_cdr(picture)]


def _version(version: str) -> Finding:
    major = version.partition(".")[0]
    if not major.isdecimal():
        return unseen("version", N_("the version of Asterisk is not told"))
    if int(major) < OLDEST_MAJOR:
        return warning(
            "version",
            Sentence.of(N_("Asterisk %(version)s is older than what is tested here"), version=version),
            Sentence.of(N_("use Asterisk 16 or later")),
        )
    return good("version", N_("Asterisk %(version)s"), version=version)


def _cdr(picture: PbxPicture) -> list[Finding]:
    if picture.cdr_enabled is False:
        return [
            fault(
                "cdr_off",
                Sentence.of(N_("CDR is switched off: voicemail cannot be told from a missed call")),
                Sentence.of(N_("cdr.conf [general]: enable = yes")),
            )
        ]
    return []


def _writes(picture: PbxPicture, wanted: frozenset[str]) -> list[Finding]:
    if picture.commands is None:
        return [unseen("write", N_("the commands of %(user)s are not told"), user=picture.user)]
    held = {name for name, sign in SIGN_OF_WRITE.items() if sign in picture.commands}
    missing = [_missing_write(picture, name) for name in sorted(wanted - held)]
    surplus = [_surplus_write(picture, name) for name in sorted(held - wanted)]
    fine = [good("write", N_("write= has what is needed: %(names)s"), names=", ".join(sorted(wanted)))]
    return [*([] if missing else fine), *missing, *surplus]


def _missing_write(picture: PbxPicture, name: str) -> Finding:
    return fault(
        f"write_{name}",
        Sentence(N_("write class %(name)s is missing"), (("name", name),), Sentence.of(NEEDS[name])),
        _line(picture, N_("manager.conf [%(user)s]: add %(name)s to write="), name=name),
    )


def _surplus_write(picture: PbxPicture, name: str) -> Finding:
    mend = _line(picture, N_("manager.conf [%(user)s]: take %(name)s out of write="), name=name)
    if name in DANGEROUS:
        says = Sentence.of(
            N_("write class %(name)s is not needed, and is enough to take over the PBX"), name=name
        )
    else:
        says = Sentence.of(N_("write class %(name)s is not needed"), name=name)
    return warning(f"surplus_{name}", says, mend)


def _reads(picture: PbxPicture, needed_events: frozenset[str]) -> list[Finding]:
    found = [_read_system(picture), _read_call(picture)]
    if surplus := picture.heard - needed_events:
        names = ", ".join(sorted(surplus)[:5])
        found.append(
            warning(
                "surplus_events",
                Sentence.of(N_("events come that nobody reads: %(names)s"), names=names),
                _line(picture, N_("manager.conf [%(user)s]: the eventfilter lines and read= of dialplan/")),
            )
        )
    return found


def _read_system(picture: PbxPicture) -> Finding:
    if picture.booted:
        return good("read_system", N_("read class system is there"))
    return fault(
        "read_system",
        Sentence.of(N_("read class system is missing: a restart of the PBX is noticed late")),
        _line(picture, N_("manager.conf [%(user)s]: add system to read=")),
    )


def _read_call(picture: PbxPicture) -> Finding:
    if picture.unannounced:
        return fault(
            "read_call",
            Sentence.of(N_("read class call is missing: no call is seen at all")),
            _line(picture, N_("manager.conf [%(user)s]: add call to read=")),
        )
    if "Newchannel" in picture.heard:
        return good("read_call", N_("calls are heard"))
    return unseen(
        "read_call",
        N_("no call began in %(seconds)s s, so read= call is not seen; call somebody and look again"),
        seconds=round(picture.listened_seconds),
    )


def _events(picture: PbxPicture) -> list[Finding]:
    return [_timestamps(picture), _variables(picture), _cdr_events(picture)]


def _timestamps(picture: PbxPicture) -> Finding:
    if picture.stamped is None:
        return unseen("timestampevents", N_("no event came, so timestampevents is not seen"))
    if picture.stamped:
        return good("timestampevents", N_("events carry exact times"))
    return warning(
        "timestampevents",
        Sentence.of(N_("events carry no times: a late event makes a call look later and longer")),
        Sentence.of(N_("manager.conf [general]: timestampevents = yes")),
    )


def _variables(picture: PbxPicture) -> Finding:
    if picture.told_variables is None:
        return unseen("channelvars", N_("no call went on, so channelvars is not seen"))
    if "FROM_DID" in picture.told_variables:
        return good("channelvars", N_("the called number stands beside events"))
    return warning(
        "channelvars",
        Sentence.of(N_("events do not tell which number a client called")),
        Sentence.of(N_("manager.conf [general]: channelvars = FROM_DID,MIXMONITOR_FILENAME")),
    )


def _cdr_events(picture: PbxPicture) -> Finding:
    if "Cdr" in picture.heard:
        return good("cdr_events", N_("Cdr events come"))
    if not picture.answered_over:
        return unseen("cdr_events", N_("no answered call ended, so Cdr events are not seen"))
    return fault(
        "cdr_events",
        Sentence.of(N_("no Cdr event after an answered call: voicemail looks like a missed call")),
        _line(
            picture,
            N_("cdr_manager.conf: enabled = yes; manager.conf [%(user)s]: add cdr to read="),
        ),
    )


def _clock(picture: PbxPicture) -> Finding:
    if picture.ahead is None:
        return unseen("clock", N_("the PBX does not tell its time"))
    seconds = f"{picture.ahead.total_seconds():+.1f}"
    if abs(picture.ahead) < CLOCK_WARNING:
        return good("clock", N_("the clocks agree (%(seconds)s s)"), seconds=seconds)
    says = Sentence.of(N_("the PBX's clock is %(seconds)s s from ours"), seconds=seconds)
    mend = Sentence.of(N_("let both machines follow NTP: timedatectl set-ntp true"))
    return (fault if abs(picture.ahead) >= CLOCK_FAULT else warning)("clock", says, mend)
