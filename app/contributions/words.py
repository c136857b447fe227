"""The names of kinds and rules, for pages."""

from collections.abc import Mapping

from app import wording
from app.contributions.models import EntryKind, GrantRule, What
from app.i18n import Text, lazy
from app.i18n import gettext as _

KINDS: Mapping[str, Text] = {
    EntryKind.PLEDGE: lazy("Pledge"),
    EntryKind.CONFIRMATION: lazy("Confirmed"),
    EntryKind.CORRECTION: lazy("Correction"),
}
WHATS: Mapping[str, Text] = {
    What.MONEY: lazy("Money"),
    What.HOURS: lazy("Hours"),
    What.SERVER: lazy("Server"),
    What.OTHER: lazy("Other"),
}


def rule_words(rule: GrantRule, tier_name: str) -> str:
    """A rule in one sentence."""
    values = {
        "money": wording.money(rule.cents),
        "days": wording.number(rule.within_days),
        "tier": _(tier_name),
    }
    return _("%(money)s within %(days)s days grant “%(tier)s”.", **values)
