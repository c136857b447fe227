"""Readable addresses of rooms: chosen or made from the name, never given to someone else."""

import re
import secrets
import unicodedata

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.i18n import lazy
from app.rooms.models import RoomAddress
from app.web.forms import Problem
from app.web.index import INVISIBLE

LONGEST, SHORTEST = 60, 3
RESERVED = frozenset(
    {
        *(
            "about",
            "account",
            "admin",
            "api",
            "app",
            "assets",
            "auth",
            "delete",
            "demo",
            "edit",
            "events",
            "help",
        ),
        *(
            "home",
            "index",
            "join",
            "login",
            "logout",
            "new",
            "none",
            "null",
            "room",
            "rooms",
            "search",
            "settings",
        ),
        *(
            "setup",
            "sign-in",
            "sign-up",
            "start",
            "static",
            "status",
            "system",
            "undefined",
            "waiting",
            "www",
        ),
    }
)
WRITTEN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
NOT_LATIN = "room"


def check_address(value: str) -> str:
    """An address as its host typed it, in small letters; Problem says what is wrong with it."""
    address = value.strip().lower()
    if not address:
        return ""
    if not SHORTEST <= len(address) <= LONGEST:
        raise Problem(lazy("An address has 3 to 60 characters."))
    if not WRITTEN.fullmatch(address):
        raise Problem(lazy("An address has small letters, digits and single hyphens: weekly-assembly."))
    if address in RESERVED:
        raise Problem(lazy("This address is kept for the site itself. Choose another one."))
    return address


def address_meant(text: str) -> str:
    """The address that somebody means by a name or a mistyped address; "" if there is none in it.

    Mails and chats glue a full stop, a bracket or an invisible space to a link, phones begin it with a capital.
    Accents fall, what is invisible goes, all else that no address has stands for a hyphen.
    """
    seen = "".join(letter for letter in text if unicodedata.category(letter) not in INVISIBLE)
    plain = unicodedata.normalize("NFKD", seen).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")


def address_from(name: str) -> str:
    """A readable address for a room's name: accents fall, other scripts become a short random one."""
    address = address_meant(name)
    if len(address) < SHORTEST or address in RESERVED:
        address = f"{address or NOT_LATIN}-{secrets.token_hex(3)}"
    return address


async def take(session: AsyncSession, address: str, holder_id: int) -> bool:
    """Take an address for a holder; False if it is someone else's, or leads to another room of the holder.

    An address that the holder's deleted room had can be taken again by the same holder only.
    """
    taken = insert(RoomAddress).values(slug=address, holder_id=holder_id, created_at=clock.now())
    # One statement decides: two who want the same address at the same moment cannot both get it.
    again = taken.on_conflict_do_update(
        index_elements=[RoomAddress.slug],
        set_={"created_at": clock.now()},
        where=(RoomAddress.room_id.is_(None)) & (RoomAddress.holder_id == holder_id),
    ).returning(RoomAddress.slug)
    return await session.scalar(again) is not None


async def take_from_name(session: AsyncSession, name: str, holder_id: int) -> str:
    """Take a free address made from the name: weekly-assembly, weekly-assembly-2, and so on."""
    wanted = address_from(name)
    for number in range(1, 10):
        address = wanted if number == 1 else f"{wanted[: LONGEST - 3]}-{number}"
        if await take(session, address, holder_id):
            return address
    address = f"{wanted[: LONGEST - 9]}-{secrets.token_hex(4)}"
    if not await take(session, address, holder_id):
        raise AssertionError("a random address was taken")
    return address


async def lead_to(session: AsyncSession, address: str, room_id: int) -> None:
    """Let a taken address lead to a room."""
    await session.execute(update(RoomAddress).where(RoomAddress.slug == address).values(room_id=room_id))


async def leads_to(session: AsyncSession, address: str) -> int | None:
    """The room that an address, old or new, leads to."""
    return await session.scalar(select(RoomAddress.room_id).where(RoomAddress.slug == address))


async def is_taken(session: AsyncSession, address: str) -> bool:
    """Whether a room has, or ever had, this address."""
    return await session.scalar(select(RoomAddress.slug).where(RoomAddress.slug == address)) is not None
