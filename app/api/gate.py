"""The gate every call goes through: the language, the token, how often. Before a byte of its body is read."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any

from fastapi import Depends, Request, Response, params
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from app import i18n, wording
from app.accounts.access import Viewer, load_api_viewer
from app.accounts.scopes import Scope
from app.api.errors import ScopeMissingError
from app.api.rates import count_call
from app.web.browser import asked_for

LARGEST_BODY = 64_000
# It refuses nobody: the gate does. It is here so that the document says how to sign in, and with which scope.
BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description=(
        "A personal API token: gh_…. It has scopes: “read” for whatever is only looked at, “rooms” for changes of "
        "rooms, meetings and recordings, “organisation” for changes of who hosts for one. Each call names the one "
        "that it takes."
    ),
)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """A call of the API.

    A dependency would come too late: FastAPI reads and parses the body first, so that a stranger could make us read
    one, and would be told what is wrong in it instead of that a token is missing.
    """

    def get_route_handler(self) -> Handler:
        """The call behind its gate."""
        answer = super().get_route_handler()
        scope = _scope_of(self)

        async def guarded(request: Request) -> Response:
            await _pass(request, scope)
            return await answer(Request(request.scope, _limited(request.receive)))

        return guarded


def needs(scope: Scope) -> Sequence[params.Security]:
    """The scope that a call takes: every call names its one as its `dependencies`."""
    return [params.Security(BEARER, scopes=[scope.value])]


def _scope_of(route: APIRoute) -> Scope:
    """RuntimeError, before the site is up, for a call that would be open to every token."""
    named = {scope for each in route.dependencies for scope in getattr(each, "scopes", None) or ()}
    if len(named) != 1:
        raise RuntimeError(f"{route.name} has to name one scope: dependencies=needs(...)")
    return Scope(named.pop())


async def _pass(request: Request, scope: Scope) -> None:
    # Until it is known whose token it is, errors speak the language that the program asks for.
    i18n.speak(asked_for(request))
    wording.use_zone(None)
    request.state.caller = await load_api_viewer(request)
    await count_call(request, request.headers["authorization"].partition(" ")[2].strip())
    if scope not in request.state.token.scopes:
        raise ScopeMissingError(scope)


def _limited(receive: Receive) -> Receive:
    """The body, up to a size that no call needs. FastAPI's own limit answers in plain text, even to a stranger."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise HTTPException(413)
        return message

    return limited


async def _caller(request: Request) -> Viewer:
    found: Viewer = request.state.caller
    return found


# Whose token it is. Only the gate sets it: a route without one fails instead of letting anyone in.
Caller = Annotated[Viewer, Depends(_caller)]
