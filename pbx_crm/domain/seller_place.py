"""What a seller finds in the menu beside Board, Today and Calls, once the head has switched it on.

Rich programs go unused: a fresh installation shows a seller three places, and nothing else.
"""

from __future__ import annotations

from enum import StrEnum


class SellerPlace(StrEnum):
    """A further place of the menu; off until the head wants it. A head sees all of them."""

    CONTACTS = "contacts"
    REPORTS = "reports"

    @property
    def switch(self) -> str:
        """The name of its switch among those of the house."""
        return f"seller_{self.value}"
