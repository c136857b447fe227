"""The admin sets up the organisation's sign-in, tries it, and requires it; the operator confirms domains."""

import pytest
from sqlalchemy import select, update

from app import clock
from app.organisations.models import ExternalIdentity, SignInDomain, SignInProvider
from app.organisations.providers import SEALED_FOR, allow_passwords_again
from app.settings import Settings
from app.web.outside import OutsideError, is_askable, is_public, outside
from app.web.sealing import unseal
from tests.app.organisations.providers import HERE, at_provider, come_back, set_up, through
from tests.factories import an_organisation
from tests.openid_provider import CLIENT, SECRET

HOME = "/organisations/riverside-housing/sign-in"


async def row_of(database) -> SignInProvider | None:
    async with database.transaction() as session:
        return await session.scalar(select(SignInProvider))


async def save(person, provider, **typed) -> None:
    await person.open(HOME)
    typed = {"issuer": f"{provider.issuer}/", "client_id": CLIENT, "domains": "@Riverside.example"} | typed
    await person.submit("/sign-in", **typed)


async def try_it(person) -> None:
    left = await person.client.get(f"{HOME}/try", headers=HERE)
    assert left.status_code == 303, left.text
    await come_back(person, await at_provider(left.headers["location"]))


@pytest.mark.slow
async def test_an_admin_sets_it_up_tries_it_and_requires_it_once_an_operator_has_confirmed_the_domain(
    at_ada_s, olu, someone, database, settings, provider, ada
):
    provider.person |= {"sub": "ada", "email": "ada@riverside.example", "groups": "chairs"}
    await save(at_ada_s, provider, client_secret=SECRET, role_claim="groups", admin_values="chairs\nboard")
    assert "Saved." in at_ada_s.words
    row = await row_of(database)
    assert (row.issuer, row.admin_values) == (provider.issuer, ["chairs", "board"])
    assert SECRET not in row.client_secret
    assert unseal(settings, SEALED_FOR, row.client_secret) == SECRET
    assert SECRET not in at_ada_s.page.text
    assert "http://127.0.0.1:8000/sign-in/with/riverside-housing/return" in at_ada_s.page.text
    # Neither tried nor confirmed: not to be required, also not past the page.
    token = at_ada_s.form("/language").fields["form_token"]
    wish = {"form_token": token, "required": "yes", "sure": "yes"}
    await at_ada_s.client.post(f"{HOME}/require", data=wish)
    assert not (await row_of(database)).required
    await try_it(at_ada_s)
    assert "It works so far: the provider knows you as ada@riverside.example." in at_ada_s.words
    assert "Try it once more when riverside.example is confirmed." in at_ada_s.words
    # Whose addresses they are nobody has confirmed: it does not count as tried for those of whom it is required.
    assert (await row_of(database)).tried_at is None
    await at_ada_s.client.post(f"{HOME}/require", data=wish)
    assert not (await row_of(database)).required
    assert "they confirm it once they know that the domain is yours" in at_ada_s.words
    await olu.open("/admin")
    assert "Domains of organisations' own sign-in wait to be confirmed: Riverside Housing" in olu.words
    await olu.open(HOME)
    await olu.submit("/domains", proof="Their treasurer wrote from it.")
    assert "Confirmed." in olu.words
    await olu.open("/admin")
    assert "wait to be confirmed" not in olu.words
    await try_it(at_ada_s)
    assert "The provider knows you as ada@riverside.example, this site as ada@example.org." in at_ada_s.words
    await at_ada_s.open(HOME)
    assert "None of your hosts has an address of these domains now." in at_ada_s.words
    assert "2 hosts have other addresses and keep their passwords." in at_ada_s.words
    await at_ada_s.submit("/require")
    assert "Read what changes, then tick this." in at_ada_s.words
    await at_ada_s.submit("/require", sure="yes")
    assert "People of your domains now sign in through your provider only." in at_ada_s.words
    await at_ada_s.submit("/require")
    assert "may use a password again" in at_ada_s.words
    assert not (await row_of(database)).required


