"""Every setting, read once at the start from a TOML file and the environment into one frozen object.

The file is `config/callcenter.toml` or what `CALLCENTER_CONFIG` names; the environment wins over the file:
`CALLCENTER_WEB__PORT=8090` sets `[web] port`, and `CALLCENTER_PBX='[{...}]'` replaces the list of exchanges by JSON.
The tables with their keys are in setting_tables.py; docs/settings.md is made of them by `callcenter settings --markdown`.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from callcenter import errors
from callcenter.setting_outbound import Campaigns, Compliance
from callcenter.setting_tables import (
    Calls,
    DatabaseSettings,
    Ledger,
    Log,
    Part,
    Pbx,
    Recordings,
    Reports,
    Site,
    Speech,
    Web,
)

__all__ = [
    "Calls", "Campaigns", "Compliance", "DatabaseSettings", "Ledger", "Log", "Part", "Pbx", "Recordings", "Reports", "Settings", "Site", "Speech",
    "Web", "load",
]  # fmt: skip

DEFAULT_FILE = Path("config/callcenter.toml")


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
    ledger: Ledger = Ledger()
    compliance: Compliance = Compliance()
    campaigns: Campaigns = Campaigns()
    recordings: Recordings = Recordings()
    speech: Speech = Speech()
    reports: Reports = Reports()
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


_named_file: Path | None = None  # while it is being read
_place: Path | None = None  # that was read last


def _file() -> Path | None:
    return _named_file


def place() -> Path:
    """Return the file that was read, or the one that would be."""
    return _place or DEFAULT_FILE


def in_environment(table: str) -> list[str]:
    """Name the environment variables that set anything of a table: they win over the file."""
    begin = f"CALLCENTER_{table.upper()}"
    return sorted(n for n in os.environ if n.upper() == begin or n.upper().startswith(f"{begin}__"))


def load(file: Path | None = None) -> Settings:
    """Read the settings; raise BadSetting naming key, value and what it should be."""
    global _named_file, _place
    named = file or (Path(p) if (p := os.environ.get("CALLCENTER_CONFIG")) else None)
    if named is not None and not named.is_file():
        raise errors.BadSetting("config file", f"{named} does not exist")
    _named_file = _place = named or (DEFAULT_FILE if DEFAULT_FILE.is_file() else None)
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        shown = "" if "secret" in key else f" (it is {first['input']!r})"
        raise errors.BadSetting(key, f"{first['msg']}{shown}") from error
    except ValueError as error:  # TOML that cannot be read
        raise errors.BadSetting(str(_named_file), str(error)) from error
    finally:
        _named_file = None  # whoever makes Settings of values must not be given a file's
