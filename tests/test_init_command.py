"""`pbx-crm init`: a few answers become files that work, for their owner only, and none is overwritten."""

from __future__ import annotations

import re
import stat
from ipaddress import ip_network
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pbx_crm.cli import main
from pbx_crm.commands.init import GLOBALS_FILE, MANAGER_FILE, SECRET_FILE, TOKEN_FILE
from pbx_crm.config import load

ANSWERS = {
    "--name": "office",
    "--host": "192.0.2.5",
    "--user": "crm",
    "--pbx": "asterisk",
    "--crm-address": "192.0.2.9",
    "--region": "DE",
    "--time-zone": "Europe/Berlin",
    "--currency": "EUR",
    "--database": "sqlite:////var/lib/pbx-crm/crm.db",
}


ALL_FILES = ("pbx_crm.toml", SECRET_FILE, MANAGER_FILE, TOKEN_FILE, GLOBALS_FILE)


def init(folder: Path, *flags: str, typed: str | None = None, **changed: str) -> Result:
    """The command with all answers as options, or with what was typed."""
    answers = (
        {} if typed is not None else ANSWERS | {f"--{k.replace('_', '-')}": v for k, v in changed.items()}
    )
    options = [*flags, *(word for pair in answers.items() for word in pair)]
    return CliRunner().invoke(main, ["init", "--config", str(folder / "pbx_crm.toml"), *options], input=typed)


def test_what_is_written_starts_the_program_and_fits_together(tmp_path: Path) -> None:
    done = init(tmp_path)
    assert done.exit_code == 0, done.output
    settings = load(tmp_path / "pbx_crm.toml")
    (pbx,) = settings.pbx
    assert (pbx.host, pbx.username, settings.crm.region) == ("192.0.2.5", "crm", "DE")
    manager = (tmp_path / MANAGER_FILE).read_text()
    assert "[crm]\n" in manager
    assert f"\nsecret = {settings.secret_of(pbx)}\n" in manager
    assert "permit = 192.0.2.9/255.255.255.255" in manager
    assert len(settings.secret_of(pbx)) >= 40
    assert settings.secret_of(pbx) not in done.output


def test_the_dialplan_finds_the_crm_with_the_token_it_knows(tmp_path: Path) -> None:
    done = init(tmp_path, web_port="9090")
    settings = load(tmp_path / "pbx_crm.toml")
    (door,) = settings.doors()
    told = dict(re.findall(r"^(PBX_CRM_\w+) = (\S+)$", (tmp_path / GLOBALS_FILE).read_text(), re.MULTILINE))
    assert told == {"PBX_CRM_URL": "http://192.0.2.9:9090/pbx", "PBX_CRM_TOKEN": door.token}
    assert (settings.web.host, settings.web.port) == ("192.0.2.9", 9090)
    assert door.networks == (ip_network("192.0.2.5"),)
    assert door.token not in done.output
    assert "globals" in done.output


def test_who_wants_no_look_up_keeps_the_pages_on_this_machine(tmp_path: Path) -> None:
    done = init(tmp_path, "--no-look-up")
    settings = load(tmp_path / "pbx_crm.toml")
    assert (settings.doors(), settings.web.host) == ([], "127.0.0.1")
    assert not {TOKEN_FILE, GLOBALS_FILE} & {path.name for path in tmp_path.iterdir()}
    assert "globals" not in done.output


def test_a_pbx_known_by_name_is_believed_by_its_address(tmp_path: Path) -> None:
    init(tmp_path, host="localhost")
    (door,) = load(tmp_path / "pbx_crm.toml").doors()
    assert door.networks == (ip_network("127.0.0.1"),)


def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    init(tmp_path)
    for name in ALL_FILES:
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600, name


def test_the_same_answers_may_be_typed(tmp_path: Path) -> None:
    typed = "\n".join(["", "192.0.2.5", "", "freepbx", "", "RU", "Europe/Moscow", "RUB", "", ""])
    done = init(tmp_path, typed=typed)
    assert done.exit_code == 0, done.output
    assert load(tmp_path / "pbx_crm.toml").pbx[0].name == "office"
    assert "manager_custom.conf" in done.output


@pytest.mark.parametrize("name", ALL_FILES)
def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    done = init(tmp_path)
    assert done.exit_code == 2
    assert name in done.output
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize(
    ("answer", "value", "said"),
    [
        ("region", "Germany", "crm.region"),
        ("time_zone", "Berlin", "crm.time_zone"),
        ("currency", "euro", "crm.currency"),
        ("name", "two words", "pbx.0.name"),
        ("host", "pbx.invalid", "pbx.invalid"),
        ("user", "crm]\nwrite = all", "AMI user"),
        ("crm_address", "10.0.0.1\npermit = 0.0.0.0", "address"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_written(
    tmp_path: Path, answer: str, value: str, said: str
) -> None:
    done = init(tmp_path, **{answer: value})
    assert done.exit_code == 2
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        "install -d -o asterisk -g asterisk /etc/asterisk/manager.d /etc/asterisk/extensions.d",
        f"install -o asterisk -g asterisk -m 640 {MANAGER_FILE} /etc/asterisk/manager.d/pbx-crm.conf",
        'asterisk -rx "module load cel_custom.so"',
    ],
)
def test_what_is_to_be_done_on_a_fresh_debian_can_be_typed_as_it_is_said(tmp_path: Path, line: str) -> None:
    assert line in init(tmp_path).output
