"""What sellers' phones are doing: free, ringing, talking, not to be disturbed, paused, unregistered.

Asterisk tells the state of a device, of a Do Not Disturb (FreePBX keeps it as the device `Custom:DND101`)
and of a pause in a queue; one word for a phone is made of the three here. Nothing of it is a call: calls
come from their own events, and no card depends on this.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.endpoint import EndpointKind, PbxShape, local_extension

DND = "Custom:DND"


class PhoneState(StrEnum):
    """The word for a phone; of several phones of one person the first of these that is true."""

    TALKING = "talking"
    RINGING = "ringing"
    DND = "dnd"
    PAUSED = "paused"
    FREE = "free"
    UNREGISTERED = "unregistered"


OF_A_DEVICE = {
    "NOT_INUSE": PhoneState.FREE,
    "RINGING": PhoneState.RINGING,
    # A second call rings a phone that talks: whoever looks wants to know that it talks.
    "RINGINUSE": PhoneState.TALKING,
    "INUSE": PhoneState.TALKING,
    "ONHOLD": PhoneState.TALKING,
    "BUSY": PhoneState.TALKING,
    "UNAVAILABLE": PhoneState.UNREGISTERED,
    "INVALID": PhoneState.UNREGISTERED,
}
"""By the `State` of DeviceStateChange; UNKNOWN tells nothing."""
ORDER = tuple(PhoneState)


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device is in this state now."""

    device: str
    """`PJSIP/101`, `Custom:DND101`."""
    state: str


@dataclass(frozen=True, slots=True)
class PauseSeen:
    """A member of a queue is paused or not."""

    interface: str
    queue: str
    is_paused: bool


@dataclass(frozen=True, slots=True)
class MemberGone:
    """A member left a queue, and its pause with it."""

    interface: str
    queue: str


PresenceEvent = DeviceSeen | PauseSeen | MemberGone


@dataclass(frozen=True, slots=True)
class PersonPresence:
    """A person and what their phones are doing."""

    person_id: int
    name: str
    state: PhoneState | None
    """None: the PBX has not told, or the link is down."""
    since: datetime | None


@dataclass(slots=True)
class PhoneBoard:
    """The phones of one PBX as its events tell them; feeding the same event twice changes nothing."""

    shape: PbxShape
    _devices: dict[str, dict[str, PhoneState]] = field(default_factory=dict)
    """By extension: its devices."""
    _undisturbed: set[str] = field(default_factory=set)
    _paused: dict[str, dict[str, bool]] = field(default_factory=dict)
    """By extension: the queues it is a member of."""

    def feed(self, event: PresenceEvent) -> str | None:
        """The extension whose word changed by this; None if none did."""
        match event:
            case DeviceSeen():
                extension = self._dnd_of(event.device) or self._phone(event.device)
            case PauseSeen() | MemberGone():
                extension = self._member(event.interface)
        if extension is None:
            return None
        before = self.state(extension)
        self._note(extension, event)
        return extension if self.state(extension) != before else None

    def state(self, extension: str) -> PhoneState | None:
        """The word for this phone; None while its device was not told of."""
        devices = self._devices.get(extension)
        if not devices:
            return None
        device = min(devices.values(), key=ORDER.index)
        if device is not PhoneState.FREE:
            return device
        if extension in self._undisturbed:
            return PhoneState.DND
        queues = self._paused.get(extension)
        return PhoneState.PAUSED if queues and all(queues.values()) else PhoneState.FREE

    def _note(self, extension: str, event: PresenceEvent) -> None:
        match event:
            case DeviceSeen(device=device, state=state) if device.startswith(DND):
                (self._undisturbed.discard if state == "NOT_INUSE" else self._undisturbed.add)(extension)
            case DeviceSeen(device=device, state=state) if state in OF_A_DEVICE:
                self._devices.setdefault(extension, {})[device] = OF_A_DEVICE[state]
            case PauseSeen(queue=queue, is_paused=is_paused):
                self._paused.setdefault(extension, {})[queue] = is_paused
            case MemberGone(queue=queue):
                self._paused.get(extension, {}).pop(queue, None)

    def _dnd_of(self, device: str) -> str | None:
        return device.removeprefix(DND) if device.startswith(DND) else None

    def _member(self, interface: str) -> str | None:
        # A queue's member may be Local/101@from-queue/n: the phone behind it is meant.
        if interface.startswith("Local/"):
            return local_extension(interface, self.shape)
        return self._phone(interface)

    def _phone(self, device: str) -> str | None:
        # `Queue:290_pause_PJSIP/101` is a lamp of the queue, and no phone; so is all that has a colon.
        if ":" in device:
            return None
        endpoint = self.shape.endpoint(device)
        return endpoint.extension if endpoint.kind is EndpointKind.SELLER else None
