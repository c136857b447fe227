"""Which entries of the ledger are wanted: the filter, as it stands in an address."""

from typing import Annotated

from fastapi import Depends, Query

from app.contributions.entries import Filter
from app.contributions.models import EntryKind, What
from app.web.lists import Id, Search, tidy


def _filter(
    contributor: Id = None,
    kind: Annotated[str, Query(max_length=20)] = "",
    what: Annotated[str, Query(max_length=20)] = "",
    quarter: Annotated[str, Query(max_length=7)] = "",
    custodian: Annotated[str, Query(max_length=16)] = "",
    search: Search = "",
) -> Filter:
    """What is not one of the choices is no filter: an old link shows the whole list, and says so in its form."""
    return Filter(
        contributor=contributor,
        kind=kind if kind in set(EntryKind) else "",
        what=what if what in set(What) else "",
        quarter=quarter if Filter(quarter=quarter).days else "",
        custodian=custodian if custodian.isascii() else "",
        search=tidy(search),
    )


Wanted = Annotated[Filter, Depends(_filter)]
