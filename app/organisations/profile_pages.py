"""What an organisation says of itself, and how its rooms look: name, words, colour and logo."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from app.accounts.access import SignedIn
from app.db import Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.organisations.access import Place, administered, managed
from app.organisations.models import Organisation
from app.organisations.pictures import PictureError, clean_picture, type_of
from app.organisations.profile import change_profile, held_profile, set_logo, values_of
from app.organisations.schemas import ProfileInput
from app.web.forms import Form, read_form, uploaded
from app.web.pages import go, page, path_of
from app.web.site import theme
from app.web.versions import Change, changed_meanwhile

router = APIRouter(prefix="/organisations/{slug}")
log = structlog.get_logger()
# Both stand under an address that changes with them.
KEPT = {"cache-control": "public, max-age=31536000, immutable"}


@router.get("/profile", name="organisations.profile")
async def show(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """The form."""
    place = await administered(session, slug, viewer)
    return await _page(request, place, Form(values=values_of(place.name, place.organisation)))


@router.post("/profile", name="organisations.change_profile")
async def change(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Change it; who comes second is told, and loses nothing typed."""
    place = await managed(session, slug, viewer)
    form = await read_form(request, ProfileInput)
    name = await held_profile(session, place.organisation)
    changes = changed_meanwhile(form, place.organisation.version, values_of(name, place.organisation))
    if form.value is None:
        return await _page(request, place, form, 422 if changes is None else 409, changes)
    await change_profile(session, place.organisation, form.value)
    log.info("organisation.profile", organisation=place.organisation.id, by=viewer.id)
    return go(request, path_of(request, "organisations.profile", slug=slug), say=lazy("Saved."))


@router.post("/logo", name="organisations.change_logo")
async def change_logo(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Another logo; a form without a file takes it away."""
    place = await managed(session, slug, viewer)
    picture = await uploaded(request, "logo")
    if picture is not None:
        try:
            picture = clean_picture(picture)
        except PictureError as error:
            form: Form[Any] = Form(values=values_of(place.name, place.organisation))
            return await _page(request, place, form.fail("logo", error.text), 422)
    await set_logo(session, place.organisation, picture)
    log.info("organisation.logo", organisation=place.organisation.id, by=viewer.id)
    said = lazy("The logo is shown on its rooms.") if picture else lazy("Its rooms have no logo now.")
    return go(request, path_of(request, "organisations.profile", slug=slug), say=said)


@router.get("/logo/{key}", name="organisations.logo")
async def logo(session: Session, slug: str, key: str) -> Response:
    """The logo, for everyone who sees a room of it."""
    found = await session.scalar(
        select(Organisation.logo).where(Organisation.slug == slug, Organisation.logo_key == key)
    )
    if found is None:
        raise NotFoundError
    # A picture and nothing else, whatever a browser might make of its bytes.
    strict = {"content-security-policy": "default-src 'none'; sandbox"}
    return Response(found, media_type=type_of(found), headers=KEPT | strict)


@router.get("/colour/{accent}.css", name="organisations.colour")
async def colour(session: Session, slug: str, accent: str) -> Response:
    """The stylesheet of its colour, made readable in both themes."""
    found = select(Organisation.accent).where(Organisation.slug == slug, Organisation.accent == f"#{accent}")
    if await session.scalar(found) is None:
        raise NotFoundError
    return Response(theme(f"#{accent}"), media_type="text/css", headers=KEPT)


async def _page(
    request: Request,
    place: Place,
    form: Form[Any],
    status: int = 200,
    changes: list[Change] | None = None,
) -> Response:
    return page(request, "organisations/profile.html", status, place=place, form=form, changes=changes)
