"""Server processes are restarted under load: whoever is let in is answered, streams end by themselves."""

import asyncio
import itertools
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import psutil
import pytest
from sqlalchemy import func, select

from app import clock
from app.accounts.tokens import create_token
from app.memberships.models import LimitOverride
from app.rooms.models import Room
from tests.browser import forms_of
from tests.conftest import new_database
from tests.house import House, opened, until

pytestmark = pytest.mark.slow

POSTS = 1000
CALLERS, STREAMS = 6, 30
# Seconds that processes may take to start where the machine does other things too.
PATIENT = 180.0
PAUSE, ROOM_EVERY = 0.04, 10


class Restarted(House):
    """A house whose processes a test starts itself."""

    def open(self) -> None:
        self.prepare()

    def serve_on(self, name: str, shared: socket.socket) -> None:
        """One process, on a socket that somebody else holds."""
        number = shared.fileno()
        self.start(name, "app", "serve", "--fd", str(number), descriptors=[number])

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture(scope="module")
async def open_house(postgres: str) -> AsyncIterator[Restarted]:
    async with opened(Restarted, new_database(postgres, "restarts")) as house:
        yield house


@pytest.fixture
async def house(open_house: Restarted) -> AsyncIterator[Restarted]:
    yield open_house
    for name in [name for name in open_house.processes if name != "simulator"]:
        open_house.processes.pop(name).stop()


async def programs(house: Restarted) -> list[str]:
    """Tokens of people who may have any number of rooms."""
    tokens = []
    for _ in range(CALLERS):
        person = await house.person("Ada")
        async with house.database.transaction() as session:
            any_number = {"limit_name": "rooms", "value": None, "reason": "a test", "made_by": "a test"}
            session.add(LimitOverride(holder_id=person.holder_id, starts_at=clock.now(), **any_number))
            tokens.append((await create_token(session, person.id, "a program", days=None)).secret)
    return tokens


class Load:
    """Forms and rooms that are sent, half of them on connections that are kept, and what became of each."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        self.url, self.tokens = url, tokens
        self.answers: Counter[str] = Counter()
        self.is_over = False

    @property
    def lost(self) -> Counter[str]:
        return Counter({what: times for what, times in self.answers.items() if what not in {"201", "303"}})

    async def run(self) -> None:
        await asyncio.gather(*(self._call(number) for number in range(CALLERS)))

    async def _call(self, number: int) -> None:
        limits = httpx.Limits(max_keepalive_connections=number % 2)
        async with httpx.AsyncClient(base_url=self.url, limits=limits, timeout=30, trust_env=False) as client:
            page = await client.get("/")
            form = next(form for form in forms_of(page.text) if form.action.endswith("/language"))
            headers = {"authorization": f"Bearer {self.tokens[number]}"}
            for round_ in itertools.count():
                if self.is_over:
                    return
                try:
                    if round_ % ROOM_EVERY:
                        answer = await client.post("/language", data={**form.fields, "language": "ca"})
                    else:
                        answer = await client.post("/api/v1/rooms", json={"name": "A room"}, headers=headers)
                    self.answers[str(answer.status_code)] += 1
                except httpx.HTTPError as error:
                    self.answers[type(error).__name__] += 1
                await asyncio.sleep(PAUSE)

    async def goes_on(self, posts: int) -> None:
        """Wait until that many more were answered."""
        end = self.answers.total() + posts

        async def is_there() -> bool:
            return self.answers.total() >= end

        await until(is_there, f"{posts} more requests", within=PATIENT)


@asynccontextmanager
async def under_load(house: Restarted) -> AsyncIterator[Load]:
    load = Load(house.url, await programs(house))
    before = await rooms(house)
    running = asyncio.create_task(load.run())
    try:
        await load.goes_on(50)
        yield load
    finally:
        load.is_over = True
        await running
    assert await rooms(house) - before == load.answers["201"], "none is made twice, none is lost"


async def rooms(house: Restarted) -> int:
    async with house.database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(Room)) or 0


class Streams:
    """Pages that listen to the news of one room."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ended: list[str] = []
        self._tasks: list[asyncio.Task] = []

    async def open(self, client: httpx.AsyncClient) -> None:
        heard = [asyncio.Event() for _ in range(STREAMS)]
        self._tasks = [asyncio.create_task(self._listen(client, event)) for event in heard]
        await asyncio.gather(*(event.wait() for event in heard))

    async def _listen(self, client: httpx.AsyncClient, heard: asyncio.Event) -> None:
        browser = {"cookie": f"browser={id(heard)}"}
        try:
            async with client.stream("GET", self.url, headers=browser) as stream:
                assert stream.status_code == httpx.codes.OK
                async for _chunk in stream.aiter_bytes():
                    heard.set()
            self.ended.append("as it should")
        except httpx.HTTPError as error:
            self.ended.append(type(error).__name__)

    async def end(self) -> None:
        """Each has ended by itself, none was cut off."""
        await asyncio.gather(*self._tasks)
        assert Counter(self.ended) == {"as it should": STREAMS}


