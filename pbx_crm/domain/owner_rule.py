"""Why this seller: the sentence that chose a card's owner, kept as an id with values.

It is stored on the call and in the deal's history (`{"id": "rang_answered", "rang": ["101", "102"],
"by": "102", "after": 8}`) and worded where it is read, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pbx_crm.domain.sentence import N_, Sentence
from pbx_crm.domain.voice_call import WHY_NOT

Rule = Mapping[str, Any]

ANSWERED = frozenset({"rang_answered", "answered", "handed_on", "outgoing"})
"""Rules that name the seller who talked; the others hold only until somebody has."""

WHAT_HAPPENED = {
    "rang_answered": N_("rang %(rang)s; %(by)s answered after %(after)s s"),
    "answered": N_("%(by)s answered after %(after)s s"),
    "handed_on": N_("%(first)s answered after %(after)s s; handed on to %(by)s"),
    "outgoing": N_("%(by)s called the client"),
    "by_hand": N_("made by hand from the call"),
    "joined": N_("the client has an open deal; the call joins it"),
    "joined_one_of": N_("the client has %(deals)s open deals; the call joins the one worked on last"),
    "joined_in_funnel": N_(
        "the client has %(deals)s open deals; the call joins the one of this line's funnel worked on last"
    ),
    "skipped": N_("skipped by the rule %(rule)s"),
    "internal": N_("a call between colleagues makes no card"),
    "logged_outgoing": N_("an outgoing call makes no card by itself"),
    "logged_never": N_("calls of this line make no card by themselves"),
    "nobody": N_("there is nobody who could own a card"),
    "no_funnel": N_("there is no funnel to put a card into"),
    "ringing": N_("it rings %(rang)s"),
    "missed": N_("nobody answered"),
    "unheard": N_("the PBX was not heard when the call ended"),
    "answered_by_other": N_("%(by)s answered a call of this client"),
    "trigger_task": N_("the trigger “%(name)s” set a task"),
    "trigger_priority": N_("the trigger “%(name)s” changed the priority"),
    "trigger_owner": N_("the trigger “%(name)s” chose another owner"),
    "trigger_gate": N_("the trigger “%(name)s” left it here: %(stage)s has a gate that is not confirmed"),
    "told_owner": N_("%(by)s says that the client called and asks to call back"),
    "wrap_up": N_("how it went: %(outcome)s"),
    "wrap_up_undone": N_("took back how it went"),
    "site_request": N_("asked through the form %(form)s: “%(question)s” (%(name)s; %(page)s; %(marks)s)"),
    "robot_task": N_("the robot “%(name)s” set a task"),
    "robot_priority": N_("the robot “%(name)s” changed the priority"),
    "robot_owner": N_("the robot “%(name)s” chose another owner"),
    "robot_advice": N_("the robot “%(name)s” gave advice"),
    "robot_head": N_("the robot “%(name)s” told the head"),
    "robot_webhook": N_("the robot “%(name)s” sent a message to %(host)s"),
    "robot_voice": N_("the robot “%(name)s” wants the client called with the message “%(message)s”"),
    "voice_confirmed": N_("called by a robot, “%(message)s”: the client confirmed (pressed 1)"),
    "voice_declined": N_("called by a robot, “%(message)s”: the client asks for a call (pressed 2)"),
    "voice_opted_out": N_("called by a robot, “%(message)s”: the client wants no more calls (pressed 9)"),
    "voice_heard": N_("called by a robot, “%(message)s”: picked up, nothing pressed"),
    "voice_machine": N_("called by a robot, “%(message)s”: an answering machine picked up"),
    "voice_no_answer": N_("called by a robot, “%(message)s”: nobody picked up"),
    "voice_busy": N_("called by a robot, “%(message)s”: busy"),
    "voice_failed": N_("called by a robot, “%(message)s”: the call could not be made"),
    "voice_unknown": N_(
        "called by a robot, “%(message)s”: what became of it nobody knows; it is not repeated"
    ),
    "voice_not_called": N_("not called with the message “%(message)s”"),
    "unlinked": N_("%(by)s answered and is linked to nobody"),
}

WHO_TAKES_IT = {
    "responsible": N_("the client's responsible seller takes it"),
    "rota_rang": N_("taken in turn by those it rang: %(rang)s"),
    "rota_line": N_("taken in turn by the sellers of the line %(line)s"),
    "head": N_("the head takes it"),
    "anybody": N_("the first seller takes it"),
    "robot_entered": N_("it entered its stage %(hours)s working hours before"),
    "robot_idle": N_("nothing had happened for %(hours)s working hours"),
    "robot_stepless": N_("there was no next step for %(hours)s working hours"),
    "robot_overdue": N_("a task was %(hours)s working hours late"),
    "robot_close_date": N_("the date of closing is near: %(day)s"),
    "robot_meeting": N_("a meeting is %(hours)s hours away"),
    **{f"voice_{why}": words for why, words in WHY_NOT.items()},
}


def sentence(rule: Rule) -> Sentence | None:
    """What happened and, where nobody's answer decided, who takes it; None while nothing is decided."""
    values = {name: _shown(value) for name, value in rule.items()}
    happened = WHAT_HAPPENED.get(str(rule.get("id")))
    if happened is None:
        return None
    taken = WHO_TAKES_IT.get(str(rule.get("step")))
    return replace(Sentence.of(happened, **values), then=Sentence.of(taken, **values) if taken else None)


def in_words(rule: Rule, gettext: Callable[[str], str] = str) -> str:
    """The rule as one sentence in the language of this `gettext`; empty while nothing is decided."""
    found = sentence(rule)
    return found.in_language(gettext) if found else ""


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
