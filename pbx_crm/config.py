"""The configuration: one frozen object from a TOML file and the environment.

`PBX_CRM__SECTION__KEY` in the environment overrides `key` of `[section]`. A wrong, unknown or missing
key stops the start with BadConfig, which names every one of them. Secrets have no default and no repr.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Sequence
from datetime import time
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from pbx_crm.config_values import Section, hours, known_region, known_zone, network, regex
from pbx_crm.config_voice import VoiceSettings
from pbx_crm.domain.dialling import DIALLED
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import BadConfig
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.metrics_door import LOOPBACK, MetricsDoor
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.pbx_door import LONGEST_RING_SECONDS, TOKEN, Network, PbxDoor

PREFIX = "PBX_CRM__"


class WebSettings(Section):
    """`[web]`: where the pages are served. Loopback unless told otherwise, a reverse proxy before it."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = Field(default="", pattern=r"^(https?://[^/\s]+)?$")
    """As the browsers write it; https:// here makes the session cookie travel encrypted only."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose X-Forwarded-For is believed."""


class DatabaseSettings(Section):
    """`[database]`: where everything is stored."""

    url: SecretStr
    """As SQLAlchemy writes it; it may hold a password, so it is not shown."""


class CrmSettings(Section):
    """`[crm]`: where the company is, what it speaks, what it counts in."""

    region: Annotated[str, AfterValidator(known_region)]
    time_zone: Annotated[str, AfterValidator(known_zone)]
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    language: str = Field(default="en", pattern=r"^[a-z]{2}$")
    months: MonthCalendar | None = None


class RecordSettings(Section):
    """Where a PBX writes down what happened."""

    kind: Literal["csv", "sqlite", "sql"]
    path: Path | None = None
    """The file of cel_custom, cdr_csv or their SQLite sisters, for `csv` and `sqlite`."""
    url: SecretStr | None = None
    """As SQLAlchemy writes it, for `sql`; it may hold a password, so it is not shown."""
    time_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    """Of times without a zone; None: that of the company."""

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        wanted = "url" if self.kind == "sql" else "path"
        if getattr(self, wanted) is None:
            raise ValueError(f"{wanted} is missing, kind {self.kind} needs it")
        return self


class CelSettings(RecordSettings):
    """`[pbx.cel]`: where this PBX writes its channel events, read for what AMI could not tell."""

    table: str = "cel"


class CdrSettings(RecordSettings):
    """`[pbx.cdr]`: where this PBX writes its call detail records, read where there is no CEL."""

    table: str = "cdr"


class DialplanSettings(Section):
    """`[pbx.dialplan]`: what this PBX's dialplan may ask over HTTP during a call, and from where."""

    token_file: Path
    addresses: tuple[Annotated[str, AfterValidator(network)], ...] = ()
    """Networks or addresses; empty: that of `host`."""
    ring_seconds: int = Field(default=12, ge=1, le=LONGEST_RING_SECONDS)
    tell_names: bool = True


class MetricsSettings(Section):
    """`[metrics]`: who may read `/metrics`."""

    addresses: tuple[Annotated[str, AfterValidator(network)], ...] = tuple(map(str, LOOPBACK))
    token_file: Path | None = None
    """Whoever shows this token may, from wherever."""


class WebhookSettings(Section):
    """`[webhooks]`: where robots may send messages beside the open internet."""

    allow: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks of the house, such as 10.0.5.0/24; on any port."""


class RecordingSettings(Section):
    """`[pbx.recordings]`: the folder in which this PBX keeps the recordings of calls."""

    folder: Path
    """As this machine sees it; reading is all that is needed."""
    time_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    """Of its folders by day; None: that of the company."""


class PbxSettings(Section):
    """One `[[pbx]]`: how to reach it, and which of its endpoints are trunks and sellers' phones."""

    name: str = Field(pattern=r"^[\w.-]{1,64}$")
    host: str
    port: int = Field(default=5038, ge=1, le=65535)
    tls: bool = False
    tls_ca: Path | None = None
    """PEM: the PBX's own certificate or whoever signed it; None: who this machine trusts."""
    username: str
    secret_file: Path | None = None
    trunks: tuple[str, ...] | None = None
    """Endpoint names; None: every endpoint that is not an extension."""
    extensions: Annotated[str, AfterValidator(regex)] = "[0-9]{2,5}"
    devices: dict[str, str] = Field(default_factory=dict)
    strip_prefixes: tuple[str, ...] = ()
    dial_context: str = Field(default="", pattern=r"^[\w-]{0,79}$")
    """Where click-to-call dials; empty: off."""
    dial_phone: str = Field(
        default="PJSIP/{extension}", pattern=r"^[A-Za-z0-9]+/\{extension\}[\w@/.-]{0,80}$"
    )
    dial_prefix: str = Field(default="", pattern=r"^[0-9]{0,8}$")
    dial_plus: bool = False
    dial_numbers: Annotated[str, AfterValidator(regex)] = DIALLED.pattern
    dial_hours: Annotated[tuple[time, time] | None, BeforeValidator(hours)] = None
    dials_per_minute: int = Field(default=10, ge=1, le=60)
    dials_per_day: int = Field(default=200, ge=1, le=5000)
    hang_up: bool = False
    files: Path | None = None
    """The PBX's /etc/asterisk, or a copy of it, where it lies on this machine: for the doctor."""
    cel: CelSettings | None = None
    cdr: CdrSettings | None = None
    recordings: RecordingSettings | None = None
    dialplan: DialplanSettings | None = None
    voice: VoiceSettings | None = None

    @model_validator(mode="after")
    def _says_from_where(self) -> Self:
        if self.voice is not None and self.dialplan is None:
            raise ValueError(
                "dialplan is missing, voice needs it: the dialplan fetches recordings and reports"
            )
        if self.dialplan is not None:
            _ = self.networks
        return self

    @property
    def shape(self) -> PbxShape:
        """What is a trunk and what is a seller's phone there."""
        return PbxShape(frozenset(self.trunks or ()), re.compile(self.extensions), self.devices)

    @property
    def networks(self) -> tuple[Network, ...]:
        """Where this PBX's dialplan asks from; ValueError if that cannot be told from `host`."""
        named = self.dialplan.addresses if self.dialplan else ()
        try:
            return tuple(ip_network(text) for text in named or (self.host,))
        except ValueError:
            raise ValueError(f"dialplan.addresses is missing: {self.host} is a name, no address") from None


class FileSettings(Section):
    """`[files]`: where files of deals lie, and how large one may be."""

    folder: Path | None = None
    """None: `files` beside the database file; without SQLite there is no such place and no files."""
    most_mb: int = Field(default=25, ge=1, le=1000)


def _lower_keys(secrets: Any) -> Any:
    return {key.lower(): value for key, value in secrets.items()} if isinstance(secrets, dict) else secrets


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix=PREFIX, env_nested_delimiter="__", hide_input_in_errors=True
    )

    web: WebSettings = Field(default_factory=WebSettings)
    database: DatabaseSettings
    crm: CrmSettings
    files: FileSettings = Field(default_factory=FileSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    pbx: tuple[PbxSettings, ...]
    pbx_secrets: Annotated[dict[str, SecretStr], BeforeValidator(_lower_keys)] = Field(default_factory=dict)
    """From the environment only, PBX_CRM__PBX_SECRETS__NAME, for a PBX without a `secret_file`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then what `load` read from the file."""
        return env_settings, init_settings

    @property
    def installation(self) -> Installation:
        """The `[crm]` part as the rest of the program knows it."""
        names = tuple(pbx.name for pbx in self.pbx)
        crm = self.crm
        return Installation(crm.region, crm.language, crm.time_zone, crm.currency, names, crm.months)

    def secret_of(self, pbx: PbxSettings) -> str:
        """The AMI secret of a PBX; BadConfig names the file that cannot be read."""
        if pbx.name.lower() in self.pbx_secrets:
            return self.pbx_secrets[pbx.name.lower()].get_secret_value()
        if pbx.secret_file is None:
            raise BadConfig(f"pbx {pbx.name}: secret_file is missing")
        return _text_in(pbx.secret_file, f"pbx {pbx.name}: secret_file")

    def door_of(self, pbx: PbxSettings) -> PbxDoor | None:
        """The door for this PBX's dialplan; None where it may not ask, BadConfig for a bad token file."""
        if (asks := pbx.dialplan) is None:
            return None
        token = _token_in(asks.token_file, f"pbx {pbx.name}")
        return PbxDoor(pbx.name, token, pbx.networks, asks.ring_seconds, asks.tell_names, pbx.shape)

    def metrics_door(self) -> MetricsDoor:
        """Who may read /metrics; BadConfig for a bad token file."""
        file = self.metrics.token_file
        token = _token_in(file, "metrics") if file is not None else ""
        return MetricsDoor(tuple(map(ip_network, self.metrics.addresses)), token)

    def doors(self) -> list[PbxDoor]:
        """The doors for the dialplans that may ask; BadConfig names a token file that is of no use."""
        found = [door for pbx in self.pbx if (door := self.door_of(pbx)) is not None]
        if len({door.token for door in found}) != len(found):
            raise BadConfig("two PBXes have the same token in token_file: make one for each")
        return found

    @model_validator(mode="after")
    def _secrets_and_names_are_there(self) -> Self:
        names = [pbx.name.lower() for pbx in self.pbx]
        if len(set(names)) != len(names):
            raise ValueError("pbx: two of them have the same name")
        for pbx in self.pbx:
            if pbx.secret_file is None and pbx.name.lower() not in self.pbx_secrets:
                raise ValueError(f"pbx {pbx.name}: secret_file is missing")
        return self


def load(path: Path) -> Settings:
    """The settings in a file, the environment laid over them; BadConfig names every wrong key."""
    _refuse_unknown_environment()
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        if "pbx_secrets" in written:
            raise BadConfig(f"{path}: pbx_secrets come from the environment, or from secret_file, only")
        settings = Settings.model_validate(written)
    except ValidationError as error:
        # The original error quotes values, and a value may be a secret.
        raise BadConfig(_all_in_words(error.errors(), path)) from None
    except ValueError as error:
        raise BadConfig(f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise BadConfig(f"{path} cannot be read: {error.strerror}") from error
    return _beside(settings, path.parent)


def _text_in(file: Path, what: str) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{what} cannot be read: {error}") from error


def _token_in(file: Path, where: str) -> str:
    token = _text_in(file, f"{where}: token_file")
    if not TOKEN.fullmatch(token):
        raise BadConfig(f"{where}: {file} holds no token of 20 to 128 letters, digits, - and _")
    return token


def _beside(settings: Settings, folder: Path) -> Settings:
    """The same settings, relative files counted from the configuration file's folder."""
    found: dict[str, object] = {"pbx": tuple(_located(pbx, folder) for pbx in settings.pbx)}
    if settings.files.folder is not None:
        found["files"] = settings.files.model_copy(update={"folder": folder / settings.files.folder})
    if settings.metrics.token_file is not None:
        token_file = folder / settings.metrics.token_file
        found["metrics"] = settings.metrics.model_copy(update={"token_file": token_file})
    return settings.model_copy(update=found)


def _located(pbx: PbxSettings, folder: Path) -> PbxSettings:
    found: dict[str, object] = {}
    for name in ("secret_file", "tls_ca"):
        if (file := getattr(pbx, name)) is not None:
            found[name] = folder / file
    for name, records in (("cel", pbx.cel), ("cdr", pbx.cdr)):
        if records is not None and records.path is not None:
            found[name] = records.model_copy(update={"path": folder / records.path})
    if pbx.recordings is not None:
        found["recordings"] = pbx.recordings.model_copy(update={"folder": folder / pbx.recordings.folder})
    if pbx.files is not None:
        found["files"] = folder / pbx.files
    if pbx.dialplan is not None:
        asks = pbx.dialplan
        found["dialplan"] = asks.model_copy(update={"token_file": folder / asks.token_file})
    return pbx.model_copy(update=found)


def _refuse_unknown_environment() -> None:
    for name in os.environ:
        if name.upper().startswith(PREFIX):
            section = name.upper().removeprefix(PREFIX).split("__")[0].lower()
            if section not in Settings.model_fields:
                raise BadConfig(f"{name} in the environment: there is no section {section}")


def _all_in_words(errors: Sequence[Any], path: Path) -> str:
    """Every complaint after the name of what to change: a variable of the environment, or the file."""
    places: dict[str, list[str]] = {}
    for error in errors:
        variable = PREFIX + "__".join(str(part) for part in error["loc"]).upper()
        places.setdefault(variable if variable in os.environ else str(path), []).append(in_words(error))
    return "; ".join(f"{place}: {'; '.join(words)}" for place, words in places.items())


def in_words(error: Any) -> str:
    """One complaint of pydantic as people are told it, without the value."""
    place = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "missing":
            return f"{place} is missing"
        case "extra_forbidden":
            return f"{place} is not a known key"
        case "value_error":
            return f"{place} {error['ctx']['error']}".strip()
        case _:
            return f"{place}: {error['msg']}"
