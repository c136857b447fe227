"""What somebody typed when their session had ended: kept for half an hour, until they have signed in again.

Only the browser that sent it gets it back: its number is a part of the key that the text is sealed with, and stands
nowhere in the database. Passwords and files are never kept.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData, UploadFile

from app import clock
from app.db import Database
from app.web.browser import browser_id, keyed_hash, settings_of
from app.web.csrf import FIELD
from app.web.models import KeptForm
from app.web.rate_limits import Rate, client_address, tally
from app.web.sealing import seal, unseal

LASTS = timedelta(minutes=30)
# More than any form has without its files.
LONGEST = 100_000
# A network address may keep this many: whoever sends more signs in without.
KEPT = Rate("kept_form", 60, timedelta(hours=1))


@dataclass(frozen=True)
class Typed:
    """A form as it was sent: where to, its fields, and whether there was a file among them."""

    action: str
    fields: list[tuple[str, str]]
    has_file: bool


def is_secret(name: str) -> bool:
    """Whether a field is typed again by hand: passwords, and the code that opens a door to a guest."""
    return "password" in name or "secret" in name or name == "code"


def typed_in(form: FormData) -> list[tuple[str, str]]:
    """The fields of a form that can be sent again."""
    return [
        (name, value)
        for name, value in form.multi_items()
        if isinstance(value, str) and name != FIELD and not is_secret(name)
    ]


def has_file(form: FormData) -> bool:
    """Whether a file was chosen in it."""
    return any(isinstance(value, UploadFile) and value.filename for _name, value in form.multi_items())


async def keep_form(database: Database, request: Request) -> bool:
    """Keep the form of this request for its browser, instead of one that it sent before; False: there is nothing.

    `app.web.csrf.protect` has seen that it is ours. In a transaction of its own.
    """
    form: FormData = request.state.form
    fields = typed_in(form)
    query = f"?{request.url.query}" if request.url.query else ""
    text = json.dumps([request.url.path + query, fields, has_file(form)])
    if not any(value.strip() for _name, value in fields) or len(text) > LONGEST:
        return False
    settings = settings_of(request)
    row = {
        "key": _key(request),
        "sealed": seal(settings, _purpose(request), text),
        "expires_at": clock.now() + LASTS,
    }
    async with database.transaction() as session:
        if await tally(session, request, KEPT, client_address(request)) > KEPT.times:
            return False
        kept = insert(KeptForm).values(row)
        await session.execute(kept.on_conflict_do_update(index_elements=[KeptForm.key], set_=row))
    return True


async def find_kept(session: AsyncSession, request: Request) -> Typed | None:
    """What this browser sent when its session had ended, if that is not too long ago."""
    row = await session.scalar(
        select(KeptForm).where(KeptForm.key == _key(request), KeptForm.expires_at > clock.now())
    )
    text = unseal(settings_of(request), _purpose(request), row.sealed) if row else None
    if text is None:
        return None
    action, fields, with_file = json.loads(text)
    return Typed(action, [(name, value) for name, value in fields], with_file)


async def forget_kept(session: AsyncSession, request: Request) -> None:
    """Delete what this browser has kept."""
    await session.execute(delete(KeptForm).where(KeptForm.key == _key(request)))


async def forget_old(session: AsyncSession) -> None:
    """Delete what nobody has come back for."""
    await session.execute(delete(KeptForm).where(KeptForm.expires_at < clock.now()))


def _key(request: Request) -> str:
    return keyed_hash(settings_of(request), "kept-form", browser_id(request))


def _purpose(request: Request) -> str:
    return f"kept-form:{browser_id(request)}"
