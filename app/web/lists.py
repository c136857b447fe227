"""What is asked of a long list by its address: which page, what is looked for, of whom."""

from typing import Annotated

from fastapi import Query

from app.web.forms import WHITESPACE

Number = Annotated[int, Query(alias="page", ge=1, le=100_000)]
Search = Annotated[str, Query(max_length=100)]
Id = Annotated[int | None, Query(ge=1, le=2**53)]


def tidy(search: str) -> str:
    """What was typed into a search box, without what a slip of the keyboard adds."""
    return WHITESPACE.sub(" ", search.replace("\0", "")).strip()


def like(search: str) -> str:
    """The pattern for ILIKE that finds exactly these characters anywhere."""
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
