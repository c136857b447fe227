"""Log lines: JSON for machines, short lines for people; other libraries only when something is wrong."""

import logging
import re
import sys
from types import TracebackType
from typing import Any

import structlog

# What PostgreSQL and its driver repeat of the values of a statement or row.
_VALUES = re.compile(
    r"(?s)DETAIL:.*?(?=\n\[SQL|\nHINT:|\n\nThe above|\n\nDuring|\Z)"
    r"|(?<=invalid input for query argument )\$\d+:[^\n]*"
)


def without_values(text: str) -> str:
    """A traceback without what stands in the rows that it is about."""
    return _VALUES.sub("[left out]", text)


def _discreet(_logger: Any, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if "exception" in line:
        line["exception"] = without_values(line["exception"])
    return line


def configure(*, as_json: bool) -> None:
    """Set up logging for this process: our lines and those of libraries look the same.

    httpx would log whole addresses, the job library would log arguments: both speak only of trouble.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    # What is bound for the time of a request or a job (`request_id`, `job`) is in every line of it.
    first: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, _discreet, renderer]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _log_crash


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A process that ends by an error that nobody handles says so in a line like all others."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        structlog.get_logger().critical("crashed", exc_info=(kind, error, trace))
