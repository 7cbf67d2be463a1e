"""Messages of robots to other systems: signed, sent, and tried again while they are not taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pbx_crm.db import jobs, robots
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.job import Job, Trouble
from pbx_crm.domain.robot import Robot
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.webhook import AddressRefused, NotDelivered, signature
from pbx_crm.services.clock import Clock
from pbx_crm.services.robot_acts import WEBHOOK

SIGNATURE = "X-PBX-CRM-Signature"
NOWHERE = N_(
    "Messages do not go to addresses within a network, unless [webhooks] of the configuration allows them."
)


class Sender(Protocol):
    """What posts a message; returns once it was taken."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """AddressRefused, NotDelivered."""

    def judge(self, url: str) -> None:
        """AddressRefused for a written out address that messages never go to; a name may lead anywhere."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message that was not taken."""

    trouble: Trouble
    robot_id: int
    robot_name: str
    """Empty if the robot is gone."""
    deal_id: int


class Webhooks:
    """A message carries the same `Idempotency-Key` however often it is sent."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._sender: Sender | None = None

    def send_by(self, sender: Sender) -> None:
        """From now on messages go out this way."""
        self._sender = sender

    async def run_job(self, job: Job) -> datetime | None:
        """Sends the message of this job; NotDelivered and AddressRefused mean another try."""
        robot = await self._database.read(_robot, job.payload["robot"])
        # A robot that was removed, or is to send nothing any more, has nothing left to say.
        if robot is None or not robot.webhook_url:
            return None
        if self._sender is None:
            raise NotDelivered
        body = json.dumps(job.payload["body"], ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "pbx-crm",
            "Idempotency-Key": job.key,
            SIGNATURE: signature(robot.webhook_secret, int(self._clock().timestamp()), body),
        }
        await self._sender.post(robot.webhook_url, body, headers)
        return None

    def judge(self, url: str) -> None:
        """BadInput for an address that no message will ever go to."""
        try:
            if url and self._sender is not None:
                self._sender.judge(url)
        except AddressRefused:
            raise BadInput(reasons={"webhook_url": NOWHERE}) from None

    async def troubled(self) -> list[Undelivered]:
        """Messages that were not taken yet, or never will be, the newest first."""
        return await self._database.read(_troubled)


def _troubled(tx: Transaction) -> list[Undelivered]:
    names = {robot.id: robot.name for robot in robots.everything(tx)}
    return [
        Undelivered(one, one.payload["robot"], names.get(one.payload["robot"], ""), one.payload["deal"])
        for one in jobs.troubled(tx, WEBHOOK)
    ]


def _robot(tx: Transaction, robot_id: int) -> Robot | None:
    try:
        return robots.get(tx, robot_id)
    except NotFound:
        return None
