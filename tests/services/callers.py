"""Who calls in the tests of the intake."""

from __future__ import annotations

from tests.company import Company
from tests.stories import Story

CLIENT = "+79161234567"
OTHER = "+79035550101"


async def ivan_and_vera(company: Company) -> tuple[int, int]:
    """Two clients: it is Vera's number that calls."""
    return await company.client("Ivan", OTHER), await company.client("Vera", CLIENT)


def ring_all(number: str | None = CLIENT) -> Story:
    return Story.incoming(number, queue="600").rings("101", "102", "103", after=2)
