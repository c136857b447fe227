"""The people of the table and what the addresses speak of: one thing of each kind, kept as it was."""

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.links import AddressLink, ResetLink, VerifyLink, fragment_of
from app.accounts.models import BrowserSession, User
from app.accounts.reach import ReachLink
from app.accounts.reminders import unsubscribe_links
from app.accounts.sessions import hash_of, open_session
from app.accounts.tokens import create_token
from app.contributions.models import GrantRule
from app.db import Database
from app.mail import OutgoingMail
from app.memberships.models import LimitOverride, Membership
from app.models import Base
from app.organisations.models import HostRole, Invitation, Organisation, OrganisationHost
from tests.app.contributions.books import an_import, gift, only_grant, recorded
from tests.app.recordings.rows import a_recording
from tests.factories import a_person, a_room, a_task, an_interest, an_organisation, start

INTEREST, INVITATION = "Harbour-Radio", "an-invitation"


class Town:
    """Everybody with a browser and a program, and what stands for the parameters of a path."""

    def __init__(self, site) -> None:
        self.site = site
        self.database: Database = site.state.database
        self.people: dict[str, User] = {}
        self.cookies: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.at: dict[str, object] = {}

    async def build(self) -> None:
        await self._people()
        await self._things()
        await self._links()
        for role, user in self.people.items():
            async with self.database.transaction() as session:
                self.cookies[role] = await open_session(session, user.id, "Firefox")
                token = await create_token(session, user.id, "a program", days=None)
                self.tokens[role] = token.secret
                if role == "host":
                    self.at["token_id"] = token.row.id
                    theirs = select(BrowserSession.id).where(BrowserSession.user_id == user.id)
                    self.at["session_id"] = await session.scalar(theirs)
        self.cookies["suspended host"], self.tokens["suspended host"] = (
            self.cookies["host"],
            self.tokens["host"],
        )
        async with self.database.transaction() as session:
            banned = update(User).where(User.id == self.people["banned"].id)
            await session.execute(banned.values(banned_at=clock.now()))

    async def _people(self) -> None:
        every = {"is_operator": True, "is_bookkeeper": True}
        for role, columns in {
            "banned": every,
            "nobody": {},
            "unverified": {"verified": False},
            "host": {},
            "cohost": {},
            "suspended admin": {},
            "admin": {},
            "other admin": {},
            "bookkeeper": {"is_bookkeeper": True},
            "operator": {"is_operator": True},
        }.items():
            email = f"{role.replace(' ', '-')}@example.org"
            self.people[role] = await a_person(self.database, email, **columns)
        hosts = {"host": "host", "cohost": "host", "suspended-admin": "admin", "unverified": "admin"}
        hosts |= {"admin": "admin", "banned": "admin"}
        made = await an_organisation(self.database, "Riverside", "consumer", **hosts)
        await an_organisation(self.database, "Allotments", "consumer", **{"other-admin": "admin"})
        async with self.database.transaction() as session:
            await suspend(session, self.people["suspended admin"])
            kept = await session.get_one(Organisation, made.id)
            kept.accent, kept.logo, kept.logo_key = "#123456", b"\x89PNG", "a-logo"
        self.organisation = made

    async def _things(self) -> None:
        database, host, made = self.database, self.people["host"], self.organisation
        room = await a_room(database, host, "Hall", holder_id=made.holder_id)
        meeting = await start(self.site, room, host)
        shown = {"visibility": "public", "key": "evening", "holder_id": made.holder_id}
        await a_recording(database, host, room, name="Evening", **shown)
        entry = await recorded(database, gift(made.holder_id, 50_000))
        _file_id, line_id = await an_import(database)
        preview, _none = await an_import(database, imported=False, name="june.csv")
        grant = await only_grant(database, made.holder_id)
        interest = await an_interest(database, INTEREST)
        task = await a_task(database, state="taken", taken_by=host.id, taken_at=clock.now())
        async with database.transaction() as session:
            rule = await session.scalar(select(GrantRule.id).order_by(GrantRule.id).limit(1))
            held = select(Membership.id).where(Membership.holder_id == made.holder_id)
            membership = await session.scalar(held)
            said = {"reason": "A test.", "made_by": "Olu", "starts_at": clock.now()}
            override = LimitOverride(holder_id=made.holder_id, limit_name="rooms", value=9, **said)
            session.add(override)
        self.at = {
            "user_id": self.people["cohost"].id,
            "holder_id": made.holder_id,
            "entry_id": entry.id,
            "grant_id": grant.id,
            "rule_id": rule,
            "file_id": preview,
            "place": 1,
            "line_id": line_id,
            "year": entry.booked_on.year,
            "interest_id": interest.id,
            "task_id": task.id,
            "slug": room.slug,
            "room_id": room.id,
            "meeting_id": meeting.id,
            "meeting": meeting.id,
            "membership_id": membership,
            "override_id": override.id,
            "organisation_id": made.id,
            "organisation": made.slug,
            "host_id": self.people["cohost"].id,
            "tier_id": 3,
            "key": "evening",
            "kind": "presentation",
            "accent": "123456",
            "language": "en",
            "organisations.slug": made.slug,
            "organisations.key": "a-logo",
            "sign-in.slug": made.slug,
            "admin.key": "about",
            "callbacks.token": "forged",
            "join-us.token": INTEREST,
            "invitations.token": INVITATION,
        }

    async def _links(self) -> None:
        nobody, settings = self.people["nobody"], self.site.state.settings
        fresh = await a_person(self.database, "fresh@example.org", verified=False)
        fragment = fragment_of(settings, nobody)
        self.at["verify.token"] = VerifyLink(fresh.id, fresh.email).sign(settings)
        made_at = int(clock.now().timestamp())
        self.at["new-password.token"] = ResetLink(nobody.id, fragment, made_at).sign(settings)
        self.at["account.token"] = AddressLink(nobody.id, fragment, nobody.email, "n@example.org").sign(
            settings
        )
        self.at["reach_token"] = ReachLink(nobody.id, nobody.email).sign(settings)
        self.at["unsubscribe.token"] = unsubscribe_links(settings)(nobody.id, "tasks").rpartition("/")[2]
        now = clock.now()
        async with self.database.transaction() as session:
            mail = OutgoingMail(to="a@example.org", subject="b", text="c", html="d", created_at=now)
            session.add(mail)
            await session.flush()
            self.at["mail_id"] = mail.id
            invitation = Invitation(
                organisation_id=self.organisation.id,
                email=nobody.email,
                role=HostRole.HOST,
                token_hash=hash_of(INVITATION),
                created_at=now,
                sent_at=now,
                expires_at=now + timedelta(days=14),
            )
            session.add(invitation)
            await session.flush()
            self.at["invitation_id"] = invitation.id


