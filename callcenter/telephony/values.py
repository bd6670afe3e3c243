"""Frozen, slotted dataclasses that are cheap to make; pure.

A frozen dataclass writes each field by `object.__setattr__`, which looks the field up by its name again, since its own
`__setattr__` refuses. Facts have up to two dozen fields, and are made on the hot path. `value` makes the same class with an
`__init__` that writes through each slot's own descriptor: half the time, and as frozen afterwards as any.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def value(cls: type[T]) -> type[T]:
    """Make a frozen, slotted dataclass whose fields are all arguments of `__init__`."""
    made: Any = dataclasses.dataclass(frozen=True, slots=True)(cls)
    fields = dataclasses.fields(made)
    scope: dict[str, Any] = {}
    arguments, writes = ["self"], []
    for field in fields:
        name, write = field.name, f"_write_{field.name}"
        scope[write] = getattr(made, name).__set__  # the slot, wherever in the bases it is
        if field.default_factory is not dataclasses.MISSING:
            scope[f"_make_{name}"] = field.default_factory
            arguments.append(f"{name}=_absent")
            writes.append(f"{write}(self, _make_{name}() if {name} is _absent else {name})")
        elif field.default is not dataclasses.MISSING:
            scope[f"_default_{name}"] = field.default
            arguments.append(f"{name}=_default_{name}")
            writes.append(f"{write}(self, {name})")
        else:
            arguments.append(name)
            writes.append(f"{write}(self, {name})")
    scope["_absent"] = object()
    body = "\n    ".join(writes or ["pass"])
    # Written as dataclasses itself writes it: only names of fields, which are identifiers, come into the text.
    exec(f"def __init__({', '.join(arguments)}):\n    {body}", scope)
    init = scope["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    init.__annotations__ = made.__init__.__annotations__
    made.__init__ = init
    result: type[T] = made
    return result
