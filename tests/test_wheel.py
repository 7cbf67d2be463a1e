"""The wheel is the whole program: pages, files for the PBX and languages are there wherever it lies."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OPENS_A_TEMPLATE = """
from pbx_crm.pages import web_files, static
from pbx_crm.pages.render import environment
import pbx_crm
assert pbx_crm.__file__.startswith({place!r}), pbx_crm.__file__
assert web_files.WEB.name == "_web", web_files.WEB
assert environment("en").get_template("login.html")
assert static.url("app.css")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout without a network."""
    into = tmp_path_factory.mktemp("wheel")
    command = (sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation")
    subprocess.run((*command, "-w", str(into), str(ROOT)), check=True)
    (built,) = into.glob("*.whl")
    return built


def test_the_wheel_holds_what_is_no_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in (
        "pbx_crm/_web/templates/base.html",
        "pbx_crm/_web/static/app.css",
        "pbx_crm/_dialplan/README.md",
        "pbx_crm/db/migrations/versions/first.py",
    ):
        assert needed in names
    assert not [name for name in names if name.startswith("tests/")]


def test_a_template_opens_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = OPENS_A_TEMPLATE.format(place=str(tmp_path))
    subprocess.run(
        (sys.executable, "-c", code), check=True, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path), "PATH": ""}
    )
