"""Verifying the address: the link, sending it again, and what an account may do meanwhile."""

import pytest
from sqlalchemy import func, select

from app.accounts.models import User
from app.accounts.service import ban, forget_unverified
from app.memberships.models import Holder
from app.web.browser import signer
from tests.app.accounts.conftest import (
    ADA,
    OTHER_PASSWORD,
    PASSWORD,
    is_signed_in,
    make_user,
    membership,
    only_user,
    sign_in,
    sign_up,
    verify,
)
from tests.conftest import new_person


async def test_opening_the_link_changes_nothing_until_the_button_is_pressed(someone, database):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    for _ in range(3):
        await someone.open(link)
        assert someone.page.status_code == 200
    assert (await only_user(database)).verified_at is None
    await someone.submit("/verify/")
    assert (await only_user(database)).verified_at is not None
    assert await is_signed_in(someone)


async def test_verifying_leads_to_the_dashboard_and_says_so(someone):
    await sign_up(someone)
    await someone.open(await someone.link_in_mail(ADA))
    answer = await someone.submit("/verify/", follow=False)
    assert answer.headers["location"] == str(someone.site.url_path_for("home.dashboard"))


async def test_a_link_that_verified_once_signs_nobody_in_again(site, someone):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    await verify(someone)
    async with new_person(site) as thief:
        await thief.open(link)
        assert "already verified" in thief.words
        assert not await is_signed_in(thief)


async def test_a_link_pressed_on_a_page_that_was_open_in_two_browsers_works_once(site, someone):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    async with new_person(site) as other:
        await other.open(link)
        await verify(someone)
        await other.submit("/verify/")
        assert "already verified" in other.words
        assert not await is_signed_in(other)


async def test_a_verification_link_is_over_after_three_days(someone, move_clock):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    await move_clock(days=2, hours=23)
    assert (await someone.open(link)).status_code == 200
    await move_clock(hours=2)
    await someone.open(link)
    assert someone.page.status_code == 410
    assert "no longer works" in someone.words


async def test_a_forged_verification_link_is_refused(someone):
    await sign_up(someone)
    link = await someone.link_in_mail(ADA)
    for forged in (link[:-3] + "abc", "/verify/x", "/verify/" + "a.b.c"):
        assert (await someone.open(forged)).status_code == 410


async def test_a_link_for_setting_a_password_does_not_verify_and_the_other_way_round(someone):
    await sign_up(someone)
    token = (await someone.link_in_mail(ADA)).rpartition("/")[2]
    assert (await someone.open(f"/new-password/{token}")).status_code == 410
    assert (await someone.open(f"/account/email/{token}")).status_code == 410


async def test_whoever_signed_up_first_with_someone_elses_address_loses_the_account_to_its_owner(
    site, someone
):
    async with new_person(site) as squatter:
        await sign_up(squatter, password=OTHER_PASSWORD)
        await sign_in(squatter, password=OTHER_PASSWORD)
        assert await is_signed_in(squatter)
        await sign_up(someone)
        await someone.open(await someone.link_in_mail(ADA))
        await someone.submit("/new-password/", new_password=PASSWORD)
        assert await is_signed_in(someone)
        assert not await is_signed_in(squatter)
        await sign_in(squatter, password=OTHER_PASSWORD)
        assert not await is_signed_in(squatter)


async def test_elsewhere_the_link_verifies_with_the_password_that_was_chosen(site, someone, database):
    await sign_up(someone)
    await sign_in(someone)
    async with new_person(site) as phone:
        await phone.open(await phone.link_in_mail(ADA))
        assert "type the password you chose" in phone.words
        for guess in ("", OTHER_PASSWORD):
            await phone.submit("/verify/", password=guess)
            assert phone.page.status_code == 422
            assert not await is_signed_in(phone)
            await phone.open(await phone.link_in_mail(ADA))
        assert (await only_user(database)).verified_at is None
        await phone.submit("/verify/", password=PASSWORD)
        assert await is_signed_in(phone)
    assert (await only_user(database)).verified_at is not None
    assert not await is_signed_in(someone)


