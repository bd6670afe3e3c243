"""`python -m callcenter` is the command `callcenter`."""

from __future__ import annotations

from callcenter.cli import main

main()
