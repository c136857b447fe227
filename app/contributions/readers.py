"""Who reads a mail about a holder's membership, and what it is written with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import i18n, wording
from app.accounts.models import User
from app.mail import Mailer
from app.organisations.conditions import administers


@dataclass(frozen=True)
class Post:
    """What mails are written with; `link` is the page of one's membership, without a holder."""

    mailer: Mailer
    link: str

    def link_of(self, holder_id: int, *, is_person: bool) -> str:
        """The page of this holder's membership."""
        return self.link if is_person else f"{self.link}?holder={holder_id}"


async def readers_of(session: AsyncSession, holder_id: int) -> list[Any]:
    """The person, or the organisation's admins: id, email, language, time_zone; nobody banned or unverified."""
    found = await session.execute(
        select(User.id, User.email, User.language, User.time_zone)
        .where(
            or_(User.holder_id == holder_id, administers(User.id, holder_id)),
            User.banned_at.is_(None),
            User.verified_at.is_not(None),
        )
        .order_by(User.id)
    )
    return list(found)


def spoken_to(readers: Iterable[Any]) -> Iterator[Any]:
    """Each reader, while their language is spoken and their zone is shown; as it was before afterwards."""
    spoken, zone = i18n.spoken(), wording.zone().key
    try:
        for reader in readers:
            i18n.speak(reader.language)
            wording.use_zone(reader.time_zone)
            yield reader
    finally:
        i18n.speak(spoken)
        wording.use_zone(zone)
