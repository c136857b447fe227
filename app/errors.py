"""What can go wrong, with the status and the code that a page or a JSON answer shows."""

from typing import Any, ClassVar

from app.i18n import Text, lazy


class GuildhallError(Exception):
    """An error that people see: rendered once, in `app.web.errors`, as a page or as JSON.

    `status` is the HTTP status, `code` what programs branch on, `title` and `message` what people read.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"
    title: ClassVar[Text] = lazy("Something went wrong here")
    message: Text = lazy("It is not your fault. Try again in a moment.")
    template: ClassVar[str] = "errors/page.html"

    def __init__(self, message: Text | None = None) -> None:
        if message is not None:
            self.message = message
        super().__init__(self.code)

    def location(self) -> str | None:
        """Where a page's viewer is sent instead of being shown the error."""
        return None

    def context(self) -> dict[str, Any]:
        """What the template needs besides the error."""
        return {}

    def headers(self) -> dict[str, str]:
        """What the answer says to the browser or program besides its body."""
        return {}

    def facts(self) -> dict[str, Any]:
        """What a JSON answer says besides code, title and message."""
        return {}


class NotFoundError(GuildhallError):
    """There is no such thing, or none that this viewer may see."""

    status = 404
    code = "not_found"
    title = lazy("There is nothing here")
    message = lazy("The address may be mistyped, or what was here is gone.")


class ForbiddenError(GuildhallError):
    """The viewer may see this, and may not do it."""

    status = 403
    code = "forbidden"
    title = lazy("That is not yours to do")
    message = lazy("Your account does not allow this. Someone who runs it can help.")


class ConflictError(GuildhallError):
    """It cannot be done in the state that things are in."""

    status = 409
    code = "conflict"
    title = lazy("That does not go together")


class TooManyError(GuildhallError):
    """Too many tries in too short a time; `retry_after` says how many seconds to wait."""

    status = 429
    code = "too_many_requests"
    title = lazy("That was a little often")
    message = lazy("Wait a few minutes, then try again. Nothing is lost.")

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__()

    def headers(self) -> dict[str, str]:
        """When to try again."""
        return {"retry-after": str(self.retry_after)}


class UnavailableError(GuildhallError):
    """Something that is needed does not answer now."""

    status = 503
    code = "unavailable"
    title = lazy("The house is not answering")
    message = lazy("Something this page needs does not answer at the moment. Try again in a few seconds.")

    def headers(self) -> dict[str, str]:
        """When to try again."""
        return {"retry-after": "5"}
