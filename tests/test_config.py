"""A wrong configuration stops the start, and says which key to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx_crm.config import load
from pbx_crm.domain.errors import BadConfig

GOOD = """
[database]
url = "sqlite:///crm.db"
[crm]
region = "DE"
time_zone = "Europe/Berlin"
currency = "EUR"
[[pbx]]
name = "office"
host = "192.0.2.5"
username = "pbx-crm"
secret_file = "ami.secret"
"""


@pytest.fixture
def write(tmp_path: Path) -> Path:
    """A folder with the secret in it."""
    (tmp_path / "ami.secret").write_text("s3cret\n", encoding="utf-8")
    return tmp_path


def configured(folder: Path, text: str) -> Path:
    """The file with this text."""
    path = folder / "pbx_crm.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    """What the start says of this file."""
    with pytest.raises(BadConfig) as refused:
        load(configured(folder, text))
    return str(refused.value)


def test_a_short_file_is_enough(write: Path) -> None:
    settings = load(configured(write, GOOD))
    (pbx,) = settings.pbx
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 8080)
    assert (pbx.port, pbx.extensions, pbx.trunks) == (5038, "[0-9]{2,5}", None)
    assert settings.installation.currency == "EUR"
    assert settings.secret_of(pbx) == "s3cret", "the file beside the configuration, without its line end"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('region = "DE"\n', ""), "crm.region is missing"),
        (('url = "sqlite:///crm.db"', ""), "database.url is missing"),
        (('host = "192.0.2.5"', ""), "pbx.0.host is missing"),
        (("[crm]", "[crm]\ncolour = 1"), "crm.colour is not a known key"),
        (("[[pbx]]", "[[pbx]]\nextension = '1..'"), "pbx.0.extension is not a known key"),
        (("[[pbx]]", "[[pbx]]\nsecret = 'abc'"), "pbx.0.secret is not a known key"),
        (("[crm]", "[web]\nport = 80800\n[crm]"), "web.port"),
        (('"DE"', '"Germany"'), "crm.region is no ISO 3166 country code"),
        (('"Europe/Berlin"', '"Berlin"'), "crm.time_zone is no IANA time zone"),
        (("[[pbx]]", "[[pbx]]\nextensions = '[0-9'"), "pbx.0.extensions is no regular expression"),
        (('secret_file = "ami.secret"', ""), "pbx office: secret_file is missing"),
        (("[crm]", "[crm"), "is not TOML"),
        (("[database]", "[surprise]\n[database]"), "surprise is not a known key"),
        (("[[pbx]]", "[pbx_secrets]\noffice = 'abc'\n[[pbx]]"), "pbx_secrets"),
    ],
)
def test_the_wrong_key_is_named(write: Path, change: tuple[str, str], named: str) -> None:
    assert named in refusal(write, GOOD.replace(*change, 1))


def test_all_wrong_keys_are_named_at_once(write: Path) -> None:
    said = refusal(write, "[web]\nprot = 1\n[database]\n[crm]\nregion = 'DE'\n")
    for place in ("web.prot", "database.url", "crm.time_zone", "crm.currency", "pbx"):
        assert place in said


def test_two_pbxes_need_two_names(write: Path) -> None:
    again = GOOD[GOOD.index("[[pbx]]") :]
    assert "two of them have the same name" in refusal(write, GOOD + again)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"nowhere\.toml cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")


def test_a_secret_that_cannot_be_read_is_named_without_a_guess(tmp_path: Path) -> None:
    settings = load(configured(tmp_path, GOOD))
    with pytest.raises(BadConfig, match=r"pbx office: secret_file cannot be read: .*ami\.secret"):
        settings.secret_of(settings.pbx[0])


def test_the_environment_overrides_the_file(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PBX_CRM__WEB__PORT", "9000")
    monkeypatch.setenv("PBX_CRM__DATABASE__URL", "postgresql://crm:hidden@db/crm")
    monkeypatch.setenv("PBX_CRM__PBX_SECRETS__OFFICE", "from the environment")
    settings = load(configured(write, GOOD))
    assert settings.web.port == 9000
    assert settings.database.url.get_secret_value().startswith("postgresql://")
    assert settings.secret_of(settings.pbx[0]) == "from the environment"


@pytest.mark.parametrize("name", ["PBX_CRM__WBE__PORT", "PBX_CRM__WEB__PROT"])
def test_a_slip_in_the_environment_is_named_too(
    write: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "9000")
    with pytest.raises(BadConfig) as refused:
        load(configured(write, GOOD))
    assert name in str(refused.value)
    assert "pbx_crm.toml" not in str(refused.value), "the file is right"


def test_secrets_are_shown_nowhere(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PBX_CRM__PBX_SECRETS__OFFICE", "hidden-one")
    text = GOOD.replace("sqlite:///crm.db", "postgresql://crm:hidden-two@db/crm")
    assert "hidden" not in repr(load(configured(write, text)))
    assert "hidden" not in refusal(write, text.replace('currency = "EUR"', ""))


def test_nothing_can_be_changed_after_the_start(write: Path) -> None:
    settings = load(configured(write, GOOD))
    with pytest.raises(ValueError, match="frozen"):
        settings.web.port = 1


@pytest.mark.parametrize(
    ("cel", "named"),
    [
        ('kind = "csv"', "path is missing, kind csv needs it"),
        ('kind = "sql"', "url is missing, kind sql needs it"),
        ('kind = "odbc"', "pbx.0.cel.kind"),
        ('kind = "csv"\npath = "x"\ntime_zone = "Moscow"', "is no IANA time zone"),
    ],
)
def test_records_of_the_pbx_are_named_wholly_or_not_at_all(write: Path, cel: str, named: str) -> None:
    assert named in refusal(write, f"{GOOD}[pbx.cel]\n{cel}\n")


def test_the_file_of_records_lies_beside_the_configuration(write: Path) -> None:
    settings = load(configured(write, GOOD + '[pbx.cel]\nkind = "csv"\npath = "cel/Master.csv"\n'))
    (pbx,) = settings.pbx
    assert pbx.cel is not None
    assert pbx.cel.path == write / "cel" / "Master.csv"
    assert settings.secret_of(pbx) == "s3cret"


DIALPLAN = GOOD + '[pbx.dialplan]\ntoken_file = "pbx.token"\n'
TOKEN = "0123456789abcdef" * 2


def test_a_dialplan_may_ask_from_where_the_pbx_is(write: Path) -> None:
    (write / "pbx.token").write_text(f"{TOKEN}\n", encoding="utf-8")
    (door,) = load(configured(write, DIALPLAN)).doors()
    assert door.admits(TOKEN, "192.0.2.5")
    assert not door.admits(TOKEN, "192.0.2.6")
    assert load(configured(write, GOOD)).doors() == [], "nobody may ask unless it is configured"


def test_a_dialplan_may_ask_from_where_it_is_said_to_be(write: Path) -> None:
    (write / "pbx.token").write_text(TOKEN, encoding="utf-8")
    (door,) = load(configured(write, DIALPLAN + 'addresses = ["198.51.100.0/24"]\n')).doors()
    assert door.admits(TOKEN, "198.51.100.7")
    assert not door.admits(TOKEN, "192.0.2.5")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("192.0.2.5", "pbx.example"), "dialplan.addresses is missing"),
        (('"pbx.token"', '"pbx.token"\naddresses = ["nowhere"]'), "is no address or network"),
        (('"pbx.token"', '"pbx.token"\nring_seconds = 40'), "ring_seconds"),
        (('token_file = "pbx.token"', ""), "dialplan.token_file is missing"),
    ],
)
def test_a_dialplan_part_that_cannot_work_is_named(write: Path, change: tuple[str, str], named: str) -> None:
    assert named in refusal(write, DIALPLAN.replace(*change))


@pytest.mark.parametrize("token", ["short", "a token with spaces in it " * 2])
def test_a_token_that_can_be_guessed_or_not_be_sent_stops_the_start(write: Path, token: str) -> None:
    (write / "pbx.token").write_text(token, encoding="utf-8")
    with pytest.raises(BadConfig, match="holds no token") as refused:
        load(configured(write, DIALPLAN)).doors()
    assert token not in str(refused.value)


def test_a_token_file_that_is_not_there_is_named(write: Path) -> None:
    with pytest.raises(BadConfig, match="token_file cannot be read"):
        load(configured(write, DIALPLAN)).doors()


def test_two_pbxes_never_share_a_token(write: Path) -> None:
    (write / "pbx.token").write_text(TOKEN, encoding="utf-8")
    second = DIALPLAN[DIALPLAN.index("[[pbx]]") :].replace('"office"', '"branch"')
    with pytest.raises(BadConfig, match="the same token"):
        load(configured(write, DIALPLAN + second)).doors()


def test_a_folder_of_recordings_lies_beside_the_configuration(write: Path) -> None:
    settings = load(configured(write, GOOD + '[pbx.recordings]\nfolder = "monitor"\n'))
    (pbx,) = settings.pbx
    assert pbx.recordings is not None
    assert pbx.recordings.folder == write / "monitor"


def test_figures_are_for_this_machine_unless_the_file_says_for_whom(write: Path) -> None:
    usual = load(configured(write, GOOD)).metrics_door()
    assert usual.admits("", "127.0.0.1")
    assert not usual.admits("", "192.0.2.7")
    (write / "metrics.token").write_text("m" * 32 + "\n")
    told = '[metrics]\naddresses = ["192.0.2.7"]\ntoken_file = "metrics.token"\n'
    door = load(configured(write, told + GOOD)).metrics_door()
    assert door.admits("", "192.0.2.7")
    assert door.admits("m" * 32, "198.51.100.1")
    assert not door.admits("", "127.0.0.1")
    assert "mmm" not in repr(door)


@pytest.mark.parametrize("token", ["", "short", "with a space in the middle of it"])
def test_a_token_for_the_figures_that_can_be_guessed_stops_the_start(write: Path, token: str) -> None:
    (write / "metrics.token").write_text(token)
    settings = load(configured(write, '[metrics]\ntoken_file = "metrics.token"\n' + GOOD))
    with pytest.raises(BadConfig, match=r"metrics: .*holds no token"):
        settings.metrics_door()


VOICE = (
    GOOD
    + """
