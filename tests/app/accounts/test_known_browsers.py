"""Who guesses at an account locks out nobody but themselves: known browsers, network addresses, the slow-down."""

import asyncio
import time

import pytest
from starlette.requests import Request

from app.accounts import known_browsers, rates
from app.accounts.models import User
from tests.app.accounts.conftest import (
    ADA,
    OTHER_PASSWORD,
    PASSWORD,
    is_signed_in,
    make_user,
    person_from,
    sign_in,
)
from tests.browser import Person
from tests.conftest import new_person

HOME, AWAY = "192.0.2.1", "198.51.100.1"


async def sign_out(person: Person) -> None:
    await person.open("/account")
    await person.submit("/sign-out", follow=False)


async def guess(person: Person, times: int = 10, email: str = ADA) -> int:
    """Wrong passwords; returns the status of the last answer."""
    for _ in range(times):
        await sign_in(person, email, OTHER_PASSWORD)
    return person.page.status_code


async def gets_in(person: Person, email: str = ADA) -> bool:
    await sign_in(person, email)
    return await is_signed_in(person)


async def forget_password(person: Person, new_password: str) -> None:
    await person.open("/forgotten-password")
    await person.submit("/forgotten-password", email=ADA)
    await person.open(await person.link_in_mail(ADA))
    await person.submit("/new-password/", new_password=new_password)


async def test_whoever_guesses_beside_the_owner_does_not_lock_out_their_browser(site, her):
    await sign_out(her)
    async with new_person(site) as stranger:  # behind the same network address
        assert await guess(stranger, 11) == 429
    assert await gets_in(her)


async def test_whoever_guesses_elsewhere_locks_out_nobody_from_anywhere_else(site, ada):
    del ada
    for host in range(3):
        async with person_from(site, f"203.0.113.{host}") as stranger:
            assert await guess(stranger, 11) == 429
    async with person_from(site, AWAY) as owner:
        assert await gets_in(owner)


async def test_a_known_browser_has_a_counter_of_its_own_and_it_is_one(site, her):
    await sign_out(her)
    async with new_person(site) as laptop:
        await sign_in(laptop)
        await sign_out(laptop)
        assert await guess(her, 11) == 429
        await sign_in(her)
        assert her.page.status_code == 429
        assert await gets_in(laptop)


async def test_what_makes_a_browser_known_is_of_no_use_on_another_browser(site, her):
    await sign_out(her)
    stolen = her.client.cookies["known"]
    async with new_person(site) as thief:
        thief.client.cookies.set("known", stolen, domain="127.0.0.1", path="/")
        assert await guess(thief, 11) == 429
        assert not await gets_in(thief)
    assert await gets_in(her)


async def test_what_makes_a_browser_known_is_of_no_use_for_another_account(site, her, database):
    await make_user(database, "bo@example.org")
    await sign_out(her)
    async with new_person(site) as other:
        await guess(other, 10, "bo@example.org")
    await sign_in(her, "bo@example.org")
    assert her.page.status_code == 429


@pytest.mark.parametrize("made_up", ["x", "WyJhIl0.aaaa.bbbb", "a.b.c", "", "é"])
async def test_a_made_up_cookie_makes_no_browser_known(site, ada, made_up):
    del ada
    async with new_person(site) as stranger:
        headers = {"cookie": f"known={made_up}".encode("latin-1")}
        page = await stranger.client.get("/sign-in", headers=headers)
        assert page.status_code == 200
        stranger.client.cookies.set("known", made_up.encode("ascii", "ignore").decode(), domain="127.0.0.1")
        assert await guess(stranger, 11) == 429


async def test_a_new_password_by_mail_makes_every_browser_an_unknown_one(site, her):
    async with person_from(site, AWAY) as elsewhere:
        await forget_password(elsewhere, "a cart of turnips")
        await sign_out(elsewhere)
        assert await guess(her, 11) == 429  # as an unknown browser at its network address
        async with new_person(site) as beside:
            await sign_in(beside, password="a cart of turnips")
            assert beside.page.status_code == 429
        # Where it was set, the browser is known by the new one.
        assert await guess(elsewhere, 9) == 422
        await sign_in(elsewhere, password="a cart of turnips")
        assert await is_signed_in(elsewhere)


async def test_a_changed_password_leaves_the_browser_known_on_which_it_was_changed(site, her):
    await her.open("/account/password")
    await her.submit("/account/password", password=PASSWORD, new_password="a cart of turnips")
    await sign_out(her)
    async with new_person(site) as stranger:
        await guess(stranger, 11)
    await sign_in(her, password="a cart of turnips")
    assert await is_signed_in(her)


async def test_a_browser_is_known_to_a_few_accounts_and_no_more(site, database):
    async with new_person(site) as shared:
        for number in range(known_browsers.MOST_ACCOUNTS + 1):
            await make_user(database, f"p{number}@example.org")
            await sign_in(shared, f"p{number}@example.org")
            await sign_out(shared)
        async with new_person(site) as stranger:
            await guess(stranger, 10, "p0@example.org")
            await guess(stranger, 10, "p1@example.org")
        await sign_in(shared, "p0@example.org")
        assert shared.page.status_code == 429
        assert await gets_in(shared, "p1@example.org")


