"""Commands of the telephone: `callcenter replay` and `callcenter record`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from callcenter import errors

app = typer.Typer()


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="Raw AMI bytes, or JSON header objects, one a line.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line (always so).")] = False,
    config: Annotated[Path | None, typer.Option(help="Settings that name trunks and phones.")] = None,
    trunk: Annotated[list[str] | None, typer.Option(help="Glob of channel names of trunks.")] = None,
    phone: Annotated[list[str] | None, typer.Option(help="Glob of channel names of agents' phones.")] = None,
    as_facts: Annotated[bool, typer.Option("--facts", help="Print every fact instead.")] = False,
) -> None:  # fmt: skip
    """Tell the calls of a recorded AMI stream, one JSON object a line, in order of start."""
    from callcenter import replay as replaying  # deferred: the command line starts fast
    from callcenter.telephony import roles

    trunks, phones = list(trunk or ()), list(phone or ())
    if config is not None:
        from callcenter import settings

        for pbx in settings.load(config).pbx:
            trunks += pbx.trunks
            phones += pbx.phones
    known = roles.Roles(trunks, phones)
    out = sys.stdout
    if hasattr(out, "reconfigure"):
        out.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        stream = replaying.messages(file)
        if as_facts:
            for fact in replaying.told(stream, known):
                print(replaying.fact_line(fact))
        else:
            for record in replaying.records(stream, known):
                print(replaying.line(record))
    except errors.Invalid as error:
        print(f"callcenter: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


@app.command("record")
def record_log(
    file: Annotated[Path, typer.Argument(help="File to write; it must not exist yet.")],
    config: Annotated[Path | None, typer.Option(help="Settings that name the exchanges.")] = None,
    pbx: Annotated[str, typer.Option(help="Name of the exchange; the first one by default.")] = "",
    seconds: Annotated[float, typer.Option(help="How long; 0 is until Ctrl-C.")] = 0.0,
) -> None:  # fmt: skip
    """Record what an exchange says, byte for byte, for `callcenter replay`."""
    import asyncio

    from callcenter import settings
    from callcenter.telephony import record as recording

    exchanges = settings.load(config).pbx
    chosen = next((each for each in exchanges if pbx in ("", each.name)), None)
    if chosen is None:
        raise errors.Invalid("pbx", f"no exchange {pbx!r} is configured")
    if file.exists():
        raise errors.Invalid("file", f"{file} exists already")
    secret = chosen.secret.get_secret_value()

    async def run() -> int:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, stop.set)
        if seconds > 0:
            loop.call_later(seconds, stop.set)
        return await recording.record(
            chosen.host, chosen.port, chosen.username, secret, file, stop=stop
        )

    print(f"{asyncio.run(run())} bytes in {file}", file=sys.stderr)
