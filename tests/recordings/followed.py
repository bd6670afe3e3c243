"""The parts of the product that record a real exchange, joined as `serve` joins them."""

from __future__ import annotations

import contextlib
from typing import Literal

from pydantic import SecretStr

from callcenter import models, settings
from callcenter.crm import calllog, writer
from callcenter.telephony import facts, switchboard
from recordings import expect, mixmonitor
from tests.pbx.stage import Stage
from tests.recordings.conftest import Place


class Followed:
    """The product's parts that matter here, joined as `serve` joins them; `restart` is a new process."""

    def __init__(self, place: Place, stage: Stage) -> None:
        self.place, self.stage, self._parts = place, stage, contextlib.AsyncExitStack()
        self.facts: list[facts.Fact] = []

    async def start(self) -> None:
        """Listen, log and record."""
        place = self.place
        self.board = switchboard.Switchboard(place.settings.pbx)
        rows = writer.Writer(place.database)
        log = calllog.CallLog(rows, records=self.board.record, user_of=lambda *_: None)
        self.expecter = expect.Expecter(place.database, place.settings)
        recorder = mixmonitor.Recorder(self.board, place.settings, self.expecter, place.database)
        self.board.subscribers += [
            log.on_fact, self.expecter.on_fact, recorder.on_fact, self._note
        ]  # fmt: skip
        await self.board.start()
        for close in (rows.close, log.write_stale, self.expecter.close):
            self._parts.callback(close)
        self._parts.push_async_callback(self.board.stop)
        self._parts.push_async_callback(recorder.close)
        await self.stage.until(lambda: self.board.status()[0].state == "up")

    async def stop(self) -> None:
        """End as `serve` ends."""
        await self._parts.aclose()

    def _note(self, _pbx: str, fact: facts.Fact) -> None:
        self.facts.append(fact)

    def started(self) -> list[facts.RecordingStarted]:
        """Return the recordings that the exchange said it began."""
        return [fact for fact in self.facts if isinstance(fact, facts.RecordingStarted)]

    def rows(self) -> list[models.Recording]:
        """Return the recordings that were written."""
        assert self.expecter.flush()
        with self.place.database.session() as session:
            return list(session.query(models.Recording).order_by(models.Recording.id))


def settings_of(stage: Stage, *, record: Literal["dialplan", "ami"]) -> settings.Pbx:
    """Return the settings for the stage's exchange."""
    pbx = stage.exchange
    return settings.Pbx(
        host=pbx.host, port=pbx.ami_port, username=pbx.ami_user, secret=SecretStr(pbx.ami_secret),
        trunks=("PJSIP/trunk-*",), recordings=str(pbx.recordings), record=record,
    )  # fmt: skip
