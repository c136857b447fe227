"""Every page, as the right kind of person, in every width and both themes: readable, quiet, light."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser
from sqlalchemy import select

from app import clock
from app.accounts.links import AddressLink, ResetLink, VerifyLink, fragment_of
from app.accounts.models import User
from app.accounts.sessions import hash_of
from app.admin.bans import ban
from app.contributions.models import Grant, GrantRule
from app.mail import OutgoingMail
from app.main import make_app
from app.meetings.models import Meeting
from app.memberships.models import Membership
from app.organisations.models import HostRole, Invitation, SignInDomain, SignInProvider
from app.organisations.service import create_organisation, put_host
from app.rooms.models import Room
from app.rooms.service import delete_room
from app.settings import Settings
from app.web.index import every_route
from tests import factories
from tests.app.contributions import books
from tests.app.recordings.rows import a_recording
from tests.house import House
from tests.journeys.visitor import Door, Visitor, quiet_guest, send_quietly

pytestmark = pytest.mark.journey

WIDTHS = (1280, 360, 320)
MOST_BYTES = 60_000
# What a page fetches afterwards to stay fresh is not part of its weight.
LATER = {"Fetch", "EventSource"}
# What differs between the themes is colours.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}


@dataclass(frozen=True)
class Sight:
    """One page as one kind of person sees it. Fields in the path are filled in from what `town` made."""

    route: str
    path: str
    who: str = "nobody"
    status: int = 200
    what: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.route, self.what, f"({self.who})")))


SIGHTS = (
    Sight("home.landing", "/"),
    Sight("home.landing", "/", "host"),
    Sight("home.tiers", "/tiers"),
    Sight("home.tiers", "/tiers", "host"),
    Sight("accounts.sign_up", "/sign-up"),
    Sight("accounts.sign_in", "/sign-in"),
    Sight("accounts.mailed", "/mail-sent"),
    Sight("accounts.forgot", "/forgotten-password"),
    Sight("accounts.verify", "/verify/{verify}"),
    Sight("accounts.verify", "/verify/forged", status=410, what="over"),
    Sight("accounts.reset", "/new-password/{reset}"),
    Sight("accounts.show", "/account", "host"),
    Sight("accounts.email", "/account/email", "host"),
    Sight("accounts.confirm_email", "/account/email/{address}", "host"),
    Sight("accounts.password", "/account/password", "host"),
    Sight("accounts.sessions", "/account/sessions", "host"),
    Sight("accounts.tokens", "/account/tokens", "host"),
    Sight("accounts.data", "/account/data", "host"),
    Sight("accounts.delete", "/account/delete", "host"),
    Sight("home.dashboard", "/rooms", "newcomer", what="empty"),
    Sight("home.dashboard", "/rooms", "host"),
    Sight("home.dashboard", "/rooms", "producer", what="50 rooms"),
    Sight("home.dashboard", "/rooms?search=zzz", "producer", what="nothing found"),
    Sight("rooms.new", "/rooms/new", "host"),
    Sight("rooms.edit", "/r/{quiet}/settings", "host"),
    Sight("rooms.delete", "/r/{running}/delete", "host"),
    Sight("rooms.show", "/r/{quiet}", what="not started"),
    Sight("rooms.show", "/r/{quiet}", "host", what="not started"),
    Sight("rooms.show", "/r/{running}", what="running"),
    Sight("rooms.show", "/r/{running}", "host", what="running"),
    Sight("rooms.show", "/r/{full}", what="full"),
    Sight("rooms.show", "/r/{ended}", what="ended"),
    Sight("rooms.show", "/r/{ended}", "host", what="ended"),
    Sight("rooms.show", "/r/{banned}", what="closed"),
    Sight("rooms.show", "/r/{gone}", status=410, what="gone"),
    Sight("meetings.waiting", "/r/{quiet}/waiting", "guest"),
    Sight("meetings.waiting", "/r/{full}/waiting", "guest in line", what="full"),
    Sight("recordings.index", "/recordings", "newcomer", what="no storage"),
    Sight("recordings.index", "/recordings", "host", what="empty"),
    Sight("recordings.index", "/recordings", "collector", what="100 recordings"),
    Sight("recordings.index", "/recordings?shown=trash", "collector", what="trash"),
    Sight("recordings.show", "/recordings/{shown}"),
    Sight("recordings.show", "/recordings/{shown}", "collector", what="settings"),
    Sight("recordings.show", "/recordings/{coded}", what="code"),
    Sight("recordings.show", "/recordings/{trashed}", "collector", what="trashed"),
    Sight("recordings.delete", "/recordings/{shown}/delete", "collector"),
    Sight("rooms.show", "/r/{recorded}", what="with recordings"),
    Sight("admin.index", "/admin", "operator"),
    Sight("admin.people", "/admin/people", "operator"),
    Sight("admin.person", "/admin/people/{person}", "operator"),
    Sight("admin.person", "/admin/people/{mallory}", "operator", what="banned"),
    Sight("admin.ban", "/admin/people/{person}/ban", "operator"),
    Sight("admin.operator", "/admin/people/{person}/operator", "operator"),
    Sight("admin.organisations", "/admin/organisations", "operator"),
    Sight("admin.new_organisation", "/admin/organisations/new", "operator"),
    Sight("admin.organisation", "/admin/organisations/{organisation}", "operator"),
    Sight("admin.membership", "/admin/holders/{holder}/membership", "operator"),
    Sight("admin.give_membership", "/admin/holders/{holder}/membership/give", "operator"),
    Sight("admin.renew_membership", "/admin/holders/{holder}/membership/renew", "operator"),
    Sight("admin.suspend_membership", "/admin/holders/{holder}/membership/suspend", "operator"),
    Sight("admin.lift_membership", "/admin/holders/{holder}/membership/lift", "operator"),
    Sight("admin.end_membership", "/admin/holders/{holder}/membership/{membership}/end", "operator"),
    Sight("admin.interests", "/admin/interests", "operator"),
    Sight("admin.interest", "/admin/interests/{interest}", "operator"),
    Sight("tasks.index", "/tasks"),
    Sight("tasks.index", "/tasks?list=suggested", "operator", what="none"),
    Sight("tasks.new", "/tasks/suggest", "host"),
    Sight("tasks.show", "/tasks/{task}"),
    Sight("tasks.show", "/tasks/{handed_in}", "operator", what="handed in"),
    Sight("tasks.edit", "/tasks/{task}/edit", "operator"),
    Sight("joining.about", "/about"),
    Sight("admin.texts", "/admin/texts", "operator"),
    Sight("admin.text", "/admin/texts/contributing/en", "operator"),
    Sight("joining.new", "/join-us"),
    Sight("joining.sent", "/join-us/sent"),
    Sight("joining.show", "/join-us/Harbour-Radio"),
    Sight("joining.edit", "/join-us/Harbour-Radio/correct"),
    Sight("joining.withdraw", "/join-us/Harbour-Radio/withdraw"),
    Sight("joining.members", "/members-and-friends"),
    Sight("organisations.index", "/organisations", "host"),
    Sight("organisations.show", "/organisations/riverside-pages", "host"),
    Sight("organisations.show", "/organisations/riverside-pages", "member", what="one of its hosts"),
    Sight("organisations.hosts", "/organisations/riverside-pages/hosts", "host"),
    Sight("organisations.host", "/organisations/riverside-pages/hosts/{member}", "host"),
    Sight("organisations.invitations", "/organisations/riverside-pages/invitations", "host"),
    Sight("organisations.profile", "/organisations/riverside-pages/profile", "host"),
    Sight("organisations.sign_in", "/organisations/riverside-pages/sign-in", "host"),
    Sight("organisations.sign_in", "/organisations/riverside-pages/sign-in", "operator", what="to confirm"),
    Sight("sign_in.begin", "/sign-in/with/riverside-pages"),
    Sight("sign_in.returned", "/sign-in/with/riverside-pages/return", status=403, what="over"),
    Sight("sign_in.find", "/sign-in/through"),
    Sight("organisations.leave", "/organisations/riverside-pages/leave", "member"),
    Sight("invitations.show", "/invitations/{invitation}"),
    Sight("invitations.show", "/invitations/{invitation}", "host", what="signed in"),
    Sight("rooms.show", "/r/{housing}", what="with a colour"),
    Sight("home.dashboard", "/rooms?holder={holder}", "host", what="acting for it"),
    Sight("admin.rooms", "/admin/rooms", "operator"),
    Sight("admin.meetings", "/admin/meetings", "operator"),
    Sight("admin.end_meeting", "/admin/meetings/{meeting}/end", "operator"),
    Sight("admin.limits", "/admin/limits", "operator"),
    Sight("admin.holder_limits", "/admin/limits/{holder}", "operator"),
    Sight(
        "admin.holder_limits",
        "/admin/limits/{holder}?tier=free&limit=storage_bytes&value=2.5",
        "operator",
        what="what if",
    ),
    Sight("admin.tiers", "/admin/tiers", "operator"),
    Sight("admin.new_tier", "/admin/tiers/new?copy=3", "operator"),
    Sight("admin.tier", "/admin/tiers/3", "operator"),
    Sight("admin.tier_form", "/admin/tiers/3/change", "operator"),
    Sight("admin.tier_holders", "/admin/tiers/1/holders", "operator"),
    Sight("admin.tier_above", "/admin/tiers/1/above?limit=rooms&first=0", "operator"),
    Sight("admin.retire_tier", "/admin/tiers/3/retire", "operator"),
    Sight("admin.policy", "/admin/policy", "operator"),
    Sight("contributions.ledger", "/ledger", "operator"),
    Sight("contributions.ledger", "/ledger", "bookkeeper"),
    Sight("contributions.find", "/ledger/contributors", "bookkeeper"),
    Sight("contributions.account", "/ledger/contributors/{contributor}", "bookkeeper"),
    Sight("contributions.new", "/ledger/new?contributor={contributor}", "bookkeeper"),
    Sight("contributions.entry", "/ledger/entries/{entry}", "bookkeeper"),
    Sight("contributions.correct", "/ledger/entries/{entry}/correct", "bookkeeper"),
    Sight("contributions.imports", "/ledger/imports", "bookkeeper"),
    Sight("contributions.import", "/ledger/imports/{preview}", "bookkeeper"),
    Sight("contributions.import", "/ledger/imports/{imported}", "bookkeeper"),
    Sight("contributions.unmatched", "/ledger/imports/unmatched", "bookkeeper"),
    Sight("contributions.import_line", "/ledger/imports/lines/{line}", "bookkeeper"),
    Sight("contributions.grants", "/ledger/grants", "bookkeeper"),
    Sight("contributions.grant", "/ledger/grants/{grant}", "operator"),
    Sight("contributions.rules", "/ledger/rules", "operator"),
    Sight("contributions.rule", "/ledger/rules/{rule}", "operator"),
    Sight("contributions.new_rule", "/ledger/rules/new", "operator"),
    Sight("contributions.reports", "/ledger/reports", "bookkeeper"),
    Sight("contributions.by_contributor", "/ledger/reports/contributors", "bookkeeper"),
    Sight("contributions.due", "/ledger/reports/due", "bookkeeper"),
    Sight("contributions.use", "/ledger/reports/use", "bookkeeper"),
    Sight("contributions.custody", "/ledger/reports/custody", "bookkeeper"),
    Sight("memberships.own", "/membership", "newcomer", what="empty"),
    Sight("memberships.own", "/membership", "host"),
    Sight("contributions.own", "/contributions", "newcomer", what="empty"),
    Sight("contributions.own", "/contributions", "host"),
    Sight("contributions.receipt", "/contributions/receipts/{entry}", "host"),
    Sight("contributions.year_receipt", "/contributions/{contributor}/{year}", "host"),
    Sight("api.docs", "/api"),
    Sight("demo.index", "/demo"),
    Sight("demo.mail", "/demo/mail/{mail}"),
    Sight("demo.styleguide", "/demo/styleguide"),
    Sight("nothing_here", "/no/such/page", status=404),
    Sight("nothing_here", "/no/such/page", "host", status=404),
)
# What is fetched by programs: no page.
NOT_PAGES = {
    "contributions.ledger_file",
    "contributions.import_lines_file",
    "contributions.own_file",
    "contributions.quarters_file",
    "contributions.by_contributor_file",
    "contributions.due_file",
    "contributions.custody_file",
    "contributions.use_file",
    "web.health",
    "meetings.ended",
    "accounts.export",
    "rooms.events",
    "home.events",
    "home.theme",
    "recordings.play",
    "organisations.hosts_file",
    "organisations.figures_file",
    "organisations.logo",
    "organisations.colour",
    "organisations.try_sign_in",
    "api.document",
    "api.show_me",
    "api.list_rooms",
    "api.show_room",
    "api.list_contributions",
    "api.list_hosts",
    "api.list_tiers",
    "api.show_membership",
    "api.show_organisation_membership",
    "api.list_meetings",
    "api.show_meeting",
    "api.list_recordings",
    "api.show_recording",
}


def settings_of(house: House) -> Settings:
    names = {key.removeprefix("GUILDHALL_").lower(): value for key, value in house.environment().items()}
    return Settings(**names)


def test_every_page_of_the_site_is_in_the_table(tmp_path: Path):
    site = make_app(settings_of(House("postgresql://nobody@127.0.0.1/nothing", tmp_path)))
    found = {
        route.name for route in every_route(site.routes) if "GET" in (getattr(route, "methods", None) or ())
    }
    assert found - NOT_PAGES == {sight.route for sight in SIGHTS}


class Town:
    """People and rooms in every state, and the addresses of the pages that show them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.settings = settings_of(house)
        self.people: dict[str, User] = {}
        self.at: dict[str, object] = {}

    async def build(self) -> None:
        house = self.house
        host = self.people["host"] = await house.person("Béla Szabó", tier="session-organiser")
        self.people["newcomer"] = await house.person("Nadia Hoffmann")
        self.people["operator"] = await house.person("Olu Marsh", is_operator=True)
        producer = self.people["producer"] = await house.person("Emeka Lindqvist", tier="co-producer")
        for number in range(50):
            await house.room(producer, f"Working group {number} of the whole co-operative")
        self.at["quiet"] = (await house.room(host, "Quiet round", access_code="2718-2818", record=True)).slug
        await self._organisation()
        await self._ledger()
        await self._recordings()
        await self._meetings()
        await self._ends()
        await self._links()

    async def _organisation(self) -> None:
        member = self.people["member"] = await self.house.person("Wilhelmine Rindfleischetikettierung")
        async with self.house.database.transaction() as session:
            made = await create_organisation(session, name="Riverside Housing", slug="riverside-pages")
            await put_host(session, made, self.people["host"].id, HostRole.ADMIN)
            await put_host(session, made, member.id, HostRole.HOST)
            made.accent, made.about, made.website = (
                "#ffee00",
                "We live here.",
                "https://riverside.example.org",
            )
            now = clock.now()
            provider = SignInProvider(
                organisation_id=made.id,
                issuer="https://login.housing-co-operatives.example.org",
                client_id="guildhall",
                client_secret="",
                tried_at=now,
                role_claim="groups",
            )
            session.add(provider)
            await session.flush()
            for domain, proven_at in (
                ("the-very-long-domain-of-somebody.housing-co-operatives.example.org", now),
                ("new.example.org", None),
            ):
                session.add(SignInDomain(provider_id=provider.id, domain=domain, proven_at=proven_at))
            self.at["invitation"] = "of-the-pages"
            for number in range(60):
                invitation = Invitation(
                    organisation_id=made.id,
                    email=f"the-very-long-name-of-somebody-{number}@housing-co-operatives.example.org",
                    role=HostRole.HOST,
                    token_hash=hash_of("of-the-pages" if number == 0 else f"of-the-pages-{number}"),
                    created_at=now,
                    sent_at=now,
                    expires_at=now + timedelta(days=14),
                )
                session.add(invitation)
        await factories.put_on_tier(self.house.database, made.holder_id, "consumer")
        interest = await factories.an_interest(self.house.database, "Harbour-Radio", state="talking")
        self.at["interest"] = interest.id
        self.at["task"] = (await factories.a_task(self.house.database)).id
        done = {"state": "handed_in", "taken_by": self.people["host"].id, "report": "All of it."}
        self.at["handed_in"] = (await factories.a_task(self.house.database, **done)).id
        housing = await self.house.room(member, "Housing pages round", holder_id=made.holder_id)
        self.at |= {"member": member.id, "housing": housing.slug}
        self.at["organisation"] = made.id
        self.at["holder"] = made.holder_id
        async with self.house.database.transaction() as session:
            held = select(Membership.id).where(Membership.holder_id == made.holder_id)
            self.at["membership"] = await session.scalar(held)

    async def _recordings(self) -> None:
        host = self.people["collector"] = await self.house.person("Carme Vidal", tier="co-producer")
        room = await self.house.room(host, "Recorded pages round", access_code="2718-2818")
        self.at["recorded"] = room.slug
        for number in range(98):
            name = (
                f"Working group {number} of the whole co-operative, with its Rindfleischetikettierungsgesetz"
            )
            await self._recording(host, room, name=name, estimated=bool(number % 3))
        until = clock.now() + timedelta(days=9)
        self.at["shown"] = await self._recording(host, room, visibility="public", kept_until=until)
        self.at["coded"] = await self._recording(host, room, visibility="code")
        self.at["trashed"] = await self._recording(host, room, trashed_at=clock.now())

    async def _recording(self, host: User, room: Room, **columns: object) -> str:
        return (await a_recording(self.house.database, host, room, **columns)).key

    async def _ledger(self) -> None:
        """What the host gave, and an organisation whose membership is to be decided."""
        host = self.people["host"]
        self.people["bookkeeper"] = await self.house.person("Bruna Keller", is_bookkeeper=True)
        async with self.house.database.transaction() as session:
            made = await create_organisation(session, name="Harbour Radio", slug="harbour-pages")
        entry = await books.recorded(self.house.database, books.gift(host.holder_id, 9_000, note="By hand"))
        await books.recorded(self.house.database, books.gift(made.holder_id, 50_000))
        async with self.house.database.transaction() as session:
            grants = select(Grant.id).where(Grant.holder_id == made.holder_id).order_by(Grant.id)
            self.at["grant"] = await session.scalar(grants.limit(1))
            self.at["rule"] = await session.scalar(select(GrantRule.id).order_by(GrantRule.id).limit(1))
        self.at |= {"contributor": host.holder_id, "entry": entry.id, "year": entry.booked_on.year}
        self.at["preview"], _none = await books.an_import(
            self.house.database, imported=False, name="june.csv"
        )
        self.at["imported"], self.at["line"] = await books.an_import(self.house.database)

    async def _meetings(self) -> None:
        host, house = self.people["host"], self.house
        running = await house.room(host, "Running round", description="Everyone with the link reads this.")
        self.at["running"] = running.slug
        await send_quietly(house, host, f"/r/{running.slug}", "/start")
        await quiet_guest(house, running.slug, "Inês de Albuquerque-Montenegro")
        async with house.database.transaction() as session:
            found = select(Meeting.id).where(Meeting.room_id == running.id)
            self.at["meeting"] = await session.scalar(found)
        crowded = await house.person("Carla Crowd")
        self.at["full"] = (await house.room(crowded, "Full pages round")).slug
        await send_quietly(house, crowded, f"/r/{self.at['full']}", "/start")
        for number in range(9):
            await quiet_guest(house, str(self.at["full"]), f"Guest {number}")

    async def _ends(self) -> None:
        house = self.house
        mallory, gone = await house.person("Mallory Kern"), await house.person("Gerda Gone")
        over = await house.person("Over Olsen")
        self.at["banned"] = (await house.room(mallory, "Closed pages round")).slug
        self.at["ended"] = (await house.room(over, "Ended pages round")).slug
        await send_quietly(house, over, f"/r/{self.at['ended']}", "/start")
        await send_quietly(house, over, f"/r/{self.at['ended']}", "/end")
        room = await house.room(gone, "Gone pages round")
        self.at["gone"] = room.slug
        async with house.database.transaction() as session:
            await ban(session, factories.viewer(self.people["operator"]), mallory.id, "abuse of the house")
            await delete_room(session, await session.get_one(Room, room.id))
        self.at |= {"mallory": mallory.id, "person": self.people["host"].id}

    async def _links(self) -> None:
        host, settings = self.people["host"], self.settings
        fresh = await self.house.person("Fresh Finn", verified=False)
        fragment = fragment_of(settings, host)
        self.at["verify"] = VerifyLink(fresh.id, fresh.email).sign(settings)
        self.at["reset"] = ResetLink(host.id, fragment).sign(settings)
        self.at["address"] = AddressLink(host.id, fragment, host.email, "new@example.org").sign(settings)
        async with self.house.database.transaction() as session:
            words = (
                "Open this to verify your address:\nhttp://127.0.0.1:8000/verify/abcdefghijklmnopqrstuvwxyz"
            )
            mail = OutgoingMail(
                to=fresh.email, subject="A mail", text=words, html=f"<p>{words}</p>", created_at=clock.now()
            )
            session.add(mail)
            await session.flush()
            self.at["mail"] = mail.id


