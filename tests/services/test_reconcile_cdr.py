"""A PBX without CEL: its call detail records make good for what AMI did not tell, as far as they can."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pbx_crm.asterisk.cdr_calls import CdrCalls
from pbx_crm.asterisk.cdr_file import CdrFile
from pbx_crm.db import gaps as gap_rows
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, deals, gaps, talks
from pbx_crm.domain.call import CallEnded
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.services.reconcile import Reconcile, Reconciled
from tests.company import PBX, Company
from tests.services.test_reconcile import heard
from tests.truth import TAPES, truth

AFTERWARDS = datetime(2026, 11, 21, 18, tzinfo=UTC)
ANSWERED, CHAIN = "in_direct_answered__22-pjsip-A", "xfer_blind_chain__22-pjsip-A"


class Log:
    """The PBX's `Master.csv`, which grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_text(lines_of(CHAIN)[0])
        self.records = CdrCalls(CdrFile(path, UTC), PbxShape())

    def write(self, *lines: str) -> None:
        """The PBX writes these rows."""
        with self._path.open("a") as file:
            file.writelines(lines)


def lines_of(name: str) -> list[str]:
    """The header and the rows of this recording."""
    raw = gzip.decompress((TAPES / name / "cdr.csv.gz").read_bytes())
    return raw.decode("utf-8", "replace").splitlines(keepends=True)


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "Master.csv")


async def reconciled(company: Company, log: Log) -> Reconciled:
    reconcile = Reconcile(company.database, company.intake, company.live, lambda: AFTERWARDS)
    return await reconcile.run(PBX, log.records)


async def test_a_call_nobody_heard_has_its_card_minutes_later(company: Company, log: Log) -> None:
    await reconciled(company, log)
    log.write(*lines_of(ANSWERED)[1:])
    assert (await reconciled(company, log)).found == 1
    call, deal = await company.one(calls), await company.one(deals)
    assert (call["outcome"], call["answered_extension"], call["late"]) == (
        "answered",
        truth(ANSWERED)["calls"][0]["answered_by"],
        True,
    )
    assert call["deal_id"] == deal["id"]
    before = await company.everything()
    assert (await reconciled(company, log)).found == 0
    assert await company.everything() == before


async def test_a_call_that_goes_on_after_a_transfer_is_not_ended_by_its_first_row(
    company: Company, log: Log
) -> None:
    await reconciled(company, log)
    facts = heard(CHAIN)
    ending = next(number for number, fact in enumerate(facts) if isinstance(fact, CallEnded))
    await company.tell(facts[:ending])
    log.write(lines_of(CHAIN)[1])
    assert (await reconciled(company, log)).found == 0
    assert (await company.one(calls))["ended_at"] is None
    await company.tell(facts[ending:])
    log.write(*lines_of(CHAIN)[2:])
    assert (await reconciled(company, log)).found == 0
    assert (await company.one(calls))["late"] is False


async def test_a_call_taken_too_early_is_put_right_by_its_later_rows(company: Company, log: Log) -> None:
    await reconciled(company, log)
    first, *rest = lines_of(CHAIN)[1:]
    log.write(first)
    assert (await reconciled(company, log)).found == 1
    early = await company.one(calls)
    log.write(*rest)
    assert (await reconciled(company, log)).found == 1
    call = await company.one(calls)
    assert call["ended_at"] > early["ended_at"]
    assert call["talk_seconds"] == pytest.approx(truth(CHAIN)["calls"][0]["talk_s"], abs=2)
    assert len(await company.rows(deals)) == 1
    spoken = [talk["extension"] for talk in await company.rows(talks, call_id=call["id"])]
    assert len(spoken) == len(set(spoken))


async def test_what_was_heard_whole_stays_as_it_was_heard(company: Company, log: Log) -> None:
    await reconciled(company, log)
    await company.tell(heard(ANSWERED))
    before = await company.everything()
    log.write(*lines_of(ANSWERED)[1:])
    assert (await reconciled(company, log)).found == 0
    assert await company.everything() == before


async def test_a_gap_is_closed_once_the_records_were_read_past_it(company: Company, log: Log) -> None:
    await reconciled(company, log)
    log.write(*lines_of(ANSWERED)[1:])
    began = datetime.fromtimestamp(truth(ANSWERED)["calls"][0]["started_at"], UTC)
    await company.database.write(gap_rows.note, PBX, began, began + timedelta(minutes=1), "link_lost")
    assert await reconciled(company, log) == Reconciled(found=1, filled=1)
    assert (await company.one(gaps))["filled_at"] == AFTERWARDS
