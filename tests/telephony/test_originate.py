"""Click-to-dial's Originate: what it says, what it never says, and that it is said once."""

from __future__ import annotations

import pytest

from callcenter import errors, settings
from callcenter.telephony import originate
from tests.telephony import linked, peer

PBX = settings.Pbx()


def order(**changes: object) -> originate.Order:
    values = {
        "id": originate.new_id(), "interface": "PJSIP/1001", "number": "0521112233",
        "caller": "<1001>", "variables": {"CC_USER": "7"},
    }  # fmt: skip
    return originate.Order(**(values | changes))  # type: ignore[arg-type]


def test_only_a_place_in_the_dialplan_is_asked_for() -> None:
    action = originate.action(order(), PBX)
    assert (action["Context"], action["Exten"]) == ("from-agents", "0521112233")
    assert not {"Application", "Data"} & action.keys()
    assert action["Async"] == "true"


def test_the_channel_id_is_ours_and_new_each_time() -> None:
    first, second = order(), order()
    assert first.id != second.id
    assert originate.action(first, PBX)["ChannelId"] == first.id


@pytest.mark.parametrize("field", ["interface", "number", "caller"])
async def test_a_line_end_in_a_value_is_refused_and_nothing_is_sent(field: str) -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (link, _):
        with pytest.raises(errors.Invalid):
            await originate.place(link, order(**{field: "1\r\nAction: Originate"}), PBX)
        assert not exchange.named("Originate")


async def test_a_refusal_is_told_in_the_exchanges_words() -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (link, _):
        exchange.answers["Originate"] = lambda _: (
            "Response: Error\r\nActionID: {id}\r\nMessage: Extension does not exist.\r\n\r\n"
        )
        with pytest.raises(originate.NotPlaced, match="Extension does not exist") as refused:
            await originate.place(link, order(), PBX)
        assert refused.value.code == "refused"


async def test_an_originate_whose_answer_was_lost_is_never_sent_again() -> None:
    async with peer.Peer() as exchange, linked.linked(exchange) as (link, listener):

        def cut(_action: dict[str, str]) -> None:
            exchange.reset()

        exchange.answers["Originate"] = cut
        with pytest.raises(originate.NotPlaced) as lost:
            await originate.place(link, order(), PBX)
        assert lost.value.code == "link_down"
        await listener.phase("up", 2)
        await link.send({"Action": "CoreStatus"})
        assert len(exchange.named("Originate")) == 1
