"""Commands of the room named in this file's name."""

from __future__ import annotations

import typer

app = typer.Typer()
