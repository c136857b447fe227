"""The pages of contributions, collected."""

from fastapi import APIRouter

from app.contributions import entry_pages, ledger_pages

router = APIRouter()
for _part in (ledger_pages, entry_pages):
    router.include_router(_part.router)
