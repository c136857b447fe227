"""Mail: written in the transaction that causes it, sent by the worker, readable in the browser in demo mode."""

from app.mail.delivery import deliver, deliver_now, forget_old, tasks
from app.mail.mailer import Mailer, Then
from app.mail.models import OutgoingMail

__all__ = ["Mailer", "OutgoingMail", "Then", "deliver", "deliver_now", "forget_old", "tasks"]
