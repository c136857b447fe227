"""What a bookkeeper decides about single payments of a file before it is imported; kept with the file."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.importing.files import ImportedAlreadyError, find_file
from app.contributions.models import ImportFile
from app.errors import ConflictError
from app.i18n import lazy

_CHOICES = "choices"


class FileChangedError(ConflictError):
    """Somebody else has changed how the file is read, or what becomes of a payment, since the page was made."""

    code = "import_changed"
    message = lazy("Someone else has changed this meanwhile. Look at it, then send yours again.")


@dataclass(frozen=True)
class Choice:
    """Whose a payment is, or (without a holder) why it is left out, or (without both) that it waits."""

    holder_id: int | None = None
    reason: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is kept to be matched by hand later."""
        return self.holder_id is None and not self.reason


def choices_of(file: ImportFile) -> dict[str, Choice]:
    """What was decided, by the keys of payments."""
    kept: dict[str, Any] = (file.mapping or {}).get(_CHOICES, {})
    return {key: Choice(one.get("holder"), one.get("reason", "")) for key, one in kept.items()}


async def choose(session: AsyncSession, file_id: int, version: int, key: str, choice: Choice | None) -> None:
    """Decide about a payment; None: as the rules say.

    Raises NotFoundError, ImportedAlreadyError, FileChangedError.
    """
    file = await find_file(session, file_id, lock=True)
    if file.imported_at is not None:
        raise ImportedAlreadyError
    if file.version != version:
        raise FileChangedError
    mapping = dict(file.mapping or {})
    kept = {name: one for name, one in mapping.get(_CHOICES, {}).items() if name != key}
    if choice is not None:
        kept[key] = {"holder": choice.holder_id, "reason": choice.reason}
    file.mapping, file.version = mapping | {_CHOICES: kept}, file.version + 1
    await session.flush()
