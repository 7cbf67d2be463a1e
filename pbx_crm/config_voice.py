"""The part of the configuration for calls that robots make."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pbx_crm import config_values
from pbx_crm.domain.voice_call import AtMachine


class VoiceSettings(config_values.Section):
    """`[pbx.voice]`: how robots call clients over this PBX and play a recording."""

    context: str = Field(pattern=r"^[\w-]{1,79}$")
    """Where their numbers are dialled."""
    caller_id: str = Field(default="", pattern=r"^\+?[0-9]{0,20}$")
    """What clients are shown where the card's line names no number; empty: what the trunk has."""
    numbers: Annotated[str, AfterValidator(config_values.regex)] = ""
    hours: Annotated[tuple[time, time], BeforeValidator(config_values.hours)] = (time(9), time(20))
    ring_seconds: int = Field(default=30, ge=5, le=60)
    answering_machine: AtMachine = AtMachine.AS_PERSON
    at_once: int = Field(default=2, ge=1, le=20)
    per_hour: int = Field(default=30, ge=1, le=1000)
    per_client_and_day: int = Field(default=1, ge=1, le=5)

    @model_validator(mode="after")
    def _is_one_day(self) -> Self:
        if self.hours[0] >= self.hours[1]:
            raise ValueError("hours end before they begin")
        return self
