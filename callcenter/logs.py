"""What is written to standard error, by every process of ours in the same way."""

from __future__ import annotations

import logging
import sys

import structlog

from callcenter.settings import Settings


def configure(settings: Settings, foreseen: tuple[type[Exception], ...] = ()) -> None:
    """Write structured lines to standard error, with the libraries' own among them.

    What a library says of a `foreseen` exception (a full disk, a database that is away) is one line, without a traceback.
    """
    level = getattr(logging, settings.log.level.upper())
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log.json_lines
        # Plain: a traceback that shows variables would write callers, notes and secrets into the log.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info
            if settings.log.json_lines
            else structlog.processors.StackInfoRenderer(),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)
    for handler in logging.getLogger().handlers:
        handler.addFilter(lambda record: _in_one_line(record, foreseen))


def _in_one_line(record: logging.LogRecord, foreseen: tuple[type[Exception], ...]) -> bool:
    problem = record.exc_info[1] if record.exc_info else None
    if isinstance(problem, foreseen):
        record.msg, record.args = f"{record.getMessage()}: {str(problem)[:200]}", None
        record.exc_info = record.exc_text = None
    return True