@asynccontextmanager
async def streams(house: Restarted) -> AsyncIterator[Streams]:
    room = await house.room(await house.person("Ada"), "Long stream")
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        listening = Streams(f"{house.url}/r/{room.slug}/events")
        await listening.open(client)
        yield listening


async def test_two_processes_are_replaced_without_a_loss_and_stopped_without_a_cut(house: Restarted):
    house.serve("serve", house.port, 2)
    serve = house.processes["serve"]
    old = serve.servers()
    async with streams(house) as listening, under_load(house) as load:
        serve.signal(signal.SIGHUP)
        await until(lambda: are_gone(old), "the old processes have stopped", within=PATIENT)
        await listening.end()
        await load.goes_on(max(50, POSTS - load.answers.total()))
        assert not load.lost, "of a thousand and more, none"
        assert len(serve.servers()) == 2
        serve.signal(signal.SIGTERM)
        assert await asyncio.to_thread(serve.process.wait, 40) == 0
    assert set(load.lost) <= {"ConnectError"}, "nobody who was let in is cut off or told of an error"
    assert "Traceback" not in house.log_of("serve")
    assert "[error" not in house.log_of("serve")


async def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


async def test_two_services_on_one_socket_of_systemds_are_restarted_in_turn_without_a_loss(house: Restarted):
    """As two units that share one .socket: whoever connects while one is away is let in by the other."""
    with socket.create_server(("127.0.0.1", house.port)) as shared:
        for name in ("a", "b"):
            house.serve_on(name, shared)
        await until(lambda: listens(house, "a", "b"), "both listen", within=PATIENT)
        async with under_load(house) as load:
            for name in ("a", "b"):
                await load.goes_on(50)
                old = house.processes.pop(name)
                old.signal(signal.SIGTERM)
                assert await asyncio.to_thread(old.process.wait, 40) == 0
                old.log.unlink()
                house.serve_on(name, shared)
                await until(lambda name=name: listens(house, name), "it is back", within=PATIENT)
            await load.goes_on(max(50, POSTS - load.answers.total()))
        assert not load.lost, "of a thousand and more, none"


async def listens(house: Restarted, *names: str) -> bool:
    return all("listening on" in house.log_of(name) for name in names)


async def test_one_process_ends_its_streams_and_says_good_bye_on_connections_that_are_kept(house: Restarted):
    house.serve("serve", house.port, 1)
    serve = house.processes["serve"]
    before = len(house.log_of("serve"))
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as client, streams(house) as listening:
        assert "connection" not in (await client.get("/health")).headers
        serve.signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        last = await client.get("/health")
        assert (last.status_code, last.headers["connection"]) == (200, "close")
        with pytest.raises(httpx.ConnectError):
            await client.get("/health")
        await listening.end()
    assert await asyncio.to_thread(serve.process.wait, 10) == 0
    assert "Traceback" not in house.log_of("serve")[before:]
