"""The desk's JSON API: what an agent does with their state and their calls. /api/v1, by session; the answers come live.

Every body is checked (bodies.py); every call is looked up among the user's own. Errors are {error: {code, message, field?}}.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from callcenter import db, errors
from callcenter.crm import agents, casework, center, live, notes, seats, shift, steering
from callcenter.outbound import settling
from screenpop import floor, targets
from web import auth, keys
from web.views import bodies

MOST_FOUND = 8
State = agents.State


async def snapshot(request: web.Request) -> web.StreamResponse:
    """Answer what the user's desk shows now."""
    return _json(await _floor(request).screens.snapshot(auth.current(request).id))


async def agent_state(request: web.Request) -> web.StreamResponse:
    """Take what the agent declares."""
    body = await bodies.read(request, bodies.StateBody)
    await shift.become(center_of(request), auth.current(request).id, State(body.state), body.reason)
    return _json({"state": center_of(request).agents.get(auth.current(request).id).state.value})


async def agent_queues(request: web.Request) -> web.StreamResponse:
    """Sign in to a queue or out of it."""
    body = await bodies.read(request, bodies.QueueBody)
    await shift.serve(center_of(request), auth.current(request).id, body.queue, body.member)
    return _json({"queue": body.queue, "member": body.member})


async def hang_up(request: web.Request) -> web.StreamResponse:
    """End the user's part in a call."""
    await steering.hang_up(center_of(request), auth.current(request).id, _id(request))
    return _json({})


async def hold(request: web.Request) -> web.StreamResponse:
    """Let the customer wait with music."""
    await steering.hold(center_of(request), auth.current(request).id, _id(request))
    return _json({})


async def resume(request: web.Request) -> web.StreamResponse:
    """Take the customer back."""
    await steering.resume(center_of(request), auth.current(request).id, _id(request))
    return _json({})


async def transfer(request: web.Request) -> web.StreamResponse:
    """Pass the call on, blind or after talking."""
    body = await bodies.read(request, bodies.TransferBody)
    await steering.transfer(
        center_of(request), auth.current(request).id, _id(request), body.to,
        attended=body.kind == "attended",
    )  # fmt: skip
    return _json({})


async def transfer_complete(request: web.Request) -> web.StreamResponse:
    """Leave the customer with the colleague."""
    await steering.complete(center_of(request), auth.current(request).id, _id(request))
    return _json({})


async def transfer_cancel(request: web.Request) -> web.StreamResponse:
    """Go back to the customer."""
    await steering.cancel(center_of(request), auth.current(request).id, _id(request))
    return _json({})


async def digit(request: web.Request) -> web.StreamResponse:
    """Send one tone."""
    body = await bodies.read(request, bodies.DigitBody)
    await steering.press(center_of(request), auth.current(request).id, _id(request), body.digit)
    return _json({})


async def note(request: web.Request) -> web.StreamResponse:
    """Save the note as it is typed; 409 with what it says now, when it was changed elsewhere."""
    body = await bodies.read(request, bodies.NoteBody)
    call, person = _own_call(request)
    await center_of(request).written()
    try:
        saved = await center_of(request).database.run(
            casework.save_note, call.pbx, call.id, person.viewer, body.text,
            version=body.version, now=db.utcnow(),
        )  # fmt: skip
    except notes.StaleNote as stale:
        message = auth.texts(request).say("Someone changed this meanwhile. Reload and look again.")
        current = {"text": stale.current.text, "version": stale.current.version}
        error = {"code": stale.code, "message": message}
        return web.json_response({"error": error, "current": current}, status=409)
    _floor(request).screens.note_saved(call, person.viewer.id, saved)
    return _json({"version": saved.version, "saved_at": saved.at.timestamp()})


