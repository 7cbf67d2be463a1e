"""A missing part is named, and no pipeline turns green by losing one."""

from __future__ import annotations

import pytest

from tests.parts.inventory import Inventory


def test_a_missing_part_skips_its_tests_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    inventory = Inventory()
    with pytest.raises(pytest.skip.Exception, match="Asterisk 22 is missing: no root"):
        inventory.lacks("Asterisk 22", "no root")
    assert inventory.lines() == ["MISSING: Asterisk 22: no root; run `make parts` as root on Debian 12"]


def test_in_ci_a_missing_part_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="Chromium is missing"):
        Inventory().lacks("Chromium", "no chromium on this machine")


def test_a_part_in_use_is_named_with_its_version() -> None:
    inventory = Inventory()
    inventory.has("PostgreSQL", "15.18")
    assert inventory.lines() == ["used: PostgreSQL 15.18"]


def test_what_the_workers_of_a_run_measured_is_told_together() -> None:
    first, second, run = Inventory(), Inventory(), Inventory()
    first.has("PostgreSQL", "15.18")
    first.tables["kills"] = ["one"]
    second.missing["Asterisk 22"] = "no root"
    second.tables["kills"] = ["two"]
    for worker in (first, second):
        run.take_over(worker.handed_over())
    assert run.tables == {"kills": ["one", "two"]}
    assert [line.partition(":")[0] for line in run.lines()] == ["used", "MISSING"]