async def test_trying_signs_nobody_in_and_counts_for_who_began_it(
    at_ada_s, at_bea_s, someone, database, provider, signs_in
):
    left = await at_ada_s.client.get(f"{HOME}/try", headers=HERE)
    back = await at_provider(left.headers["location"])
    at_ada_s.client.cookies.set("session", at_bea_s.client.cookies["session"], domain="127.0.0.1", path="/")
    await come_back(at_ada_s, back)
    assert at_ada_s.page.status_code == 403
    assert (await row_of(database)).tried_at is None
    async with database.transaction() as session:
        assert await session.scalar(select(ExternalIdentity)) is None


async def test_a_try_that_fails_says_why_and_does_not_count(at_ada_s, database, provider, signs_in):
    provider.twist = {"email": "ada@elsewhere.example"}
    await try_it(at_ada_s)
    assert "not of a domain that is confirmed" in at_ada_s.words
    assert (await row_of(database)).tried_at is None


async def test_what_would_lock_people_out_ends_the_requirement(at_ada_s, database, required, provider):
    async with database.transaction() as session:
        await session.execute(update(SignInProvider).values(tried_at=clock.now()))
    await save(at_ada_s, provider, role_claim="groups")
    assert (await row_of(database)).required
    await save(at_ada_s, provider, domains="allotments.example")
    assert "It is not required any more" in at_ada_s.words
    assert not (await row_of(database)).required
    async with database.transaction() as session:
        assert (await session.scalar(select(SignInDomain))).proven_at is None


async def test_a_secret_goes_to_the_issuer_that_it_was_typed_for(
    at_ada_s, someone, database, required, provider
):
    await through(someone)
    await save(at_ada_s, provider, issuer=provider.issuer.replace("127.0.0.1", "localhost"))
    assert "Type the secret of the new issuer." in at_ada_s.words
    assert "/token" not in provider.asked[4:]
    provider.metadata = {"issuer": provider.issuer.replace("127.0.0.1", "localhost")}
    await save(at_ada_s, provider, issuer=provider.metadata["issuer"], client_secret="another")
    assert "It is not required any more" in at_ada_s.words
    async with database.transaction() as session:
        # What "dov" means there is another thing.
        assert await session.scalar(select(ExternalIdentity)) is None


