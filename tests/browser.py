"""A person at a browser: follows links, fills in the forms that are really on the page, reads the mail."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
from fastapi import FastAPI
from sqlalchemy import select

from app.mail import OutgoingMail


@dataclass
class Form:
    """A form as the page shows it."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.open: Form | None = None
        self.select: str | None = None
        self.area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {key: value or "" for key, value in attrs}
        if tag == "form":
            self.open = Form(action=a.get("action", ""), method=a.get("method", "get").lower())
            self.forms.append(self.open)
        elif self.open is None or "disabled" in a:
            return
        elif tag in {"input", "select", "textarea", "button"}:
            self._control(tag, a)
        elif tag == "option" and self.select and ("selected" in a or self.select not in self.open.fields):
            self.open.fields[self.select] = a.get("value", "")

    def _control(self, tag: str, a: dict[str, str]) -> None:
        assert self.open is not None
        name = a.get("name", "")
        if tag == "button":
            self.open.buttons.append(name)
            self.open.names |= {name} - {""}  # pressed by saying its value
            return
        if not name:
            return
        self.open.names.add(name)
        if tag == "select":
            self.select = name
        elif tag == "textarea":
            self.area = name
            self.open.fields[name] = ""
        elif a.get("type") not in {"checkbox", "radio"} or "checked" in a:
            self.open.fields[name] = a.get("value", "on" if a.get("type") == "checkbox" else "")

    def handle_data(self, data: str) -> None:
        if self.area and self.open:
            self.open.fields[self.area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag == "select":
            self.select = None
        elif tag == "textarea":
            if self.area and self.open:
                self.open.fields[self.area] = self.open.fields[self.area].removeprefix("\n")
            self.area = None


def forms_of(html: str) -> list[Form]:
    """The forms of a page."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


def text_of(html: str) -> str:
    """The words of a page, without its tags, on one line."""
    body = re.sub(r"(?s)<(script|style|template)\b.*?</\1>", " ", html).replace("<wbr>", "")
    from html import unescape

    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


class Person:
    """Someone at a browser."""

    def __init__(self, client: httpx.AsyncClient, site: FastAPI) -> None:
        self.client = client
        self.site = site
        self.page: httpx.Response = httpx.Response(204)

    async def open(self, path: str, *, follow: bool = True) -> httpx.Response:
        """Go to an address."""
        self.page = await self.client.get(path, follow_redirects=follow)
        return self.page

    @property
    def words(self) -> str:
        """What the page says."""
        return text_of(self.page.text)

    def form(self, action: str = "") -> Form:
        """The page's form whose action ends with (or contains) `action`; must be there."""
        found = [form for form in forms_of(self.page.text) if action in form.action and form.method == "post"]
        if not found:
            actions = [form.action for form in forms_of(self.page.text)]
            raise AssertionError(f"no form {action!r} on this page, only {actions}: {self.words[:400]}")
        return found[0]

    async def submit(self, action: str = "", *, follow: bool = True, **fields: str | None) -> httpx.Response:
        """Fill in the page's form and send it. None unticks a box; a field that is not there is an error."""
        form = self.form(action)
        unknown = set(fields) - form.names
        if unknown:
            raise AssertionError(f"the form has no field {unknown}, only {form.names}")
        data = {**form.fields, **{key: value for key, value in fields.items() if value is not None}}
        for key, value in fields.items():
            if value is None:
                data.pop(key, None)
        url = urljoin(str(self.page.url), form.action or str(self.page.url))
        self.page = await self.client.post(url, data=data, follow_redirects=False)
        if follow and self.page.is_redirect and self._is_ours(self.page.headers["location"]):
            self.page = await self.client.get(
                urljoin(url, self.page.headers["location"]), follow_redirects=True
            )
        return self.page

    def _is_ours(self, location: str) -> bool:
        host = urlsplit(location).netloc
        return host in {"", self.client.base_url.netloc.decode()}

    async def mails(self, to: str) -> list[OutgoingMail]:
        """The mails that were written to an address, oldest first."""
        async with self.site.state.database.transaction() as session:
            found = select(OutgoingMail).where(OutgoingMail.to == to).order_by(OutgoingMail.id)
            return list(await session.scalars(found))

    async def link_in_mail(self, to: str) -> str:
        """The first link of the newest mail to an address."""
        newest = (await self.mails(to))[-1]
        found = re.search(r"https?://\S+", newest.text)
        assert found, newest.text
        return found[0]
