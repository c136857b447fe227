"""All pages in one table: a page is found by the first word of its path, and a path by the page's name."""

import contextlib
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

INVISIBLE = {"Cf", "Cc"}  # Unicode categories: zero-width spaces, marks of direction, control characters
TRIMMINGS = " \u00a0…/\\.,;:!?*_~'\"`’”»>)]}<([{«“‘"


class Pages(BaseRoute):
    """The routes of a router and of all that it includes, side by side.

    Routers in routers are searched anew at every level, and all their patterns in turn: a third of what a page
    took. Here only those are tried that begin with the same word, which no page has as a parameter.
    """

    def __init__(self, router: APIRouter) -> None:
        self.routes = [
            APIRoute(
                str(found.path),
                found.endpoint,
                name=found.name,
                methods=found.methods,
                dependencies=found.dependencies,
                response_class=found.response_class,
                include_in_schema=False,
            )
            for found in iter_route_contexts(router.routes)
            if found.endpoint is not None
        ]
        words = {_first_word(route.path) for route in self.routes}
        self._by_word = {
            word: [route for route in self.routes if _first_word(route.path) == word] for word in words
        }

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first page for this path; one for another method only if there is none."""
        partial: tuple[Match, Scope] = Match.NONE, {}
        if scope["type"] != "http":
            return partial
        for route in self._by_word.get(_first_word(scope["path"]), ()):
            match, found = route.matches(scope)
            if match is Match.FULL:
                return match, found
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, found
        return partial

    def has(self, path: str) -> bool:
        """Whether there is a page to look at under this path."""
        return self._match(path) is Match.FULL

    def takes_forms_only(self, path: str) -> bool:
        """Whether forms are sent to this path, and there is nothing to look at."""
        return self._match(path) is Match.PARTIAL

    def _match(self, path: str) -> Match:
        return self.matches({"type": "http", "method": "GET", "path": path, "root_path": ""})[0]

    def above(self, path: str) -> str:
        """The nearest page over a path that only takes forms: /r/open-house for /r/open-house/join."""
        while path := path.rpartition("/")[0]:
            if self.has(path):
                return path
        return "/"

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """The path of a page by its name, as Starlette looks for it; pages and templates ask `Paths`."""
        for route in self.routes:
            with contextlib.suppress(NoMatchFound):
                return route.url_path_for(name, **path_params)
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the page that was found answer."""
        await scope["route"].handle(scope, receive, send)


def pages_of(app: FastAPI) -> Pages:
    """The pages of a site."""
    return next(route for route in app.routes if isinstance(route, Pages))


def every_route(routes: Sequence[BaseRoute]) -> Iterator[RouteContext]:
    """All routes of a site, those of its pages too."""
    for found in iter_route_contexts(routes):
        if isinstance(found.route, Pages):
            yield from iter_route_contexts(found.route.routes)
        else:
            yield found


class Paths:
    """The path of every route by its name, as a pattern: read from the site's routes once."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._patterns: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """The path of the route of this name, its parameters as {name}; KeyError if there is none."""
        if not self._patterns:
            # The first page of a name is the one that is meant, as in Starlette.
            for route in every_route(self._app.routes):
                self._patterns.setdefault(str(route.name), str(route.path_format))
        return self._patterns[name]


def without_trimmings(path: str) -> str:
    """A path without what mails and chats glue to its end, its first word in small letters.

    Never two slashes at its beginning: a browser would take that for another host.
    """
    seen = "".join(letter for letter in path if unicodedata.category(letter) not in INVISIBLE)
    first, slash, rest = seen.strip(TRIMMINGS).partition("/")
    return f"/{first.lower()}{slash}{rest}"


def _first_word(path: str) -> str:
    return path.split("/", 2)[1]
