"""What one state of a call changes on the desk; the rules themselves are in `domain/intake.py`."""

from __future__ import annotations

from datetime import datetime

from pbx_crm.db.callbacks import CAUSE
from pbx_crm.domain.call import Call, Direction
from pbx_crm.domain.card_owner import is_settled, new_owner, stranger_who_answered, talked
from pbx_crm.domain.intake import (
    Decision,
    Phase,
    Verdict,
    decide,
    is_conversation,
    passed_over,
    phase_of,
    wants_callback,
)
from pbx_crm.domain.intake_case import STRANGER, Case
from pbx_crm.domain.line import CreateAt, skip_rule_of
from pbx_crm.domain.owner_rule import Rule
from pbx_crm.domain.roster import Roster
from pbx_crm.domain.task import TaskKind
from pbx_crm.services.intake_desk import (
    Birth,
    CallFile,
    ClientFile,
    DealFile,
    Desk,
    HandedOver,
    News,
    Notice,
    Wish,
)


def hear(desk: Desk, news: News) -> None:
    """Takes in the call as it stood at this moment; a state that knows nothing more changes nothing."""
    call, at = news.fact.call, news.fact.at
    file = desk.file_of(call)
    # Under a Linkedid that has merged away only a part of the call is told, and the whole is here.
    if file.linkedid != call.linkedid or news.known <= file.known:
        return
    file.call, file.known = call, news.known
    if file.takes_back_answer:
        _forget_talk(desk, file)
    _take_in_merged(desk, file, call)
    _recognise(desk, file, call)
    _note_extensions(desk, news)
    if file.deal is None:
        _place(desk, file, call, at)
    elif file.is_birthplace:
        _hand_over(desk, file, call, at)
    if file.deal is not None:
        _follow_up(desk, file, call, file.deal, at)
    _note_talk(desk, file, call)
    file.answered_at = file.answered_at or call.answered_at


def _take_in_merged(desk: Desk, file: CallFile, call: Call) -> None:
    for alias in call.aliases:
        gone = desk.files.get(alias)
        desk.files[alias] = file
        if gone is None or gone is file:
            continue
        gone.merged_into = file
        if gone.id is not None:
            desk.gone.append((file, gone.id))
        if file.deal is None and gone.deal is not None:
            file.deal, file.client, file.rule = gone.deal, gone.client, gone.rule
            if gone.is_birthplace:
                gone.deal.born_of, gone.deal.reborn = file.key, gone.deal.id is not None


def _recognise(desk: Desk, file: CallFile, call: Call) -> None:
    if call.direction is Direction.INTERNAL:
        return
    file.line = desk.line_of(call)
    file.number = desk.plan.e164(call.external_number)
    if file.deal is None:
        file.client = desk.clients.get(file.number or "")


def _note_extensions(desk: Desk, news: News) -> None:
    at = news.fact.at
    for extension in news.extensions:
        desk.seen[extension] = max(at, desk.seen.get(extension, at))
        if desk.roster.at(extension, at) is None:
            desk.unlinked.setdefault(extension, at)


def _place(desk: Desk, file: CallFile, call: Call, at: datetime) -> None:
    if file.skipped_by is not None:
        return
    case = _case(desk, file, call)
    decision = decide(case) if desk.makes_cards else passed_over(case) or Decision(Verdict.WAIT)
    file.rule = decision.rule
    match decision.verdict:
        case Verdict.SKIP:
            file.skipped_by = str(decision.rule["rule"])
        case Verdict.JOIN:
            _join(desk, file, decision, at)
        case Verdict.CREATE:
            _create(desk, file, call, decision, at)
        case Verdict.WAIT | Verdict.LOG:
            pass


def _case(desk: Desk, file: CallFile, call: Call) -> Case:
    funnel = desk.funnel_of(file.line) if file.client else None
    return Case(
        call,
        file.line,
        funnel.id if funnel else 0,
        file.client.known() if file.client else STRANGER,
        _roster(desk, file, call),
        skip_rule_of(call, desk.skip_rules, file.number),
    )


def _roster(desk: Desk, file: CallFile, call: Call) -> Roster:
    # Who may own cards is looked up only where a card may be made: ringing phones come four at a time.
    if phase_of(call) in (Phase.ANSWERED, Phase.ENDED) or file.line.create_at is CreateAt.RING:
        return desk.owners
    return desk.roster


def _join(desk: Desk, file: CallFile, decision: Decision, at: datetime) -> None:
    if decision.deal is None:
        return
    file.deal = desk.deals[decision.deal.key]
    file.deal.touched_at = at
    if decision.rule["id"] != "joined":
        desk.notices.append(Notice(file.deal, file, "joined", at, decision.rule))


