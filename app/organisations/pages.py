"""The pages of organisations, collected."""

from fastapi import APIRouter

from app.organisations import (
    accepting_pages,
    front_pages,
    host_pages,
    invitation_pages,
    profile_pages,
    provider_pages,
    through_pages,
)

router = APIRouter()
for _part in (
    front_pages,
    host_pages,
    invitation_pages,
    profile_pages,
    provider_pages,
    accepting_pages,
    through_pages,
):
    router.include_router(_part.router)
