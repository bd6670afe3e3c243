"""Metrics: whom they answer, that a scrape parses and follows what happens, and that the documentation names each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr, ValidationError

from callcenter import settings
from tests.screenpop import stand
from tests.telephony import peer
from tests.web import product
from web import metrics

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
TOKEN = "a long random word"


async def scrape(made: product.Product, **headers: str) -> tuple[int, dict[tuple[str, ...], Any]]:
    """Return the status and the samples by name and labels."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{made.url}/metrics", headers=headers) as answer,
    ):
        text = await answer.text()
        if answer.status != 200:
            return answer.status, {}
    samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples[sample.name, *sorted(sample.labels.values())] = sample.value
    return 200, samples


def exchange_of(played: peer.Peer) -> settings.Pbx:
    stand.answer_lists(played)
    return settings.Pbx(
        port=played.port, secret=SecretStr(played.secret), trunks=("PJSIP/trunk-*",)
    )


@pytest.mark.parametrize(
    ("web", "headers", "status"),
    [
        ({}, {}, 404),
        ({}, {"Authorization": "Bearer "}, 404),
        ({"metrics_token": TOKEN}, {}, 404),
        ({"metrics_token": TOKEN}, {"Authorization": "Bearer wrong"}, 404),
        ({"metrics_token": TOKEN}, {"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"metrics_from": ["127.0.0.0/8"]}, {}, 200),
        ({"metrics_from": ["10.0.0.1"]}, {}, 404),
        ({"metrics_from": ["127.0.0.1"]}, {"X-Forwarded-For": "203.0.113.9"}, 404),
        ({"metrics_from": ["127.0.0.1"]}, {"X-Forwarded-For": "127.0.0.1"}, 404),
        ({"metrics_from": ["10.0.0.1"], "trusted_proxies": ["127.0.0.1"]}, {"X-Forwarded-For": "10.0.0.1"}, 200),
        ({"metrics_from": ["127.0.0.1"], "trusted_proxies": ["127.0.0.1"]}, {"X-Forwarded-For": "203.0.113.9"}, 404),
    ],
)  # fmt: skip
async def test_metrics_answer_whom_the_settings_name_and_to_others_do_not_exist(
    web: dict[str, Any], headers: dict[str, str], status: int, tmp_path: Path
) -> None:
    async with (
        peer.Peer() as played,
        product.running(tmp_path, exchange_of(played), web=web) as made,
    ):
        assert (await scrape(made, **headers))[0] == status


def test_what_is_no_address_is_refused_with_the_settings_name() -> None:
    with pytest.raises(ValidationError, match="localhost"):
        settings.Web(metrics_from=("localhost",))


async def test_a_call_is_counted_and_its_pop_timed_without_naming_anybody(tmp_path: Path) -> None:
    async with peer.Peer() as played:
        web = {"metrics_from": ["127.0.0.1"]}
        async with product.running(tmp_path, exchange_of(played), web=web) as made:
            live, board = made.monitor.floor, made.monitor.board
            assert live is not None and board is not None
            await played.until(lambda: board.lines["main"].signed_in)
            browser = await _browser(made)
            before = (await scrape(made))[1]
            assert before["callcenter_pop_delay_seconds_count",] == 0
            played.write(stand.events_of("direct_inbound"))
            await browser.next("call.pop")
            await browser.until(lambda: live.server.counts.acked)
            await browser.next("call.end")
            await live.center.written()
            await made.monitor.measure()
            _, after = await scrape(made)
            await browser.client.disconnect()
    assert after["callcenter_pop_delay_seconds_count",] == 1
    assert 0 < after["callcenter_pop_delay_seconds_sum",] < 5
    assert after["callcenter_pop_delay_seconds_bucket", "+Inf"] == 1
    assert after["callcenter_pops_total", "sent"] == after["callcenter_pops_total", "acknowledged"]
    assert after["callcenter_line_state", "main", "up"] == 1
    assert after["callcenter_line_state", "down", "main"] == 0
    assert after["callcenter_events_total", "main"] > 20
    assert after["callcenter_facts_total", "main"] >= 8
    assert after["callcenter_writer_rows_total",] > before["callcenter_writer_rows_total",]
    assert after["callcenter_browsers",] == 1
    assert after["callcenter_agents", "offline"] + after["callcenter_agents", "wrapup"] >= 1
    assert after["callcenter_disk_bytes", "total"] > 0
    assert not any("0501234567" in str(key) or "michal" in str(key) for key in after)


async def _browser(made: product.Product) -> stand.Browser:
    """Connect the agent at 1001 over Socket.IO, as a browser does."""
    async with aiohttp.ClientSession(
        made.url, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": made.url}
    ) as session:
        fields = {"login": "michal", "password": product.desk_people.PASSWORD}
        async with session.post("/signin", data=fields, allow_redirects=False) as answer:
            assert answer.status == 303
        cookies = "; ".join(f"{each.key}={each.value}" for each in session.cookie_jar)
    opened = stand.Browser()
    headers = {"Cookie": cookies, "Origin": made.url}
    await opened.client.connect(made.url, transports=["websocket"], headers=headers)
    await opened.hello()
    return opened


async def test_the_documentation_names_every_metric_with_its_kind_and_labels(
    tmp_path: Path,
) -> None:
    async with (
        peer.Peer() as played,
        product.running(tmp_path, exchange_of(played)) as made,
    ):
        families = {
            family.name + ("_total" if family.type == "counter" else ""): (
                family.type,
                ", ".join(f"`{label}`" for label in getattr(family, "_labelnames", ())),
            )
            for family in metrics.Parts(made.monitor).collect()
        }
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\| .+ \|$", DOCS.read_text(), re.M)
    assert {name: (kind, labels.strip()) for name, kind, labels in rows} == families
