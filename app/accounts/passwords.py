"""Passwords: hashed by argon2 in a thread, compared in equal time, refused when everyone would guess them."""

import re
import secrets
import unicodedata
from functools import cache
from typing import NamedTuple

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash

from app.i18n import Text, lazy

MIN_LENGTH = 10
MAX_LENGTH = 200
FEW_LETTERS = 4

# What is left of the worst passwords of every leak once the figures around the word are taken off.
WORST = frozenset(
    """
    password passwort contrasenya contrasena motdepasse letmein welcome benvingut bienvenido willkommen admin
    administrator qwerty qwertyuiop qwertzuiop azertyuiop asdfghjkl zxcvbnm qwertyasdf iloveyou tequiero monkey
    dragon football futbol baseball basketball superman batman princess sunshine master shadow michael jennifer
    jordan hunter computer internet changeme default secret bigbluebutton guildhall cooperative passwordpassword
    trustno whatever starwars liverpool barcelona realmadrid test testtest guest abcdefghij abcdefghijkl
    """.split()  # noqa: SIM905  sixty words are read more easily as words
)
AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
ROWS = "01234567890123456789098765432109876543210"

# Each hash takes 64 MB: a rush at the door waits in line, it does not eat the memory.
_AT_ONCE = CapacityLimiter(4)
hasher = PasswordHash.recommended()


class Verdict(NamedTuple):
    """Whether the password was right; `better_hash` when it should be kept with today's parameters."""

    right: bool
    better_hash: str | None


async def hash_password(password: str) -> str:
    """The hash to keep."""
    return await to_thread.run_sync(hasher.hash, _same_letters(password), limiter=_AT_ONCE)


async def verify(password: str, stored: str | None) -> Verdict:
    """Whether the password fits the stored hash. Without one it takes as long and is always wrong."""
    return await to_thread.run_sync(_verify, _same_letters(password), stored, limiter=_AT_ONCE)


def weakness(password: str, *known: str) -> Text | None:
    """Why a new password is refused, None if it is good; `known` is what everyone knows of its owner."""
    if len(password) < MIN_LENGTH:
        return lazy(
            "Use at least %(count)s characters. A few words in a row are easy to keep.", count=MIN_LENGTH
        )
    if len(password) > MAX_LENGTH:
        return lazy("This is too long: at most %(count)s characters.", count=MAX_LENGTH)
    plain = password.casefold().strip()
    names = {part for text in known for part in (text.casefold(), text.casefold().partition("@")[0]) if part}
    if plain in names or AROUND.sub("", plain) in names:
        return lazy("This is your name or your address, which others know. Choose something else.")
    if _is_among_the_worst(plain):
        return lazy("This is among the passwords that are tried first. Choose something else.")
    return None


def _is_among_the_worst(plain: str) -> bool:
    return (
        AROUND.sub("", plain) in WORST
        or re.sub(r"[\W\d_]", "", plain) in WORST
        or len(set(plain)) < FEW_LETTERS
        or plain in ROWS
    )


def _same_letters(password: str) -> str:
    """One way of writing what looks the same: keyboards differ in how they send an accent."""
    return unicodedata.normalize("NFKC", password)


@cache
def nobodys_hash() -> str:
    """What an unknown address is held against; made once, with the parameters of the day."""
    return hasher.hash(secrets.token_urlsafe(24))


def _verify(password: str, stored: str | None) -> Verdict:
    right, better = hasher.verify_and_update(password, stored or nobodys_hash())
    return Verdict(right, better) if stored else Verdict(right=False, better_hash=None)