async def test_the_owner_of_an_address_takes_over_the_account_that_a_stranger_made_with_it(
    site, someone, database
):
    """The stranger waits for the owner's click: it gives them nothing."""
    async with new_person(site) as stranger:
        await sign_up(stranger, password=OTHER_PASSWORD)
        await sign_in(stranger, password=OTHER_PASSWORD)
        await stranger.open("/account/email")
        await stranger.submit("/account/email", email="stranger@example.org", password=OTHER_PASSWORD)
        moves = await stranger.link_in_mail("stranger@example.org")
        link = next(mail for mail in await someone.mails(ADA) if "/verify/" in mail.text)
        await someone.open("/verify/" + link.text.partition("/verify/")[2].split()[0])
        # The button alone is not on this page, and is not taken either.
        token = someone.form("/verify/").fields["form_token"]
        pressed = await someone.client.post(someone.page.url.path, data={"form_token": token})
        assert pressed.status_code == 422
        assert (await only_user(database)).verified_at is None
        await someone.submit("/password", new_password="short")
        assert someone.page.status_code == 422
        await someone.submit("/password", new_password=PASSWORD)
        assert await is_signed_in(someone)
        assert (await only_user(database)).verified_at is not None
        assert not await is_signed_in(stranger)
        await sign_in(stranger, password=OTHER_PASSWORD)
        assert not await is_signed_in(stranger)
        assert (await stranger.open(moves)).status_code == 410


async def test_verifying_on_the_browser_that_signed_up_ends_the_sessions_elsewhere(site, someone):
    await sign_up(someone)
    async with new_person(site) as other:
        await sign_in(other)
        assert await is_signed_in(other)
        await verify(someone)
        assert await is_signed_in(someone)
        assert not await is_signed_in(other)


async def test_where_one_is_signed_in_to_the_account_the_link_asks_for_no_password(site, someone):
    await sign_up(someone)
    async with new_person(site) as other:
        await sign_in(other)
        await verify(other)
        assert await is_signed_in(other)


async def test_a_password_is_not_guessed_at_the_link(site, someone):
    await sign_up(someone)
    async with new_person(site) as other:
        await other.open(await other.link_in_mail(ADA))
        for _ in range(10):
            await other.submit("/verify/", password=OTHER_PASSWORD)
            assert other.page.status_code == 422
        await other.submit("/verify/", password=PASSWORD)
        assert other.page.status_code == 429


async def test_after_its_cookies_are_gone_the_browser_that_signed_up_types_the_password(someone):
    await sign_up(someone)
    someone.client.cookies.clear()
    await someone.open(await someone.link_in_mail(ADA))
    await someone.submit("/verify/", password=PASSWORD)
    assert await is_signed_in(someone)


async def test_a_link_from_before_it_knew_its_browser_asks_for_the_password(someone, database, settings):
    await sign_up(someone)
    user = await only_user(database)
    old = signer(settings, "verify").dumps([user.id, user.email])
    await someone.open(f"/verify/{old}")
    await someone.submit("/verify/", password=PASSWORD)
    assert await is_signed_in(someone)


async def test_the_mail_that_an_operator_has_sent_verifies_nobody_by_a_click(site, someone, database):
    await sign_up(someone)
    boss = await make_user(database, "boss@example.org", is_operator=True)
    user = await only_user_but(database, boss)
    async with new_person(site) as operator:
        await sign_in(operator, "boss@example.org")
        await operator.open(f"/admin/people/{user.id}")
        await operator.submit("/verification")
        await operator.open(await operator.link_in_mail(ADA))
        assert "type the password you chose" in operator.words