[pbx.dialplan]
token_file = "pbx.token"
[pbx.voice]
context = "from-internal"
"""
)


def test_robots_call_over_no_pbx_unless_a_context_is_named(write: Path) -> None:
    assert load(configured(write, GOOD)).pbx[0].voice is None
    voice = load(configured(write, VOICE)).pbx[0].voice
    assert voice is not None
    assert (voice.at_once, voice.per_client_and_day, voice.numbers) == (2, 1, "")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('context = "from-internal"', 'context = "x,1&y"'), "pbx.0.voice.context"),
        (('context = "from-internal"', "at_once = 3"), "pbx.0.voice.context is missing"),
        (("[pbx.voice]", '[pbx.voice]\nhours = "20:00-09:00"'), "hours end before they begin"),
        (("[pbx.voice]", '[pbx.voice]\nnumbers = "(["'), "is no regular expression"),
        (("[pbx.voice]", "[pbx.voice]\nper_client_and_day = 50"), "per_client_and_day"),
        (("[pbx.voice]", '[pbx.voice]\nanswering_machine = "shout"'), "'as_person', 'leave' or 'hang_up'"),
        (('[pbx.dialplan]\ntoken_file = "pbx.token"\n', ""), "dialplan is missing, voice needs it"),
    ],
)
def test_a_part_for_voice_messages_that_cannot_be_is_named(
    write: Path, change: tuple[str, str], named: str
) -> None:
    assert named in refusal(write, VOICE.replace(*change))
