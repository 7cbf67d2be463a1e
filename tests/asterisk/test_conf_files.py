"""The doctor reads Asterisk's files as Asterisk does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx_crm.asterisk.conf_files import last_of, read_sections

MANAGER = """
[general]
enabled = yes   ; a remark
[common](!)
read = call
writetimeout = 100
[crm](common)
secret = a\\;b
#include "manager.d/*.conf"
#include /etc/asterisk/more.conf
#include "absent.conf"
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """A folder of configuration."""
    (tmp_path / "manager.d").mkdir()
    (tmp_path / "manager.conf").write_text(MANAGER)
    (tmp_path / "manager.d" / "one.conf").write_text(
        "[general](+)\ntimestampevents = yes\n[door]\nread => all\n"
    )
    (tmp_path / "more.conf").write_text("[crm](+)\nwritetimeout = 10000\n")
    return tmp_path


def test_the_line_that_counts_is_found_through_templates_and_includes(etc: Path) -> None:
    found = read_sections(etc, "manager.conf")
    assert last_of(found["crm"], "read") == "call", "from the template"
    assert last_of(found["crm"], "writetimeout") == "10000", "added later, in an included file"
    assert last_of(found["general"], "timestampevents") == "yes"
    assert last_of(found["general"], "enabled") == "yes", "a remark is no value"
    assert last_of(found["door"], "read") == "all"
    assert last_of(found["door"], "secret") is None


def test_a_file_that_includes_itself_ends(etc: Path) -> None:
    (etc / "manager.conf").write_text('[crm]\nread = call\n#include "manager.conf"\n')
    assert last_of(read_sections(etc, "manager.conf")["crm"], "read") == "call"


def test_a_folder_without_the_file_is_said(etc: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_sections(etc, "cel.conf")