async def suspend(session: AsyncSession, user: User, *, over: bool = False) -> None:
    """Suspend someone as host, or let them host again."""
    change = update(OrganisationHost).where(OrganisationHost.user_id == user.id)
    await session.execute(change.values(suspended_at=None if over else clock.now()))


class Kept:
    """All rows of all tables as they are at one moment: to see that nothing changed, and to bring them back."""

    # What is written by every visit, whoever it is.
    VISITS = ("sessions", "api_tokens", "rate_counts")

    def __init__(self, database: Database) -> None:
        self._database = database
        self.tables = [table.name for table in Base.metadata.sorted_tables]

    async def keep(self) -> None:
        copies = [f'CREATE TABLE kept."{name}" AS TABLE public."{name}"' for name in self.tables]
        await self._run(["DROP SCHEMA IF EXISTS kept CASCADE", "CREATE SCHEMA kept", *copies])
        self.before = await self.state()

    async def restore(self) -> None:
        statements = ["SET session_replication_role = replica"]
        statements += [f'DELETE FROM public."{name}"' for name in self.tables]  # noqa: S608  names of our own tables
        statements += [f'INSERT INTO public."{name}" SELECT * FROM kept."{name}"' for name in self.tables]  # noqa: S608  as above
        await self._run([*statements, "SET session_replication_role = DEFAULT"])

    async def drop(self) -> None:
        await self._run(["DROP SCHEMA IF EXISTS kept CASCADE"])

    async def state(self) -> dict[str, str]:
        """A hash of the rows of each table that tells something."""
        names = [name for name in self.tables if name not in self.VISITS]
        each = " UNION ALL ".join(
            f"SELECT '{name}' AS name, md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM \"{name}\" t"  # noqa: S608  names of our own tables
            for name in names
        )
        async with self._database.engine.connect() as connection:
            return {row[0]: row[1] for row in await connection.exec_driver_sql(each)}

    async def changed(self) -> set[str]:
        """The tables that are not as they were."""
        now = await self.state()
        return {name for name, found in now.items() if found != self.before[name]}

    async def _run(self, statements: list[str]) -> None:
        async with self._database.engine.connect() as connection:
            raw = await connection.get_raw_connection()
            await raw.driver_connection.execute(";".join(statements))
