"""`pbx-crm replay` as a person and as a script use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pbx_crm.cli import main
from tests.truth import TAPES

MISSED = str(TAPES / "in_missed__22-pjsip-A")
ANSWERED = str(TAPES / "in_direct_answered__16-sip-A")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments])


def test_one_json_object_a_line_for_each_tape() -> None:
    result = run(MISSED, ANSWERED, "--json")
    assert result.exit_code == 0
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["tape"] for line in lines] == ["in_missed__22-pjsip-A", "in_direct_answered__16-sip-A"]
    assert [call["outcome"] for line in lines for call in line["calls"]] == ["missed", "answered"]


def test_without_json_a_person_can_read_it() -> None:
    result = run(ANSWERED)
    assert result.exit_code == 0
    assert "answered" in result.stdout
    assert "talked" in result.stdout


def test_what_is_no_tape_is_named_and_does_not_stop_the_others(tmp_path: Path) -> None:
    notes = tmp_path / "README.md"
    notes.write_text("# no recording")
    result = run("/nowhere/tape", str(notes), MISSED, "--json")
    assert result.exit_code == 2
    assert [json.loads(line)["tape"] for line in result.stdout.splitlines()] == ["in_missed__22-pjsip-A"]
    assert "/nowhere/tape: there is no such recording" in result.stderr
    assert f"{notes}: holds no events of AMI" in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pbx = [", "pbx_crm.toml"),
        ("[[pbx]]\nextensions = '('", "extensions"),
        ("[[pbx]]\ntrunks = 5", "trunks"),
        ("[[pbx]]\ndevices = 'x'", "devices"),
    ],
)
def test_a_broken_configuration_is_said_in_words(tmp_path: Path, text: str, words: str) -> None:
    config = tmp_path / "pbx_crm.toml"
    config.write_text(text)
    result = run(MISSED, "--config", str(config))
    assert result.exit_code == 2
    assert words in result.stderr


def test_a_missing_configuration_is_said_in_words() -> None:
    result = run(MISSED, "--config", "/nowhere.toml")
    assert result.exit_code == 2
    assert "/nowhere.toml: there is no such file" in result.stderr


def test_the_configuration_says_what_is_a_seller(tmp_path: Path) -> None:
    config = tmp_path / "pbx_crm.toml"
    config.write_text(
        '[[pbx]]\nname = "hq"\ntrunks = ["PJSIP/trunk-main"]\n[pbx.devices]\n"PJSIP/101" = "7101"\n'
    )
    result = run(MISSED, "--json", "--config", str(config))
    assert json.loads(result.stdout)["calls"][0]["rang"] == ["7101"]


def test_broken_events_are_told_apart_from_success(tmp_path: Path) -> None:
    (tmp_path / "ami.log").write_bytes(b"Event: Newchannel\r\nChannel: PJSIP/101-00000001\r\n\r\n")
    result = run(str(tmp_path), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["calls"] == []
    assert "1 x Newchannel skipped: Uniqueid is missing" in result.stderr


@pytest.mark.parametrize("source", ["cel", "cdr", "all"])
def test_what_the_pbx_wrote_down_is_told_in_the_same_words(source: str) -> None:
    result = run(MISSED, ANSWERED, "--json", "--source", source)
    assert result.exit_code == 0
    calls = [call for line in result.stdout.splitlines() for call in json.loads(line)["calls"]]
    assert [call["outcome"] for call in calls] == ["missed", "answered"]


def test_a_folder_without_the_source_asked_for_is_named(tmp_path: Path) -> None:
    result = run(str(tmp_path), MISSED, "--json", "--source", "cel")
    assert result.exit_code == 2
    assert "no cel.csv or cel.csv.gz in this folder" in result.stderr
    assert len(result.stdout.splitlines()) == 1
