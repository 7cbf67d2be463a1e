"""The sellers' phones of the practice PBX: what each is doing, told from the channels that live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pbx_crm.asterisk.practice_state import LiveChannels
from pbx_crm.domain.endpoint import endpoint_of

STATES = {"Up": "INUSE", "Ring": "INUSE", "Ringing": "RINGING", "Down": "INUSE"}
"""Of the channel → of the device; a device with several channels is in the busiest state."""
FREE = "NOT_INUSE"


class Phones:
    """The devices and what was told of them last."""

    def __init__(self, live: LiveChannels, extensions: Iterable[str]) -> None:
        self._live = live
        self._told = {f"PJSIP/{extension}": FREE for extension in extensions}

    def listed(self) -> list[dict[str, str]]:
        """The items of DeviceStateList."""
        return [_event(device, state) for device, state in self._states().items()]

    def changes(self) -> Iterator[dict[str, str]]:
        """An event for each device that does something else than was told last."""
        for device, state in self._states().items():
            if self._told[device] != state:
                self._told[device] = state
                yield _event(device, state)

    def _states(self) -> dict[str, str]:
        states = dict.fromkeys(self._told, FREE)
        for name, channel_state in self._live.names_and_states():
            device = endpoint_of(name)
            if states.get(device) in (FREE, "RINGING"):
                states[device] = STATES.get(channel_state, FREE)
        return states


def _event(device: str, state: str) -> dict[str, str]:
    return {"Event": "DeviceStateChange", "Privilege": "call,all", "Device": device, "State": state}
