"""The operator's pages, collected."""

from fastapi import APIRouter

from app.admin import (
    alert_pages,
    interest_pages,
    limits_pages,
    mail_pages,
    meeting_pages,
    membership_pages,
    organisation_pages,
    people_pages,
    policy_pages,
    rights_pages,
    room_pages,
    start_page,
    texts_pages,
    tier_pages,
    tier_state_pages,
)

router = APIRouter()
for _part in (
    alert_pages,
    start_page,
    people_pages,
    rights_pages,
    organisation_pages,
    interest_pages,
    room_pages,
    meeting_pages,
    mail_pages,
    limits_pages,
    membership_pages,
    tier_pages,
    tier_state_pages,
    policy_pages,
    texts_pages,
):
    router.include_router(_part.router)
