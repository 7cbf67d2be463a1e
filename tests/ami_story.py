"""Write the AMI stream of a call no recording holds, event by event, as Asterisk sends it.

    pbx = AmiStory()
    client = pbx.comes_in("79161112233", did="78001234567")
    phone = pbx.dials(client, "PJSIP/205")
    pbx.wait(2); pbx.rings(phone) ...

Header names and order of events are those of the recordings; what differs from one is said in the test.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from pbx_crm.asterisk.ami_wire import BLANK_LINE
from pbx_crm.asterisk.replay import call_as_json, calls_of
from pbx_crm.asterisk.tape import Segment, Tape
from pbx_crm.domain.endpoint import PbxShape

EPOCH = 1795280000


@dataclass(eq=False)
class Line:
    """A channel."""

    name: str
    uniqueid: str
    linkedid: str
    number: str = ""
    exten: str = "s"
    state: str = "Down"
    bridge: str = ""


class AmiStory:
    """A PBX whose events we write ourselves."""

    def __init__(self, trunk: str = "PJSIP/4951112233", systemname: str = "") -> None:
        self.trunk = trunk
        self._prefix = f"{systemname}-" if systemname else ""
        self._counter = count(1)
        self._bridges = count(1)
        self.second = 0.0
        self._segments: list[list[tuple[float, bytes]]] = [[]]

    # The clock and the wire.

    def wait(self, seconds: float) -> None:
        """Nothing happens for so long."""
        self.second += seconds

    def event(self, name: str, line: Line | None = None, **headers: object) -> None:
        """One event, as it is; a `line` gives it the headers of a channel."""
        rows = [f"Event: {name}"]
        if line is not None:
            rows += [f"{key}: {value}" for key, value in _channel_headers(line).items()]
        rows += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
        self._segments[-1].append((self.second, "\r\n".join(rows).encode()))

    def cut(self, seconds: float) -> None:
        """The connection is lost for so long; what is written meanwhile is `unheard`."""
        self.wait(seconds)
        self._segments.append([])

    def tape(self) -> Tape:
        """What was received."""
        return Tape("story", tuple(_segment(rows) for rows in self._segments))

    def calls(self, shape: PbxShape | None = None) -> list[dict[str, object]]:
        """The calls as `replay --json` tells them."""
        return [call_as_json(call) for call in calls_of(self.tape(), shape or PbxShape())]

    # Channels.

    def channel(self, endpoint: str, linked: Line | None = None, *, state: str = "Down", **more: str) -> Line:
        """A new channel; without `linked` it begins a Linkedid of its own."""
        number = next(self._counter)
        uniqueid = f"{self._prefix}{EPOCH + int(self.second)}.{number}"
        line = Line(
            f"{endpoint}-{number:08x}", uniqueid, linked.linkedid if linked else uniqueid, state=state, **more
        )
        self.event("Newchannel", line)
        return line

    def local(self, target: str, linked: Line | None = None) -> tuple[Line, Line]:
        """Both halves of a Local channel (`205@from-queue`)."""
        number = next(self._counter)
        halves: list[Line] = []
        for half, state in ((1, "Down"), (2, "Ring")):
            uniqueid = f"{self._prefix}{EPOCH + int(self.second)}.{next(self._counter)}"
            linkedid = linked.linkedid if linked else (halves[0].uniqueid if halves else uniqueid)
            name = f"Local/{target}-{number:08x};{half}"
            halves.append(Line(name, uniqueid, linkedid, exten=target.partition("@")[0], state=state))
            self.event("Newchannel", halves[-1])
        one, two = halves
        self.event("LocalBridge", LocalOneUniqueid=one.uniqueid, LocalTwoUniqueid=two.uniqueid)
        return one, two

    def comes_in(self, number: str, did: str = "78001234567", name: str = "<unknown>") -> Line:
        """An outside party calls over the trunk."""
        line = self.channel(self.trunk, state="Ring", number=number, exten=did)
        return line

    def seller_dials_out(self, extension: str, exten: str) -> Line:
        """A seller picks up the phone and dials."""
        return self.channel(f"PJSIP/{extension}", state="Ring", number=extension, exten=exten)

    # Dialling.

    def dials(self, source: Line | None, endpoint: str, dial_string: str = "") -> Line:
        """`source` (None: an originate) dials an endpoint; the new channel."""
        line = self.channel(endpoint, source, number="" if dial_string else endpoint.partition("/")[2])
        return self.dials_line(source, line, dial_string)

    def dials_line(self, source: Line | None, dest: Line, dial_string: str = "") -> Line:
        """`source` dials a channel that exists already (half of a Local channel)."""
        self._dial("DialBegin", source, dest, DialString=dial_string or dest.name.partition("/")[2])
        return dest

    def rings(self, dest: Line, source: Line | None = None) -> None:
        """The phone rings."""
        dest.state = "Ringing"
        self.event("Newstate", dest)
        self._dial("DialState", source, dest, DialStatus="RINGING")

    def dial_ends(self, source: Line | None, dest: Line, status: str) -> None:
        """ANSWER, BUSY, CANCEL, …."""
        self._dial("DialEnd", source, dest, DialStatus=status)

    def up(self, line: Line) -> None:
        """The channel is answered, by whomever."""
        line.state = "Up"
        self.event("Newstate", line)

    def answers(self, dest: Line, source: Line) -> str:
        """The phone answers and both are bridged; the bridge."""
        self.up(dest)
        self.dial_ends(source, dest, "ANSWER")
        self.up(source)
        return self.bridges(dest, source)

    def _dial(self, name: str, source: Line | None, dest: Line, **more: str) -> None:
        headers = {f"Dest{key}": value for key, value in _channel_headers(dest).items()}
        self.event(name, source, **headers, **more)

    # Bridges.

    def bridges(self, *lines: Line, kind: str = "basic") -> str:
        """A new bridge with these channels; its id."""
        bridge = f"{next(self._bridges):08x}-0000-4000-8000-000000000000"
        for line in lines:
            self.enters(line, bridge, kind)
        return bridge

    def enters(self, line: Line, bridge: str, kind: str = "basic") -> None:
        """The channel joins a bridge."""
        line.bridge = bridge
        technology = {"basic": "simple_bridge", "base": "softmix"}.get(kind, "holding_bridge")
        self.event("BridgeEnter", line, BridgeUniqueid=bridge, BridgeType=kind, BridgeTechnology=technology)

    def leaves(self, line: Line) -> None:
        """The channel leaves its bridge."""
        self.event("BridgeLeave", line, BridgeUniqueid=line.bridge, BridgeType="basic")
        line.bridge = ""

    def hangs_up(self, *lines: Line, cause: int = 16, asked: bool = True) -> None:
        """The first one's party hangs up, the others are hung up after it."""
        if asked:
            self.event("HangupRequest", lines[0], Cause=cause)
        for line in lines:
            if line.bridge:
                self.leaves(line)
        for line in lines:
            self.event("Hangup", line, Cause=cause)


def _channel_headers(line: Line) -> dict[str, str]:
    return {
        "Channel": line.name,
        "ChannelStateDesc": line.state,
        "CallerIDNum": line.number or "<unknown>",
        "CallerIDName": "<unknown>",
        "Context": "dialplan",
        "Exten": line.exten,
        "Uniqueid": line.uniqueid,
        "Linkedid": line.linkedid,
    }


def _segment(rows: list[tuple[float, bytes]]) -> Segment:
    raw = bytearray()
    offsets = []
    for _, message in rows:
        offsets.append(len(raw))
        raw += message + BLANK_LINE
    return Segment(bytes(raw), tuple(offsets), tuple(second for second, _ in rows))
