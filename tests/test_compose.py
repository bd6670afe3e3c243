"""docker-compose.yml, without Docker: every service's command runs as it stands there, on what this machine has."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from callcenter.demo import fetch, manager, ports
from tests.pbx.fixtures import StartExchange

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SECRETS = {"POSTGRES_PASSWORD": "word", "CALLCENTER_AMI_SECRET": "secret"}
READY_SECONDS = 60


def environment(service: str, **replaced: str) -> dict[str, str]:
    """Give a service's environment with the secrets filled in and the containers' hosts replaced."""
    values: dict[str, str] = {}
    for key, value in COMPOSE["services"][service].get("environment", {}).items():
        value = re.sub(r"\$\{(\w+)(?::\?[^}]*)?\}", lambda m: SECRETS[m.group(1)], value)
        values[key] = value
    return {**os.environ, **values, **replaced}


@asynccontextmanager
async def running(
    command: list[str], env: dict[str, str], folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    with (folder / "output").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, env=env, cwd=ROOT, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


async def until(test: Any, process: asyncio.subprocess.Process, folder: Path) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while not await asyncio.to_thread(test):
            assert process.returncode is None, (folder / "output").read_text(errors="replace")
            await asyncio.sleep(0.1)


def get(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.loads(answer.read())
    except OSError:
        return None


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for name in SECRETS:
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text


@pytest.mark.asterisk
@pytest.mark.postgres
@pytest.mark.redis
async def test_the_app_and_the_worker_run_on_postgresql_redis_and_an_exchange(
    start_exchange: StartExchange, postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    exchange = await start_exchange()
    port = ports.tcp()
    env = environment("app")
    pbx = json.loads(env["CALLCENTER_PBX"])
    pbx[0] |= {"host": exchange.host, "port": exchange.ami_port, "secret": exchange.ami_secret}
    pbx[0]["recordings"] = str(exchange.recordings)
    env |= {
        "CALLCENTER_PBX": json.dumps(pbx),
        "CALLCENTER_DATABASE__URL": postgres_url,
        "CALLCENTER_WEB__REDIS_URL": redis_url,
        "CALLCENTER_WEB__PORT": str(port),
        "CALLCENTER_WEB__HOST": "127.0.0.1",
        "CALLCENTER_RECORDINGS__FOLDER": str(tmp_path / "store"),
    }
    program = [sys.executable, "-m", "callcenter"]
    app = [*program, *COMPOSE["services"]["app"]["command"]]
    work = [*program, *COMPOSE["services"]["worker"]["command"]]
    async with running(app, env, tmp_path) as serving:
        url = f"http://127.0.0.1:{port}/healthz"
        await until(lambda: (get(url) or {}).get("status") == "ok", serving, tmp_path)
        await until(lambda: (get(url) or {}).get("pbx") == {"main": "up"}, serving, tmp_path)
        async with running(work, env, tmp_path) as working:
            said = tmp_path / "output"
            await until(lambda: "worker ready" in said.read_text(), working, tmp_path)
        assert working.returncode == 0
    assert serving.returncode == 0, (tmp_path / "output").read_text(errors="replace")


@pytest.mark.asterisk
async def test_the_exchange_of_the_containers_starts_and_lets_us_sign_in(
    asterisk: fetch.Programs, tmp_path: Path
) -> None:
    start = tmp_path / "asterisk"
    start.write_text("#!/bin/sh\nexec " + " ".join(map(repr, asterisk.asterisk)) + ' "$@"\n')
    start.chmod(0o755)
    ami = ports.tcp()
    env = environment("asterisk") | {
        "ROOT": str(tmp_path),
        "ETC": str(tmp_path / "etc"),
        "SAMPLES": str(ROOT / "config" / "asterisk"),
        "MODULES": str(asterisk.modules),
        "DATA": str(asterisk.data),
        "ASTERISK": str(start),
        "AMI_PORT": str(ami),
        "SIP_PORT": str(ports.udp()),
        "HTTP_PORT": str(ports.tcp()),
        "PERMIT": "127.0.0.1/255.255.255.255",
        "BIND": "127.0.0.1",
    }
    command = ["sh", str(ROOT / "config" / "docker" / "asterisk.sh")]
    async with running(command, env, tmp_path) as process:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                assert process.returncode is None, (tmp_path / "output").read_text()
                try:
                    signed_in = await manager.connect(
                        "127.0.0.1", ami, username="callcenter", secret=env["AMI_SECRET"]
                    )
                except (OSError, EOFError):
                    await asyncio.sleep(0.1)
                    continue
                async with signed_in:
                    await signed_in.wait_for("FullyBooted")
                    answer = await signed_in.send("QueueStatus")
                    assert answer["Response"] == "Success"
                break
