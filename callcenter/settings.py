"""Every setting, read once at the start from a TOML file and the environment into one frozen object.

The file is `config/callcenter.toml` or what `CALLCENTER_CONFIG` names; the environment wins over the file:
`CALLCENTER_WEB__PORT=8090` sets `[web] port`, and `CALLCENTER_PBX='[{...}]'` replaces the list of exchanges by JSON.
docs/settings.md is generated from this module by `callcenter settings --markdown`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from callcenter import errors

DEFAULT_FILE = Path("config/callcenter.toml")


class Part(BaseModel):
    """A table of the file: frozen, and strict about names, so that a typing mistake is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Site(Part):
    """Who and where we are."""

    name: str = Field("Callcenter", description="Name of the organisation, shown at sign-in.")
    region: str = Field("IL", description="Default country of numbers, ISO 3166 (IL, US, ...).")
    timezone: str = Field("Asia/Jerusalem", description="Time zone of the office.")
    language: Literal["he", "en", "ru"] = Field("he", description="Language before sign-in.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError) as error:
            raise ValueError("is not a time zone such as Asia/Jerusalem") from error
        return value


class DatabaseSettings(Part):
    """Where rows are kept."""

    url: str = Field(
        "sqlite:///var/callcenter.db",
        description="SQLAlchemy address: sqlite:///PATH, or postgresql+psycopg://USER:SECRET@HOST/NAME.",
    )


class Web(Part):
    """The people's side."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    public_url: str = Field(
        "", description="The address people type, when a proxy stands before us."
    )
    secure_cookies: bool = Field(
        False, description="Send cookies over HTTPS only; set it behind TLS."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses whose X-Forwarded-For is believed."
    )
    second_step_roles: tuple[Literal["agent", "supervisor", "manager", "admin"], ...] = Field(
        (), description="Roles that must sign in with an authenticator as well."
    )
    redis_url: str = Field(
        "", description="Redis that carries live events between several web processes."
    )


class Pbx(Part):
    """One exchange."""

    name: str = Field("main", description="Our name for it; part of every call's key.")
    host: str = Field("127.0.0.1", description="Host of the Asterisk Manager Interface.")
    port: int = Field(5038, ge=1, le=65535, description="Its port.")
    username: str = Field("callcenter", description="User of manager.conf.")
    secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    tls: bool = Field(False, description="Speak TLS.")
    tls_ca: str = Field(
        "", description="File with the authority that signed the exchange's certificate."
    )
    tls_verify: bool = Field(True, description="Verify the certificate.")
    trunks: tuple[str, ...] = Field(
        (), description="Channel-name globs of outside lines: PJSIP/trunk-*."
    )
    phones: tuple[str, ...] = Field(
        (), description="Channel-name globs of agents' phones: PJSIP/1???-*."
    )
    phone_technology: str = Field("PJSIP", description="Technology of an extension's Interface.")
    dial_context: str = Field(
        "from-agents", description="Context in which agents' calls are dialled."
    )
    transfer_context: str = Field(
        "from-agents", description="Context in which transfers are dialled."
    )
    hold_context: str = Field(
        "cc-hold", description="Context that plays music to a held caller (cc.conf)."
    )
    dial_timeout_seconds: int = Field(
        30, ge=5, le=120, description="How long an agent's phone rings on click-to-dial."
    )
    recordings: str = Field(
        "", description="Folder in which the exchange writes recordings, as we see it."
    )
    recordings_remote: str = Field(
        "", description="The same folder as the exchange names it, when different."
    )
    ping_seconds: float = Field(2.0, gt=0, description="Time between two pings of the link.")
    auth_retry_seconds: float = Field(60.0, gt=0, description="Wait after a refused sign-in.")


class Calls(Part):
    """How calls are handled."""

    wrapup_seconds: int = Field(
        30, ge=0, description="Wrap-up after a call, where the queue says nothing."
    )
    match_digits: int = Field(8, ge=6, le=12, description="Fewest digits of a weak match.")
    card_scope: Literal["caller", "visible"] = Field(
        "caller",
        description="What a ringing agent sees of a customer of another team: the caller, or a number only.",
    )
    ignore_numbers: tuple[str, ...] = Field(
        (), description="Regular expressions of numbers never matched."
    )


class Recordings(Part):
    """Where audio is kept."""

    folder: str = Field("var/recordings", description="The store.")
    workers: int = Field(
        1, ge=0, le=16, description="Worker processes; 0 leaves them to `callcenter worker`."
    )
    keep_originals: bool = Field(
        False, description="Leave the exchange's files where they are after they were stored."
    )
    sweep_seconds: float = Field(
        60.0, gt=0, description="Time between two looks for recordings that nobody works on."
    )
    lease_seconds: float = Field(
        60.0, gt=0, description="A recording whose worker gave no sign for so long goes to another."
    )


class Speech(Part):
    """Which model hears which language."""

    models: dict[str, str] = Field(
        default_factory=dict, description="Language -> folder of a Vosk model: he, en, ru."
    )
    language: str = Field(
        "", description="Language of speech where the queue says nothing; empty takes the site's."
    )


class Log(Part):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level shown."
    )
    json_lines: bool = Field(False, description="One JSON object a line, for machines.")


class Settings(BaseSettings):
    """All settings; frozen."""

    model_config = SettingsConfigDict(
        env_prefix="CALLCENTER_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    site: Site = Site()
    database: DatabaseSettings = DatabaseSettings()
    web: Web = Web()
    pbx: tuple[Pbx, ...] = Field((), description="The exchanges, one [[pbx]] each.")
    calls: Calls = Calls()
    recordings: Recordings = Recordings()
    speech: Speech = Speech()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, and the caller over both."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _file())


_named_file: Path | None = None


def _file() -> Path | None:
    return _named_file


def place() -> Path:
    """Return the file that was read, or the one that would be."""
    return _named_file or DEFAULT_FILE


def in_environment(table: str) -> list[str]:
    """Name the environment variables that set anything of a table: they win over the file."""
    begin = f"CALLCENTER_{table.upper()}"
    return sorted(n for n in os.environ if n.upper() == begin or n.upper().startswith(f"{begin}__"))


def load(file: Path | None = None) -> Settings:
    """Read the settings; raise BadSetting naming key, value and what it should be."""
    global _named_file
    named = file or (Path(p) if (p := os.environ.get("CALLCENTER_CONFIG")) else None)
    if named is not None and not named.is_file():
        raise errors.BadSetting("config file", f"{named} does not exist")
    _named_file = named or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        shown = "" if "secret" in key else f" (it is {first['input']!r})"
        raise errors.BadSetting(key, f"{first['msg']}{shown}") from error
    except ValueError as error:  # TOML that cannot be read
        raise errors.BadSetting(str(_named_file), str(error)) from error