BAD = {
    "issuer": ("ftp://login.example.org", "Write the whole address"),
    "domains": ("no domain", "“no domain” is not a domain."),
    "client_id": ("x" * 301, "This is too long"),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_said_beside_its_field(at_ada_s, provider, riverside, name):
    typed, said = BAD[name]
    await save(at_ada_s, provider, client_secret=SECRET, **{name: typed})
    assert at_ada_s.page.status_code == 422
    assert said in at_ada_s.words
    assert SECRET not in at_ada_s.page.text


async def test_a_provider_that_is_none_is_not_kept(at_ada_s, database, provider, riverside):
    for metadata, said in (
        ({"issuer": "https://login.example.org"}, "it is another issuer"),
        ({"token_endpoint": "http://10.0.0.1/token"}, "no OpenID Connect provider"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "set it to RS256 or ES256"),
    ):
        provider.metadata = metadata
        await save(at_ada_s, provider, client_secret=SECRET)
        assert said in at_ada_s.words
    assert await row_of(database) is None


async def test_two_admins_at_once_lose_nothing(at_ada_s, olu, database, provider, signs_in):
    await olu.open(HOME)
    await save(at_ada_s, provider, role_claim="groups")
    await olu.submit("/sign-in", role_claim="roles")
    assert olu.page.status_code == 409
    assert "Claim with the role is now: groups" in olu.words
    assert 'value="roles"' in olu.page.text
    await olu.submit("/sign-in")
    assert (await row_of(database)).role_claim == "roles"


async def test_a_domain_belongs_to_one_organisation(olu, database, settings, provider, signs_in):
    other = await an_organisation(database, "Allotments", "consumer")
    await set_up(database, settings, other, provider, proven_at=None)
    await olu.open("/organisations/allotments/sign-in")
    await olu.submit("/domains", proof="They say so.")
    assert "Another organisation has this domain." in olu.words
    async with database.transaction() as session:
        assert [one.proven_at is None for one in await session.scalars(select(SignInDomain))].count(True) == 1


async def test_an_admin_does_not_confirm_their_own_domain(at_ada_s, database, settings, riverside, provider):
    await set_up(database, settings, riverside, provider, proven_at=None)
    await at_ada_s.open(HOME)
    token = at_ada_s.form("/language").fields["form_token"]
    wish = {"form_token": token, "domain": "riverside.example", "proof": "It is ours."}
    assert (await at_ada_s.client.post(f"{HOME}/domains", data=wish)).status_code == 404
    async with database.transaction() as session:
        assert (await session.scalar(select(SignInDomain))).proven_at is None


async def test_it_can_be_removed_and_the_machine_has_a_way_out(at_ada_s, database, required):
    async with database.transaction() as session:
        assert await allow_passwords_again(session, "riverside-housing")
        assert not await allow_passwords_again(session, "nowhere")
    assert not (await row_of(database)).required
    await at_ada_s.open(HOME)
    await at_ada_s.submit("/remove")
    assert "Tick this to remove it." in at_ada_s.words
    await at_ada_s.submit("/remove", sure="yes")
    assert await row_of(database) is None
    async with database.transaction() as session:
        assert await session.scalar(select(SignInDomain)) is None


async def test_a_secret_that_cannot_be_read_any_more_is_said(at_ada_s, database, signs_in, provider):
    async with database.transaction() as session:
        await session.execute(update(SignInProvider).values(client_secret="sealed with another key"))
    await at_ada_s.client.get(f"{HOME}/try", headers=HERE)
    await at_ada_s.open(f"{HOME}/try")
    assert "does not know this site’s client ID and secret" in at_ada_s.words


# Addresses that people type


@pytest.fixture
def strict(settings) -> Settings:
    """As in production: only the public internet is asked."""
    return settings.model_copy(update={"private_providers": False})


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.org",
            "https://user:pw@example.org",
            "https://example.org/#x",
            "file:///etc/passwd",
        ),
        *("https://", "https://example.org:99999", "http://127.0.0.1:1", "//example.org", "https://[::1"),
    ],
)
def test_only_whole_https_addresses_are_asked(strict, url):
    assert not is_askable(strict, url)


def test_this_machine_may_be_asked_without_tls_where_the_operator_lets_it(settings):
    assert is_askable(settings, "http://127.0.0.1:9")
    assert not is_askable(settings, "http://10.0.0.1")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104  not bound
        *("224.0.0.1", "::1", "::", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:0:1::", "ff02::1", "255.255.255.255", "name"),
        *("::127.0.0.1", "::ffff:0:127.0.0.1", "fec0::1", "5f00::1", "192.0.0.8"),
    ],
)
def test_private_addresses_are_not_public(address):
    assert not is_public(address)


def test_public_addresses_are():
    assert is_public("9.9.9.9")
    assert is_public("2620:fe::9")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "no.such.host.invalid", "a" * 70]
)
async def test_a_private_address_is_not_connected_to_however_it_is_written(strict, host):
    with pytest.raises(OutsideError):
        async with outside(strict) as client:
            await client.get(f"https://{host}:1/.well-known/openid-configuration")


async def test_redirects_are_not_followed_and_packed_answers_not_unfolded(settings, provider):
    provider.answers["/moved"] = (302, b"")
    async with outside(settings) as client:
        assert (await client.get(f"{provider.issuer}/moved")).status_code == 302
    provider.extra = ["content-encoding: gzip"]
    with pytest.raises(OutsideError):
        async with outside(settings) as client:
            await client.get(f"{provider.issuer}/keys")


async def test_the_name_is_looked_up_once_and_sent_along(settings, provider):
    async with outside(settings) as client:
        answer = await client.get(f"{provider.issuer.replace('127.0.0.1', 'localhost')}/keys")
    assert answer.json()["keys"]
    assert provider.hosts[-1] == f"localhost:{provider.port}"
