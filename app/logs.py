"""Log lines: JSON for machines, short lines for people; other libraries only when something is wrong."""

import logging
import re
import sys
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


class _Discreet(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802  the library's name
        return without_values(super().formatException(ei))


def _discreet(_logger: Any, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
    if "exception" in line:
        line["exception"] = without_values(line["exception"])
    return line


def configure(*, as_json: bool) -> None:
    """Set up logging for this process.

    httpx would log whole addresses, the job library would log arguments: both speak only of trouble.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _discreet,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
