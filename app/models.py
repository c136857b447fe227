"""Imports every table, for alembic and for the tests."""

from app.accounts.models import ApiToken, BrowserSession, User
from app.alerts import Alert
from app.contributions.models import Grant, GrantEntry, GrantRule, ImportFile, ImportLine, LedgerEntry
from app.db import Base
from app.heartbeats import Heartbeat
from app.joining.models import Interest, InterestRemark, Task
from app.mail.models import Bounce, OutgoingMail, Refusal
from app.meetings.models import Attendance, AttendanceFigure, Consent, Meeting
from app.memberships.models import (
    Holder,
    LimitOverride,
    LoggedDecision,
    Membership,
    MembershipReminder,
    PolicyRow,
    Tier,
    TierVersion,
)
from app.organisations.models import (
    ExternalIdentity,
    Invitation,
    Organisation,
    OrganisationHost,
    SignInAttempt,
    SignInDomain,
    SignInProvider,
)
from app.recordings.models import Recording, RecordingFormat
from app.rooms.models import Room, RoomAddress
from app.servers.models import Server
from app.web.models import KeptForm, RateCount, SiteText

__all__ = [
    "Alert",
    "ApiToken",
    "Attendance",
    "AttendanceFigure",
    "Base",
    "Bounce",
    "BrowserSession",
    "Consent",
    "ExternalIdentity",
    "Grant",
    "GrantEntry",
    "GrantRule",
    "Heartbeat",
    "Holder",
    "ImportFile",
    "ImportLine",
    "Interest",
    "InterestRemark",
    "Invitation",
    "KeptForm",
    "LedgerEntry",
    "LimitOverride",
    "LoggedDecision",
    "Meeting",
    "Membership",
    "MembershipReminder",
    "Organisation",
    "OrganisationHost",
    "OutgoingMail",
    "PolicyRow",
    "RateCount",
    "Recording",
    "RecordingFormat",
    "Refusal",
    "Room",
    "RoomAddress",
    "Server",
    "SignInAttempt",
    "SignInDomain",
    "SignInProvider",
    "SiteText",
    "Task",
    "Tier",
    "TierVersion",
    "User",
]
