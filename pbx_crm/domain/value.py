"""A value that is made by the thousand: frozen for whoever writes code, free of that cost while it runs.

A frozen dataclass sets each field through `object.__setattr__`, which makes it three times as slow to
build as an open one (1.06 against 0.34 us for eight fields). Events and pictures of calls are built for
everything a busy PBX says, so here the type checker alone keeps them frozen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """The class as a dataclass with slots and a hash; to change a field is an error of the type check."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
