"""How often the doors of an account may be tried."""

from datetime import timedelta

from fastapi import Request

from app.db import Database
from app.web import rate_limits
from app.web.rate_limits import Rate, client_address

# A workshop signs up from one network address in one hour; a machine does so in a minute.
SIGN_UPS = Rate("sign_up", 30, timedelta(hours=1))
SIGN_INS = Rate("sign_in", 10, timedelta(minutes=15))
SIGN_INS_ELSEWHERE = Rate("sign_in_elsewhere", 60, timedelta(minutes=15))
CONFIRMATIONS = Rate("confirm_password", 10, timedelta(minutes=15))
ASKED_MAILS = Rate("asked_mail", 30, timedelta(hours=1))
MAILS = Rate("mail", 5, timedelta(hours=1))

Try = tuple[Rate, str]


def from_here(request: Request, rate: Rate) -> Try:
    """A try that is counted by where it comes from."""
    return rate, client_address(request)


def to_address(rate: Rate, email: str) -> Try:
    """A try that is counted by the e-mail address it is about, whether someone has it or not."""
    return rate, email.lower()


async def count(database: Database, request: Request, *tries: Try) -> None:
    """Count tries, committed at once, or raise TooManyError: what comes next may be slow or may fail."""
    async with database.transaction() as session:
        for rate, subject in tries:
            await rate_limits.spend(session, request, rate, subject)


async def give_back(database: Database, request: Request, *tries: Try) -> None:
    """Tries that succeeded do not count: an office of thirty signs in at nine."""
    async with database.transaction() as session:
        for rate, subject in tries:
            await rate_limits.give_back(session, request, rate, subject)
