"""Harbour Radio says that it wants to join: at a browser of a test."""

from sqlalchemy import select

from app.joining.models import Interest

SAID = {
    "name": "Harbour Radio",
    "contact_name": "Rosa Vidal",
    "email": "rosa@example.org",
    "needs": "A weekly editorial round of twelve.",
    "offers_hours": "20",
    "offers_cents": "500",
    "hosts": "3",
}


async def express(person, move_clock, **said):
    """The form of an expression of interest, filled in as a person does."""
    await person.open("/join-us")
    await move_clock(seconds=10)
    return await person.submit("/join-us", **(SAID | said))


async def expressed(person, move_clock, **said) -> str:
    """Expressed and confirmed; the path of its link."""
    await express(person, move_clock, **said)
    link = await person.link_in_mail(said.get("email", SAID["email"]))
    await person.open(link)
    await person.submit("/confirm")
    return person.page.url.path


async def rows(database, model=Interest):
    """All of them, the oldest first."""
    async with database.transaction() as session:
        return list(await session.scalars(select(model).order_by(model.id)))


async def accepted(olu, interest, **said):
    """Olu accepts it."""
    await olu.open(f"/admin/interests/{interest.id}")
    return await olu.submit("/accept", **said)
