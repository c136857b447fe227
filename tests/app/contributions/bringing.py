"""Files that a bookkeeper brings at a browser of a test, and what the books have of them."""

from sqlalchemy import select

from app.contributions.models import ImportLine, LedgerEntry


def table(*rows, columns="date,amount,name,email,reference,iban,currency") -> bytes:
    """A table with these lines, as a bank gives it."""
    return ("\n".join([columns, *rows]) + "\n").encode()


async def bring(person, content, name="may.csv"):
    """Upload it; the person is on its preview afterwards."""
    await person.open("/ledger/imports")
    form = person.form("/ledger/imports")
    answer = await person.client.post(
        "/ledger/imports", data=form.fields, files={"file": (name, content)}, follow_redirects=True
    )
    person.page = answer
    return answer


async def everything(database):
    """All lines and all entries, the oldest first."""
    async with database.transaction() as session:
        lines = list(await session.scalars(select(ImportLine).order_by(ImportLine.id)))
        entries = list(await session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)))
    return lines, entries
