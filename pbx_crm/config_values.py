"""What single values of the configuration may be: a function gives its value back, or says what is wrong."""

from __future__ import annotations

import re
from datetime import time
from ipaddress import ip_network
from typing import Any

import phonenumbers
from pydantic import BaseModel, ConfigDict

from pbx_crm.domain.time_zones import time_zones


class Section(BaseModel):
    """A table of the file: nothing unknown in it, nothing changed after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def known_zone(name: str) -> str:
    """An IANA time zone."""
    if name not in time_zones():
        raise ValueError("is no IANA time zone, such as Europe/Berlin")
    return name


def known_region(code: str) -> str:
    """A country whose numbers can be read."""
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("is no ISO 3166 country code, such as DE")
    return code


def regex(pattern: str) -> str:
    """What can be compiled."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return pattern


def network(text: str) -> str:
    """An address or a network, written in one way."""
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("is no address or network, such as 192.0.2.5 or 192.0.2.0/24") from None


def hours(text: Any) -> Any:
    """A span of the day as two times."""
    if text is None:
        return None
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in str(text).split("-"))
    except ValueError as error:
        raise ValueError('is no span of hours, such as "08:00-21:00"') from error
    return begin, end
