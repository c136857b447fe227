"""The gate every call goes through: the language, the token, how often. Before a byte of its body is read."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from app import i18n, wording
from app.accounts.access import Viewer, load_api_viewer
from app.api.rates import count_call
from app.web.browser import asked_for

LARGEST_BODY = 64_000
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class GuardedRoute(APIRoute):
    """A call of the API.

    A dependency would come too late: FastAPI reads and parses the body first, so that a stranger could make us read
    one, and would be told what is wrong in it instead of that a token is missing.
    """

    def get_route_handler(self) -> Handler:
        """The call behind its gate."""
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await _pass(request)
            return await answer(Request(request.scope, _limited(request.receive)))

        return guarded


async def _pass(request: Request) -> None:
    # Until it is known whose token it is, errors speak the language that the program asks for.
    i18n.speak(asked_for(request))
    wording.use_zone(None)
    request.state.caller = await load_api_viewer(request)
    await count_call(request, request.headers["authorization"].partition(" ")[2].strip())


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
