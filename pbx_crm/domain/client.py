"""What a viewer may know of the party behind a call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """A known contact. Of another seller's client only the name is told, and whose client it is."""

    contact_id: int
    name: str
    owner_name: str | None = None
    """The other seller whose client it is; None if the viewer may know everything."""

    @property
    def is_foreign(self) -> bool:
        """Whether number, deals and earlier calls stay hidden from the viewer."""
        return self.owner_name is not None
