"""What becomes of a lead after a call, in a table."""

from __future__ import annotations

import pytest

from callcenter.outbound.recycling import Next, Said, after

RETRY = {"busy": 5, "later": 45}


@pytest.mark.parametrize(
    ("result", "said", "tries", "expected"),
    [
        ("busy", None, 1, Next("open", minutes=5)),  # the campaign's rule
        ("no_answer", None, 1, Next("open", minutes=120)),  # the usual one
        ("something_new", None, 1, Next("open", minutes=60)),
        ("answered", None, 1, Next("open", minutes=1440)),  # nobody said what came of it
        ("no_answer", None, 6, Next("done", "attempts")),
        ("invalid_number", None, 1, Next("done", "bad_number")),
        ("agent_no_answer", None, 6, Next("open", counted=False)),
        ("phone_unreachable", None, 1, Next("open", counted=False)),
        ("answered", Said("sale", success=True), 6, Next("done", "success")),
        ("answered", Said("not_interested"), 1, Next("done", "final")),
        ("answered", Said("later"), 1, Next("open", minutes=45)),
        ("answered", Said("later"), 6, Next("done", "attempts")),
        ("answered", Said("voicemail"), 2, Next("open", minutes=240)),
        ("answered", Said("callback", callback=True), 6, Next("callback")),
        ("answered", Said("asked", effect="do_not_call"), 1, Next("done", "do_not_call")),
        ("answered", Said("wrong", effect="bad_number"), 1, Next("done", "bad_number")),
    ],
)
def test_where_a_lead_goes(result: str, said: Said | None, tries: int, expected: Next) -> None:
    assert after(result, said, retry=RETRY, tries=tries, most=6) == expected
