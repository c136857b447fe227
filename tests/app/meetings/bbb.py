"""What tests of the follow-up do with BigBlueButton: its control address, another server in its place."""

import re
from contextlib import asynccontextmanager

import httpx

from app.servers.pool import Servers
from bbb_client.client import BBBClient
from bbb_client.server import Server


async def order(simulator, path, **body):
    """Order something at the simulator's control address."""
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        (await control.post(path, json=body)).raise_for_status()


class Detour(httpx.AsyncBaseTransport):
    """A network in which some calls of the API reach another server than the one they are meant for."""

    def __init__(self) -> None:
        self._network = httpx.AsyncHTTPTransport()
        self.asked: list[str] = []
        self.to: httpx.URL | None = None
        self.calls: set[str] | None = None

    def lead(self, simulator, *calls) -> None:
        """Lead these calls (all, if none is named) to that simulator from now on; None: back to normal."""
        self.to = httpx.URL(simulator.url) if simulator else None
        self.calls = set(calls) or None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        call = request.url.path.rpartition("/")[2]
        self.asked.append(call)
        if self.to is not None and (self.calls is None or call in self.calls):
            request.url = request.url.copy_with(host=self.to.host, port=self.to.port)
        return await self._network.handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


class Balancer(httpx.AsyncBaseTransport):
    """What stands before the simulator: it changes the answers of some calls."""

    def __init__(self):
        self._network = httpx.AsyncHTTPTransport()
        self.changes = {}

    async def handle_async_request(self, request):
        call = request.url.path.rpartition("/")[2]
        answer = await self._network.handle_async_request(request)
        if call not in self.changes:
            return answer
        body = (await answer.aread()).decode()
        changed = self.changes[call](body)
        if isinstance(changed, httpx.Response):
            return changed
        return httpx.Response(200, content=changed.encode())

    async def aclose(self):
        await self._network.aclose()

    def list_first(self, item):
        self.changes["getMeetings"] = lambda body: re.sub(
            r"<meetings>|<meetings/>", f"<meetings>{item}", body
        )

    def list_last(self, item):
        self.changes["getMeetings"] = lambda body: body.replace("</meetings>", f"{item}</meetings>")

    def list_only(self, *items):
        self.changes["getMeetings"] = lambda _body: (
            f"<response><returncode>SUCCESS</returncode><meetings>{''.join(items)}</meetings></response>"
        )


@asynccontextmanager
async def over_a_detour(settings):
    """The servers of a process whose network can be led astray: `(servers, detour)`."""
    servers, detour = Servers(settings), Detour()
    await servers.client.aclose()
    secret = settings.bbb_secret.get_secret_value()
    servers.client = BBBClient(Server(settings.bbb_url, secret), transport=detour)
    async with servers.connected():
        yield servers, detour
