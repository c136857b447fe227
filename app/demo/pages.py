"""Demo mode in the browser: the mailbox, the clock, the style guide."""

import asyncio
from datetime import timedelta
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Request, Response
from pydantic import Field
from sqlalchemy import select

from app import clock
from app.db import Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.mail import OutgoingMail
from app.web.browser import settings_of
from app.web.forms import Form, Input, read_form
from app.web.pages import go, page, path_of
from app.web.pagination import Page

router = APIRouter(prefix="/demo")
SHOWN = 50
WEEK = 7 * 24 * 60


class ClockInput(Input):
    """How far to move the clock, in minutes."""

    minutes: Annotated[int, Field(ge=1, le=WEEK)]


@router.get("", name="demo.index")
async def index(request: Request, session: Session) -> Response:
    """The newest mails, and the clock."""
    mails = await session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(SHOWN))
    return page(request, "demo/index.html", mails=list(mails), now=clock.now(), form=Form())


@router.get("/mail/{number}", name="demo.mail")
async def mail(request: Request, session: Session, number: int) -> Response:
    """One mail, as text: its links can be followed."""
    found = await session.get(OutgoingMail, number)
    if found is None:
        raise NotFoundError
    return page(request, "demo/mail.html", mail=found)


@router.post("/clock", name="demo.clock")
async def move_clock(request: Request) -> Response:
    """Move the site's clock and the simulator's together."""
    form = await read_form(request, ClockInput)
    settings = settings_of(request)
    if form.value is not None and settings.demo_clock is not None:
        step = timedelta(minutes=form.value.minutes)
        clock.write_offset(settings.demo_clock, clock.offset() + step)
        # The other processes look at the file now and then: they are to know the time before BBB tells them.
        await asyncio.sleep(2 * clock.LOOK_EVERY)
        async with httpx.AsyncClient(timeout=20) as client:
            await client.post(
                f"{settings.simulator_url}/sim/clock", json={"advance_seconds": step.total_seconds()}
            )
    return go(request, path_of(request, "demo.index"), say=lazy("The clock is moved, for BigBlueButton too."))


@router.get("/styleguide", name="demo.styleguide")
async def styleguide(request: Request) -> Response:
    """Every component in every state."""
    errors = {
        name: str(lazy("Type the name that the others will see.")) for name in ("name", "code", "consent")
    }
    form: Form[Any] = Form(values={"name": "Ada"}, errors=errors)
    middle: Page[int] = Page(range(50), 3, 400)
    return page(request, "styleguide/index.html", now=clock.now(), page=middle, form=form)
