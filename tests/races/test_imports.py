"""Files of payments at two processes: the same one at once, overlapping ones, and kill -9 in the middle."""

import asyncio
import secrets

import httpx
import pytest
from sqlalchemy import select, text

from app import clock
from app.contributions.importing.references import reference_of
from app.contributions.models import ImportLine, LedgerEntry
from tests.browser import Person
from tests.house import until
from tests.races.doors import TwoDoors, at_the_same_moment

pytestmark = pytest.mark.slow

MANY = 15_000
HELD = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")


def table(rows: list[str]) -> bytes:
    return ("\n".join(["date,amount,name,reference,id", *rows]) + "\n").encode()


async def bring(person: Person, content: bytes, name: str) -> str:
    """Bring a file and return its address."""
    await person.open("/ledger/imports")
    form = person.form("/ledger/imports")
    files = {"file": (name, content)}
    answer = await person.client.post(form.action, data=form.fields, files=files, follow_redirects=False)
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text[:500]
    return answer.headers["location"]


async def send(person: Person, path: str) -> httpx.Response:
    """Press Import on the page of a file."""
    await person.open(path)
    form = person.form("/import")
    return await person.client.post(form.action, data=form.fields, follow_redirects=True)


async def recorded(house: TwoDoors, holder_id: int) -> list[int]:
    """What is recorded of a holder, in cents."""
    async with house.database.transaction() as session:
        found = select(LedgerEntry.cents).where(LedgerEntry.contributor_id == holder_id)
        return sorted(await session.scalars(found))


async def test_the_same_payment_in_two_files_at_two_processes_is_recorded_once(house: TwoDoors):
    ada, bruna = await house.person("Ada"), await house.person("Bruna", is_bookkeeper=True)
    day, mark, reference = clock.now().date(), secrets.token_hex(4), reference_of(ada.holder_id)
    rows = [f"{day},{number + 1},A,{reference},{mark}{number}" for number in range(40)]
    doors = [await house.browser(name, bruna) for name in ("door-1", "door-2")]
    # The second file has half of the first, and as much again: whoever is told to wait sends it once more.
    paths = [
        await bring(doors[0], table(rows[:30]), "may.csv"),
        await bring(doors[1], table(rows[10:]), "june.csv"),
    ]
    answers = await at_the_same_moment(send(*one) for one in zip(doors, paths, strict=True))
    told = [answer for answer in answers if "Contributions recorded" not in answer.text]
    assert all("Another import is being recorded at this moment." in answer.text for answer in told)
    for person, path in zip(doors, paths, strict=True):
        if "/import" in (await person.open(path)).text.replace("/imports", ""):
            await send(person, path)
    assert await recorded(house, ada.holder_id) == [100 * (number + 1) for number in range(40)]


async def test_an_import_that_is_killed_has_recorded_nothing_and_can_be_done_again(house: TwoDoors):
    ada, bruna = await house.person("Ada"), await house.person("Bruna", is_bookkeeper=True)
    day, mark, reference = clock.now().date(), secrets.token_hex(4), reference_of(ada.holder_id)
    rows = [f"{day},1,A,{reference},{mark}{number}" for number in range(MANY)]
    killed, other = await house.browser("door-2", bruna), await house.browser("door-1", bruna)
    path = await bring(killed, table(rows), "year.csv")
    sent = asyncio.create_task(send(killed, path))

    async def is_recording() -> bool:
        """Rows are being written: the lock of imports is held, and the lines have numbers already."""
        async with house.database.transaction() as session:
            drawn = await session.scalar(text("SELECT last_value FROM import_lines_id_seq"))
            return bool(await session.scalar(HELD)) and drawn > before

    async with house.database.transaction() as session:
        before = await session.scalar(text("SELECT last_value FROM import_lines_id_seq")) + 2_000
    await until(is_recording, "the import is in its middle")
    house.kill("door-2")
    assert isinstance((await asyncio.gather(sent, return_exceptions=True))[0], httpx.HTTPError)

    async def is_rolled_back() -> bool:
        async with house.database.transaction() as session:
            return not await session.scalar(HELD)

    await until(is_rolled_back, "the database has noticed")
    file_id = int(path.rpartition("/")[2])
    assert await house.count(ImportLine.file_id == file_id) == 0
    assert await recorded(house, ada.holder_id) == []
    answer = await send(other, path)
    assert f"Contributions recorded: {MANY}" in answer.text
    assert await recorded(house, ada.holder_id) == [100] * MANY
