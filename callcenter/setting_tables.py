"""The tables of the settings' file, each with its keys, their defaults and what they are for; settings.py reads them."""

from __future__ import annotations

import ipaddress
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class Part(BaseModel):
    """A table of the file: frozen, and strict about names, so that a typing mistake is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError) as error:
        raise ValueError("is not a time zone such as Asia/Jerusalem") from error
    return value


class Site(Part):
    """Who and where we are."""

    name: str = Field("Callcenter", description="Name of the organisation, shown at sign-in.")
    region: str = Field("IL", description="Default country of numbers, ISO 3166 (IL, US, ...).")
    timezone: str = Field("Asia/Jerusalem", description="Time zone of the office.")
    language: Literal["he", "en", "ru"] = Field("he", description="Language before sign-in.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return _zone(value)


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
        "",
        description="Redis that carries the recordings' jobs between hosts; empty keeps them in a file.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Who sends it as a bearer token may read /metrics."
    )
    metrics_from: tuple[str, ...] = Field(
        (), description="Addresses or networks that may read /metrics: 127.0.0.1, 10.0.0.0/8."
    )

    @field_validator("metrics_from")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            try:
                ipaddress.ip_network(each)
            except ValueError as error:
                raise ValueError(f"{each!r} is not an address or a network") from error
        return value


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
    record: Literal["dialplan", "ami"] = Field(
        "dialplan",
        description="Who begins recordings: MixMonitor in the dialplan, or we by AMI where it may not be changed.",
    )
    cdr: str = Field(
        "",
        description="Its call detail records: the path of Master.csv as we see it, or an SQLAlchemy address of a database with a table `cdr`.",
    )
    cdr_timezone: str = Field(
        "",
        description="Time zone of the times in `cdr`: UTC with usegmtime=yes, else the exchange's. Empty finds out by the calls' ids.",
    )
    queue_log: str = Field("", description="The path of its queue_log as we see it.")
    ping_seconds: float = Field(1.5, gt=0, description="Time between two pings of the link.")
    auth_retry_seconds: float = Field(60.0, gt=0, description="Wait after a refused sign-in.")

    @field_validator("cdr_timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        return value and _zone(value)

    @model_validator(mode="after")
    def _folder_for_records(self) -> Self:
        if self.record == "ami" and not self.recordings:
            raise ValueError('record = "ami" needs recordings, the folder to record into')
        return self


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


class Ledger(Part):
    """How calls that were not seen live are found again in the exchange's own records."""

    every_seconds: float = Field(
        15.0, gt=0, description="Time between two looks into the exchange's records."
    )
    look_back_days: float = Field(
        3.0, gt=0, description="How far back a look reaches after a long absence."
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
        default_factory=dict,
        description="Language -> folder of a Vosk or faster-whisper model: he, en, ru.",
    )
    catalogue: str = Field(
        "https://alphacephei.com/vosk/models/model-list.json",
        description="Address of the list of models for `callcenter models download`.",
    )
    language: str = Field(
        "", description="Language of speech where the queue says nothing; empty takes the site's."
    )
    stand_back: bool = Field(
        True,
        description="Workers have the lowest priority and rest while others keep the machine busy: calls before transcripts.",
    )


class Reports(Part):
    """How figures are counted."""

    short_abandon_seconds: float = Field(
        0.0,
        ge=0,
        description="Callers who give up before it are left out of rates; 0 leaves none out.",
    )
    target_seconds: float = Field(
        20.0, gt=0, description="Target of the service level, where the queue says nothing."
    )


class Log(Part):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level shown."
    )
    json_lines: bool = Field(False, description="One JSON object a line, for machines.")
