"""Wiring: what the site is made of, in one place. A table of contents, nothing more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Scope

from app import skew
from app.accounts import pages as accounts
from app.accounts import unsubscribing
from app.accounts.access import load_viewer
from app.accounts.reminders import unsubscribe_links
from app.admin import pages as admin
from app.admin.worker_watch import WorkerWatch
from app.alerts import Alerts, Kind
from app.api import pages as api_pages
from app.api import routes as api
from app.contributions import pages as contributions
from app.db import Database
from app.demo import pages as demo
from app.errors import NotFoundError
from app.home import pages as home
from app.jobs import Surroundings
from app.joining import pages as joining
from app.live import Switchboard
from app.mail import Mailer
from app.meetings import callbacks, events, leaving  # noqa: F401  leaving: meetings end with their rooms
from app.meetings import pages as meetings
from app.organisations import pages as organisations
from app.recordings import leaving as recordings_leaving  # noqa: F401  recordings go with their accounts
from app.recordings import pages as recordings
from app.recordings import webhooks
from app.rooms import leaving as rooms_leaving  # noqa: F401  rooms go with their accounts
from app.rooms import pages as rooms
from app.servers.pool import Servers
from app.settings import Settings
from app.templating import STATIC, Templates, static_version
from app.web import csrf, errors, health, self_check
from app.web.connections import hear_of_no_descriptors, told_of_no_descriptors
from app.web.entrance import Entrance
from app.web.frame import Frame
from app.web.index import Pages, Paths, pages_of, without_trimmings
from app.web.proxies import Proxies
from app.web.site import Site
from app.web.streams import EventStreams, Held

# What stands before every page: the viewer is known, forms are checked.
PAGE = [Depends(load_viewer), Depends(csrf.protect)]
elsewhere = APIRouter(dependencies=PAGE)


def make_app(settings: Settings) -> FastAPI:
    """The site, ready to be served."""
    app = FastAPI(
        title=settings.site_name, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.settings = settings
    app.state.database = Database(settings)
    app.state.alerts = Alerts(app.state.database)
    app.state.servers = Servers(settings)
    app.state.switchboard = Switchboard(settings.dsn())
    app.state.streams = EventStreams(settings, app.state.switchboard)
    app.state.paths = Paths(app)
    app.state.templates = Templates(pattern=app.state.paths, site=Site.of(settings))
    app.state.mailer = Mailer(app.state.templates, unsubscribe_links(settings))
    # Form tokens are new in every answer, so that its compressed size tells nothing about them.
    app.add_middleware(GZipMiddleware, minimum_size=2000, compresslevel=5)
    app.add_middleware(Entrance, settings=settings)
    app.add_middleware(Frame, settings=settings)
    app.add_middleware(Proxies, settings=settings, alerts=app.state.alerts)
    app.add_middleware(Held)
    errors.install(app)
    # First: nearly every request is for a page.
    app.router.routes.append(Pages(page_router(settings)))
    app.mount("/static/{version}", KeptForEver(directory=STATIC), name="static")
    app.include_router(health.router)
    app.include_router(self_check.router)
    app.include_router(unsubscribing.router)
    app.include_router(callbacks.router)
    app.include_router(webhooks.router)
    # Programs with tokens: no cookie counts there, so no form token is needed.
    app.include_router(api.router)
    app.include_router(elsewhere)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What lives as long as the process does."""
    asyncio.get_running_loop().set_exception_handler(hear_of_no_descriptors)
    note = partial(app.state.alerts.note, Kind.FILES)
    told_of_no_descriptors.append(note)
    async with AsyncExitStack() as stack:
        stack.callback(told_of_no_descriptors.remove, note)
        stack.push_async_callback(app.state.database.close)
        await stack.enter_async_context(app.state.alerts.kept())
        await stack.enter_async_context(app.state.servers.connected())
        await stack.enter_async_context(app.state.switchboard.listening())
        await stack.enter_async_context(skew.watched(app.state.database, app.state.alerts))
        around = Surroundings(app.state.settings, app.state.database, app.state.alerts)
        await stack.enter_async_context(WorkerWatch(around, app.state.mailer).kept())
        yield


def page_router(settings: Settings) -> APIRouter:
    """Every page."""
    pages = APIRouter(dependencies=PAGE)
    # Events before rooms: /rooms/events and /rooms/new are no rooms' names.
    for feature in (
        accounts,
        organisations,
        contributions,
        joining,
        events,
        rooms,
        meetings,
        recordings,
        home,
        admin,
        api_pages,
    ):
        pages.include_router(feature.router)
    if settings.demo:
        pages.include_router(demo.router)
    return pages


@elsewhere.api_route("/{path:path}", methods=["GET", "POST"], include_in_schema=False)
async def nothing_here(request: Request) -> Response:
    """Whatever no other route answers, with the viewer known, so that the page looks like home.

    Links are copied with what stands behind them, a slash, a full stop, a bracket: they lead to the page they mean.
    Where a form was refused there is no page of its own, and a language that is changed there opens it again: that
    leads back to the page of the form.
    """
    if request.method == "GET":
        pages, path = pages_of(request.app), request.url.path
        if pages.takes_forms_only(path):
            return RedirectResponse(quote(pages.above(path)), 303)
        meant = without_trimmings(path)
        if meant != path and pages.has(meant):
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(quote(meant) + query, 301)
    raise NotFoundError


class KeptForEver(StaticFiles):
    """Static files under the hash of their content: a browser asks for each once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file."""
        response = await super().get_response(path, scope)
        # During an upgrade an old process may be asked for a new file: what it has is not to be kept as that.
        if response.status_code == HTTPStatus.OK and scope["path_params"]["version"] == static_version():
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
