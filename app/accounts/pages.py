"""The pages of accounts, collected."""

from fastapi import APIRouter

from app.accounts import (
    address_pages,
    data_pages,
    forgotten,
    kept_pages,
    language,
    mailed,
    reach,
    reminder_pages,
    session_pages,
    settings_pages,
    sign_in,
    sign_up,
    token_pages,
    verifying_pages,
)

router = APIRouter()
for _part in (
    sign_up,
    verifying_pages,
    mailed,
    sign_in,
    kept_pages,
    forgotten,
    reach,
    settings_pages,
    address_pages,
    reminder_pages,
    session_pages,
    token_pages,
    data_pages,
    language,
):
    router.include_router(_part.router)
