"""Whether the PBX can do what robots that call clients ask of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pbx_crm.domain.finding import Finding, fault, good, unseen, warning
from pbx_crm.domain.sentence import N_, Sentence


def judge_voice(
    contexts: Mapping[str, bool], own: Collection[str], outside: str, *, writes_cel: bool
) -> list[Finding]:
    """What stands in the way of voice messages; `contexts` tells which the dialplan has, as far as it said.

    `own` are those of `pbx-crm-voice.conf`, `outside` the one in which clients' numbers are dialled.
    """
    if not contexts:
        return [unseen("voice", N_("which contexts the dialplan has cannot be seen over AMI"))]
    found = [] if all(contexts.get(name, True) for name in own) else [_not_loaded(own)]
    found += [] if contexts.get(outside, True) else [_no_way_out(outside)]
    found += [] if writes_cel else [_nothing_kept()]
    return found or [good("voice", N_("the dialplan has what voice messages need"))]


def _not_loaded(own: Collection[str]) -> Finding:
    says = Sentence.of(
        N_("voice messages cannot be played: the dialplan has no %(names)s"), names=", ".join(sorted(own))
    )
    mend = Sentence.of(
        N_(
            'extensions.conf: #include "extensions.d/pbx-crm-voice.conf" (FreePBX: extensions_custom.conf of '
            "dialplan/freepbx); then  asterisk -rx 'dialplan reload'"
        )
    )
    return fault("voice_contexts", says, mend)


def _no_way_out(outside: str) -> Finding:
    says = Sentence.of(N_("clients cannot be called: the dialplan has no [%(name)s]"), name=outside)
    mend = Sentence.of(N_("pbx_crm.toml [pbx.voice]: context = the one in which phones dial outside numbers"))
    return fault("voice_context", says, mend)


def _nothing_kept() -> Finding:
    says = Sentence.of(N_("a 9 (no more calls) that a client presses while the CRM is down is lost"))
    return warning("voice_cel", says, Sentence.of(N_("pbx_crm.toml: name the PBX's CEL in [pbx.cel]")))


def robots_without_pbx(count: int) -> Finding:
    """So many robots want clients called, and no PBX is set up for it."""
    says = Sentence.of(N_("%(count)s robots have clients called, and no PBX is set up for it"), count=count)
    mend = Sentence.of(N_('pbx_crm.toml under a [[pbx]]: [pbx.voice] context = "from-internal"'))
    return fault("voice_unset", says, mend)
