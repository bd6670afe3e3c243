"""What the desk's scripts send: one model a command, nothing in it that is not named."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from callcenter import errors
from callcenter.crm import notes


class Body(BaseModel):
    """What a browser sends: nothing that is not named."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


B = TypeVar("B", bound=Body)
Text = Annotated[str, Field(max_length=200)]


class StateBody(Body):
    """POST /agent/state."""

    state: Literal["ready", "paused", "offline"]
    reason: Text = ""


class QueueBody(Body):
    """POST /agent/queues."""

    queue: Annotated[str, Field(min_length=1, max_length=80)]
    member: bool


class DialBody(Body):
    """POST /dial."""

    number: Annotated[str, Field(min_length=1, max_length=80)]
    party_id: int | None = None


class TransferBody(Body):
    """POST /calls/{id}/transfer."""

    to: Annotated[str, Field(min_length=1, max_length=80)]
    kind: Literal["blind", "attended"]


class ListenBody(Body):
    """POST /floor/listen."""

    agent: int
    mode: Literal["listen", "whisper", "barge"]


class DigitBody(Body):
    """POST /calls/{id}/digit."""

    digit: Annotated[str, Field(pattern=r"^[0-9*#]$")]


class NoteBody(BaseModel):
    """PUT /calls/{id}/note: the text as it was typed."""

    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(max_length=notes.LONGEST)]
    version: Annotated[int, Field(ge=0)]


class PartyBody(Body):
    """POST /calls/{id}/party."""

    party_id: int


class CustomerBody(Body):
    """POST /calls/{id}/customer."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


class WrapupBody(Body):
    """POST /calls/{id}/wrapup."""

    outcome_id: int | None = None
    callback_at: Annotated[float, Field(gt=0, lt=4_000_000_000)] | None = None
    next: Literal["ready", "paused", "wait"] = "ready"
    reason: Text = ""


async def read(request: web.Request, model: type[B] | type[NoteBody]) -> Any:
    """Check a body; raise Invalid naming the first field that is wrong."""
    if request.content_type != "application/json":
        raise errors.Invalid("body", "must be JSON")
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors()[0]
        raise errors.Invalid(".".join(map(str, first["loc"])) or "body", first["msg"]) from error
