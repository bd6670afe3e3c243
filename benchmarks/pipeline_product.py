"""The product as `callcenter serve` runs it, for the pipeline's benchmark: `python -m benchmarks.pipeline_product URL AMI_PORT`."""

from __future__ import annotations

import asyncio
import sys

import structlog
import uvloop
from aiohttp import web

from callcenter import db, settings
from callcenter.telephony import switchboard
from web import app


async def main(url: str, port: int) -> None:
    """Serve until standard input ends; print the port first, and the counts at the end."""
    pbx = settings.Pbx(port=port, trunks=("PJSIP/trunk-*",))
    config = settings.Settings(pbx=(pbx,), database=settings.DatabaseSettings(url=url))
    database = db.Database(url)
    board = switchboard.Switchboard(config.pbx)
    made = app.create_app(config, database, board)
    runner = web.AppRunner(made, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()
    database.close()


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
