"""The command `callcenter`: every sub-command by name, each written beside what it starts."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from callcenter import errors

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

# Each module holds a typer.Typer named `app`; they are imported in this order, which is the order of the help.
COMMANDS = (
    "callcenter.cli_serve",
    "callcenter.cli_telephony",
    "callcenter.cli_crm",
    "callcenter.cli_recordings",
)


def main() -> None:
    """Run a command; print an error of ours as one line and exit with 2."""
    for module in COMMANDS:
        app.add_typer(import_module(module).app)
    try:
        app()
    except errors.CallCenterError as error:
        print(f"callcenter: {error}", file=sys.stderr)
        sys.exit(2)
