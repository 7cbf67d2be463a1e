"""Calls from rows of CEL: what Asterisk leaves unsaid there is concluded, not guessed."""

from __future__ import annotations

from pbx_crm.asterisk.cel_events import events_of_rows
from pbx_crm.asterisk.cel_row import CelRow
from pbx_crm.asterisk.replay import calls_in
from pbx_crm.domain.call import Call, Direction, EndedBy, MissedReason, Outcome
from pbx_crm.domain.endpoint import PbxShape

BEGAN = 1795280000.0
CLIENT = ("1795280000.10", "PJSIP/trunk-main-0000000a")
ANNA = ("1795280000.11", "PJSIP/101-0000000b")


def row(kind: str, second: float, who: tuple[str, str], linkedid: str = CLIENT[0], **more: object) -> CelRow:
    uniqueid, name = who
    told = {key: more.pop(key) for key in ("exten", "app", "app_data", "caller_number") if key in more}
    return CelRow(kind, BEGAN + second, uniqueid, linkedid, name, extra=more, **told)  # type: ignore[arg-type]


def calls(*rows: CelRow) -> list[Call]:
    return calls_in(events_of_rows(rows), PbxShape())


def ringing() -> list[CelRow]:
    return [
        row("CHAN_START", 0, CLIENT, exten="74951230007", caller_number="79031112233"),
        row("CHAN_START", 0.1, ANNA, exten="s", caller_number="101"),
    ]


def talking() -> list[CelRow]:
    return [
        *ringing(),
        row("ANSWER", 3, ANNA, app="AppDial", exten="74951230007"),
        row("BRIDGE_ENTER", 3.1, ANNA, bridge_id="b1", bridge_technology="simple_bridge"),
        row("BRIDGE_ENTER", 3.2, CLIENT, bridge_id="b1", bridge_technology="simple_bridge"),
    ]


def next_call_after_restart() -> CelRow:
    fresh = ("1795280060.0", "PJSIP/trunk-main-00000000")
    return row("CHAN_START", 60, fresh, fresh[0], exten="74951230007", caller_number="79035554433")


def test_a_call_that_a_crash_cut_off_ends_with_the_restart() -> None:
    cut, begun = calls(*talking(), next_call_after_restart())
    assert (cut.outcome, cut.answered_by, cut.ended_by) == (Outcome.ANSWERED, "101", EndedBy.PBX_RESTART)
    assert cut.talk_seconds == 0.0  # nothing was written after the answer, so nothing more is claimed
    assert begun.is_open


def test_a_crash_while_it_rang_leaves_the_outcome_open_for_good() -> None:
    cut, _ = calls(*ringing(), next_call_after_restart())
    assert (cut.outcome, cut.ended_by) == (None, EndedBy.PBX_RESTART)


def test_a_call_that_goes_on_stays_open() -> None:
    (call,) = calls(*talking())
    assert call.is_open
    assert call.answered_by == "101"


def test_two_channels_made_at_once_and_written_in_turned_order_are_no_restart() -> None:
    one = ("1795280000.13", "PJSIP/102-0000000d")
    two = ("1795280000.12", "PJSIP/103-0000000c")
    (call,) = calls(*talking(), row("CHAN_START", 5, one), row("CHAN_START", 5, two))
    assert call.is_open


def test_two_systems_that_write_into_one_table_are_no_restart_of_either() -> None:
    other = ("pbx2-1795280009.3", "PJSIP/provider-00000003")
    first, second = calls(*talking(), row("CHAN_START", 9, other, other[0], exten="74951230007"))
    assert first.is_open
    assert second.is_open


def test_a_phone_that_refuses_at_once_did_not_ring() -> None:
    (call,) = calls(
        *ringing(),
        row("HANGUP", 0.15, ANNA, app="AppDial", hangupcause=17),
        row("HANGUP", 0.2, CLIENT, hangupcause=17, dialstatus="BUSY"),
    )
    assert (call.outcome, call.reason, call.rang) == (Outcome.MISSED, MissedReason.BUSY, ())


def test_a_caller_who_gives_up_at_once_has_rung_all_the_same() -> None:
    (call,) = calls(
        *ringing(), row("HANGUP", 0.2, ANNA, hangupcause=127), row("HANGUP", 0.2, CLIENT, hangupcause=127)
    )
    assert (call.reason, call.rang) == (MissedReason.GAVE_UP, ("101",))


def test_a_lost_hangup_row_is_made_good_by_the_end_of_the_channel() -> None:
    (call,) = calls(*talking(), row("CHAN_END", 9, ANNA), row("CHAN_END", 9, CLIENT))
    assert call.outcome is Outcome.ANSWERED
    assert call.talk_seconds > 5


def test_applications_written_down_tell_of_recordings_queues_and_voicemail() -> None:
    (call,) = calls(
        *ringing()[:1],
        row("APP_START", 0.1, CLIENT, app="MixMonitor", app_data="a.wav"),
        row("APP_START", 0.2, CLIENT, app="Queue", app_data="600,t,,,5"),
        row("APP_START", 5.2, CLIENT, app="VoiceMail", app_data="600@default"),
        row("HANGUP", 9, CLIENT, hangupcause=16),
    )
    assert (call.recorded, call.queue, call.outcome) == (True, "600", Outcome.VOICEMAIL)


def test_the_number_really_dialled_wins_over_the_extension_with_its_prefix() -> None:
    seller = ("1795280000.10", "PJSIP/101-0000000a")
    trunk = ("1795280000.11", "PJSIP/trunk-main-0000000b")
    dial = {"app": "Dial", "app_data": "PJSIP/+79031112233@trunk-main,45"}
    (call,) = calls(
        row("CHAN_START", 0, seller, exten="979031112233", caller_number="101"),
        row("CHAN_START", 0.1, trunk, exten="s"),
        row("ANSWER", 2, trunk, app="AppDial", exten="979031112233", caller_number="979031112233"),
        row("ANSWER", 2, seller, **dial),
        row("BRIDGE_ENTER", 2.1, trunk, bridge_id="b"),
        row("BRIDGE_ENTER", 2.1, seller, bridge_id="b", **dial),
        row("HANGUP", 8, trunk, hangupcause=16),
        row("HANGUP", 8, seller, hangupcause=16),
    )
    assert (call.direction, call.external_number) == (Direction.OUT, "+79031112233")
    assert (call.seller, call.outcome) == ("101", Outcome.ANSWERED)
