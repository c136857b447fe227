"""A simulator inside a test, with a clock that stands still and somebody who receives its callbacks."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import httpx

from bbb_client.signing import signed_query
from bbb_client.simulator import Config, StillClock, create_app

SECRET = "topsecret"
API = "/bigbluebutton/api"


class Receiver:
    """The program that callbacks go to: notes every request and answers what it is told."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: list[int | Exception | httpx.Response] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(answer)

    @property
    def urls(self) -> list[str]:
        return [str(request.url) for request in self.requests]


class Sim:
    """One simulator and a browser or a site that talks to it."""

    def __init__(self, config: Config) -> None:
        self.receiver = Receiver()
        self.clock = StillClock()
        self.seconds = 0.0  # what a browser's real time is
        outgoing = httpx.AsyncClient(transport=httpx.MockTransport(self.receiver))
        self.app = create_app(config, clock=self.clock, http=outgoing)
        self.world = self.app.state.world
        self.world.monotonic = lambda: self.seconds
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://bbb.test")

    async def close(self) -> None:
        await self.http.aclose()
        await self.world.http.aclose()

    async def get(self, call: str, /, **params: str) -> httpx.Response:
        return await self.http.get(f"{API}/{call}?{signed_query(call, params, SECRET)}")

    async def post(self, call: str, body: bytes, content_type: str, /, **params: str) -> httpx.Response:
        url = f"{API}/{call}?{signed_query(call, params, SECRET)}"
        return await self.http.post(url, content=body, headers={"Content-Type": content_type})

    async def xml(self, call: str, /, **params: str) -> ET.Element:
        return parse(await self.get(call, **params))

    async def json(self, call: str, /, **params: str) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.get(call, **params)).json()["response"]
        return answer

    async def create(self, meeting_id: str = "room-1", /, **params: str) -> ET.Element:
        return await self.xml("create", **{"meetingID": meeting_id, "name": "Weekly assembly", **params})

    async def join(self, name: str = "Ada", /, **params: str) -> str:
        """Join and load the page; the session token."""
        token = await self.session(name, **params)
        await self.page("/", token)
        return token

    async def session(self, name: str = "Ada", /, **params: str) -> str:
        """Join without loading the page; the session token."""
        answer = await self.xml(
            "join",
            **{"meetingID": "room-1", "fullName": name, "role": "VIEWER", "redirect": "false", **params},
        )
        return answer.findtext("session_token") or ""

    async def page(self, place: str, token: str, **params: str) -> httpx.Response:
        return await self.http.get("/html5client" + place, params={"sessionToken": token, **params})

    async def press(self, action: str, token: str, **values: str) -> httpx.Response:
        return await self.http.post(f"/html5client/{action}", data={"sessionToken": token, **values})

    async def control(self, method: str, name: str, /, **body: Any) -> dict[str, Any]:
        answer = await self.http.request(method, f"/sim/{name}", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def advance(self, seconds: float) -> None:
        await self.control("POST", "clock", advance_seconds=seconds)

    async def info(self, meeting_id: str = "room-1") -> ET.Element:
        return await self.xml("getMeetingInfo", meetingID=meeting_id)

    async def alive(self, meeting_id: str = "room-1") -> bool:
        return (await self.info(meeting_id)).findtext("returncode") == "SUCCESS"

    async def reason(self) -> str:
        """Why the meeting that ended last ended."""
        state = await self.control("GET", "state")
        told: str = state["ended"][-1]["reason"]
        return told

    async def names(self) -> list[str | None]:
        """Who is in room-1 by its attendee list."""
        return [attendee.findtext("fullName") for attendee in (await self.info()).iter("attendee")]


def parse(response: httpx.Response) -> ET.Element:
    assert response.headers["content-type"] == "text/xml;charset=utf-8"
    return ET.fromstring(response.text)  # noqa: S314 - written by the simulator under test


def key(answer: ET.Element) -> tuple[str | None, str | None]:
    return answer.findtext("returncode"), answer.findtext("messageKey")


Make = Callable[..., Sim]
