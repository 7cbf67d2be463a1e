"""The commands of the server's own shell: people get in, a wrong configuration is said in one line."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pbx_crm.cli import main
from pbx_crm.config import load
from pbx_crm.db import second_factors
from pbx_crm.db.engine import make_engine
from pbx_crm.demo import free_port
from pbx_crm.services.clock import utc_now

CONFIG = """
[database]
url = "sqlite:///{folder}/crm.db"
[crm]
region = "DE"
time_zone = "Europe/Berlin"
currency = "EUR"
[[pbx]]
name = "office"
host = "127.0.0.1"
port = 1
username = "pbx-crm"
secret_file = "ami.secret"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration that starts."""
    (tmp_path / "ami.secret").write_text("s3cret", encoding="utf-8")
    path = tmp_path / "pbx_crm.toml"
    path.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    return path


def user(config: Path, *words: str) -> Result:
    """What `pbx-crm user …` answers."""
    return CliRunner().invoke(main, ["user", "--config", str(config), *words])


def added(config: Path, *words: str) -> Result:
    """Anna is added."""
    return user(config, "add", "anna", "--password", "correct horse", *words)


def test_a_person_is_added_with_extensions_and_listed(config: Path) -> None:
    assert (
        added(config, "--name", "Anna B.", "--role", "head", "--admin", "--extension", "101").exit_code == 0
    )
    listed = user(config, "list").output
    assert listed.split() == ["anna", "Anna", "B.", "head", "admin", "101"]


def test_an_extension_goes_from_one_person_to_another(config: Path) -> None:
    added(config, "--extension", "101")
    user(config, "add", "boris", "--password", "correct horse")
    assert user(config, "link", "boris", "101").exit_code == 0
    anna, boris = user(config, "list").output.splitlines()
    assert "101" not in anna
    assert "101" in boris


def test_a_disabled_person_is_listed_as_such_until_they_are_let_in(config: Path) -> None:
    added(config)
    assert user(config, "disable", "anna").output == "anna is shut out\n"
    assert "disabled" in user(config, "list").output
    assert user(config, "disable", "anna", "--undo").exit_code == 0
    assert "disabled" not in user(config, "list").output


def test_a_locked_out_admin_is_let_in_by_the_password_alone_from_the_servers_shell(config: Path) -> None:
    added(config, "--role", "none", "--admin")
    with make_engine(load(config).database.url.get_secret_value()).begin() as tx:
        now = utc_now()
        second_factors.begin(tx, 1, "JBSWY3DPEHPK3PXP", now)
        second_factors.confirm(tx, 1, now)
    assert "second-factor" in user(config, "list").output
    answer = user(config, "reset-second-factor", "anna")
    assert answer.output == "anna logs in by the password alone\n"
    assert "second-factor" not in user(config, "list").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("reset-second-factor", "nobody"), "there is nobody with the log-in name nobody"),
        (
            ("password", "nobody", "--password", "correct horse"),
            "there is nobody with the log-in name nobody",
        ),
        (("link", "anna", "101", "--pbx", "moon"), "there is no PBX moon; configured: office"),
        (("link", "anna", "1 01"), "number: An extension is digits"),
        (("add", "anna", "--password", "correct horse"), "login: This log-in name is taken."),
        (("add", "boris", "--password", "short"), "password: A password has at least 8 characters."),
    ],
)
def test_wrong_use_is_said_in_words_with_exit_code_2(config: Path, words: tuple[str, ...], said: str) -> None:
    added(config)
    answer = user(config, *words)
    assert answer.exit_code == 2
    assert said in answer.output


def test_a_wrong_key_stops_the_start_and_is_named(config: Path) -> None:
    config.write_text(config.read_text(encoding="utf-8").replace("region", "regoin"), encoding="utf-8")
    answer = CliRunner().invoke(main, ["serve", "--config", str(config)])
    assert answer.exit_code == 2
    assert "crm.region is missing; crm.regoin is not a known key" in answer.output
    assert "Traceback" not in answer.output


def test_a_taken_port_is_said_and_another_one_used(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) == 0
    assert f"Port {port} is taken" in capsys.readouterr().out
    assert free_port(port) == port


def test_the_demo_serves_and_stops_in_order(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "pbx_crm", "demo", "--port", "0", "--data", str(tmp_path))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as demo:
        assert demo.stdout
        url = next(line for line in demo.stdout if "pbx_crm is at" in line).split()[3]
        deadline = time.monotonic() + 20
        while 'pbx_crm_events_total{pbx="practice"} 0.0' in _read(f"{url}/metrics"):
            assert time.monotonic() < deadline, "no call within 20 s"
            time.sleep(0.2)
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(timeout=15) == 0
    assert (tmp_path / "crm.db").stat().st_size > 0


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # our own server on loopback
        text: str = answer.read().decode()
        return text
