"""Databases for tests: SQLite in a temporary folder, and throw-away PostgreSQL and Redis servers on their own ports.

Without a server its tests are skipped, which fails them in CI (skips.py).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from callcenter import db, migrations
from callcenter.demo import ports

DEADLINE_SECONDS = 60.0


def postgres_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL of this machine."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: float(p.parts[4])
    )
    if found:
        return found[-1].parent
    program = shutil.which("postgres")
    return Path(program).parent if program else None


def as_user() -> list[str]:
    """Return what to put before a command: PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a PostgreSQL of our own in a temporary folder; yield its address without a database name."""
    programs = postgres_programs()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    folder.chmod(0o777)
    data, port, user = folder / "data", ports.tcp(), as_user()
    try:
        subprocess.run(
            [*user, programs / "initdb", "-D", data, "-U", "callcenter", "-A", "trust", "-E", "UTF8",
             "--locale=C.UTF-8", "-N"],
            check=True, capture_output=True, cwd=folder,
        )  # fmt: skip
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [*user, programs / "postgres", "-D", data, *options.split()],
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=folder,
            )
        try:
            _wait_for_port(port, server, folder / "log")
            url = f"postgresql+psycopg://callcenter@127.0.0.1:{port}"
            _wait_for_postgres(url)
            yield url
        finally:
            subprocess.run(
                [*user, programs / "pg_ctl", "stop", "-D", data, "-m", "immediate"],
                capture_output=True, check=False, cwd=folder,
            )  # fmt: skip
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_port(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server takes connections."""
    until = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < until:
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    words = log.read_text(errors="replace")[-2000:] if log.exists() else ""
    pytest.fail(f"a server on port {port} did not start: {words}")


def _wait_for_postgres(url: str) -> None:
    """Return when it takes sessions: it listens while it still starts up, and refuses them."""
    engine = create_engine(f"{url}/postgres", poolclass=NullPool)
    until = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            engine.connect().close()
            return
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run one PostgreSQL for the session."""
    if postgres_programs() is None:
        pytest.skip("postgresql is not installed")
    with running_postgres() as url:
        yield url


@contextmanager
def fresh_postgres(server: str, template: str = "template1") -> Iterator[str]:
    """Make a database on the server, empty or like another one; yield its address."""
    name = f"t{uuid.uuid4().hex[:12]}"
    engine = create_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    try:
        yield f"{server}/{name}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        engine.dispose()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give an empty PostgreSQL database of one's own."""
    with fresh_postgres(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: str) -> Iterator[str]:
    """Name a database that has every table and no row: to be copied."""
    with fresh_postgres(postgres_server) as url:
        made = db.Database(url)
        migrations.upgrade(made)
        made.close()
        yield url.rpartition("/")[2]


@functools.cache
def _tables() -> Path:
    """Make the same as a file of SQLite, once a process."""
    file = Path(tempfile.mkdtemp(prefix="tables")) / "tables.db"
    atexit.register(shutil.rmtree, file.parent, ignore_errors=True)
    made = db.Database(f"sqlite:///{file}")
    migrations.upgrade(made)
    made.close()
    return file


def migrated(file: Path) -> db.Database:
    """Open a new SQLite database with every table: a copy, since making one takes longer than most tests."""
    shutil.copyfile(_tables(), file)
    return db.Database(f"sqlite:///{file}")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Run one Redis for the session, which keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    folder, port = Path(tempfile.mkdtemp(prefix="redis")), ports.tcp()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, *options], stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for_port(port, server, folder / "log")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[db.Database]:
    """Give a migrated database: SQLite, or PostgreSQL with `parametrize("database", [...], indirect=True)`."""
    with contextlib.ExitStack() as stack:
        if getattr(request, "param", "sqlite") == "postgres":
            server, tables = map(request.getfixturevalue, ("postgres_server", "postgres_tables"))
            made = db.Database(stack.enter_context(fresh_postgres(server, tables)))
        else:
            made = migrated(tmp_path / "callcenter.db")
        stack.callback(made.close)
        yield made


def on_both() -> pytest.MarkDecorator:
    """Mark a test to run on SQLite and on PostgreSQL."""
    return pytest.mark.parametrize(
        "database",
        ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
        indirect=True,
    )
