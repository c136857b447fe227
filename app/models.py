"""Imports every table, for alembic and for the tests."""

from app.accounts.models import ApiToken, BrowserSession, User
from app.db import Base
from app.mail import OutgoingMail
from app.meetings.models import Attendance, Consent, Meeting
from app.memberships.models import Holder, Membership, PolicyRow, Tier
from app.organisations.models import Organisation, OrganisationHost
from app.rooms.models import Room, RoomAddress
from app.servers.models import Server
from app.web.models import RateCount

__all__ = [
    "ApiToken",
    "Attendance",
    "Base",
    "BrowserSession",
    "Consent",
    "Holder",
    "Meeting",
    "Membership",
    "Organisation",
    "OrganisationHost",
    "OutgoingMail",
    "PolicyRow",
    "RateCount",
    "Room",
    "RoomAddress",
    "Server",
    "Tier",
    "User",
]
