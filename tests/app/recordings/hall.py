"""A recording of an organisation's room, everyone who may come by, and what each of them meets."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import update

from app.accounts.models import User
from app.accounts.service import ban
from app.db import Database
from app.recordings.models import Recording
from app.rooms.models import Room, Visibility
from tests.app.recordings.rows import addresses
from tests.browser import Person
from tests.conftest import new_person
from tests.factories import signed_in

CODE = "2718-2818"


PLAYED, NOT_THERE, SIGN_IN, ASKED_FOR_CODE, VERIFY = "played", "not there", "sign in", "code", "verify"


@dataclass
class Hall:
    """A recording of an organisation's room, and everyone who may come by."""

    database: Database
    room: Room
    recording: Recording
    people: dict[str, User]

    async def set(self, **columns) -> None:
        """Change the recording."""
        async with self.database.transaction() as session:
            await session.execute(
                update(Recording).where(Recording.id == self.recording.id).values(**columns)
            )

    @property
    def at(self) -> str:
        """Its page."""
        return f"/recordings/{self.recording.key}"


@contextlib.asynccontextmanager
async def browser_of(site, hall: Hall, who: str) -> AsyncIterator[Person]:
    """One of them at a browser; a guest with the code has typed it."""
    if who.startswith("guest"):
        async with new_person(site) as person:
            if who == "guest with the code":
                await hall.set(visibility=Visibility.CODE)
                await person.open(hall.at)
                await person.submit("/code", code=CODE)
                assert "The long evening" in person.words
            yield person
        return
    async with signed_in(site, hall.people[who]) as person:
        if who == "banned":
            async with hall.database.transaction() as session:
                await ban(session, hall.people[who].id, "abuse")
        yield person


async def met(person: Person, hall: Hall, kind: str) -> str:
    """What happens to somebody who asks for a format."""
    answer = await person.client.get(f"{hall.at}/{kind}")
    assert answer.headers.get("location", "").startswith(("https://bbb.", "/", "")), answer.headers
    location = answer.headers.get("location", "")
    if location.startswith("https://bbb.example.org/"):
        assert answer.status_code == 303
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert hall.recording.record_id in location
        return PLAYED
    assert not any(secret in answer.text + location for secret in addresses(hall.recording))
    if location.startswith("/sign-in"):
        assert location == f"/sign-in?next={hall.at}"
        return SIGN_IN
    if location == hall.at:
        return ASKED_FOR_CODE
    return {404: NOT_THERE, 403: VERIFY}[answer.status_code]
