"""The operators' own texts on /about: shown, previewed, never a way in for script, never lost."""

import pytest

from app.web.markdown import is_safe_link, to_html
from app.web.site_texts import TEXTS, shipped
from tests.factories import a_person, signed_in


@pytest.fixture
async def olu(site, database):
    """An operator at a browser."""
    async with signed_in(site, await a_person(database, "olu@example.org", is_operator=True)) as person:
        yield person


async def test_what_ships_stands_there_in_the_reader_s_language_and_every_link_leads_somewhere(someone):
    assert (await someone.open("/about")).status_code == 200
    for text in TEXTS.values():
        assert str(text.title) in someone.words
    for path in ("/tasks", "/join-us", "/members-and-friends"):
        assert f'href="{path}"' in someone.page.text
        assert (await someone.client.get(path)).status_code == 200
    for path in ("/", "/join-us"):
        await someone.open(path)
        assert 'href="/about"' in someone.page.text


async def test_operators_write_their_own_look_at_it_first_and_go_back_to_what_ships(olu, someone):
    await olu.open("/admin/texts/free/en")
    await olu.submit("/texts/free/en", words="Soup on *Fridays*.")
    olu.page = await olu.client.get("/admin/texts/free/en")
    data = olu.form("/free/en").fields | {"words": "## Not yet", "preview": "yes"}
    answer = await olu.client.post("/admin/texts/free/en", data=data)
    assert "<h3>Not yet</h3>" in answer.text
    await someone.open("/about")
    assert "<em>Fridays</em>" in someone.page.text
    assert "Not yet" not in someone.page.text
    await olu.open("/admin/texts/free/en")
    await olu.submit("/texts/free/en", words="")
    await someone.open("/about")
    assert "Fridays" not in someone.page.text


async def test_of_two_operators_the_second_is_told_and_loses_nothing(olu, someone):
    await olu.open("/admin/texts/about/en")
    old = dict(olu.form("/about/en").fields)
    for words in ("First", "", "First again"):
        await olu.open("/admin/texts/about/en")
        await olu.submit("/about/en", words=words)
    answer = await olu.client.post("/admin/texts/about/en", data=old | {"words": "Second"})
    assert answer.status_code == 409
    assert "Second" in answer.text
    assert "Words is now: First again" in answer.text
    await someone.open("/about")
    assert "First again" in someone.words


@pytest.mark.parametrize("path", ["/admin/texts/other/en", "/admin/texts/about/xx"])
async def test_there_are_no_other_texts(olu, path):
    assert (await olu.open(path)).status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](//evil.example)",
        "[x](/\\evil.example)",
        '[x](https://a.example "onmouseover=alert(1)")',
        "![x](https://a.example/track.png)",
        "<https://a.example>",
        "[x]: javascript:alert(1)\n\n[x]",
        "`code` | a | b |",
    ],
)
def test_only_the_small_set_becomes_html(text):
    html = str(to_html(text))
    for bad in (
        "<script",
        "<img",
        'href="j',
        'href="J',
        'href="data',
        'href="//',
        'href="/\\',
        "title=",
        "<code",
    ):
        assert bad not in html, html


def test_headings_begin_below_the_page_s_own():
    assert "<h2>" in to_html("# One")
    assert "<h4>" in to_html("###### Six")


def test_lists_and_links():
    assert str(to_html("- [a](/tasks)\n- b")) == (
        '<ul>\n<li><a href="/tasks" rel="noreferrer">a</a></li>\n<li>b</li>\n</ul>\n'
    )


@pytest.mark.parametrize("href", ["https://a.example", "mailto:a@example.org", "/tasks?list=done"])
def test_what_a_link_may_be(href):
    assert is_safe_link(href)


def test_every_shipped_text_is_said_in_every_language():
    assert all(shipped(key, code) for key in TEXTS for code in ("en", "ca"))
