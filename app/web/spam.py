"""Public forms that no machine fills in: a field that people do not see, a moment to think, few links."""

import re
import secrets
from collections.abc import Iterable
from datetime import timedelta

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.i18n import Text, lazy
from app.web.browser import settings_of, signer, unsigned
from app.web.csrf import HOURS_12
from app.web.rate_limits import is_first_use

TRAP, SHOWN = "topic", "shown"
LEAST = timedelta(seconds=4)
MOST_LINKS = 3
LINK = re.compile(r"(?i)\b(?:https?|ftp)://|\bwww\.|\[url|<a\s")


def shown_now(request: Request) -> str:
    """When a form was shown, signed: the value of its hidden field `shown`. No two are the same."""
    return signer(settings_of(request), "shown").dumps([clock.now().timestamp(), secrets.token_urlsafe(9)])


def is_ours(request: Request, shown: str) -> bool:
    """Whether it is a moment that this site has signed today."""
    return isinstance(_moment(request, shown), float)


async def is_new(session: AsyncSession, request: Request, shown: str) -> bool:
    """Whether this form was not sent before: one that was shown brings one answer, kept if the session commits.

    A machine that reads the form once would else send it for as long as its moment is good.
    """
    # By what was signed: base64 has several spellings of one text.
    moment = unsigned(settings_of(request), "shown", shown, seconds=HOURS_12)
    return await is_first_use(session, request, "shown", str(moment), timedelta(seconds=HOURS_12))


def objection(request: Request, trap: str, shown: str, texts: Iterable[str]) -> Text | None:
    """Why a form looks as if a machine had filled it in, in words that help a person; None: it does not."""
    moment = _moment(request, shown)
    if trap:
        return lazy("Something filled in a field that is not meant for you. It is empty now: send it again.")
    if not isinstance(moment, float):
        return lazy("This page was open for a long time. Look at what you typed, then send it again.")
    if clock.now().timestamp() - moment < LEAST.total_seconds():
        return lazy("That was very quick. Look at what you typed, then send it again.")
    if sum(len(LINK.findall(text)) for text in texts) > MOST_LINKS:
        return lazy("There are many links in this. Leave at most %(count)s of them.", count=MOST_LINKS)
    return None


def _moment(request: Request, shown: str) -> object | None:
    found = unsigned(settings_of(request), "shown", shown, seconds=HOURS_12)
    return found[0] if isinstance(found, list) and found else None
