"""What operators read of an alert: what it means, and what to do."""

from app.alerts import Alert, Kind
from app.i18n import gettext as _


def words_of(alert: Alert) -> tuple[str, str]:
    """What happened, and what helps, in the reader's language; of a kind from a newer version its bare name."""
    subject = alert.subject
    match alert.kind:
        case Kind.DATABASE:
            return _database(subject)
        case Kind.FILES:
            return (
                _("A process had no file descriptors left, so visitors could not connect."),
                _("Raise LimitNOFILE of its unit: deploy/systemd/ has a value that fits."),
            )
        case Kind.PROXY:
            return (
                _(
                    "Requests from %(address)s say who they are forwarded for, and aren’t believed.",
                    address=subject,
                ),
                _(
                    "If it’s your proxy, add it to GUILDHALL_PROXIES: until then all its visitors count as one."
                ),
            )
        case Kind.PROXY_SILENT:
            return (
                _("The proxy at %(address)s doesn’t say whom it forwards for.", address=subject),
                _("Let it send X-Forwarded-For: until then all its visitors count as one."),
            )
        case Kind.CLOCK:
            return (
                _(
                    "A process’s clock is %(difference)s apart from the database’s. It ends no meetings.",
                    difference=subject,
                ),
                _("Set up time synchronisation on its machine, for example with chrony."),
            )
    return alert.kind, subject


def _database(outage: str) -> tuple[str, str]:
    match outage:
        case "full":
            return _("The database has no space left."), _(
                "Make room on its disk: nothing can be saved until then."
            )
        case "memory":
            return _("The database ran out of memory."), _(
                "Give its machine more, or lower work_mem and max_connections."
            )
        case "connections":
            return (
                _("The database had no connection left."),
                _("Raise max_connections, or lower GUILDHALL_DATABASE_POOL: each process holds that many."),
            )
        case "read_only":
            return (
                _("The database only took questions: it’s a standby, or was set to read-only."),
                _(
                    "Point GUILDHALL_DATABASE_URL to the primary; docs/deploy.md shows how to name several hosts."
                ),
            )
        case "refused":
            return _("The database refused our password."), _("Check GUILDHALL_DATABASE_URL and pg_hba.conf.")
    return _("The database could not be reached."), _("Look at PostgreSQL’s log of that time.")