def test_an_account_has_so_many_counters_however_many_browsers_it_is_known_to(site):
    user = User(id=7, email=ADA, credentials_version=1)
    slots = set()
    for number in range(400):
        cookie = f"browser=number-{number}".encode()
        request = Request({"type": "http", "app": site, "headers": [(b"cookie", cookie)]})
        slots.add(known_browsers.slot_of(request, user))
    assert len(slots) == known_browsers.SLOTS


async def test_the_cookie_says_nothing_about_whose_account_it_was(her, ada, database):
    import base64

    payload = her.client.cookies["known"].split(".")[0]
    told = base64.urlsafe_b64decode(payload + "==").decode()
    assert ADA not in told
    assert her.client.cookies["browser"] not in told


async def test_one_household_guesses_together(site, ada):
    del ada
    for last in range(10):
        async with person_from(site, f"2001:db8:1:2::{last + 1:x}") as stranger:
            assert await guess(stranger, 1) == 422
    async with person_from(site, "2001:db8:1:2:ffff::1") as stranger:
        assert await guess(stranger, 1) == 429
    async with person_from(site, "2001:db8:1:3::1") as neighbour:
        assert await gets_in(neighbour)


@pytest.mark.slow
async def test_a_school_behind_one_address_signs_in_though_each_mistypes_and_one_attacks(site, database):
    pupils = [await make_user(database, f"pupil{number}@example.org") for number in range(25)]
    async with person_from(site, HOME) as attacker:
        for _ in range(3):
            await guess(attacker, 30, pupils[0].email)
    for pupil in pupils[1:]:
        async with person_from(site, HOME) as person:
            assert await guess(person, 3, pupil.email) == 422
            assert await gets_in(person, pupil.email)


@pytest.mark.slow
async def test_one_address_that_tries_hundreds_of_accounts_waits_and_known_browsers_do_not(site, her):
    await sign_out(her)
    async with new_person(site) as machine:
        for number in range(rates.SIGN_INS_ADDRESS.times):
            await guess(machine, 1, f"p{number}@example.org")
        assert machine.page.status_code == 422
        assert await guess(machine, 1, "one-more@example.org") == 429
    assert await gets_in(her)


def test_the_wait_grows_and_ends_growing():
    waits = [rates.wait_after(tries) for tries in (0, 20, 21, 30, 31, 41, 51, 61, 71, 10**6)]
    assert waits == [0, 0, 0.25, 0.25, 0.5, 1, 2, 4, 4, 4]


@pytest.mark.slow
async def test_what_all_the_world_tries_at_one_account_slows_down_unknown_browsers_and_refuses_none(
    site, her, move_clock
):
    await sign_out(her)
    await move_clock(minutes=60)  # her own sign-in was in the hour before
    for host in range(7):
        async with person_from(site, f"203.0.113.{host}") as stranger:
            await guess(stranger, 3)
    async with person_from(site, AWAY) as owner:
        for right in (False, True):
            await owner.open("/sign-in")
            began = time.monotonic()
            await owner.submit("/sign-in", email=ADA, password=PASSWORD if right else OTHER_PASSWORD)
            assert time.monotonic() - began >= rates.FIRST_WAIT
        assert await is_signed_in(owner)
    began = time.monotonic()
    assert await gets_in(her)
    assert time.monotonic() - began < rates.FIRST_WAIT


@pytest.mark.slow
async def test_an_unknown_address_slows_down_as_a_known_one_does(site):
    for host in range(21):
        async with person_from(site, f"203.0.113.{host}") as stranger:
            await guess(stranger, 1, "nobody@example.org")
    async with person_from(site, AWAY) as stranger:
        await stranger.open("/sign-in")
        began = time.monotonic()
        await stranger.submit("/sign-in", email="nobody@example.org", password=PASSWORD)
        assert time.monotonic() - began >= rates.FIRST_WAIT


async def test_a_password_is_confirmed_in_ones_own_session_whatever_is_guessed_in_another(site, her):
    async with new_person(site) as thief:
        await sign_in(thief)
        for _ in range(11):
            await thief.open("/account/password")
            await thief.submit("/account/password", password=OTHER_PASSWORD, new_password="a cart of turnips")
        assert thief.page.status_code == 429
    await her.open("/account/password")
    await her.submit("/account/password", password=PASSWORD, new_password="a cart of turnips")
    assert "You have a new password" in her.words


async def test_fifty_guesses_at_once_are_ten(site, ada):
    del ada
    async with new_person(site) as stranger:
        await stranger.open("/sign-in")
        token = stranger.form("/sign-in").fields["form_token"]
        typed = {"form_token": token, "email": ADA, "password": OTHER_PASSWORD}
        answers = await asyncio.gather(*(stranger.client.post("/sign-in", data=typed) for _ in range(50)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(422), statuses.count(429)) == (10, 40)
