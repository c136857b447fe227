"""A bank's XML as a tree of bounded size, its elements under their local names.

defusedxml reads it: no document type, no entities, nothing from elsewhere. Which namespace a bank writes, or whether
it writes one at all, changes from bank to bank and says nothing about a payment.
"""

from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from app.contributions.importing.payments import UnreadableError
from app.i18n import lazy

# A bank's own elements lie fifteen deep, in whatever envelope. Deeper ones cost time that grows with its square.
DEEPEST = 60
# Five million bytes of payments have three hundred thousand elements; each costs a few millionths of a second.
MOST_ELEMENTS = 500_000
_BEFORE = b"\xef\xbb\xbf \r\n\t"


class Budget:
    """How many elements may still be read, of all documents of a file together."""

    def __init__(self, elements: int = MOST_ELEMENTS) -> None:
        self._left = elements

    def spend(self) -> None:
        """Take one element. Raises UnreadableError."""
        self._left -= 1
        if self._left < 0:
            raise UnreadableError(
                lazy(
                    "There is more in this file than can be read at once. Export it in parts, a year at a time."
                )
            )


def document_of(content: bytes, budget: Budget) -> Element:
    """The root of the tree. Raises UnreadableError."""
    tree = _Tree(budget)
    parser = DefusedXMLParser(target=tree, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        # Nothing may stand before the declaration of an XML; some programs leave an empty line there.
        parser.feed(content.lstrip(_BEFORE))
        root = parser.close()
    except ParseError as error:
        line, column = error.position
        raise UnreadableError(
            lazy("This XML is not whole: it breaks off here, or something is left open."), line, column + 1
        ) from None
    except (DefusedXmlException, ValueError, LookupError):
        raise UnreadableError(
            lazy("This XML has a document type or entities, which no bank statement needs.")
        ) from None
    if not isinstance(root, Element):
        raise UnreadableError(lazy("This XML is not whole: it breaks off here, or something is left open."))
    return root


class _Tree(TreeBuilder):
    """Builds the tree and stops where no bank's file goes on."""

    def __init__(self, budget: Budget) -> None:
        super().__init__()
        self._depth, self._budget = 0, budget

    def start(self, tag: str, attributes: dict[str, str]) -> Element:
        self._depth += 1
        self._budget.spend()
        if self._depth > DEEPEST:
            raise UnreadableError(lazy("This XML is built as no bank statement is. Export it again."))
        return super().start(tag.rpartition("}")[2], attributes)

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(tag.rpartition("}")[2])


def text_of(parent: Element | None, *paths: str) -> str:
    """The text at the first of these paths that has one, else nothing."""
    if parent is None:
        return ""
    return next((text for path in paths if (text := (parent.findtext(path) or "").strip())), "")
