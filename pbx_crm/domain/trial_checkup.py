"""What a call made for trial shows: the phone rings, events come, and the records and the CRM have it."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.finding import Finding, fault, good, unseen
from pbx_crm.domain.sentence import N_, Sentence

OF_EVERY_CALL = frozenset({"Newchannel", "Hangup"})


@dataclass(frozen=True, slots=True)
class Trial:
    """A call to one phone, from beginning to end."""

    phone: str
    """As the PBX was asked to ring it: `PJSIP/101`."""
    user: str
    refused: str = ""
    """The PBX's words, if it would not ring."""
    heard: frozenset[str] = frozenset()
    """Events of its channel."""
    rang: bool = False
    answered: bool = False
    in_records: bool | None = None
    """Whether CEL has it; None if that is not read."""
    in_crm: bool | None = None
    """Whether the CRM has stored it; None if no CRM listens."""


def judge_trial(trial: Trial) -> list[Finding]:
    """The findings in the order of the call; the first step that fails hides those behind it."""
    if trial.refused:
        return [_refused(trial)]
    if missing := OF_EVERY_CALL - trial.heard:
        says = Sentence.of(N_("the trial call was not heard: no %(names)s"), names=", ".join(sorted(missing)))
        mend = Sentence.of(
            N_("manager.conf [%(user)s]: read= and the eventfilter lines of dialplan/"), user=trial.user
        )
        return [fault("trial_events", says, mend)]
    if not trial.rang:
        return [_silent(trial)]
    return [_answer(trial), *_kept(trial)]


def _refused(trial: Trial) -> Finding:
    says = Sentence.of(N_("the PBX does not ring %(phone)s: %(why)s"), phone=trial.phone, why=trial.refused)
    mend = Sentence.of(N_("manager.conf [%(user)s]: add originate to write="), user=trial.user)
    return fault("trial_refused", says, mend)


def _silent(trial: Trial) -> Finding:
    says = Sentence.of(N_("%(phone)s did not ring"), phone=trial.phone)
    mend = Sentence.of(N_("pbx_crm.toml [[pbx]]: dial_phone; on the PBX: asterisk -rx 'pjsip show contacts'"))
    return fault("trial_silent", says, mend)


def _answer(trial: Trial) -> Finding:
    if trial.answered:
        return good("trial_answer", N_("%(phone)s rang and was picked up"), phone=trial.phone)
    return unseen("trial_answer", N_("%(phone)s rang, and nobody picked up"), phone=trial.phone)


def _kept(trial: Trial) -> list[Finding]:
    found = []
    if trial.in_records is not None:
        mend = Sentence.of(N_("cel.conf, cel_custom.conf of dialplan/; pbx_crm.toml [pbx.cel]: path or url"))
        missing = fault("trial_cel", Sentence.of(N_("the PBX's CEL has no row of the trial call")), mend)
        found.append(good("trial_cel", N_("CEL has the trial call")) if trial.in_records else missing)
    if trial.in_crm is not None:
        mend = Sentence.of(N_("look into the log of  pbx-crm serve, and that it uses this database"))
        missing = fault("trial_crm", Sentence.of(N_("the CRM has not stored the trial call")), mend)
        found.append(good("trial_crm", N_("the CRM has stored the trial call")) if trial.in_crm else missing)
    return found
