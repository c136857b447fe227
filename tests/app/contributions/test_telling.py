"""Whoever has earned a membership is told once, in their language; nobody else is."""

import pytest
from sqlalchemy import delete, select, text

from app.contributions.granting import accept
from app.contributions.telling import tell_of_grant
from app.mail import OutgoingMail
from app.worker import mailer_of
from tests.app.contributions.books import gift, only_grant, recorded, reversed_
from tests.factories import a_person, an_organisation


@pytest.fixture
def tell(database, settings):
    """What the worker does with the job that a grant leaves."""

    async def told(grant_id) -> list[OutgoingMail]:
        async with database.transaction() as session:
            await session.execute(delete(OutgoingMail))
            await tell_of_grant(session, mailer_of(settings), "https://hall.example.org", grant_id)
        async with database.transaction() as session:
            return list(await session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))

    return told


async def jobs_of(database) -> list[dict]:
    found = "SELECT args FROM procrastinate_jobs WHERE task_name = 'contributions:tell_of_grant'"
    async with database.transaction() as session:
        return list(await session.scalars(text(found)))


async def test_a_person_is_told_once_and_with_the_sum(database, ada, tell):
    await recorded(database, gift(ada.holder_id, 5_000))
    assert await jobs_of(database) == []
    await recorded(database, gift(ada.holder_id, 7_000))
    grant = await only_grant(database, ada.holder_id)
    assert await jobs_of(database) == [{"grant_id": grant.id}]
    [mail] = await tell(grant.id)
    assert mail.to == "ada@example.org"
    assert mail.subject == "Your contributions bring you “Session organiser”"
    for part in (mail.text, mail.html):
        assert "€120.00 are confirmed. With them you have “Session organiser” until" in part
        assert f"https://hall.example.org/contributions?holder={ada.holder_id}" in part
    assert await tell(grant.id) == []


async def test_an_organisation_s_admins_are_told_each_in_their_language(database, tell):
    await a_person(database, "olga@example.org", language="ca")
    await a_person(database, "eve@example.org", banned_at=None, verified=False)
    await a_person(database, "hal@example.org")
    house = await an_organisation(database, "Tea & <Talk>", "free", olga="admin", hal="host", eve="admin")
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM memberships"))
    await recorded(database, gift(house.holder_id, 50_000))
    async with database.transaction() as session:
        proposed = await session.scalar(
            text("SELECT g.id FROM grants g JOIN tiers t ON t.id = g.tier_id WHERE t.key = 'consumer'")
        )
    assert await tell(proposed) == []
    async with database.transaction() as session:
        await accept(session, proposed, "Olu Marsh")
    [mail] = await tell(proposed)
    assert mail.to == "olga@example.org"
    assert "Tea & <Talk>" in mail.text
    assert "Tea &amp; &lt;Talk&gt;" in mail.html


async def test_what_renews_says_from_when_and_what_fell_says_nothing(database, ada, tell):
    first = await recorded(database, gift(ada.holder_id))
    fell = await only_grant(database, ada.holder_id)
    await recorded(database, gift(ada.holder_id))
    async with database.transaction() as session:
        renewing = await session.scalar(text("SELECT max(id) FROM grants"))
    [mail] = await tell(renewing)
    assert mail.subject == "Your contributions renew “Session organiser”"
    await reversed_(database, first, agreed=frozenset({renewing}))
    del fell
    async with database.transaction() as session:
        await session.execute(text("UPDATE grants SET told_at = NULL"))
    assert await tell(renewing) == []
