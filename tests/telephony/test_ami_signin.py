"""Signing in: TLS, a wrong secret, a peer that is no exchange."""

from __future__ import annotations

import asyncio
import logging
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from callcenter import errors
from callcenter.telephony import ami, link
from tests.telephony import linked, peer


async def test_a_wrong_secret_is_a_state_of_its_own_and_is_not_hammered() -> None:
    async with peer.Peer() as exchange:
        where = {"secret": "wrong"}
        async with linked.linked(exchange, wait_for="auth_failed", where=where) as (
            connected,
            listener,
        ):
            assert connected.state.reason == "Authentication failed"
            with pytest.raises(errors.LinkDown, match="Authentication failed"):
                await connected.send({"Action": "CoreStatus"})
            async with linked.bare(exchange, secret="wrong"):  # which comes again and again
                await exchange.until(lambda: len(exchange.named("Login")) > 5)
            assert [a["Username"] for a in exchange.named("Login")].count("ours") == 1
        assert listener.phases == ["connecting", "auth_failed", "stopped"]


async def test_a_secret_that_is_put_right_on_the_exchange_is_taken_at_the_next_slow_try() -> None:
    timing = link.Timing(auth_retry_seconds=0.05)
    async with peer.Peer(secret="old") as exchange:
        where = {"secret": "new"}
        async with linked.linked(exchange, wait_for="auth_failed", where=where, timing=timing) as (
            _,
            listener,
        ):
            exchange.secret = "new"
            await listener.phase("up")
    assert link.Timing().auth_retry_seconds >= 60


async def test_a_secret_with_a_line_end_is_a_wrong_setting_and_never_sent() -> None:
    async with peer.Peer() as exchange:
        where = {"secret": "a\r\n\r\nAction: Originate"}
        with pytest.raises(errors.Invalid, match="Secret"):
            link.AmiLink("pbx1", linked.address(exchange, **where), on_messages=lambda *_: None)
        assert exchange.actions == []


async def test_something_that_is_no_ami_is_down_with_a_reason() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    listener = linked.Listener()
    where = ami.Address("127.0.0.1", server.sockets[0].getsockname()[1], "ours", "secret")
    timing = link.Timing(connect_seconds=0.1)
    connected = link.AmiLink(
        "pbx1", where, on_messages=listener.on_messages, on_state=listener.on_state, timing=timing
    )
    connected.start()
    await listener.phase("down")
    await connected.close()
    server.close()
    assert "SSH-2.0" in listener.states[1].reason


async def test_the_secret_is_in_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with peer.Peer(secret="hunter-two") as exchange, linked.linked(exchange):
        assert "hunter-two" not in repr(linked.address(exchange))
    assert exchange.named("Login")[0]["Secret"] == "hunter-two"
    assert "hunter-two" not in caplog.text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
        ]
        + [
            "-keyout",
            folder / "key.pem",
            "-out",
            folder / "cert.pem",
            "-days",
            "2",
            "-subj",
            "/CN=pbx",
        ]
        + ["-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    yield folder / "cert.pem"


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return context


async def test_tls_works_with_the_exchanges_own_certificate_or_unverified(
    certificate: Path,
) -> None:
    for tls in (ami.tls_context(str(certificate)), ami.tls_context(verify=False)):
        exchange = peer.Peer(tls=serving(certificate))
        async with exchange, linked.linked(exchange, where={"tls": tls}) as (connected, _):
            await connected.send({"Action": "CoreStatus"})


async def test_tls_with_an_unknown_certificate_is_down_with_the_reason(certificate: Path) -> None:
    async with peer.Peer(tls=serving(certificate)) as exchange:
        where = {"tls": ami.tls_context()}
        async with linked.linked(exchange, wait_for="down", where=where) as (_, listener):
            assert "certificate" in listener.states[1].reason
        assert exchange.actions == []


def test_a_ca_file_that_holds_none_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(errors.BadSetting, match=name):
            ami.tls_context(str(tmp_path / name))
