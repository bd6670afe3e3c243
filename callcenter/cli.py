"""The command `callcenter`: every sub-command by name, each written beside what it starts."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from callcenter import errors

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

# Where each command is written; a module holds a typer.Typer named `app`. A command loads its own module alone, so that
# `replay` does not wait for a web server to be imported.
COMMANDS = {
    "callcenter.cli_serve": ("serve", "demo", "doctor", "settings"),
    "callcenter.cli_telephony": ("replay", "record"),
    "callcenter.cli_crm": ("match", "migrate", "sample", "user"),
    "callcenter.cli_recordings": ("transcribe", "worker", "reindex"),
    "callcenter.cli_models": ("models",),
    "callcenter.cli_ledger": ("ledger",),
    "callcenter.cli_reports": ("report",),
    "callcenter.cli_outbound": ("import", "dnc"),
}


def main() -> None:
    """Run a command; print an error of ours as one line and exit with 2."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    only = [module for module, names in COMMANDS.items() if wanted in names]
    for module in only or COMMANDS:
        app.add_typer(import_module(module).app)
    try:
        app()
    except errors.CallCenterError as error:
        print(f"callcenter: {error}", file=sys.stderr)
        sys.exit(2)
