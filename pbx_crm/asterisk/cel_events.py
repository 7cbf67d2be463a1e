"""The only place that knows CEL's event names: rows in, the tracker's own events out.

What CEL tells outright is handed on as it is: channels, bridges, transfers, parking, pickups. What AMI has
events for and CEL has not is concluded from the whole life of a channel:

* **who dialled a leg**: of the channels under its Linkedid that run dialplan and are in no bridge, the one
  whose Dial names its peer, whose extension it took over, or that was made last;
* **ringing**: a dialled phone counts as rung from the start of its leg, unless it was gone at once without
  an answer. A dead phone cannot be told from one that rings;
* **an originate**: its first leg runs `AppDial2`;
* **a queue**: from the application `Queue` on the waiting channel, else from the extension that a leg dialled
  by the queue took over;
* **who hung up**: `hangupsource`;
* **a restart of Asterisk**: the counter in the Uniqueids begins again. What lived then has no end of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from pbx_crm.asterisk.cel_lives import SHORTEST_RING_SECONDS, Life, latest, lives_of, names_peer
from pbx_crm.asterisk.cel_row import CelRow
from pbx_crm.domain.pbx_event import (
    AppStarted,
    AttendedTransferred,
    BlindTransferred,
    BridgeEntered,
    BridgeLeft,
    ChannelStarted,
    ChannelState,
    DialBegan,
    DialEnded,
    DialRinging,
    HangupRequested,
    HungUp,
    Originated,
    Parked,
    PbxEvent,
    PbxStopped,
    PickedUp,
    QueueJoined,
    RecordingStarted,
)

Builder = Callable[[CelRow], Iterable[PbxEvent]]

SAME_END_SECONDS = 1.0
"""A talk that ends and the hang-up that ended it are this close."""

_COUNTED = re.compile(r"(.*-)?(\d{9,11})\.(\d+)")
_LEG_APPS = frozenset({"AppDial", "AppDial2", "AppQueue"})
_RECORDERS = frozenset({"mixmonitor", "monitor"})


def events_of_rows(rows: Sequence[CelRow]) -> Iterator[PbxEvent]:
    """The events in these rows, in their order; rows of calls that go on may be among them."""
    return CelReading(rows).events()


class CelReading:
    """One pass over a stretch of CEL whose channels' lives are known."""

    def __init__(self, rows: Sequence[CelRow]) -> None:
        self._rows = rows
        self._lives = lives_of(rows)
        self._by_linkedid: dict[str, list[Life]] = {}
        for life in self._lives.values():
            self._by_linkedid.setdefault(life.linkedid, []).append(life)
        self._bridges: dict[str, str] = {}
        """Uniqueid → the bridge it is in now."""
        self._members: dict[str, dict[str, None]] = {}
        """Bridge → all who ever were in it."""
        self._apps: dict[str, str] = {}
        self._queues: dict[str, str] = {}
        self._dialled_by: dict[str, str] = {}
        self._forwarded_at = [(row.linkedid, row.at) for row in rows if row.kind == "FORWARD"]
        self._asked: set[str] = set()
        self._restarted_at = 0.0
        self._newest: dict[str, tuple[int, int]] = {}
        """`systemname` → epoch and counter of its newest Uniqueid; several may write into one table."""
        self._builders: dict[str, Builder] = {
            "CHAN_START": self._on_start,
            "ANSWER": self._on_answer,
            "BRIDGE_ENTER": self._on_bridge_enter,
            "BRIDGE_EXIT": self._on_bridge_exit,
            "HANGUP": self._on_hangup,
            "CHAN_END": self._on_end,
            "BLINDTRANSFER": self._on_blind_transfer,
            "ATTENDEDTRANSFER": self._on_attended_transfer,
            "PICKUP": self._on_pickup,
            "PARK_START": self._on_park_start,
            "FORWARD": self._on_forward,
        }

    def events(self) -> Iterator[PbxEvent]:
        """The events, in the order of the rows."""
        last_at = 0.0
        for row in self._rows:
            if row.kind == "CHAN_START" and self._is_after_restart(row):
                self._restarted_at = row.at
                yield PbxStopped(last_at)
            last_at = row.at
            builder = self._builders.get(row.kind)
            if builder is not None:
                yield from builder(row)
            yield from self._app_of(row)

    def living(self, since: float) -> set[str]:
        """Uniqueids of the channels that began at `since` or later and have not ended, once all is read."""
        since = max(since, self._restarted_at)
        return {u for u, life in self._lives.items() if life.ended_at is None and life.started_at >= since}

    def _is_after_restart(self, row: CelRow) -> bool:
        """Whether Asterisk counts its channels anew: a later second with a lower number."""
        counted = _COUNTED.fullmatch(row.uniqueid)
        if counted is None:
            return False
        system, now = counted[1] or "", (int(counted[2]), int(counted[3]))
        before = self._newest.get(system, (0, 0))
        restarted = now[0] > before[0] + 1 and now[1] < before[1]
        if restarted or now > before:
            self._newest[system] = now
        return restarted

    def _on_start(self, row: CelRow) -> Iterator[PbxEvent]:
        life = self._lives[row.uniqueid]
        yield ChannelStarted(
            row.at,
            *_channel(row),
            ringing_in=life.is_root and not life.is_originated,
            caller_number=row.caller_number,
            caller_name=row.caller_name,
            context=row.context,
            exten=row.exten,
        )
        if life.is_root and life.is_originated:
            yield DialBegan(row.at, *_channel(row), source=None, dial_string="")
            yield from self._rings(life)
        elif not life.is_root and not row.channel.endswith(";2"):
            yield from self._dial(life, row)

    def _dial(self, leg: Life, row: CelRow) -> Iterator[PbxEvent]:
        source = self._dialler(leg)
        if source is None:
            return
        self._dialled_by[leg.uniqueid] = source.uniqueid
        if leg.is_queue_leg:
            yield from self._join(source.uniqueid, self._queue_of(source, leg), row.at)
        yield DialBegan(row.at, *_channel(row), source=source.uniqueid, dial_string=_dial_string(source, leg))
        yield from self._rings(leg)

    def _rings(self, leg: Life) -> Iterator[PbxEvent]:
        if leg.may_have_rung and not leg.name.startswith("Local/") and not self._sent_on_at_once(leg):
            yield DialRinging(leg.started_at, leg.uniqueid)

    def _sent_on_at_once(self, leg: Life) -> bool:
        """Whether this phone sent its caller elsewhere (302) instead of ringing."""
        end = leg.ended_at
        if end is None or end - leg.started_at >= SHORTEST_RING_SECONDS:
            return False
        return any(
            linkedid == leg.linkedid and leg.started_at <= at <= end + SHORTEST_RING_SECONDS
            for linkedid, at in self._forwarded_at
        )

    def _dialler(self, leg: Life) -> Life | None:
        """The channel that dialled this leg; None if none of those that could is left."""
        able = [life for life in self._by_linkedid[leg.linkedid] if self._can_dial(life, leg)]
        named = [life for life in able if life.dials(leg)]
        near = [life for life in named or able if leg.dialled_from in life.extens]
        return latest(near or named or able)

    def _can_dial(self, life: Life, leg: Life) -> bool:
        if life is leg or life.started_at > leg.started_at or life.uniqueid in self._bridges:
            return False
        if life.ended_at is not None and life.ended_at < leg.started_at:
            return False
        if life.name.endswith(";1") or not (life.is_root or life.name.endswith(";2")):
            # A dialled leg runs dialplan only once it was answered: the first party of an originate, or
            # an outside party that was transferred.
            return life.answered_at is not None and life.answered_at <= leg.started_at
        return True

    def _queue_of(self, source: Life, leg: Life) -> str:
        for app, data in source.apps:
            if app == "Queue":
                return data.partition(",")[0]
        # Dialplans name the extension of a queue after it; the number the client dialled is none.
        name = leg.dialled_from or ""
        return name if name != next(iter(source.extens), "") or not source.is_root else ""

    def _join(self, uniqueid: str, queue: str, at: float) -> Iterator[PbxEvent]:
        if queue and self._queues.get(uniqueid) != queue:
            self._queues[uniqueid] = queue
            yield QueueJoined(at, uniqueid, queue)

    def _on_answer(self, row: CelRow) -> Iterator[PbxEvent]:
        yield ChannelState(row.at, *_channel(row), state="Up")
        yield from self._originated(row, success=True)

    def _originated(self, row: CelRow, success: bool) -> Iterator[PbxEvent]:
        life = self._lives[row.uniqueid]
        if life.is_originated and row.app == "AppDial2":
            exten = next((exten for exten in life.extens if exten not in ("", "s", row.exten)), "")
            yield Originated(
                row.at,
                row.uniqueid,
                row.channel,
                success,
                exten=exten,
                dial_string="",
                caller_number=row.caller_number,
            )

    def _on_bridge_enter(self, row: CelRow) -> Iterator[PbxEvent]:
        bridge, holding = row.told("bridge_id"), row.told("bridge_technology") == "holding_bridge"
        if bridge:
            self._bridges[row.uniqueid] = bridge
            self._members.setdefault(bridge, {})[row.uniqueid] = None
            yield BridgeEntered(row.at, *_channel(row), bridge=bridge, holding=holding)

    def _on_bridge_exit(self, row: CelRow) -> Iterator[PbxEvent]:
        bridge = row.told("bridge_id")
        if self._bridges.get(row.uniqueid) == bridge:
            del self._bridges[row.uniqueid]
        yield from self._asks_for_hangup(row)
        if bridge:
            yield BridgeLeft(row.at, *_channel(row), bridge=bridge)

    def _asks_for_hangup(self, row: CelRow) -> Iterator[PbxEvent]:
        """A talk ends because a party hung up: CEL names it in the HANGUP rows that follow.

        A hangup handler may keep the channels for seconds; then all who were in the bridge name the same.
        """
        life = self._lives[row.uniqueid]
        if life.ended_at is None or row.at < life.left_bridge_at:
            return
        members = self._members.get(row.told("bridge_id"), {})
        named = {self._lives[member].hung_up_by for member in members}
        if life.ended_at - row.at > SAME_END_SECONDS and len(named) > 1:
            return
        source = next((s for s in self._by_linkedid[life.linkedid] if s.name == life.hung_up_by), None)
        if source is not None and source.uniqueid not in self._asked:
            self._asked.add(source.uniqueid)
            yield HangupRequested(row.at, source.uniqueid, soft=False)

    def _on_hangup(self, row: CelRow) -> Iterator[PbxEvent]:
        life = self._lives[row.uniqueid]
        source = self._dialled_by.get(row.uniqueid)
        self._bridges.pop(row.uniqueid, None)
        if life.answered_at is None:
            yield from self._originated(row, success=False)
        if source is not None:
            yield DialEnded(row.at, source, row.uniqueid, life.dial_status, forward="")
        yield HungUp(row.at, *_channel(row), cause=life.cause)

    def _on_end(self, row: CelRow) -> Iterator[PbxEvent]:
        """The row after HANGUP; it closes a channel whose HANGUP was not written."""
        self._bridges.pop(row.uniqueid, None)
        yield HungUp(row.at, *_channel(row), cause=self._lives[row.uniqueid].cause)

    def _on_blind_transfer(self, row: CelRow) -> Iterator[PbxEvent]:
        yield BlindTransferred(
            row.at,
            transferer=row.uniqueid,
            transferee=row.told("transferee_channel_uniqueid") or None,
            target=row.told("extension"),
        )

    def _on_attended_transfer(self, row: CelRow) -> Iterator[PbxEvent]:
        second = row.told("channel2_uniqueid") or row.uniqueid
        life = self._lives.get(second)
        yield AttendedTransferred(
            row.at,
            first=row.uniqueid,
            second=second,
            target_channel=row.told("transfer_target_channel_uniqueid") or None,
            target=life.extens[0] if life is not None and life.is_root and life.extens else "",
            threeway=False,
        )

    def _on_pickup(self, row: CelRow) -> Iterator[PbxEvent]:
        picker = row.told("pickup_channel_uniqueid")
        if picker:
            yield PickedUp(row.at, picker, row.uniqueid)

    def _on_park_start(self, row: CelRow) -> Iterator[PbxEvent]:
        yield Parked(row.at, row.uniqueid, row.told("parker_dial_string"))

    def _on_forward(self, row: CelRow) -> Iterator[PbxEvent]:
        """The phone that sent the caller on is the leg that this channel dialled and that ends just now."""
        legs = [
            self._lives[leg]
            for leg, source in self._dialled_by.items()
            if source == row.uniqueid and self._lives[leg].answered_at is None
        ]
        near = [leg for leg in legs if abs((leg.ended_at or row.at) - row.at) <= SAME_END_SECONDS]
        leg = min(near, key=lambda leg: abs((leg.ended_at or row.at) - row.at), default=None)
        if leg is not None:
            yield DialEnded(row.at, row.uniqueid, leg.uniqueid, "CANCEL", row.told("forward"))

    def _app_of(self, row: CelRow) -> Iterator[PbxEvent]:
        """The application a channel runs, told by any row of it; APP_START rows come only if asked for."""
        if not row.app or row.app in _LEG_APPS or self._apps.get(row.uniqueid) == row.app:
            return
        self._apps[row.uniqueid] = row.app
        if row.app.lower() in _RECORDERS:
            yield RecordingStarted(row.at, row.uniqueid)
        if row.app == "Queue":
            yield from self._join(row.uniqueid, row.app_data.partition(",")[0], row.at)
        yield AppStarted(row.at, row.uniqueid, row.app, row.exten)


def _channel(row: CelRow) -> tuple[str, str, str]:
    return row.uniqueid, row.linkedid, row.channel


def _dial_string(source: Life, leg: Life) -> str:
    """The outside number and the peer of a dialled leg, as AMI's DialString has them.

    The arguments of Dial have the number as it was sent. Where they were not caught, the number the leg
    wears stands for it: it is the extension dialled, with a prefix the dialplan may have taken off.
    """
    for data in source.dialled_with(leg):
        first = next(part for part in data.partition(",")[0].split("&") if names_peer(part, leg))
        return first.partition("/")[2]
    worn = [number for number in (*leg.numbers, *source.extens) if number not in ("", "s")]
    return f"{worn[0]}@{leg.endpoint.partition('/')[2]}" if worn else ""
