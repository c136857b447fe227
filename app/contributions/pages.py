"""The pages of contributions, collected."""

from fastapi import APIRouter

from app.contributions import (
    custody_pages,
    entry_pages,
    grant_pages,
    import_line_pages,
    import_pages,
    import_payment_pages,
    import_settings_pages,
    ledger_pages,
    membership_pages,
    own_pages,
    report_pages,
    rule_pages,
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
    import_payment_pages,
    import_settings_pages,
    import_line_pages,
    own_pages,
    membership_pages,
):
    router.include_router(_part.router)
