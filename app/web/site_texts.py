"""The operators' own texts on public pages, by language; what ships stands in the catalogues."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, i18n
from app.i18n import Text, gettext, lazy, marked
from app.web.models import SiteText

LONGEST = 10_000


@dataclass(frozen=True)
class Shipped:
    """A text that every site has: what it is called, and its words in English as they ship."""

    title: Text
    words: str


TEXTS: Mapping[str, Shipped] = {
    "about": Shipped(
        lazy("What the co-operative is"),
        marked(
            "This is a house for video meetings that people and organisations run together. "
            "They share servers, work and money, and decide together what becomes of them.\n\n"
            "Nobody is tracked here, and no other site is asked for anything. The program is free software: "
            "any co-operative can run the same house under its own name."
        ),
    ),
    "free": Shipped(
        lazy("What is free"),
        marked(
            "- Joining a meeting: it needs no account, no program and no money.\n"
            "- An account with a room of your own, for small and short meetings.\n"
            "- The program itself, for everyone."
        ),
    ),
    "contributing": Shipped(
        lazy("What contributing brings"),
        marked(
            "Servers and care cost something, and they are scarce. Whoever contributes money, hours or servers "
            "can have longer and larger meetings, more rooms, and recordings.\n\n"
            "- **People** give what they can in a year, or take on a [task](/tasks).\n"
            "- **Organisations** become members: as consumers, who pay their share, or as co-producers, who "
            "help to run the house. They [say what they need and offer](/join-us).\n\n"
            "Who takes part already stands among the [members and friends](/members-and-friends)."
        ),
    ),
}


def shipped(key: str, language: str) -> str:
    """The words that ship, in a language."""
    before = i18n.spoken()
    i18n.speak(language)
    try:
        return gettext(TEXTS[key].words)
    finally:
        i18n.speak(before)


async def texts_for(session: AsyncSession, language: str) -> dict[str, str]:
    """The words of every text: the operators' own in this language, else in the site's first, else what ships."""
    rows = await session.scalars(
        select(SiteText).where(SiteText.language.in_({language, i18n.DEFAULT}), SiteText.words != "")
    )
    own = {(row.key, row.language): row.words for row in rows}
    return {
        key: own.get((key, language)) or own.get((key, i18n.DEFAULT)) or shipped(key, language)
        for key in TEXTS
    }


async def find_text(session: AsyncSession, key: str, language: str, *, lock: bool = False) -> SiteText:
    """The operators' own words, empty where there are none; `lock`: for changing them."""
    if lock:
        # A row to lock: two who write the first words at once wait for each other on it.
        nothing_yet = {
            "key": key,
            "language": language,
            "words": "",
            "version": 1,
            "changed_at": clock.now(),
            "changed_by": "",
        }
        await session.execute(insert(SiteText).values(nothing_yet).on_conflict_do_nothing())
    found = select(SiteText).where(SiteText.key == key, SiteText.language == language)
    row = await session.scalar(found.with_for_update() if lock else found)
    return row or SiteText(key=key, language=language, words="", version=1, changed_by="")


async def change_text(session: AsyncSession, row: SiteText, words: str, by: str) -> None:
    """Write other words; none: what ships is shown again. The row is locked."""
    row.words, row.changed_at, row.changed_by = words, clock.now(), by
    row.version += 1
    await session.flush()


async def own_texts(session: AsyncSession) -> dict[tuple[str, str], SiteText]:
    """The rows that operators have written, by key and language."""
    return {
        (row.key, row.language): row
        for row in await session.scalars(select(SiteText).where(SiteText.words != ""))
    }