async def party(request: web.Request) -> web.StreamResponse:
    """Say who is calling."""
    body = await bodies.read(request, bodies.PartyBody)
    call, person = _own_call(request)
    await center_of(request).written()
    linked = await center_of(request).database.run(
        casework.choose, call.pbx, call.id, person.viewer, body.party_id, now=db.utcnow()
    )
    return await _linked(request, call, linked)


async def customer(request: web.Request) -> web.StreamResponse:
    """Make a customer of who is calling."""
    body = await bodies.read(request, bodies.CustomerBody)
    call, person = _own_call(request)
    await center_of(request).written()
    linked = await center_of(request).database.run(
        casework.create, call.pbx, call.id, person.viewer, body.name,
        now=db.utcnow(), region=center_of(request).settings.site.region,
    )  # fmt: skip
    return await _linked(request, call, linked)


async def wrapup(request: web.Request) -> web.StreamResponse:
    """Finish the wrap-up with an outcome, and go on as the agent says."""
    body = await bodies.read(request, bodies.WrapupBody)
    call, person = _own_call(request)
    of, user_id = center_of(request), person.viewer.id
    current = of.agents.get(user_id).wrapup
    if current is None or current.call != call.key:
        raise steering.WrongMoment("the call is not in wrap-up")
    callback = None if body.callback_at is None else datetime.fromtimestamp(body.callback_at, UTC)
    await of.written()
    await of.database.run(
        settling.conclude, call.pbx, call.id, person.viewer,
        outcome_id=body.outcome_id, callback_at=callback, now=db.utcnow(),
    )  # fmt: skip
    then = State.READY if body.next == "ready" else State.PAUSED
    of.finish_wrapup(
        user_id,
        outcome_id=body.outcome_id,
        then=(then, body.reason if then is State.PAUSED else ""),
    )
    return _json({})


async def wrapup_extend(request: web.Request) -> web.StreamResponse:
    """Give the wrap-up more time."""
    call, person = _own_call(request)
    current = center_of(request).agents.get(person.viewer.id).wrapup
    if current is None or current.call != call.key:
        raise steering.WrongMoment("the call is not in wrap-up")
    return _json({"until": center_of(request).extend_wrapup(person.viewer.id)})


async def find(request: web.Request) -> web.StreamResponse:
    """Find customers by a name or a number, for the palette."""
    text = request.query.get("q", "")[:100]
    person = auth.current(request)
    if len(text.strip()) < 2:
        return _json({"customers": []})
    region = request.app[keys.SETTINGS].site.region
    found = await request.app[keys.DATABASE].run(
        targets.customers, person.viewer, text, region=region, limit=MOST_FOUND
    )
    return _json({"customers": found})


async def transfer_targets(request: web.Request) -> web.StreamResponse:
    """Find whom a call can be passed on to."""
    text = request.query.get("q", "")[:100]
    return web.json_response(targets.of(_floor(request), auth.current(request).id, text))


async def _linked(
    request: web.Request, call: live.LiveCall, linked: casework.Linked
) -> web.StreamResponse:
    center_of(request).desk.said(call, linked.party_id, linked.name)
    card = await _floor(request).screens.card(call, auth.current(request).id)
    return _json({"party_id": linked.party_id, "card": card})


def _floor(request: web.Request) -> floor.Floor:
    found = request.app.get(keys.FLOOR)
    if found is None:
        raise errors.LinkDown("no exchange is configured")
    return found


def center_of(request: web.Request) -> center.Center:
    return _floor(request).center


def _id(request: web.Request) -> str:
    return request.match_info["id"]


def _own_call(request: web.Request) -> tuple[live.LiveCall, seats.Person]:
    """Give a call on the user's own screen; raise NotFound for any other."""
    of, user_id = center_of(request), auth.current(request).id
    call, person = of.desk.find(user_id, _id(request)), of.seats.person(user_id)
    if call is None or person is None:
        raise errors.NotFound("no such call")
    return call, person


def _json(payload: dict[str, Any]) -> web.Response:
    return web.json_response(payload)
