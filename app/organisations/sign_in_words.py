"""What went wrong at a provider, in words: for who wants to sign in, and for the admin who tries it."""

from typing import Any

from app.errors import GuildhallError
from app.i18n import Text, lazy
from app.organisations.openid import Why

WORDS: dict[Why, Text] = {
    Why.UNREACHABLE: lazy(
        "The organisation’s sign-in does not answer, or not as it should. Try again in a minute."
    ),
    Why.NOT_A_PROVIDER: lazy(
        "There is no OpenID Connect provider at the issuer’s address, or it is not set up whole."
    ),
    Why.OTHER_ISSUER: lazy("The provider says that it is another issuer. Write the issuer as it writes it."),
    Why.ALGORITHMS: lazy("The provider signs in no way that is accepted here: set it to RS256 or ES256."),
    Why.SECRET: lazy("The provider does not know this site’s client ID and secret."),
    Why.CODE: lazy("The provider did not accept its own answer. Begin again from the sign-in page."),
    Why.TOKEN: lazy("What the organisation’s sign-in sent is not valid. Begin again from the sign-in page."),
    Why.DENIED: lazy("The organisation’s sign-in did not let you through."),
    Why.OVER: lazy(
        "This sign-in was begun in another browser, too long ago, or is finished already. Begin again."
    ),
    Why.NO_ADDRESS: lazy("The organisation’s sign-in did not say your e-mail address."),
    Why.UNVERIFIED: lazy("The organisation’s sign-in does not say that your e-mail address is verified."),
    Why.OTHER_DOMAIN: lazy(
        "Your e-mail address there is not of a domain that is confirmed for this organisation."
    ),
}


class SignInFailedError(GuildhallError):
    """Somebody came to, or came back from, a provider, and is not signed in."""

    status = 403
    code = "sign_in_failed"
    title = lazy("You are not signed in")
    template = "organisations/sign_in_failed.html"

    def __init__(self, why: Why, slug: str, name: str) -> None:
        self.why = why
        self._context: dict[str, Any] = {"slug": slug, "name": name}
        super().__init__(WORDS[why])

    def context(self) -> dict[str, Any]:
        """Where to begin again."""
        return self._context