async def only_user_but(database, other: User) -> User:
    async with database.transaction() as session:
        return (await session.scalars(select(User).where(User.id != other.id))).one()


async def test_the_mail_can_be_sent_again_five_times_an_hour(someone):
    await sign_up(someone)
    for _ in range(5):
        await someone.submit("/verify")
        assert "Look into your mail" in someone.words
    assert len(await someone.mails(ADA)) == 6
    await someone.submit("/verify")
    assert someone.page.status_code == 429
    assert len(await someone.mails(ADA)) == 6
    await someone.open(await someone.link_in_mail(ADA))
    await someone.submit("/verify/")
    assert await is_signed_in(someone)


async def test_sending_again_looks_the_same_for_an_address_that_has_a_verified_account(someone, ada):
    del ada
    await sign_up(someone)
    await someone.submit("/verify")
    assert "Look into your mail" in someone.words
    assert [mail.subject.split(" on ")[0] for mail in await someone.mails(ADA)] == [
        "You already have an account"
    ] * 2


async def test_sending_again_does_not_help_a_squatter_whose_account_waits_for_the_owner(
    site, someone, database
):
    async with new_person(site) as squatter:
        await sign_up(squatter, password=OTHER_PASSWORD)
    await sign_up(someone)
    await someone.submit("/verify")
    assert ["/verify/" in mail.text for mail in await someone.mails(ADA)] == [True, False, False]
    assert (await only_user(database)).verified_at is None


async def test_after_a_forgotten_password_sending_again_sends_that_mail_again(someone, ada):
    del ada
    await someone.open("/forgotten-password")
    await someone.submit("/forgotten-password", email=ADA)
    await someone.submit("/verify")
    assert len({mail.subject for mail in await someone.mails(ADA)}) == 1
    assert len(await someone.mails(ADA)) == 2


async def test_without_an_address_there_is_nothing_to_send_again(someone):
    await someone.open("/sign-in")
    token = someone.form("/sign-in").fields["form_token"]
    answer = await someone.client.post("/verify", data={"form_token": token})
    assert answer.headers["location"] == "/sign-in"


async def test_someone_unverified_can_sign_in_and_is_reminded_on_their_account_page(someone):
    await sign_up(someone)
    await sign_in(someone)
    await someone.open("/account")
    assert "not verified yet" in someone.words
    await someone.submit("/verify")
    assert len(await someone.mails(ADA)) == 2


async def test_an_unverified_account_cannot_make_api_tokens_and_is_told_why(someone):
    await sign_up(someone)
    await sign_in(someone)
    await someone.open("/account/tokens")
    assert "Make a token" not in someone.words
    token = someone.form("/verify").fields["form_token"]
    page = await someone.client.post("/account/tokens", data={"form_token": token, "name": "x"})
    assert page.status_code == 403
    assert "Verify your e-mail address first" in page.text


async def test_a_banned_account_is_not_opened_by_its_verification_link(someone, database):
    await sign_up(someone)
    user = await only_user(database)
    async with database.transaction() as session:
        await ban(session, user.id, "spam")
    await verify(someone)
    assert someone.page.status_code == 403
    assert "spam" in someone.words
    assert not await is_signed_in(someone)


@pytest.mark.slow
async def test_accounts_that_were_never_verified_are_forgotten_after_a_month(database, move_clock):
    await make_user(database, verified=False)
    kept = await make_user(database, "kept@example.org")
    given = await make_user(database, "given@example.org", verified=False)
    await membership(database, given)
    await move_clock(days=29)
    async with database.transaction() as session:
        await forget_unverified(session)
        assert await session.scalar(select(func.count()).select_from(User)) == 3
    await move_clock(days=2)
    async with database.transaction() as session:
        await forget_unverified(session)
        left = set(await session.scalars(select(User.id)))
        holders = set(await session.scalars(select(Holder.id)))
    assert left == {kept.id, given.id}
    assert holders == {kept.holder_id, given.holder_id}
