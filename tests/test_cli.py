"""The command line as a whole: every command is where it is said to be, and an error of ours is one line."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
import typer

from callcenter import cli


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "callcenter", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("module", cli.COMMANDS)
def test_every_module_holds_the_commands_that_the_table_names(module: str) -> None:
    group = typer.main.get_group(import_module(module).app)
    assert set(group.commands) == set(cli.COMMANDS[module])


def test_help_lists_every_command() -> None:
    text = run("--help").stdout
    for names in cli.COMMANDS.values():
        for name in names:
            assert f" {name} " in text


def test_a_command_that_does_not_exist_is_named() -> None:
    done = run("dail")
    assert done.returncode == 2
    assert "dail" in done.stderr


def test_an_error_of_ours_is_one_line_and_status_two() -> None:
    done = run("settings", "--config", "no-such-file.toml")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "no-such-file.toml does not exist" in done.stderr
