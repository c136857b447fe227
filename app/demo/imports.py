"""Files of payments in the demo: one of Liberapay that is imported, one of a bank that waits to be looked at."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.importing.by_file import import_file
from app.contributions.importing.by_hand import leave_out, match
from app.contributions.importing.files import keep_upload
from app.contributions.importing.references import reference_of
from app.contributions.models import ImportLine
from app.memberships.models import Holder

BY = "Bruna Keller"
COLUMNS = (
    "id,date,currency,amount,reversed_amount,recipient_id,recipient_username,payment_method,payer_id,"
    "payer_username,payer_public_name"
)
# Number, days ago, amount, given back, payer: one who is matched by hand, one who stays hidden, one who waits twice.
DONATIONS = (
    (1, 40, "10.00", "0", "41,okafor,A. Okafor"),
    (2, 33, "26.00", "26.00", "52,tomas,Tomás Vidal"),
    (3, 26, "12.50", "0", ",,"),
    (4, 12, "10.00", "0", "41,okafor,A. Okafor"),
    (5, 35, "5.00", "0", "63,garden-friends,Friends of the garden"),
    (6, 5, "5.00", "0", "63,garden-friends,Friends of the garden"),
)


async def fill_imports(session: AsyncSession) -> None:
    """As a bookkeeper does it: nothing is left that nobody has looked at but what is to be shown."""
    holders = {row.name: row.id for row in await session.execute(select(Holder.id, Holder.name))}
    lines = [
        f"88{n},{_day(ago)},EUR,{euro},{back},77,commons,stripe-card,{who}"
        for n, ago, euro, back, who in DONATIONS
    ]
    liberapay = "\n".join([COLUMNS, *lines]) + "\n"
    file = await keep_upload(session, "liberapay-payments.csv", liberapay.encode(), BY)
    await import_file(session, file.id, clock.now().date(), BY)
    known = next(line for line in await _lines(session, file.id) if line.payer_name == "A. Okafor")
    await match(session, known.id, holders["Ada Okafor"], BY, others=True)
    hidden = next(one for one in await _lines(session, file.id) if one.payer_key == "" and one.cents > 0)
    await leave_out(session, hidden.id, "A hidden donor: thanked on the platform, counts for nobody")
    await keep_upload(session, "bank-statement.csv", _statement(holders).encode(), BY)


async def _lines(session: AsyncSession, file_id: int) -> list[ImportLine]:
    found = select(ImportLine).where(ImportLine.file_id == file_id).order_by(ImportLine.number)
    return list(await session.scalars(found))


def _statement(holders: dict[str, int]) -> str:
    """The rest of a pledge, by its reference; a gift by mail; a payment that went out."""
    riverside = reference_of(holders["Riverside Housing"])
    return (
        "Date;Amount;Currency;Name;Mail;Message\n"
        f"{_day(3)};200,00;EUR;Riverside Housing;;Second half {riverside}\n"
        f"{_day(2)};15,00;EUR;Ada Okafor;ada@example.org;For the servers\n"
        f"{_day(2)};-4,90;EUR;Bank;;Fees\n"
        f"{_day(1)};30,00;EUR;N. N.;;Keep it up\n"
    )


def _day(ago: int) -> str:
    return (clock.now() - timedelta(days=ago)).date().isoformat()
