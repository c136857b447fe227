"""People and rooms in every state, for the pages to show."""

from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.accounts.links import AddressLink, ResetLink, VerifyLink, fragment_of
from app.accounts.models import User
from app.accounts.reach import ReachLink
from app.accounts.reminders import unsubscribe_links
from app.accounts.sessions import hash_of
from app.admin.bans import ban
from app.contributions.models import Grant, GrantRule
from app.mail import OutgoingMail
from app.meetings.models import Meeting
from app.memberships.models import Membership
from app.organisations.models import HostRole, Invitation, SignInDomain, SignInProvider
from app.organisations.service import create_organisation, put_host
from app.rooms.models import Room
from app.rooms.service import delete_room
from tests import factories
from tests.app.contributions import books
from tests.app.recordings.rows import a_recording
from tests.house import House
from tests.journeys.visitor import quiet_guest, send_quietly


class Town:
    """People and rooms in every state, and the addresses of the pages that show them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.settings = house.settings()
        self.people: dict[str, User] = {}
        self.at: dict[str, object] = {}

    async def build(self) -> None:
        """Make all of it."""
        house = self.house
        host = self.people["host"] = await house.person("Béla Szabó", tier="session-organiser")
        self.people["newcomer"] = await house.person("Nadia Hoffmann")
        self.people["operator"] = await house.person("Olu Marsh", is_operator=True)
        producer = self.people["producer"] = await house.person("Emeka Lindqvist", tier="co-producer")
        for number in range(50):
            await house.room(producer, f"Working group {number} of the whole co-operative")
        quiet = await house.room(host, "Quiet round", access_code="2718-2818", record=True)
        self.at |= {"quiet": quiet.slug, "room": quiet.id}
        await self._organisation()
        await self._joining()
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
        housing = await self.house.room(member, "Housing pages round", holder_id=made.holder_id)
        self.at |= {"member": member.id, "housing": housing.slug}
        self.at["organisation"] = made.id
        self.at["holder"] = made.holder_id
        async with self.house.database.transaction() as session:
            held = select(Membership.id).where(Membership.holder_id == made.holder_id)
            self.at["membership"] = await session.scalar(held)

    async def _joining(self) -> None:
        interest = await factories.an_interest(self.house.database, "Harbour-Radio", state="talking")
        self.at["interest"] = interest.id
        self.at["task"] = (await factories.a_task(self.house.database)).id
        done = {"state": "handed_in", "taken_by": self.people["host"].id, "report": "All of it."}
        self.at["handed_in"] = (await factories.a_task(self.house.database, **done)).id

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
        made_at = int(clock.now().timestamp())
        self.at["reset"] = ResetLink(host.id, fragment, made_at).sign(settings)
        self.at["address"] = AddressLink(host.id, fragment, host.email, "new@example.org").sign(settings)
        self.at["reach"] = ReachLink(host.id, host.email).sign(settings)
        self.at["unsubscribe"] = unsubscribe_links(settings)(host.id, "tasks").rpartition("/")[2]
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
