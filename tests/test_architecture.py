"""Who may import whom, and what the pure modules may not do: DESIGN's arrows as a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("callcenter", "screenpop", "recordings", "web")
MAY_IMPORT = {
    "callcenter": set(),
    "screenpop": {"callcenter"},
    "recordings": {"callcenter"},
    "web": {"callcenter", "screenpop", "recordings"},
}
# The command line and the demo start the program, so they alone reach up to the composition root.
STARTERS = ("callcenter/cli", "callcenter/demo/", "callcenter/__main__")
ONE_HOME = {
    "panoramisk": ("callcenter/telephony/ami.py", "callcenter/telephony/link.py"),
    "socketio": ("screenpop/server.py", "web/app.py"),
    "vosk": ("recordings/engines/",),
    "faster_whisper": ("recordings/engines/",),
    "aiohttp": ("web/", "callcenter/demo/", "screenpop/transport.py"),
    "prometheus_client": ("web/metrics.py",),
    "openpyxl": ("callcenter/outbound/tables.py",),
    "typer": ("callcenter/cli", "callcenter/__main__"),
}
PURE = (
    "callcenter/telephony/facts.py",
    "callcenter/telephony/wire.py",
    "callcenter/telephony/fields.py",
    "callcenter/telephony/events.py",
    "callcenter/telephony/graph.py",
    "callcenter/telephony/roles.py",
    "callcenter/telephony/records.py",
    "callcenter/telephony/results.py",
    "callcenter/telephony/calls.py",
    "callcenter/telephony/moves.py",
    "callcenter/telephony/bridges.py",
    "callcenter/telephony/handovers.py",
    "callcenter/telephony/leaving.py",
    "callcenter/telephony/waiting.py",
    "callcenter/telephony/notices.py",
    "callcenter/telephony/listeners.py",
    "callcenter/telephony/spelling.py",
    "callcenter/telephony/queues.py",
    "callcenter/telephony/values.py",
    "callcenter/telephony/history.py",
    "callcenter/telephony/folding.py",
    "callcenter/telephony/seating.py",
    "callcenter/telephony/completing.py",
    "callcenter/health.py",
    "callcenter/crm/phones.py",
    "callcenter/crm/matching.py",
    "callcenter/reports/metrics.py",
    "callcenter/reports/figures.py",
    "callcenter/outbound/columns.py",
    "callcenter/outbound/compliance.py",
    "callcenter/outbound/hours.py",
    "callcenter/outbound/recycling.py",
    "callcenter/crm/passwords.py",
    "callcenter/crm/words.py",
    "recordings/periods.py",
    "recordings/rules.py",
    "screenpop/cards.py",
    "screenpop/delays.py",
    "screenpop/troubles.py",
)
PURE_MAY_IMPORT = {
    "__future__", "bisect", "callcenter", "collections", "dataclasses", "datetime", "enum", "fnmatch", "functools", "heapq",
    "itertools", "math", "operator", "phonenumbers", "re", "rapidfuzz", "typing", "unicodedata",
}  # fmt: skip
# Times may be reckoned with; what time it is now is an argument.
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}
TELEPHONY_NEVER = ("callcenter.crm", "callcenter.outbound", "callcenter.reports")
LONGEST_FILE = 300


def _sources() -> Iterator[tuple[str, ast.Module, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield path.relative_to(ROOT).as_posix(), ast.parse(text), text


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


SOURCES = list(_sources())
NAMES = [name for name, _, _ in SOURCES]


@pytest.mark.parametrize("name,tree,text", SOURCES, ids=NAMES)
def test_rooms_import_downward_only(name: str, tree: ast.Module, text: str) -> None:
    room = name.split("/", 1)[0]
    if name.startswith(STARTERS):
        return
    above = set(ROOMS) - MAY_IMPORT[room] - {room}
    reached = {imported.split(".")[0] for imported in _imports(tree)} & above
    assert not reached, f"{name} imports {sorted(reached)}"


@pytest.mark.parametrize("name,tree,text", SOURCES, ids=NAMES)
def test_a_library_with_one_home_is_imported_there_alone(
    name: str, tree: ast.Module, text: str
) -> None:
    for library, homes in ONE_HOME.items():
        if any(imported.split(".")[0] == library for imported in _imports(tree)):
            assert name.startswith(homes), f"{name} imports {library}; its home is {homes}"


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_have_no_async_no_clock_and_no_io(name: str) -> None:
    path = ROOT / name
    if not path.exists():
        pytest.fail(f"{name} is named as pure and does not exist")
    tree = ast.parse(path.read_text(encoding="utf-8"))
    outside = {i.split(".")[0] for i in _imports(tree)} - PURE_MAY_IMPORT
    assert not outside, f"{name} imports {sorted(outside)}"
    ours = {i for i in _imports(tree) if i.startswith("callcenter.") and i.count(".") >= 2}
    modules = {"/".join(i.split(".")[:3]) + ".py" for i in ours}
    impure = {m for m in modules if (ROOT / m).exists()} - set(PURE) - {"callcenter/errors.py"}
    assert not impure, f"{name} imports {sorted(impure)}"
    for node in ast.walk(tree):
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncWith | ast.AsyncFor)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input"}, f"{name}: {node.func.id}()"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = getattr(node.func.value, "id", "")
            clock = of in {"datetime", "date", "time"} and node.func.attr in CLOCKS
            assert not clock, f"{name}: {of}.{node.func.attr}()"


@pytest.mark.parametrize("name,tree,text", SOURCES, ids=NAMES)
def test_telephony_knows_nothing_of_customers(name: str, tree: ast.Module, text: str) -> None:
    if name.startswith("callcenter/telephony/"):
        reached = [i for i in _imports(tree) if i.startswith(TELEPHONY_NEVER)]
        assert not reached, f"{name} imports {reached}"


@pytest.mark.parametrize("room", [*ROOMS, "tests", "benchmarks"])
def test_no_file_outgrows_three_hundred_lines(room: str) -> None:
    files = [path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]
    lines = {str(path): path.read_text(encoding="utf-8").count("\n") for path in files}
    assert lines and {path: n for path, n in lines.items() if n > LONGEST_FILE} == {}, "split it"


@pytest.mark.parametrize("name,tree,text", SOURCES, ids=NAMES)
def test_every_module_says_what_it_is(name: str, tree: ast.Module, text: str) -> None:
    if text.strip():
        assert ast.get_docstring(tree), f"{name} has no docstring"


def test_catching_everything_is_for_two_places() -> None:
    allowed = (
        "callcenter/telephony/switchboard.py",
        "callcenter/telephony/link.py",
        "callcenter/telephony/ami.py",
    )
    # The outermost boundary of a request: it answers with an error number, and the log has the rest.
    allowed += ("web/failures.py",)
    workers = ("recordings/worker.py", "recordings/engines/")  # Vosk raises bare Exception
    for name, tree, _ in SOURCES:
        broad = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.ExceptHandler)
            and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
            # To tidy up and raise again is not to catch.
            and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
        ]  # fmt: skip
        if broad and not name.startswith(allowed + workers):
            pytest.fail(f"{name} catches everything in lines {broad}")


def test_nobody_waits_in_a_way_that_swallows_a_cancellation() -> None:
    """On Python 3.11 `asyncio.wait_for` forgets that it was cancelled when its answer comes in the same turn of the loop."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr == "wait_for"
        and isinstance(node.value, ast.Name)
        and node.value.id == "asyncio"
    ]
    assert not found, f"use asyncio.timeout: {found}"
