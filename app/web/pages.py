"""Pages: render a template for this viewer and language, or send the browser elsewhere with a word."""

from functools import cache, partial
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.i18n import Text, spoken
from app.templating import Templates
from app.web.browser import delete_cookie, get_cookie, set_cookie, settings_of, signer, unsigned
from app.web.csrf import csrf_field
from app.web.index import Paths

TOAST_SECONDS = 60


class Toast(NamedTuple):
    """A short word on the next page: what has just been done."""

    kind: Literal["good", "warn", "bad"]
    text: str


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """The template as an answer, with what every page needs: viewer, language, path, forms' tokens, toasts."""
    templates: Templates = request.app.state.templates
    toasts = _toasts(request)
    html = templates.render(
        template,
        request=request,
        viewer=getattr(request.state, "viewer", None),
        language=spoken(),
        path=request.url.path,
        # One token for all forms of an answer.
        csrf_field=cache(partial(csrf_field, request)),
        toasts=toasts,
        **context,
    )
    response = HTMLResponse(html, status)
    if toasts:
        delete_cookie(request, response, "toast")
    return response


def go(
    request: Request, url: str, *, say: Text | None = None, kind: Literal["good", "warn", "bad"] = "good"
) -> Response:
    """See other: where the browser goes after a form; `say` is shown there once."""
    response = RedirectResponse(url, 303)
    if say is not None:
        toast = signer(settings_of(request), "toast").dumps([kind, str(say)])
        set_cookie(request, response, "toast", toast, TOAST_SECONDS)
    return response


def path_of(request: Request, name: str, **params: Any) -> str:
    """The path of a route by its name."""
    paths: Paths = request.app.state.paths
    return paths(name).format_map(params)


def address_of(request: Request, name: str, **params: Any) -> str:
    """The whole address of a route, for mails, links to copy and callbacks."""
    return settings_of(request).public_url + path_of(request, name, **params)


def local_path(text: str | None, otherwise: str) -> str:
    """`text` if it is a path of this site, else `otherwise`: nobody is sent to another host by a link to us."""
    if (
        not text
        or not text.startswith("/")
        or text.startswith(("//", "/\\"))
        or any(c in text for c in "\\\r\n\t")
    ):
        return otherwise
    parts = urlsplit(text)
    return otherwise if parts.scheme or parts.netloc else text


def _toasts(request: Request) -> list[Toast]:
    found = unsigned(settings_of(request), "toast", get_cookie(request, "toast"), seconds=TOAST_SECONDS)
    match found:
        case [("good" | "warn" | "bad") as kind, str(text)]:
            return [Toast(kind, text)]
        case _:
            return []
