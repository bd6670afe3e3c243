"""Documentation that is generated from the code, so that it cannot lag behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from callcenter import settings

HEAD = """# Settings

Generated from `callcenter/settings.py` by `callcenter settings --markdown`.

The file is `config/callcenter.toml`, or what the environment variable `CALLCENTER_CONFIG` names. An environment variable
wins over the file: `CALLCENTER_WEB__PORT=8090` sets `port` of `[web]`; `CALLCENTER_PBX` takes the list of exchanges as JSON.
A wrong setting stops the start with its name, its value and what it should be.
"""


def settings_reference() -> str:
    """Return docs/settings.md."""
    return HEAD + "".join(_tables())


def _tables() -> Iterator[str]:
    for name, field in settings.Settings.model_fields.items():
        part = _part(field)
        head = f"[[{name}]]" if name == "pbx" else f"[{name}]"
        yield f"\n## `{head}`\n\n{part.__doc__}\n\n| name | default | what it is |\n| --- | --- | --- |\n"
        for key, item in part.model_fields.items():
            yield f"| `{key}` | `{_shown(item.get_default(call_default_factory=True))}` | {item.description} |\n"


def _part(field: FieldInfo) -> type[BaseModel]:
    candidates = (field.annotation, *get_args(field.annotation))
    return next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return "[]" if value == () else str(value)
