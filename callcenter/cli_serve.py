"""Commands that run the product and look after it: serve, demo, doctor, settings."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Annotated

import typer

from callcenter import doctor as doctoring
from callcenter import doctor_history, errors, manual, settings
from callcenter.telephony import checkup
from recordings import checkup as checkup_speech
from web import serving

app = typer.Typer()

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file; config/callcenter.toml by default.")
]


async def _examine(loaded: settings.Settings) -> list[doctoring.Finding]:
    findings = list(doctoring.check_database(loaded))
    if not loaded.pbx:
        fix = ("[[pbx]]", 'host = "ADDRESS"', 'username = "callcenter"', 'secret = "SECRET"')
        findings.append(doctoring.Finding("pbx", "fail", "no exchange is configured", fix))
    for pbx in loaded.pbx:
        findings += [finding async for finding in checkup.examine(pbx)]
    findings += doctoring.check_recordings(loaded)
    findings += checkup_speech.check_speech(loaded)
    findings += doctor_history.check_history(loaded)
    return findings


@app.command()
def serve(config: ConfigOption = None) -> None:
    """Listen to the exchanges, serve the pages, start the workers."""
    loaded = settings.load(config)
    try:
        serving.run(loaded, lambda: settings.load(config))
    except OSError as error:
        address = f"{loaded.web.host}:{loaded.web.port}"
        raise errors.BadSetting("web", f"cannot listen on {address}: {error.strerror}") from error


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the pages; a free one by default.")] = 0,
) -> None:
    """Run a whole call center with calls that keep arriving, until Ctrl-C."""
    from callcenter.demo import run as demo_run  # deferred: `serve` starts again without it

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(demo_run.demo(port=port))


@app.command()
def doctor(
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Check the whole installation, and print the lines that mend what is wrong."""
    findings = asyncio.run(_examine(settings.load(config)))
    if as_json:
        for finding in findings:
            print(json.dumps(finding.as_dict(), ensure_ascii=False))
    else:
        print("\n".join(doctoring.in_words(findings)))
    if doctoring.worst(findings) == "fail":
        raise typer.Exit(1)


@app.command("settings")
def show_settings(
    config: ConfigOption = None,
    markdown: Annotated[bool, typer.Option(help="The reference of every setting.")] = False,
) -> None:
    """Show the settings in force, or the reference of all."""
    if markdown:
        print(manual.settings_reference(), end="")
    else:
        print(settings.load(config).model_dump_json(indent=2))
