"""Can what happened while we were away be found again? The exchange's own records: set, readable, with the fields we need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from callcenter.doctor import Finding
from callcenter.settings import Pbx, Settings
from callcenter.telephony import history, journals, tables

TAIL_BYTES = 1 << 16
CDR_CONF = ("; /etc/asterisk/cdr.conf", "[csv]", "usegmtime = yes", "loguniqueid = yes", "newcdrcolumns = yes")  # fmt: skip
LOGGER_CONF = ("; /etc/asterisk/logger.conf", "[general]", "queue_log = yes", "queue_log_to_file = yes")  # fmt: skip


def check_history(settings: Settings) -> Iterator[Finding]:
    """Look at the CDR and the queue_log of every exchange."""
    for pbx in settings.pbx:
        yield from _cdr(pbx, settings.site.timezone)
        yield from _queue_log(pbx)


def _here(pbx: Pbx, line: str) -> tuple[str, ...]:
    return ("[[pbx]]", f'name = "{pbx.name}"', line)


def _cdr(pbx: Pbx, zone: str) -> Iterator[Finding]:
    path = 'cdr = "/var/log/asterisk/cdr-csv/Master.csv"'
    if not pbx.cdr:
        text = "not set: calls of a time in which we are not connected are lost"
        yield Finding("cdr", "warn", text, _here(pbx, path), pbx.name)
        return
    if journals.is_address(pbx.cdr):
        yield from _table(pbx, zone)
        return
    try:
        lines = _tail(Path(pbx.cdr))
    except FileNotFoundError:
        fix = (*_here(pbx, path), *CDR_CONF)
        yield Finding("cdr", "fail", f"{pbx.cdr} is not there", fix, pbx.name)
        return
    except OSError as error:
        fix = (f"chgrp callcenter {pbx.cdr}", f"chmod g+r {pbx.cdr}")
        yield Finding("cdr", "fail", f"{pbx.cdr}: {error.strerror}", fix, pbx.name)
        return
    if not lines:
        yield Finding("cdr", "ok", f"{pbx.cdr} can be read, and is empty yet", (), pbx.name)
        return
    columns = history.columns(journals.cdr_fields(lines[-1]))
    if columns is None:
        text = f"{pbx.cdr} is not what cdr_csv writes"
        yield Finding("cdr", "fail", text, _here(pbx, path), pbx.name)
    elif not columns.has_linkedid:
        level, text = ("warn", "has no Linkedid: a transferred call counts as several")
        if not columns.has_uniqueid:
            level, text = ("fail", "names neither Linkedid nor Uniqueid: its calls cannot be told")
        yield Finding("cdr", "fail" if level == "fail" else "warn", f"{pbx.cdr} {text}", CDR_CONF, pbx.name)  # fmt: skip
    else:
        yield Finding("cdr", "ok", f"reads {pbx.cdr}", (), pbx.name)


def _table(pbx: Pbx, zone: str) -> Iterator[Finding]:
    table = tables.CdrTable(pbx.cdr, journals.CdrClock(pbx.cdr_timezone, zone))
    try:
        names = table.columns()
    except OSError as error:
        fix = _here(pbx, 'cdr = "postgresql+psycopg://READER:SECRET@HOST/asteriskcdrdb"')
        yield Finding("cdr", "fail", f"the table cdr cannot be read: {error}", fix, pbx.name)
        return
    if "linkedid" not in names:
        text = "the table cdr has no linkedid: a transferred call counts as several"
        yield Finding("cdr", "warn", text, ("ALTER TABLE cdr ADD linkedid varchar(150)",), pbx.name)
    else:
        yield Finding("cdr", "ok", "reads the table cdr", (), pbx.name)


def _queue_log(pbx: Pbx) -> Iterator[Finding]:
    fix = (*_here(pbx, 'queue_log = "/var/log/asterisk/queue_log"'), *LOGGER_CONF)
    if not pbx.queue_log:
        text = "not set: of a reconciled call it is not known when an agent answered"
        yield Finding("queue_log", "warn", text, fix, pbx.name)
        return
    try:
        _tail(Path(pbx.queue_log))
    except FileNotFoundError:
        yield Finding("queue_log", "fail", f"{pbx.queue_log} is not there", fix, pbx.name)
    except OSError as error:
        mend = (f"chgrp callcenter {pbx.queue_log}", f"chmod g+r {pbx.queue_log}")
        yield Finding("queue_log", "fail", f"{pbx.queue_log}: {error.strerror}", mend, pbx.name)
    else:
        yield Finding("queue_log", "ok", f"reads {pbx.queue_log}", (), pbx.name)


def _tail(path: Path) -> list[str]:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        return file.read().decode("utf-8", "replace").splitlines()
