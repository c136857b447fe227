"""Who keeps the books, who decides about grants, whose own contributions one sees."""

from typing import Annotated

from fastapi import Depends

from app.accounts.access import SignedIn, Viewer
from app.errors import ForbiddenError, NotFoundError


def _bookkeeper(viewer: SignedIn) -> Viewer:
    if not (viewer.is_bookkeeper or viewer.is_operator):
        raise NotFoundError
    return viewer


# A bookkeeper or an operator; for everyone else these pages do not exist.
Bookkeeping = Annotated[Viewer, Depends(_bookkeeper)]


def _deciding(viewer: Bookkeeping) -> Viewer:
    if not viewer.is_operator:
        raise ForbiddenError
    return viewer


# An operator, on a page that bookkeepers see too: they are told that it is not theirs to do.
Deciding = Annotated[Viewer, Depends(_deciding)]
