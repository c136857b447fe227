"""Imports every table, for alembic and for the tests."""

from app.accounts.models import ApiToken, BrowserSession, User
from app.db import Base
from app.mail import OutgoingMail
from app.meetings.models import Attendance, AttendanceFigure, Consent, Meeting
from app.memberships.models import Holder, LimitOverride, LoggedDecision, Membership, PolicyRow, Tier
from app.organisations.models import Organisation, OrganisationHost
from app.recordings.models import Recording, RecordingFormat
from app.rooms.models import Room, RoomAddress
from app.servers.models import Server
from app.web.models import RateCount

__all__ = [
    "ApiToken",
    "Attendance",
    "AttendanceFigure",
    "Base",
    "BrowserSession",
    "Consent",
    "Holder",
    "LimitOverride",
    "LoggedDecision",
    "Meeting",
    "Membership",
    "Organisation",
    "OrganisationHost",
    "OutgoingMail",
    "PolicyRow",
    "RateCount",
    "Recording",
    "RecordingFormat",
    "Room",
    "RoomAddress",
    "Server",
    "Tier",
    "User",
]
