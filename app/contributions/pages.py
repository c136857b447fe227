"""The pages of contributions, collected."""

from fastapi import APIRouter

from app.contributions import (
    about_pages,
    custody_pages,
    entry_pages,
    grant_pages,
    import_line_pages,
    import_pages,
    interest_pages,
    ledger_pages,
    membership_pages,
    own_pages,
    report_pages,
    rule_pages,
    task_pages,
)

router = APIRouter()
for _part in (
    ledger_pages,
    entry_pages,
    grant_pages,
    rule_pages,
    report_pages,
    custody_pages,
    import_pages,
    import_line_pages,
    own_pages,
    membership_pages,
    interest_pages,
    task_pages,
    about_pages,
):
    router.include_router(_part.router)
