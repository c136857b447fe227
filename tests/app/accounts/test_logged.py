"""What is never logged."""

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from app.accounts.models import User
from tests.app.accounts.conftest import ADA, OTHER_PASSWORD, PASSWORD, sign_in

pytestmark = pytest.mark.slow


async def test_passwords_links_cookies_and_tokens_are_in_no_log_line(someone, database, capfd):
    with capture_logs() as logs:
        await someone.open("/sign-up")
        await someone.submit("/sign-up", name="Ada", email=ADA, password=PASSWORD)
        verify = (await someone.link_in_mail(ADA)).rpartition("/")[2]
        await someone.open(f"/verify/{verify}")
        await someone.submit("/verify/")
        await someone.submit("/sign-out", follow=False)
        await sign_in(someone, password=OTHER_PASSWORD)
        await sign_in(someone)
        cookie = someone.client.cookies["session"]
        await someone.open("/account/tokens")
        await someone.submit("/account/tokens", name="robot")
        token = "gh_" + someone.page.text.partition('value="gh_')[2].partition('"')[0]
        await someone.open("/account/email")
        await someone.submit("/account/email", email="new@example.org", password=PASSWORD)
        change = (await someone.link_in_mail("new@example.org")).rpartition("/")[2]
        await someone.open("/forgotten-password")
        await someone.submit("/forgotten-password", email=ADA)
        reset = (await someone.link_in_mail(ADA)).rpartition("/")[2]
        await someone.open(f"/new-password/{reset}")
        await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    async with database.transaction() as session:
        hashed = await session.scalar(select(User.password_hash))
    assert len(logs) > 15
    said = repr(logs) + "".join(capfd.readouterr())
    for secret in (
        PASSWORD,
        OTHER_PASSWORD,
        verify,
        cookie,
        token,
        change,
        reset,
        hashed,
        ADA,
        "new@example.org",
    ):
        assert secret
        assert secret not in said
