"""Messages of robots to other systems: signed, sent, and tried again while they are not taken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from pbx_crm.db import jobs, robots
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.job import Job
from pbx_crm.domain.robot import Robot
from pbx_crm.domain.webhook import NotDelivered, signature
from pbx_crm.services.clock import Clock

SIGNATURE = "X-PBX-CRM-Signature"


class Sender(Protocol):
    """What posts a message; returns once it was taken."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """AddressRefused, NotDelivered."""


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

    async def given_up(self) -> list[tuple[str, str]]:
        """Key and error of messages that nobody tries to send any more, the latest first."""
        return await self._database.read(jobs.given_up)


def _robot(tx: Transaction, robot_id: int) -> Robot | None:
    try:
        return robots.get(tx, robot_id)
    except NotFound:
        return None
