"""A letter is what receivers expect: two parts that say the same, whole headers, short lines."""

import email
import email.policy
import html as html_
import re
import secrets
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import unquote
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from app.admin.mails import KINDS as KIND_WORDS
from app.mail import OutgoingMail
from app.mail.message import message_of
from app.mail.reminders import KINDS
from app.setting_values import Sender
from app.settings import ROOT
from tests.app.mail.letters import LETTERS
from tests.factories import a_person

NAMES = [
    "Guildhall",
    "Haus, klein",
    'The "big" hall',
    'Köln, "Haus" der Räume',
    "back\\slash; semi:colon (paren) <angle>",
    "A very long plain name, with commas, that goes on and on and on until it has to be folded somewhere",
    "Überaus lange Genossenschaft für gemeinsame Räume, Bücher und Häuser eingetragener Verein (Köln)",
    "会議室、協同組合",
    "=?utf-8?q?Hall=0aBcc=3A_eve=40example.org?=",
    "hall@example.org",
]


class _Words(HTMLParser):
    """What one reads of a page, tag by tag; of links where they lead."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.head = False

    def handle_starttag(self, tag, attrs):
        self.head = self.head or tag == "head"
        self.text += "" if tag in {"time", "span", "a"} else " "
        given = dict(attrs)
        if tag == "a":
            self.links.append(given["href"])
        if tag in {"img", "link", "script", "iframe", "object", "video", "audio"} or "src" in given:
            self.loaded.append(tag)
        assert "url(" not in (given.get("style") or "")

    def handle_endtag(self, tag):
        self.head = self.head and tag != "head"
        self.text += "" if tag in {"time", "span", "a"} else " "

    def handle_data(self, data):
        self.text += "" if self.head else data


def read(html):
    words = _Words()
    words.feed(html)
    words.close()
    return words


async def written(site, name, context, language="en"):
    async with site.state.database.transaction() as session:
        if name in KINDS:
            user = await a_person(site.state.database, f"{secrets.token_hex(4)}@example.org")
            context = {"reader": user.id, **context}
        await site.state.mailer.send(session, "ada@example.org", name, language=language, **context)
        return await session.scalar(select(OutgoingMail).order_by(OutgoingMail.id.desc()).limit(1))


def letter_of(settings, **changes):
    columns = {
        "id": 7,
        "to": "ada@example.org",
        "subject": "Hello",
        "text": "Hello\n",
        "html": "<p>Hello</p>\n",
    }
    at = datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
    return message_of(OutgoingMail(**{**columns, "created_at": at, **changes}), settings)


def parsed(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


@pytest.mark.parametrize(
    ("name", "context"), LETTERS, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_the_plain_text_and_the_html_say_the_same(site, name, context):
    for language in ("en", "ca"):
        mail = await written(site, name, context, language)
        letter = parsed(message_of(mail, site.state.settings))
        plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
        page = read(html)
        lines = [line.removeprefix("- ") for line in plain.splitlines() if line != "-- "]
        assert " ".join(lines).split() == page.text.split()
        assert [link for link in page.links if link not in plain] == []
        assert page.loaded == []
        assert html_.escape(mail.subject) in html.split("</title>")[0].replace("&#34;", "&quot;")


def test_every_mail_there_is_stands_among_these():
    folders = {folder.name for folder in (ROOT / "templates/email").iterdir() if folder.is_dir()}
    assert folders == {name for name, _context in LETTERS}
    assert folders == set(KIND_WORDS)
    assert not list((ROOT / "templates/email").glob("*/body.txt"))


async def test_what_somebody_typed_keeps_its_lines_in_both(site):
    mail = await written(site, *next(one for one in LETTERS if one[0] == "interest_declined"))
    assert "Thank you & welcome.\n\n<Bring> the minutes,\nand a cake: 5 € > 3 €.\n" in mail.text
    assert "Thank you &amp; welcome.<br><br>&lt;Bring&gt; the minutes,<br>and a cake" in mail.html


async def test_a_list_is_a_list_in_both(site):
    mail = await written(site, *next(one for one in LETTERS if one[0] == "totals_repaired"))
    assert "\n\n- Rosa <1>: 5 instead of 7\n- Jo: 0 instead of 1\n\n" in mail.text
    assert "<li>Rosa &lt;1&gt;: 5 instead of 7</li>" in mail.html


async def test_a_link_stands_on_a_line_of_its_own(site):
    mail = await written(site, *LETTERS[0])
    assert LETTERS[0][1]["link"] in mail.text.splitlines()
    assert "\n-- \nGuildhall\n" in mail.text


def display_name(raw, header):
    """As mail programs read it: the standard library's newer half leaves spaces between encoded words."""
    line = "".join(email.message_from_bytes(raw)[header].splitlines())
    name = line.rpartition("<")[0].strip()
    return unquote(name) if name.startswith('"') else str(make_header(decode_header(name)))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_arrives_as_it_is_called(settings, name):
    changed = settings.model_copy(
        update={"mail_from": f"{name} <hall@bücher.example>", "mail_reply_to": f"{name} <office@example.org>"}
    )
    raw = letter_of(changed, subject=f"{name} {name}")
    letter = parsed(raw)
    name = name.replace("=?", "= ?")
    for header, address in (("From", "hall@xn--bcher-kva.example"), ("Reply-To", "office@example.org")):
        [mailbox] = letter[header].addresses
        assert mailbox.addr_spec == address
        assert display_name(raw, header) == name
    assert str(letter["Subject"]) == f"{name} {name}"
    assert letter.keys() == parsed(letter_of(changed)).keys()
    assert letter.defects == []
    assert [letter[header].defects for header in ("From", "Reply-To", "Subject")] == [(), (), ()]
    head = raw.split(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert max(map(len, re.findall(rb"=\?utf-8.*?\?=", head)), default=0) <= 75


def test_what_receivers_look_at_is_there_once_and_whole(settings):
    letter = parsed(letter_of(settings))
    assert letter["Date"].datetime == datetime(2026, 11, 2, 18, 30, tzinfo=UTC)
    assert letter["Date"].endswith(" +0000")
    assert letter["MIME-Version"] == "1.0"
    assert letter["To"] == "ada@example.org"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Reply-To"] is None
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    for part in letter.iter_parts():
        assert (part.get_content_charset(), part["Content-Transfer-Encoding"]) == (
            "utf-8",
            "quoted-printable",
        )
    for header in ("Date", "From", "To", "Subject", "Message-ID"):
        assert len(letter.get_all(header)) == 1


def test_the_message_id_is_of_the_senders_domain_and_the_same_in_each_try(settings):
    first, again, other = letter_of(settings), letter_of(settings), letter_of(settings, id=8)
    assert first == again
    assert re.fullmatch(r"<[\w.-]+@example\.org>", parsed(first)["Message-ID"])
    assert parsed(first)["Message-ID"] != parsed(other)["Message-ID"]


def test_no_line_is_longer_than_mail_allows_and_every_line_ends_as_mail_lines_do(settings):
    raw = letter_of(
        settings, text="ä" * 3000 + "\n.\n.." + "x" * 3000 + "\n", html="<p>" + "ü " * 3000 + "</p>\n"
    )
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")
    text = parsed(raw).get_body(("plain",)).get_content()
    assert text.replace("\r\n", "\n") == "ä" * 3000 + "\n.\n.." + "x" * 3000 + "\n"


@pytest.mark.parametrize(
    "typed",
    [
        "hall",
        "Hall <hall@example.org",
        "Hall hall@example.org>",
        "Hall <a@b@c>",
        "Hall <>",
        "hö@example.org",
        "Hall <hall@example.org>\nBcc: eve@example.org",
        "Hall\r\nBcc: eve@example.org\r\n <hall@example.org>",
    ],
)
def test_what_is_no_sender_is_refused_at_the_start(typed):
    with pytest.raises(ValueError, match="must be an address"):
        Sender.read(typed)


def test_without_a_sender_the_sites_name_is_one(settings):
    alone = settings.model_copy(update={"mail_from": "", "site_name": "Riverside, Halls"})
    assert parsed(letter_of(alone))["From"] == '"Riverside, Halls" <guildhall@localhost>'
