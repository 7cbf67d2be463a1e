"""Logs help to find a call and do not tell who called."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from pbx_crm import logs


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("call from +74951234521 to 101", "call from +7…4521 to 101"),
        ("84951234521 and 4951234521.", "8…4521 and 4…4521."),
        ("linkedid 1763748000.12", "linkedid 1763748000.12"),
        ("office-1763748000.12", "office-1763748000.12"),
        ("listening on 127.0.0.1:8080 since 2026-11-21", "listening on 127.0.0.1:8080 since 2026-11-21"),
        ("extension 214", "extension 214"),
    ],
)
def test_a_clients_number_is_masked_and_an_id_is_not(written: str, kept: str) -> None:
    assert logs.masked(written) == kept


def test_both_kinds_of_loggers_write_one_masked_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        logs.set_up(colours=False)
        structlog.get_logger("ours").info("ringing", number="+74951234521", linkedid="1763748000.12")
        logging.getLogger("theirs").warning("from %s\nforged line", "+74951234521")
    finally:
        root.handlers[:], root.level = before
        structlog.reset_defaults()
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["number"], ours["linkedid"]) == ("ringing", "+7…4521", "1763748000.12")
    assert theirs["event"] == "from +7…4521\nforged line"
    assert theirs["level"] == "warning"