class Weights:
    """What every page has loaded, counted on the wire: headers and packed bodies, nothing from a cache."""

    async def listen(self, visitor: Visitor) -> None:
        self.kinds: dict[str, str] = {}
        self.loaded: dict[str, tuple[str, int]] = {}
        self.wire = await visitor.context.new_cdp_session(visitor.page)
        self.wire.on("Network.requestWillBeSent", self._asked)
        self.wire.on("Network.loadingFinished", self._came)
        await self.wire.send("Network.enable")
        await self.wire.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def _asked(self, event: dict) -> None:
        self.kinds[event["requestId"]] = event["type"]
        self.loaded.pop(event["requestId"], None)

    def _came(self, event: dict) -> None:
        kind = self.kinds.get(event["requestId"], "?")
        if kind not in LATER:
            self.loaded[event["requestId"]] = (kind, int(event["encodedDataLength"]))

    def start(self) -> None:
        self.kinds.clear()
        self.loaded.clear()

    @property
    def total(self) -> int:
        return sum(size for _kind, size in self.loaded.values())


class Windows:
    """One browser for each kind of person, kept for all pages of this file."""

    def __init__(self, town: Town, browser: Browser) -> None:
        self.town = town
        self.door = Door(town.house, browser)
        self.known: dict[str, tuple[Visitor, Weights]] = {}

    async def of(self, who: str) -> tuple[Visitor, Weights]:
        if who not in self.known:
            user = self.town.people.get(who)
            visitor = await (self.door.signed_in(user) if user else self.door.visitor())
            if who == "guest":
                await visitor.join(str(self.town.at["quiet"]), "Guest Gil", code="2718-2818")
                await visitor.page.get_by_label("I agree to be recorded").check()
                await visitor.page.locator("[data-region=go] button").click()
                await visitor.is_waiting(str(self.town.at["quiet"]))
            if who == "guest in line":
                await visitor.join(str(self.town.at["full"]), "Late Luis")
                await visitor.is_waiting(str(self.town.at["full"]))
            weights = Weights()
            await weights.listen(visitor)
            self.known[who] = visitor, weights
        return self.known[who]


