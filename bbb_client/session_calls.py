"""The calls that a session token opens instead of a checksum (BBB_API.md section 2.10).

A session token is as good as the person's seat in the meeting, so it is treated as a secret. What these calls
answer belongs to BigBlueButton's own browser client and changes with it: unless one field is the point, the
object is handed on as it came.
"""

import json
from collections.abc import Mapping
from typing import Any

from bbb_client.connection import Body, Call, Calls
from bbb_client.elements import Unreadable
from bbb_client.parameters import parameters
from bbb_client.requests import GetJoinUrl

Json = Mapping[str, Any]


class SessionCalls(Calls):
    """The part of the client that asks on behalf of somebody in a meeting."""

    async def get_join_url(self, request: GetJoinUrl) -> str:
        """Ask for an address that opens the session elsewhere; not repeated, since it may replace the session.

        Behind a balancer it may name an internal host.
        """
        call = Call("getJoinUrl", parameters(request), signed=False)
        return await self._connection.json(call, _url)

    async def learning_dashboard(self, session_token: str) -> Json:
        """Give the dashboard's data, unpacked from the string that it travels in."""
        return await self._connection.json(_read("learningDashboard", session_token), _dashboard)

    async def feedback(self, session_token: str, answers: Json) -> None:
        """Hand in what somebody thinks of the meeting: `rating` and more (3.0)."""
        body = Body(json.dumps({**answers, "sessionToken": session_token}).encode(), "application/json")
        call = Call("feedback", {"sessionToken": session_token}, body=body, signed=False)
        await self._connection.json(call, lambda _: None)

    async def stuns(self, session_token: str) -> Json:
        """Give the STUN and TURN servers, with their passwords."""
        return await self._connection.json(_read("stuns", session_token), _as_it_came)

    async def guest_wait(self, session_token: str) -> Json:
        """Ask how a guest in the lobby stands; `guestStatus` is ALLOW, WAIT or DENY."""
        return await self._connection.json(_read("guestWait", session_token), _as_it_came)

    async def enter(self, session_token: str) -> Json:
        """Give what the browser client starts with (up to 2.7)."""
        return await self._connection.json(_read("enter", session_token), _as_it_came)

    async def sign_out(self, session_token: str) -> None:
        """Give up the session."""
        call = Call("signOut", {"sessionToken": session_token}, signed=False)
        await self._connection.json(call, lambda _: None)


def _read(name: str, session_token: str) -> Call:
    """Make a call that only reads, and so may be repeated."""
    return Call(name, {"sessionToken": session_token}, signed=False, repeatable=True)


def _as_it_came(response: Json) -> Json:
    """Hand the object on."""
    return response


def _url(response: Json) -> str:
    """Read the answer of getJoinUrl."""
    url = response.get("url")
    if not isinstance(url, str) or not url:
        raise Unreadable("url is missing")
    return url


def _dashboard(response: Json) -> Json:
    """Read the answer of learningDashboard: an object, written as a string inside the object."""
    data = response.get("data")
    try:
        unpacked = json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError):
        raise Unreadable("data is not JSON") from None
    if not isinstance(unpacked, dict):
        raise Unreadable("data is missing")
    return unpacked
