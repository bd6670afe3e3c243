"""Writing the settings file: what a person wrote there, its order and comments, stays; what is asked for is changed.

The file holds the exchange's secret, so it is written for its owner alone, beside its place and then moved over it: a program
that reads it meanwhile sees the old one or the new one whole. What would not load again is never written.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError

from callcenter import errors, settings

Tables = Mapping[str, Mapping[str, Any]]


def read(file: Path) -> str:
    """Return what stands in the file, nothing where there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise errors.BadSetting(str(file), f"cannot be read: {error}") from error


def changed(text: str, tables: Tables) -> str:
    """Return the file's text with values changed; the table `pbx NAME` is that exchange's, made where it is missing.

    Raises:
        errors.BadSetting: naming the value that cannot be.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise errors.BadSetting("settings file", str(error)) from error
    for name, values in tables.items():
        table: Any = (
            _exchange(document, name[4:]) if name.startswith("pbx ") else _table(document, name)
        )
        for key, value in values.items():
            table[key] = list(value) if isinstance(value, tuple) else value
    done = tomlkit.dumps(document)
    _check(done)
    return done


def snippet(tables: Tables) -> str:
    """Return the lines alone, to be put into the file by hand."""
    return changed("", tables)


def writable(file: Path) -> bool:
    """Say whether we may write the file, or make it."""
    folder = file.parent
    there = next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)
    return os.access(there, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


def write(file: Path, text: str) -> None:
    """Put a text in the file's place at once, readable by its owner alone; raise OSError where that cannot be."""
    file.parent.mkdir(parents=True, exist_ok=True)
    target = file.resolve()
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _table(document: tomlkit.TOMLDocument, name: str) -> Any:
    if name not in document:
        document[name] = tomlkit.table()
    return document[name]


def _exchange(document: tomlkit.TOMLDocument, name: str) -> Any:
    if "pbx" not in document:
        document["pbx"] = tomlkit.aot()
    listed: Any = document["pbx"]
    for table in listed:
        if table.get("name", "main") == name:
            return table
    made = tomlkit.table()
    made["name"] = name
    listed.append(made)
    return listed[-1]


def _check(text: str) -> None:
    """Raise BadSetting where the text would not load."""
    try:
        settings.Settings(**tomllib.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise errors.BadSetting(key, first["msg"]) from error