def _create(desk: Desk, file: CallFile, call: Call, decision: Decision, at: datetime) -> None:
    funnel, owner = desk.funnel_of(file.line), decision.owner
    if funnel is None or owner is None:
        file.rule = {"id": "no_funnel"}
        return
    if owner.rota is not None:
        desk.turns[owner.rota] = desk.turned[owner.rota] = owner.person_id
    client = file.client = _client(desk, file, call, owner.person_id)
    stage = funnel.unsorted
    previous = client.last_closed_id if client else None
    birth = Birth(stage, funnel.currency, owner.person_id, at, file.line, previous)
    key = -1 - len(desk.deals)
    file.deal = DealFile(key, stage.id, funnel.id, owner.person_id, at, client, born_of=file.key, birth=birth)
    desk.deals[key] = file.deal
    if client is not None:
        client.deals.append(file.deal)
    file.rule = {**owner.rule, "owner": owner.person_id}


def _client(desk: Desk, file: CallFile, call: Call, owner_id: int) -> ClientFile | None:
    if file.client is not None or file.number is None:
        return file.client
    # Who talked with a new client looks after them; who was only drawn for a missed call does not yet.
    responsible = owner_id if call.answered_at is not None else None
    client = ClientFile(file.number, name=name_of(call), responsible_id=responsible)
    desk.clients[file.number] = client
    return client


def name_of(call: Call) -> str:
    """The caller's name, unless their phone company only repeats the number."""
    name = (call.caller_name or "").strip()
    return name[:200] if any(character.isalpha() for character in name) and name != "<unknown>" else ""


def _hand_over(desk: Desk, file: CallFile, call: Call, at: datetime) -> None:
    deal = file.deal
    # A card that a person has given to somebody stays there.
    if deal is None or deal.owner_id != file.rule.get("owner") or is_settled(file.line, file.rule):
        return
    owner = new_owner(_case(desk, file, call))
    if owner is None:
        return
    rule: Rule = {**owner.rule, "owner": owner.person_id}
    if owner.person_id != deal.owner_id:
        deal.handed.append(HandedOver(owner.person_id, at, rule))
        deal.owner_id = owner.person_id
    file.rule = rule


def _follow_up(desk: Desk, file: CallFile, call: Call, deal: DealFile, at: datetime) -> None:
    if call.answered_at is not None and file.answered_at is None and not file.is_birthplace:
        _tell_of_stranger(desk, file, call, deal, at)
    if call.is_open:
        return
    deal.touched_at = at
    within = file.line.callback_within
    if wants_callback(call) and deal.key not in desk.waiting and not _got_through(desk, file, call):
        due_at = desk.due(file.line, at, within)
        desk.wishes.append(Wish(TaskKind.CALL, f"{CAUSE}{file.key}", deal, file, at, due_at))
        desk.waiting.add(deal.key)
    if not file.is_birthplace and _needs_review(desk, call, deal):
        due_at = desk.due(file.line, at, within)
        desk.wishes.append(Wish(TaskKind.REVIEW, f"review:{file.key}", deal, file, at, due_at))


def _got_through(desk: Desk, file: CallFile, call: Call) -> bool:
    """Whether the client talked with somebody by another call, redialled or at the same time."""
    return file.client is not None and desk.talked_since(file.client, call.started_at)


def _tell_of_stranger(desk: Desk, file: CallFile, call: Call, deal: DealFile, at: datetime) -> None:
    by = stranger_who_answered(call, deal.owner_id, desk.roster)
    if by is not None:
        details = {"id": "answered_by_other", "by": by, "person": desk.roster.at(by, call.answered_at or at)}
        desk.notices.append(Notice(deal, file, "answered_by_other", at, details))


def _needs_review(desk: Desk, call: Call, deal: DealFile) -> bool:
    """Whether somebody else talked with the owner's client; a reception that hands on does no harm."""
    if stranger_who_answered(call, deal.owner_id, desk.roster) is None:
        return False
    return deal.owner_id not in talked(call, desk.roster)


def _forget_talk(desk: Desk, file: CallFile) -> None:
    if file.client is not None and file.answered_at is not None:
        talks = desk.talks.get(file.client, [])
        desk.talks[file.client] = [at for at in talks if at != file.answered_at]


def _note_talk(desk: Desk, file: CallFile, call: Call) -> None:
    is_new = call.answered_at is not None and file.answered_at is None
    if file.client is not None and is_new and is_conversation(call):
        desk.talks.setdefault(file.client, []).append(call.answered_at or call.started_at)
