"""What a template can know before it is rendered is put in when it is compiled: texts, addresses of files and pages.

A page of fifty rooms says a few hundred texts and addresses. Looked up at each rendering they were half of its time.
Its indentation, a fifth of its weight, is left out there too.
"""

import re
from collections.abc import Callable, MutableMapping
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

# What gettext's texts have in them: %(name)s, or %% for a percent sign.
VALUES = re.compile(r"%\((\w+)\)s|(%%)")
# What the patterns of paths have in them: {name}.
PARAMETERS = re.compile(r"\{(\w+)\}")
# A template is indented to be read; browsers take any white space for one space.
INDENTATION = re.compile(r"\s*\n\s*| {2,}")


class FoldingEnvironment(Environment):
    """Jinja for one language: `translate` gives a text in it, `pattern` the path of a page with its parameters."""

    def __init__(
        self, *, translate: Callable[[str], str], pattern: Callable[[str], str], **options: Any
    ) -> None:
        super().__init__(**options)
        self._translate, self._pattern = translate, pattern
        self._compiled: dict[str, Template] = {}

    def get_template(  # type: ignore[override]  # templates are asked for by their names here
        self,
        name: str,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002  Jinja's name
    ) -> Template:
        """The template of this name. A page asks for a dozen: Jinja's own way here goes through a lock each time."""
        found = self._compiled.get(name)
        if found is None:
            found = self._compiled[name] = super().get_template(name, parent, globals)
        return found

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals, as they are: Jinja's own are a chain of two, and slow to look through at every include."""
        return self.globals if d is None else super().make_globals(d)

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,  # noqa: FBT001, FBT002  Jinja's signature
    ) -> str:
        escapes = self.autoescape(name) if callable(self.autoescape) else self.autoescape
        folded = _Folding(self._translate, self._pattern, self.globals, Markup if escapes else str).visit(
            source
        )
        return super()._generate(folded, name, filename, defer_init)


class _Folding(NodeTransformer):
    """Replaces calls whose text or pattern stands in the template; all others are left as they are."""

    def __init__(
        self,
        translate: Callable[[str], str],
        pattern: Callable[[str], str],
        names: Any,
        as_text: type[str],
    ) -> None:
        self._translate, self._pattern, self._names, self._as_text = translate, pattern, names, as_text

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  Jinja's name
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or len(node.args) != 1 or node.dyn_args or node.dyn_kwargs:
            return node
        word = node.args[0]
        if not isinstance(word, nodes.Const) or not isinstance(word.value, str):
            return node
        values = {keyword.key: keyword.value for keyword in node.kwargs}
        match node.node.name:
            case "_" | "gettext":
                return _filled(self._translate(word.value), VALUES, values, self._as_text, node.lineno)
            case "url" if (pattern := self._known(word.value)) is not None:
                return _filled(pattern, PARAMETERS, values, str, node.lineno)
            case "static":
                return nodes.Const(self._names["static"](word.value), lineno=node.lineno)
            case _:
                return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802  Jinja's name
        """The template's own words, without their indentation; in a plain text it is left."""
        if self._as_text is Markup:
            node.data = INDENTATION.sub(lambda found: "\n" if "\n" in found[0] else " ", node.data)
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802  Jinja's name
        self.generic_visit(node)
        # One part after the other, instead of a text made of them that is then put out.
        node.nodes = [
            part for each in node.nodes for part in (each.nodes if isinstance(each, nodes.Concat) else [each])
        ]
        return node

    def _known(self, page: str) -> str | None:
        """The pattern of a page's path; a page that this site lacks may stand where it is never rendered."""
        try:
            return self._pattern(page)
        except LookupError:
            return None


def _filled(
    text: str, holes: re.Pattern[str], values: dict[str, nodes.Expr], kind: type[str], line: int
) -> nodes.Expr:
    """The text with an expression in each of its holes; escaped as Jinja does it, if `kind` is Markup."""
    parts: list[nodes.Expr] = []
    end = 0
    for hole in holes.finditer(text):
        parts.append(nodes.Const(kind(text[end : hole.start()]), lineno=line))
        name = hole[1]
        parts.append(values[name] if name else nodes.Const(kind("%"), lineno=line))
        end = hole.end()
    parts.append(nodes.Const(kind(text[end:]), lineno=line))
    known = [part for part in parts if not (isinstance(part, nodes.Const) and not part.value)]
    if all(isinstance(part, nodes.Const) for part in known):
        return nodes.Const(kind("".join(str(part.value) for part in known)), lineno=line)  # type: ignore[attr-defined]  # as just asked
    return nodes.Concat(known, lineno=line)
