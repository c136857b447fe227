"""The file that a new installation reads its tiers from: every limit written down, mistakes named one by one."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NoReturn, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.memberships.models import HolderKind
from app.memberships.tier_terms import (
    FREE,
    LEAST,
    LIMITS,
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST,
    MOST_CENTS,
    MOST_YEARS,
    is_large_too_small,
)
from quotas.limits import GIGABYTE

SHIPPED = Path(__file__).with_name("tiers.toml")
NO_LIMIT = "no limit"
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class TiersFileError(Exception):
    """A file of tiers that cannot be used; its text has one line for each mistake, with where it is."""


def _refuse(why: str) -> NoReturn:
    raise ValueError(why)


def _figure(value: object) -> float | None:
    """A number, or the words for none; true is no number."""
    if value == NO_LIMIT:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(f'must be a number, or "{NO_LIMIT}"')
    return value


def _whole(value: object) -> object:
    found = _figure(value)
    if isinstance(found, float):
        _refuse(f'must be a whole number, or "{NO_LIMIT}"')
    return found


def _bytes(value: object) -> object:
    found = _figure(value)
    if found is None:
        return None
    megabytes = _exactly(found) * 1000
    if megabytes != int(megabytes):
        raise ValueError("must be GB with at most three decimals")
    return int(megabytes) * GIGABYTE // 1000


def _cents(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse("must be an amount in EUR: 500 or 499.50")
    return int(_exactly(value) * 100)


def _exactly(value: float) -> Decimal:
    """The figure as it is written; TOML also knows inf and nan."""
    found = Decimal(str(value))
    if not found.is_finite():
        raise ValueError("must be a number")
    return found


def _key(value: str) -> str:
    if not _KEY.fullmatch(value):
        raise ValueError("must be small letters, digits and hyphens: session-organiser")
    return value


Whole = Annotated[int | None, BeforeValidator(_whole)]
Storage = Annotated[int | None, BeforeValidator(_bytes)]
Cents = Annotated[int, BeforeValidator(_cents), Field(ge=0, le=MOST_CENTS)]


class WrittenTier(BaseModel):
    """One tier of the file."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    key: Annotated[str, Field(max_length=LONGEST_NAME), BeforeValidator(_key)]
    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    kind: Annotated[HolderKind, Field(alias="for")]
    how_to_get: Annotated[str, Field(max_length=LONGEST_LINE)]
    description: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    yearly_cents: Annotated[list[Cents], Field(alias="eur_by_year", max_length=MOST_YEARS)] = []
    meeting_minutes: Whole
    group_size: Whole
    rooms_per_host: Annotated[Whole, Field(alias="rooms")]
    at_once_per_host: Annotated[Whole, Field(alias="at_once")]
    storage_first_host: Annotated[Storage, Field(alias="storage_gb_first_host")]
    storage_further_host: Annotated[Storage, Field(alias="storage_gb_further_host")]
    recording_days: Whole
    large_sessions_per_month: Whole
    large_session_people: Whole

    @field_validator(*LIMITS)
    @classmethod
    def _within_bounds(cls, value: int | None, info: ValidationInfo) -> int | None:
        name = str(info.field_name)
        if value is not None and value < LEAST.get(name, 0):
            _refuse(f"must be {LEAST.get(name, 0)} or more")
        if value is not None and value > MOST[name]:
            _refuse(f'is too large: write a smaller number, or "{NO_LIMIT}"')
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if is_large_too_small(vars(self)):
            raise ValueError("large_session_people: must be more than group_size, or no session is large")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tier: list[dict[str, Any]]


def read_tiers(path: Path) -> list[dict[str, Any]]:
    """The tiers of a file as columns of `tiers`, in their order. Raises TiersFileError with every mistake."""
    try:
        with path.open("rb") as file:
            written = tomllib.load(file)
    except OSError as error:
        raise TiersFileError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TiersFileError(f"{path}: this is not TOML: {error}") from None
    try:
        tiers = _File.model_validate(written).tier
    except ValidationError:
        raise TiersFileError(
            f"{path}: must hold tiers, each under a line [[tier]], and nothing else"
        ) from None
    found, mistakes = _read(tiers)
    mistakes += _mistakes_of_all(found) if not mistakes else []
    if mistakes:
        raise TiersFileError("\n".join(f"{path}: {line}" for line in mistakes))
    return [{**tier.model_dump(), "position": place} for place, tier in enumerate(found)]


@cache
def shipped_tiers() -> tuple[dict[str, Any], ...]:
    """The tiers of the file that ships."""
    return tuple(read_tiers(SHIPPED))


def _read(tiers: Iterable[dict[str, Any]]) -> tuple[list[WrittenTier], list[str]]:
    found: list[WrittenTier] = []
    mistakes: list[str] = []
    for place, tier in enumerate(tiers, start=1):
        try:
            found.append(WrittenTier.model_validate(tier))
        except ValidationError as error:
            key = tier.get("key")
            where = f"tier “{key}”" if isinstance(key, str) else f"tier {place}"
            mistakes += [f"{where}: {line}" for line in _lines(error)]
    return found, mistakes


def _lines(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in problem["loc"])
        text = str(problem["msg"]).removeprefix("Value error, ")
        if problem["type"] == "missing":
            is_limit = name not in {"key", "name", "for", "how_to_get"}
            text = f'must be written: a number, or "{NO_LIMIT}"' if is_limit else "must be written"
        elif problem["type"] == "extra_forbidden":
            text = "is not known here"
        lines.append(f"{name}: {text}" if name else text)
    return lines


def _mistakes_of_all(tiers: Sequence[WrittenTier]) -> list[str]:
    lines = [
        f"tier “{key}”: stands twice"
        for key, times in Counter(tier.key for tier in tiers).items()
        if times > 1
    ]
    free = [tier for tier in tiers if tier.key == FREE]
    if not free:
        lines.append(
            f'a tier with key = "{FREE}" must be there: it is the one of people without a membership'
        )
    elif free[0].kind is not HolderKind.PERSON or free[0].yearly_cents:
        lines.append(f'tier “{FREE}”: must be for = "person" and cost nothing')
    return lines
