"""Errors become a page or JSON here, and nowhere else."""

import contextlib
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from app.alerts import Alerts, Kind
from app.errors import ForbiddenError, GuildhallError, NotFoundError, UnavailableError
from app.gate import BusyError
from app.i18n import lazy
from app.outages import outage_of
from app.web.browser import speak_to_stranger
from app.web.csrf import ExpiredFormError, protect
from app.web.forms import message
from app.web.kept_forms import Typed, has_file, typed_in
from app.web.pages import page

log = structlog.get_logger()
CLIENT_GONE = 499  # as nginx calls it


class MethodError(GuildhallError):
    """The address exists, and not for this method."""

    status = 405
    code = "method_not_allowed"
    title = lazy("This page is opened another way")
    message = lazy("Go back and use the button there.")


class UnreadableError(GuildhallError):
    """The body of the request is broken: not even its characters can be read."""

    status = 400
    code = "unreadable"
    title = lazy("This cannot be read")
    message = lazy("What was sent is broken. Send it again, in UTF-8.")


class TooLargeError(GuildhallError):
    """The body of the request is larger than anything that is sent here."""

    status = 413
    code = "too_large"
    title = lazy("That is too much at once")
    message = lazy("What was sent is larger than anything this address takes.")


class InvalidError(GuildhallError):
    """JSON or a query that is not as it needs to be; `fields` says what is wrong, by field."""

    status = 422
    code = "invalid"
    title = lazy("Something in this is not right")
    message = lazy("Nothing was changed. Look at the fields that are named, then send it again.")

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields
        super().__init__()

    def facts(self) -> dict[str, Any]:
        """What is wrong, by field: `body` is the whole of it."""
        return {"fields": self.fields}


class DatabaseUnavailableError(UnavailableError):
    """The database does not do what is asked of it now; `retry_after` says in how many seconds it may."""

    title = lazy("We can't reach the database right now")
    message = lazy("Try again in a minute.")

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()

    def headers(self) -> dict[str, str]:
        """When to try again."""
        return {"retry-after": str(self.retry_after)}


KNOWN: dict[int, type[GuildhallError]] = {
    400: UnreadableError,
    403: ForbiddenError,
    404: NotFoundError,
    405: MethodError,
    413: TooLargeError,
}


def install(app: FastAPI) -> None:
    """Tell the application how errors are answered."""
    app.add_exception_handler(GuildhallError, _guildhall)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    for kind in (
        DBAPIError,
        PoolTimeoutError,
        OSError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
    ):
        app.add_exception_handler(kind, _database)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


def answer(request: Request, error: GuildhallError) -> Response:
    """The error as JSON under /api/, else as a page; a form that was ours can be sent again."""
    if request.url.path.startswith("/api/"):
        response: Response = JSONResponse({"error": error_json(error)}, error.status)
    elif (location := error.location()) is not None:
        response = RedirectResponse(location, 303)
    elif isinstance(error, ExpiredFormError) or (
        isinstance(error, UnavailableError) and getattr(request.state, "form_is_ours", False)
    ):
        # With its query: a start that is not to be recorded says so there.
        query = f"?{request.url.query}" if request.url.query else ""
        form = request.state.form
        again = Typed(request.url.path + query, typed_in(form), has_file(form))
        response = page(request, "errors/resend.html", error.status, error=error, typed=again)
        response.headers["cache-control"] = "no-store"
    else:
        response = page(request, error.template, error.status, error=error, **error.context())
    response.headers.update(error.headers())
    return response


def error_json(error: GuildhallError) -> dict[str, Any]:
    """What programs get: code to branch on, the same words as on the page, and the error's own facts."""
    return {"code": error.code, "title": str(error.title), "message": str(error.message), **error.facts()}


async def _guildhall(request: Request, error: Exception) -> Response:
    assert isinstance(error, GuildhallError)  # noqa: S101  what the handler is registered for
    if isinstance(error, BusyError):
        await _keep_form(request)
    return answer(request, error)


async def answer_busy(request: Request) -> Response:
    """The answer to who was not even let in: what was typed is kept, nothing else is done."""
    speak_to_stranger(request)
    return await _guildhall(request, BusyError())


async def _keep_form(request: Request) -> None:
    """The viewer is looked for before the form is: without this, what was typed would be lost. Asks no database."""
    with contextlib.suppress(GuildhallError):
        await protect(request)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what the handler is registered for
    return answer(request, KNOWN.get(error.status_code, NotFoundError)())


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  what the handler is registered for
    if not request.url.path.startswith("/api/"):
        return answer(request, NotFoundError())
    return answer(request, InvalidError({_field(problem): message(problem) for problem in error.errors()}))


def _field(problem: dict[str, Any]) -> str:
    """Where the problem is; the place of broken JSON is a count of characters, which is no field."""
    names = [str(part) for part in problem["loc"][1:] if problem["type"] != "json_invalid"]
    return ".".join(names) or "body"


async def _database(request: Request, error: Exception) -> Response:
    """PostgreSQL is away, full, read-only or too slow: say so, and keep what was typed."""
    outage = outage_of(error)
    if outage is None:
        cause = getattr(getattr(error, "orig", None), "__cause__", None)
        if isinstance(cause, asyncpg.CharacterNotInRepertoireError):
            # A NUL in an address or a field: PostgreSQL has no place for one in a text.
            return answer(request, UnreadableError())
        if isinstance(cause, asyncpg.DataError) and isinstance(cause.__cause__, OverflowError):
            # A number in an address that is larger than any number of a row.
            return answer(request, NotFoundError())
        return await _unexpected(request, error)
    if outage.kind != "busy":
        # Counted without the database, and written when it is back.
        alerts: Alerts = request.app.state.alerts
        alerts.note(Kind.DATABASE, outage.kind)
    log.error("database.unavailable", kind=outage.kind, cause=outage.cause)
    await _keep_form(request)
    return answer(request, DatabaseUnavailableError(outage.retry_after))


async def _gone(request: Request, error: Exception) -> Response:
    """The browser left before all of it was here: nobody reads the answer, and the log line has its status."""
    del request, error
    return Response(status_code=CLIENT_GONE)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected", exc_info=error)
    return answer(request, GuildhallError())
