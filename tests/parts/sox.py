"""The real sox, from Debian's package."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.parts.inventory import INVENTORY

PART = "sox"


@pytest.fixture(scope="session")
def sox() -> str:
    """The program's path."""
    path = shutil.which("sox")
    if path is None:
        INVENTORY.lacks(PART, "there is no sox")
    said = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout
    INVENTORY.has(PART, said.strip().rpartition(" ")[2])
    return path
