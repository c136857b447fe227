"""Conditions of statements about the people of an organisation: its admins, whom it has suspended, who inherits."""

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, exists, select

from app.organisations.models import HostRole, Organisation, OrganisationHost

Id = SQLColumnExpression[int] | int


def administers(user_id: Id, holder_id: Id) -> ColumnElement[bool]:
    """The person is an active admin of the organisation of this holder. Whether they are verified is not asked."""
    return exists().where(
        Organisation.holder_id == holder_id,
        OrganisationHost.organisation_id == Organisation.id,
        OrganisationHost.user_id == user_id,
        OrganisationHost.role == HostRole.ADMIN,
        OrganisationHost.suspended_at.is_(None),
    )


def is_suspended(user_id: Id, holder_id: Id) -> ColumnElement[bool]:
    """The organisation of this holder has suspended the person, who hosts for it."""
    return exists().where(
        Organisation.holder_id == holder_id,
        OrganisationHost.organisation_id == Organisation.id,
        OrganisationHost.user_id == user_id,
        OrganisationHost.suspended_at.is_not(None),
    )


def heir(user_id: Id, holder_id: Id) -> ScalarSelect[int | None]:
    """Who gets what the person hosted for the organisation of this holder, when their account goes.

    Its longest-serving admin, else host; the suspended come last. NULL if nobody is left, or the holder is a person.
    """
    return (
        select(OrganisationHost.user_id)
        .join(Organisation, Organisation.id == OrganisationHost.organisation_id)
        .where(Organisation.holder_id == holder_id, OrganisationHost.user_id != user_id)
        .order_by(
            OrganisationHost.suspended_at.is_not(None),
            OrganisationHost.role != HostRole.ADMIN,
            OrganisationHost.joined_at,
            OrganisationHost.user_id,
        )
        .limit(1)
        .scalar_subquery()
    )
