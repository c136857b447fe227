"""What stands around every answer: headers, cookies, log lines without secrets."""

import json

import pytest
from structlog.testing import capture_logs

from app.settings import Settings
from app.web.frame import security_headers
from app.web.pages import local_path
from app.web.site import NIGHT, PAPER, contrast, ink_on, readable, theme
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/static/x/y.css", "/api/v1/rooms", "/health"])
async def test_every_answer_has_the_security_headers(site, path):
    async with new_person(site) as person:
        headers = (await person.open(path, follow=False)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_a_page_has_no_inline_script_or_style_and_nothing_of_other_hosts(site, database):
    ada = await a_person(database)
    await a_room(database, ada, address="the-place")
    async with signed_in(site, ada) as person:
        for path in ("/", "/rooms", "/r/the-place", "/account", "/rooms/new"):
            html = (await person.open(path)).text
            assert "<style" not in html
            assert " style=" not in html
            assert "<script>" not in html
            assert " onclick" not in html
            for address in ('src="http', 'href="//', 'src="//'):
                assert address not in html


def production(**changes):
    values = {
        "database_url": "postgresql://g:g@db/guildhall",
        "secret_key": "0123456789abcdefghijklmnopqrstuvwxyz",
        "bbb_url": "https://bbb.example/bigbluebutton/",
        "bbb_secret": "s",
        "public_url": "https://meet.example",
        "smtp_url": "smtp://mail.example",
        "mail_from": "Guildhall <hall@example.org>",
    }
    return Settings(**{**values, **changes})


def test_over_https_the_browser_is_told_to_stay_there_and_forms_may_lead_to_bbb():
    headers = security_headers(production(bbb_join_origins=["https://node-1.example"]))
    assert "max-age" in headers["strict-transport-security"]
    policy = headers["content-security-policy"]
    assert "form-action 'self' https://bbb.example https://node-1.example;" in policy


async def test_cookies_cannot_be_read_by_scripts_or_sent_along_by_other_sites(site):
    async with new_person(site) as person:
        cookies = (await person.open("/")).headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie.replace("Lax", "lax")


async def test_no_secret_reaches_the_log(site, database):
    ada = await a_person(database)
    room = await a_room(database, ada, address="the-place", access_code="2718-2818")
    with capture_logs() as lines:
        meeting = await start(site, room, ada)
        async with new_person(site) as guest:
            await guest.open("/r/the-place")
            page = await guest.submit("/join", name="Gil", code="2718-2818", follow=False)
            path = f"/callbacks/meetings/{meeting.external_id}/{meeting.callback_token}/ended"
            await guest.client.get(path, params={"meetingID": meeting.external_id})
            cookie = guest.client.cookies.get("browser")
    said = json.dumps(lines, default=str)
    checksum = page.headers["location"].rpartition("checksum=")[2]
    assert len(lines) > 2
    for secret in (
        checksum,
        meeting.callback_token,
        "2718-2818",
        "Gil",
        cookie,
        site.state.settings.bbb_secret.get_secret_value(),
    ):
        assert secret not in said


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/a\nb",
        "",
        None,
        "rooms",
    ],
)
def test_nobody_is_led_to_another_site(elsewhere):
    assert local_path(elsewhere, "/rooms") == "/rooms"


def test_a_path_of_this_site_is_kept():
    assert local_path("/r/the-place?x=1", "/rooms") == "/r/the-place?x=1"


@pytest.mark.parametrize(
    "accent", ["#ffff00", "#000000", "#ffffff", "#3f6b4f", "#ff0000", "#0000ff", "#808080"]
)
def test_the_operators_colour_is_made_readable_in_both_themes(accent):
    light, dark = readable(accent, PAPER), readable(accent, NIGHT)
    assert contrast(light, PAPER) >= 4.5
    assert contrast(dark, NIGHT) >= 4.5
    assert contrast(ink_on(light), light) >= 4.5
    assert contrast(ink_on(dark), dark) >= 4.5
    assert light in theme(accent)


def test_a_readable_colour_is_left_as_it_is():
    assert readable("#205030", PAPER) == "#205030"
    assert theme("") == ""


async def test_a_static_file_is_kept_for_ever_and_an_unknown_one_is_not_found(site):
    from app.templating import static

    async with new_person(site) as person:
        found = await person.client.get(static("css/app.css"))
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
        assert found.headers["content-encoding"] == "gzip"
        for path in ("/static/x/nothing.css", "/static/x/../settings.py", "/static/x/%2e%2e/settings.py"):
            assert (await person.client.get(path)).status_code == 404
