"""The docs say what the code is: each page is compared with what it describes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from pbx_crm.config import (
    CdrSettings,
    CelSettings,
    CrmSettings,
    DatabaseSettings,
    DialplanSettings,
    FileSettings,
    MetricsSettings,
    PbxSettings,
    RecordingSettings,
    WebhookSettings,
    WebSettings,
    load,
)
from pbx_crm.pages.api.table import ENDPOINTS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def text_of(name: str) -> str:
    """A page of the docs."""
    return (DOCS / name).read_text(encoding="utf-8")


def part(text: str, title: str) -> str:
    """What stands under a heading that begins so, up to the next one."""
    return text.split(f"## `{title}`")[1].split("\n## ")[0]


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("[web]", WebSettings),
        ("[database]", DatabaseSettings),
        ("[crm]", CrmSettings),
        ("[files]", FileSettings),
        ("[webhooks]", WebhookSettings),
        ("[metrics]", MetricsSettings),
        ("[[pbx]]", PbxSettings),
        ("[pbx.cel]", CelSettings),
        ("[pbx.cdr]", CdrSettings),
        ("[pbx.recordings]", RecordingSettings),
        ("[pbx.dialplan]", DialplanSettings),
    ],
)
def test_every_key_of_the_configuration_is_described_and_no_other(title: str, model: type[BaseModel]) -> None:
    described = re.findall(r"^\| `(\w+)` \|", part(text_of("configuration.md"), title), re.MULTILINE)
    assert sorted(described) == sorted(model.model_fields)


def test_the_readmes_configuration_starts_the_program(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    written = readme.split("```toml\n")[1].split("```")[0]
    path = tmp_path / "pbx_crm.toml"
    path.write_text("\n".join(line.removeprefix("   ") for line in written.splitlines()), encoding="utf-8")
    (tmp_path / "ami.secret").write_text("s3cret", encoding="utf-8")
    settings = load(path)
    assert settings.secret_of(settings.pbx[0]) == "s3cret"


def test_every_endpoint_of_the_api_is_described_and_no_other() -> None:
    described = set(re.findall(r"^\| `([A-Z]+) (/api/\S+)` \|", text_of("api.md"), re.MULTILINE))
    assert described == {(route.method, route.path) for route in ENDPOINTS}


def test_every_dependency_has_its_reason_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [name for extra in project["optional-dependencies"].values() for name in extra]
    needed = {re.split(r"[~=<>\[]", name)[0] for name in (*project["dependencies"], *extras)}
    described = set(re.findall(r"^\| ([\w-]+) \| \w", text_of("dependencies.md"), re.MULTILINE)) - {"library"}
    assert described == needed


def test_every_place_that_the_docs_name_exists() -> None:
    for page in (*DOCS.glob("*.md"), ROOT / "README.md"):
        named = re.findall(
            r"`((?:pbx_crm|tests|web|docs|dialplan)/[\w/.-]+)`", page.read_text(encoding="utf-8")
        )
        missing = [name for name in named if not (ROOT / name).exists()]
        assert missing == [], page.name


def test_every_test_that_the_docs_name_exists() -> None:
    for page in DOCS.glob("*.md"):
        named = re.findall(r"`(tests/[\w/.-]+\.py)::(test_\w+)`", page.read_text(encoding="utf-8"))
        missing = [name for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")]
        assert missing == [], page.name


def test_no_threat_and_no_fault_is_left_out() -> None:
    rows = re.findall(r"^\| ([SR]\d+) \|", text_of("threats.md"), re.MULTILINE)
    assert rows == [f"S{n}" for n in range(1, 21)] + [f"R{n}" for n in range(1, 29)]


def test_every_module_outside_the_rooms_is_explained() -> None:
    architecture = text_of("architecture.md")
    for path in (ROOT / "pbx_crm").glob("*.py"):
        if not path.name.startswith("__"):
            assert f"`pbx_crm/{path.name}`" in architecture, path.name
    for room in (ROOT / "pbx_crm").iterdir():
        if room.is_dir() and not room.name.startswith("_"):
            assert f"`pbx_crm/{room.name}/`" in architecture, room.name


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in (*DOCS.glob("*.md"), ROOT / "README.md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8"))
        missing = [link for link in links if not (page.parent / link).exists()]
        assert missing == [], page.name


def test_the_map_by_area_names_files_that_are_there() -> None:
    rows = part_of_map(text_of("architecture.md"))
    assert len(rows) > 10
    for area, *rooms in rows:
        for room, cell in zip(("domain", "db", "services", "pages"), rooms, strict=False):
            for name in re.findall(r"`([^`]+)`", cell):
                assert list((ROOT / "pbx_crm" / room).glob(f"{name}.py")), f"{area}: {room}/{name}"


def part_of_map(text: str) -> list[list[str]]:
    """The rows of the table of areas, cell by cell."""
    table = text.split("## By area")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
