"""Changing what an organisation says of itself; two admins at once cannot undo each other."""

import hashlib

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.live import announce, holder_topic
from app.memberships.limits import hold
from app.memberships.models import Holder
from app.organisations.models import Organisation
from app.organisations.schemas import ProfileInput

WORDS = ("about", "address", "website", "contact", "needs", "accent")
KEY_LENGTH = 20


def values_of(name: str, organisation: Organisation) -> dict[str, str]:
    """What stands in the form."""
    words = {word: str(getattr(organisation, word)) for word in WORDS}
    return {"name": name, **words, "version": str(organisation.version)}


async def held_profile(session: AsyncSession, organisation: Organisation) -> str:
    """Lock it, read it anew, and return its name."""
    held = await hold(session, organisation.holder_id)
    await session.refresh(organisation)
    return held.holder_name


async def change_profile(session: AsyncSession, organisation: Organisation, typed: ProfileInput) -> None:
    """Write it. The caller has held it, so the version that was looked at is the one that is changed."""
    for word in WORDS:
        setattr(organisation, word, getattr(typed, word))
    organisation.version += 1
    await session.execute(update(Holder).where(Holder.id == organisation.holder_id).values(name=typed.name))
    await session.flush()
    await announce(session, holder_topic(organisation.holder_id))


async def set_logo(session: AsyncSession, organisation: Organisation, picture: bytes | None) -> None:
    """Show this picture, or none, on its rooms; its address changes with it, so no cache shows the old one."""
    key = hashlib.sha256(picture).hexdigest()[:KEY_LENGTH] if picture else None
    await session.execute(
        update(Organisation).where(Organisation.id == organisation.id).values(logo=picture, logo_key=key)
    )
    await announce(session, holder_topic(organisation.holder_id))