@pytest.fixture(scope="module")
async def windows(open_house: House, browser: Browser) -> AsyncIterator[Windows]:
    open_house.follow_clock()
    town = Town(open_house)
    await town.build()
    windows = Windows(town, browser)
    yield windows
    await asyncio.gather(*(visitor.context.close() for visitor in windows.door.visitors))


async def axe(visitor: Visitor, options: dict | None = None) -> list[str]:
    """What axe finds, in a line each."""
    found = await (Axe().run(visitor.page, options=options) if options else Axe().run(visitor.page))
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


async def wider_than(visitor: Visitor, width: int) -> int:
    """How far the page can be scrolled sideways at this width."""
    await visitor.page.set_viewport_size({"width": width, "height": 800})
    return await visitor.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("sight", SIGHTS, ids=str)
async def test_a_page_is_accessible_quiet_and_light_in_every_width_and_both_themes(
    house: House, windows: Windows, sight: Sight
):
    del house
    visitor, weights = await windows.of(sight.who)
    visitor.troubles.clear()
    await visitor.page.emulate_media(color_scheme="light")
    await visitor.page.set_viewport_size({"width": WIDTHS[0], "height": 800})
    weights.start()
    assert await visitor.open(sight.path.format(**windows.town.at)) == sight.status
    assert visitor.page.url.endswith(sight.path.format(**windows.town.at)), "another page was shown"

    sideways = {width: await wider_than(visitor, width) for width in WIDTHS}
    light = await axe(visitor)
    await visitor.page.emulate_media(color_scheme="dark")
    # Colours glide over: what counts is where they arrive.
    await visitor.page.evaluate(
        "document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish())"
    )
    dark = await axe(visitor, COLOURS)
    assert {width: by for width, by in sideways.items() if by > 0} == {}
    assert light == []
    assert dark == []
    assert visitor.troubles == []
    assert "Document" in {kind for kind, _size in weights.loaded.values()}
    assert weights.total < MOST_BYTES, weights.loaded
    print(f"{weights.total} bytes")
