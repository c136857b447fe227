"""The gate every call goes through: the language, the token, how often. Before a byte of its body is read."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from app import i18n, wording
from app.accounts.access import Viewer, asked_for, load_api_viewer
from app.api.rates import count_call
from app.db import get_database

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
            return await answer(request)

        return guarded


async def _pass(request: Request) -> None:
    # Until it is known whose token it is, errors speak the language that the program asks for.
    i18n.speak(asked_for(request))
    wording.use_zone(None)
    request.state.caller = await load_api_viewer(request, get_database(request))
    await count_call(request, request.headers["authorization"].partition(" ")[2].strip())


async def _caller(request: Request) -> Viewer:
    found: Viewer = request.state.caller
    return found


# Whose token it is. Only the gate sets it: a route without one fails instead of letting anyone in.
Caller = Annotated[Viewer, Depends(_caller)]
