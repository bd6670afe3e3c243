"""The web socket under Engine.IO: what it takes from a browser itself, and what it does not give."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from callcenter import db
from screenpop import transport
from tests.screenpop import stand as stands


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[stands.Stand]:
    database = stands.new_database(tmp_path)
    with database.session() as session:
        stands.people(session, db.utcnow())
    async with stands.standing(database) as standing:
        yield standing
    database.close()


def cookie(stand: stands.Stand) -> dict[str, str]:
    user = stand.center.seats.user_of("main", "PJSIP/1001", "1001")
    return {"Cookie": f"user={user}; session=s"}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("431[]", 1),
        ('43120["seen"]', 120),
        ("430[]", 0),
        ("43[]", None),  # no number
        ("43", None),
        ("43-1[]", None),
        ("43١[]", None),  # a digit, but not one of the protocol's
        ("43" + "9" * 5000 + "[]", None),
        ('42["hello"]', None),
        ("43/other,1[]", None),
        ("3", None),
        ("", None),
    ],
)
def test_an_acknowledgement_is_known_by_its_text(text: str, number: int | None) -> None:
    assert transport.acknowledged(text) == number


async def test_no_connection_is_compressed_though_every_browser_offers_it(
    stand: stands.Stand,
) -> None:
    address = f"{stand.url}socket.io/?EIO=4&transport=websocket"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, headers=cookie(stand), compress=15) as socket,
    ):
        assert (await socket.receive_str()).startswith("0{")
        assert socket.compress == 0


async def test_what_was_never_sent_can_be_acknowledged_without_harm(stand: stands.Stand) -> None:
    address = f"{stand.url}socket.io/?EIO=4&transport=websocket"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(address, headers=cookie(stand)) as socket,
    ):
        await socket.receive_str()
        await socket.send_str("431[]")  # before it is anybody
        await socket.send_str("40")
        assert (await socket.receive_str()).startswith("40")
        for text in ("431[]", "43999999999999999[]", "43" + "9" * 5000 + "[]", "43[", "43"):
            await socket.send_str(text)
        await socket.send_str('42["hello",{"last_seq":0,"tab":"t"}]')
        assert (await socket.receive_str()).startswith('42["snapshot"')
        assert stand.floor.server.counts.acked == 0


async def test_a_browser_that_does_not_read_is_let_go_and_fills_no_memory(
    stand: stands.Stand,
) -> None:
    live = stand.floor.server
    person = stand.center.seats.user_of("main", "PJSIP/1001", "1001")
    assert person is not None
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(
            f"{stand.url}socket.io/?EIO=4&transport=websocket", headers=cookie(stand)
        )
        await socket.receive_str()
        await socket.send_str("40")
        await socket.receive_str()
        (connection,) = live.sio.eio.sockets.values()
        transport = connection.socket._transport
        most = 0
        async with asyncio.timeout(60):
            while live.present(person):
                live.push(person, "notice", {"text": "x" * 60_000})
                await asyncio.sleep(0)
                most = max(most, transport.get_write_buffer_size())
        assert most < 500_000
        transport.abort()
        await socket.close()
