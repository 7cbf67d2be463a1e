"""`pbx-crm regions`: the plan out of files an admin has, and nothing of it out of a broken one."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pbx_crm.cli import main
from tests.test_commands import CONFIG

REGISTER = """АВС/ DEF;От;До;Емкость;Оператор;Регион;ИНН
900;0;61999;62000;ООО "Т2 Мобайл";Краснодарский край;7743895280
900;62000;62999;1000;ООО "Т2 Мобайл";Ростовская обл.;7743895280
"""


class Server:
    """A server's own shell, in a folder with a configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "ami.secret").write_text("s3cret", encoding="utf-8")
        (folder / "pbx_crm.toml").write_text(CONFIG.format(folder=folder), encoding="utf-8")

    def run(self, *words: str) -> Result:
        """What `pbx-crm regions …` answers."""
        config = str(self.folder / "pbx_crm.toml")
        return CliRunner().invoke(main, ["regions", "--config", config, *words])

    def file(self, name: str, text: str, encoding: str = "utf-8") -> str:
        """The path of a file with this text."""
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return str(path)

    def region(self, number: str) -> str:
        """The region of a number."""
        return self.run("of", number).output.strip()


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_without_a_plan_the_country_is_known(server: Server) -> None:
    assert server.region("+49 30 123456") == "DE  Europe/Berlin"
    assert server.run("of", "12").exit_code == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_the_register_as_it_is_downloaded_makes_the_plan(server: Server, encoding: str) -> None:
    built = server.run("build", server.file("DEF-9xx.csv", REGISTER, encoding))
    assert built.exit_code == 0, built.output
    assert "2 regions beside the countries" in built.output
    assert server.region("+7 900 006-19-99") == "RU  Krasnodar Krai, Краснодарский край  Europe/Moscow"
    assert server.region("+7 900 006-20-00") == "RU  Rostov Oblast, Ростовская область  Europe/Moscow"
    assert server.region("+7 900 007-00-00").startswith("RU  Asia/")


def test_countries_and_files_are_put_over_one_another_in_their_order(server: Server) -> None:
    own = server.file("own.csv", "from,to,country,region\n7383200,,RU,Our quarter\n")
    assert server.run("build", "RU", own).exit_code == 0
    assert server.region("+73832001234") == "RU  Our quarter"
    assert server.region("+73833001234").startswith("RU  Novosibirsk Oblast")
    assert server.run("build", own, "ru").exit_code == 0
    assert server.region("+73832001234").startswith("RU  Novosibirsk Oblast")


def test_the_plan_printed_is_a_file_that_makes_the_same_plan(server: Server) -> None:
    server.run("build", server.file("DEF-9xx.csv", REGISTER))
    printed = server.run("list", "--csv").output
    assert server.run("build", server.file("mine.csv", printed)).exit_code == 0
    assert server.run("list", "--csv").output == printed
    assert "+79000000 to +79000061\tRU  Krasnodar Krai" in server.run("list").output


def test_a_broken_file_is_named_with_its_line_and_the_plan_stays(server: Server) -> None:
    good = server.file("DEF-9xx.csv", REGISTER)
    server.run("build", good)
    broken = server.run("build", good, server.file("ABC-3xx.csv", REGISTER + "900;x;1;1;A;Москва;1\n"))
    assert broken.exit_code == 2
    assert "ABC-3xx.csv, line 4: от: 'x' is not up to 7 digits" in broken.output
    assert "Traceback" not in broken.output
    assert server.region("+7 900 006-19-99").startswith("RU  Krasnodar Krai")


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("nowhere.csv", "neither a country's two letters nor a file"),
        ("ZZ", "nothing finer than the country is known"),
        ("GG", "nothing finer than the country is known"),
    ],
)
def test_what_is_no_source_is_refused(server: Server, source: str, answer: str) -> None:
    refused = server.run("build", source)
    assert refused.exit_code == 2
    assert answer in refused.output


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no table", b"\x00\x01\x02", "имя;номер\n".encode()])
def test_a_file_that_is_no_plan_at_all_is_refused_in_a_sentence(server: Server, content: bytes) -> None:
    path = server.folder / "any.csv"
    path.write_bytes(content)
    refused = server.run("build", str(path))
    assert refused.exit_code == 2
    assert "Traceback" not in refused.output
