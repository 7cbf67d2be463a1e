"""A robot's message: signed, sent once though tried often, and silent about the client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from pbx_crm.db import robots
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import deal_events, jobs
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.job import PAUSES
from pbx_crm.domain.owner_rule import in_words
from pbx_crm.domain.webhook import AddressRefused, NotDelivered, signature
from pbx_crm.services.job_loop import JobLoop
from pbx_crm.services.robot_acts import WEBHOOK
from pbx_crm.services.robots import Robots
from pbx_crm.services.webhooks import SIGNATURE, Webhooks
from tests.services.test_robots import House

URL = "https://hooks.example/crm"


class OtherSystem:
    """Notes what it is sent; refuses so often first."""

    def __init__(self, refusals: int = 0, why: NotDelivered | None = None, forbidden: str = "") -> None:
        self.refusals = refusals
        self.why = why or NotDelivered()
        self.forbidden = forbidden
        self.got: list[tuple[str, bytes, dict[str, str]]] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.got.append((url, body, dict(headers)))
        if len(self.got) <= self.refusals:
            raise self.why

    def judge(self, url: str) -> None:
        if url == self.forbidden:
            raise AddressRefused


class Sending(House):
    """A house whose robots' messages go out."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.webhooks = Webhooks(database, self.clock)
        self.robots = Robots(database, self.company.live, self.clock, self.webhooks.judge)
        self.loop = JobLoop(database, self.clock, {WEBHOOK: self.webhooks.run_job})

    def to(self, other: OtherSystem) -> OtherSystem:
        self.webhooks.send_by(other)
        return other


@pytest.fixture
def house(database: Database) -> Sending:
    return Sending(database)


async def test_the_message_is_signed_and_names_the_deal_but_no_client(house: Sending) -> None:
    other = house.to(OtherSystem())
    robot = await house.robot(webhook_url=URL, webhook_secret="s3cret")
    client = await house.company.client("Vector", "+74951234567")
    deal_id = await house.deal(contact_id=client, title="Fibre", amount=4800)
    await house.later(hours=2)
    assert await house.loop.run_due() == 0, "an undo still has its time"
    house.clock.go_on(timedelta(seconds=15))
    assert await house.loop.run_due() == 1
    ((url, body, headers),) = other.got
    told = json.loads(body)
    assert url == URL
    assert (told["robot"], told["occasion"]) == (robot.name, "idle")
    assert (told["deal"]["id"], told["deal"]["amount"], told["deal"]["title"]) == (deal_id, "4800", "Fibre")
    assert b"Vector" not in body
    assert b"1234567" not in body
    assert headers[SIGNATURE] == signature("s3cret", int(house.clock().timestamp()), body)
    assert headers["Idempotency-Key"] == told["id"]
    (event,) = await house.company.rows(deal_events)
    assert "sent a message to hooks.example" in in_words(event["details"])


async def test_a_message_that_was_refused_comes_again_as_the_same_one(house: Sending) -> None:
    other = house.to(OtherSystem(refusals=2))
    await house.robot(webhook_url=URL)
    await house.deal()
    await house.later(hours=2)
    for pause in (timedelta(seconds=15), *PAUSES[:2], timedelta(days=1)):
        house.clock.go_on(pause)
        await house.loop.run_due()
    assert len(other.got) == 3
    assert len({headers["Idempotency-Key"] for _, _, headers in other.got}) == 1
    assert len({body for _, body, _ in other.got}) == 1
    assert await house.company.rows(jobs) == []


async def test_what_nobody_takes_is_told_to_the_head(house: Sending) -> None:
    house.to(OtherSystem(refusals=99))
    robot, deal_id = await house.robot(webhook_url=URL), await house.deal()
    await house.later(hours=2)
    for pause in (timedelta(seconds=15), *PAUSES):
        house.clock.go_on(pause)
        await house.loop.run_due()
    (told,) = await house.webhooks.troubled()
    assert (told.robot_name, told.deal_id) == (robot.name, deal_id)
    assert (str(told.trouble.failure), told.trouble.again_at) == (str(NotDelivered()), None)


async def test_a_message_that_failed_once_is_told_with_its_reason_and_its_next_try(house: Sending) -> None:
    house.to(OtherSystem(refusals=1, why=NotDelivered("The other system answered %(status)s.", status=503)))
    await house.robot(webhook_url=URL)
    await house.deal()
    await house.later(hours=2)
    house.clock.go_on(timedelta(seconds=15))
    await house.loop.run_due()
    (told,) = await house.webhooks.troubled()
    assert str(told.trouble.failure) == "The other system answered 503."
    assert (told.trouble.tries, told.trouble.again_at) == (1, house.clock() + PAUSES[0])
    house.clock.go_on(PAUSES[0])
    await house.loop.run_due()
    assert await house.webhooks.troubled() == [], "it was taken"


async def test_a_robot_is_not_saved_with_an_address_that_no_message_goes_to(house: Sending) -> None:
    house.to(OtherSystem(forbidden="http://127.0.0.1/"))
    robot = await house.robot(webhook_url=URL)
    with pytest.raises(BadInput) as refused:
        await house.robots.save(house.company.olga, replace(robot, webhook_url="http://127.0.0.1/"))
    assert list(refused.value.reasons) == ["webhook_url"]
    assert await house.robots.save(house.company.olga, robot) == robot.id


@pytest.mark.parametrize("way", ["removed", "silenced"])
async def test_a_robot_that_has_nothing_more_to_say_says_nothing(house: Sending, way: str) -> None:
    other = house.to(OtherSystem())
    robot = await house.robot(webhook_url=URL)
    await house.deal()
    await house.later(hours=2)
    if way == "removed":
        await house.robots.drop(house.company.olga, robot.id or 0)
    else:
        await house.database.write(robots.change, replace(robot, webhook_url=""))
    house.clock.go_on(timedelta(minutes=1))
    assert await house.loop.run_due() == 1
    assert other.got == []
    assert await house.company.rows(jobs) == []


async def test_without_a_way_out_the_message_waits(house: Sending) -> None:
    await house.robot(webhook_url=URL)
    await house.deal()
    await house.later(hours=2)
    house.clock.go_on(timedelta(minutes=1))
    await house.loop.run_due()
    assert (await house.company.one(jobs))["tries"] == 1
