"""How often the doors of an account may be tried, so that nobody is locked out by what others do.

- A wrong password is counted for the network address and the account together: ten, then that address waits, and
  nobody else does. A browser that was signed in to the account before has a counter of its own.
- A network address as a whole may fail far more often than a school does at nine o'clock.
- What all the world tries at one account makes the next try of an unknown browser slower, and never refuses it.
- A mail that somebody asks for is sent five times an hour at most. Whoever asks for a sixth is told the same, and has
  a link in their mail that still opens the account.
"""

import asyncio
from datetime import timedelta

from fastapi import Request

from app.accounts import known_browsers
from app.accounts.models import User
from app.db import Database
from app.web import rate_limits
from app.web.rate_limits import Rate, client_address

QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)

# A school signs up from one network address in one hour; a machine does so in a minute.
SIGN_UPS = Rate("sign_up", 120, HOUR)
SIGN_INS_FROM_HERE = Rate("sign_in_from_here", 10, QUARTER)
SIGN_INS_KNOWN = Rate("sign_in_known", 10, QUARTER)
SIGN_INS_ADDRESS = Rate("sign_in_address", 300, QUARTER)
# Not how many there may be: how many there are before unknown browsers wait.
SIGN_INS_EVERYWHERE = Rate("sign_in_everywhere", 20, HOUR)
SIGN_INS_ELSEWHERE = Rate("sign_in_elsewhere", 600, QUARTER)
CONFIRMATIONS = Rate("confirm_password", 10, QUARTER)
ASKED_MAILS = Rate("asked_mail", 120, HOUR)
MAILS_FROM_HERE = Rate("mail_from_here", 5, HOUR)
VERIFY_MAILS = Rate("verify_mail", 5, HOUR)
RESET_MAILS = Rate("reset_mail", 5, HOUR)
CHANGE_MAILS = Rate("change_mail", 5, HOUR)
CHANGE_MAILS_TO = Rate("change_mail_to", 20, HOUR)
REACH_MAILS = Rate("reach_mail", 5, HOUR)
OPERATORS_MAILS = Rate("operators_mail", 5, HOUR)

FIRST_WAIT, LONGEST_WAIT = 0.25, 4.0  # seconds
LONGER_EVERY = 10

Try = tuple[Rate, str]


def from_here(request: Request, rate: Rate) -> Try:
    """A try that is counted by where it comes from."""
    return rate, client_address(request)


def to_address(rate: Rate, email: str) -> Try:
    """A try that is counted by the e-mail address it is about, whether someone has it or not."""
    return rate, email.lower()


def from_here_to(request: Request, rate: Rate, email: str) -> Try:
    """A try that is counted by both: what others do with the same e-mail address counts for them."""
    return rate, f"{client_address(request)} {email.lower()}"


def of_reset_mail(email: str, user: User | None) -> Try:
    """A mail with the link for a new password, to an address that `user` has, or nobody.

    By the version of the credentials: once the link was used, the owner has their mails for the next one.
    """
    version = user.credentials_version if user else 1
    return RESET_MAILS, f"{email.lower()} {version}"


def of_sign_in(request: Request, email: str, user: User | None) -> list[Try]:
    """What a password that is wrong counts for. `user`: who has the address, or None.

    The network address comes last: tries that the first count refuses use up nothing of it.
    """
    if user is not None and known_browsers.is_known(request, user):
        return [(SIGN_INS_KNOWN, known_browsers.slot_of(request, user))]
    return [from_here_to(request, SIGN_INS_FROM_HERE, email), from_here(request, SIGN_INS_ADDRESS)]


def wait_after(tries: int) -> float:
    """How many seconds an unknown browser waits when so many tries at an account failed within the hour.

    Twice as long after each further ten, and four seconds at most: a person waits, a machine makes less of its time.
    """
    over = tries - SIGN_INS_EVERYWHERE.times
    return 0.0 if over <= 0 else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min((over - 1) // LONGER_EVERY, 10))


async def slow_down(database: Database, request: Request, email: str) -> Try:
    """Count a try at the account from anywhere, and wait if there were many; returns it, to be given back.

    Right and wrong passwords wait the same; nothing is held meanwhile.
    """
    this = to_address(SIGN_INS_EVERYWHERE, email)
    async with database.transaction() as session:
        tries = await rate_limits.tally(session, request, *this)
    await asyncio.sleep(wait_after(tries))
    return this


async def count(database: Database, request: Request, *tries: Try) -> None:
    """Count tries, committed at once, or raise TooManyError: what comes next may be slow or may fail."""
    async with database.transaction() as session:
        for rate, subject in tries:
            await rate_limits.spend(session, request, rate, subject)


async def is_within(database: Database, request: Request, this: Try) -> bool:
    """Count a try and say whether it is one of those that there may be; nobody is refused."""
    async with database.transaction() as session:
        return await rate_limits.tally(session, request, *this) <= this[0].times


async def give_back(database: Database, request: Request, *tries: Try) -> None:
    """Tries that succeeded do not count: an office of thirty signs in at nine."""
    async with database.transaction() as session:
        for rate, subject in tries:
            await rate_limits.give_back(session, request, rate, subject)
