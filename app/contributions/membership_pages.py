"""What one has, until when, and what to do next: the page of one's own membership, or one's organisation's."""

from fastapi import APIRouter, Request, Response

from app.accounts.access import SignedIn
from app.contributions.custody import custodian_of
from app.contributions.importing.references import reference_of
from app.contributions.membership_saying import membership_of
from app.contributions.own import own_holders
from app.db import Session
from app.errors import NotFoundError
from app.memberships.limits import standing_of
from app.web.lists import Id
from app.web.pages import page

router = APIRouter()


@router.get("/membership", name="memberships.own")
async def own(request: Request, session: Session, viewer: SignedIn, holder: Id = None) -> Response:
    """The viewer's own membership, or that of an organisation they are an admin of."""
    mine = await own_holders(session, viewer)
    whose = holder or viewer.holder_id
    if whose not in {one.holder_id for one in mine}:
        raise NotFoundError
    standing = await standing_of(session, whose)
    told = await membership_of(session, standing)
    return page(
        request,
        "memberships/own.html",
        mine=mine,
        standing=standing,
        course=told.course,
        saying=told.saying,
        owed=told.owed,
        custodian=await custodian_of(session, whose),
        reference=reference_of(whose),
    )
