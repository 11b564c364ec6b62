"""The fast path: a checked criterion to Python source that reads JSON directly, in loops that stop at the first answer.

It covers what criteria are made of: paths, ``where``, ``exists``, ``some``, ``every``, comparisons, ``memberOf`` and
logic. Every other part calls the reference engine's closure for that part. Where a chart holds what the source did not
expect (a list for an item, an extension without a value), :class:`Odd` is raised and the reference engine answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.engine.scope import Odd, paid, source
from fhirpath_spine.fhirpath.grammar.syntax import Call, Member, Special, Tree, Variable
from fhirpath_spine.fhirpath.values import r4
from fhirpath_spine.fhirpath.values.items import Incomplete, enter
from fhirpath_spine.fhirpath.values.quantity import Quantity
from fhirpath_spine.fhirpath.values.shapes import Shape, Ty, family

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from fhirpath_spine.fhirpath.engine.interpreter import Interpreter


def concrete(ty: Ty) -> bool:
    """Whether items of this static type stand in JSON in one known form."""
    if ty.shape is not None and ty.shape.closed:
        return True
    name = ty.name
    return bool(name) and (name.startswith("System.") or (name in r4.TYPES and not r4.is_abstract(name)))


def is_object(ty: Ty) -> bool:
    """Whether items of this static type are JSON objects."""
    if ty.shape is not None and (ty.shape.closed or ty.shape.members):
        return True
    return ty.name in r4.TYPES and not r4.is_primitive(ty.name) and ty.name != "Quantity"


@dataclass(slots=True)
class Stream:
    """One pipeline of loops: ``stop`` names the variable that ends all of them, ``sources`` what they loop over."""

    stop: str
    item: bool
    sources: list[str]
    depth: int = 0


class Emitter:
    """Writes the source of one criterion. `emit_values` and `emit_truth` build on it."""

    def __init__(self, interpreter: Interpreter, focus: Ty) -> None:
        self.interpreter, self.focus = interpreter, focus
        self.lines: list[str] = []
        self.indent = 1
        self.count = 0
        self.this: tuple[str, Ty] | None = None
        self.names: dict[str, Any] = {
            "Odd": Odd,
            "Incomplete": Incomplete,
            "enter": enter,
            "Quantity": Quantity,
            "source": source,
            "paid": paid,
        }

    def line(self, text: str) -> None:
        """Write one line at the present depth."""
        self.lines.append("    " * self.indent + text)

    def block(self, head: str) -> AbstractContextManager[None]:
        """Write a compound statement's head; its body is what is written inside the context."""
        self.line(head)
        return _Indent(self)

    def fresh(self, stem: str = "v") -> str:
        """A new local name."""
        self.count += 1
        return f"{stem}{self.count}"

    def const(self, value: Any) -> str:
        """A name for an object in the source, or its literal where that is shorter."""
        if value is None or isinstance(value, (bool, int)) or (isinstance(value, str) and len(value) < 200):
            return repr(value)
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    # Streams.

    def streams(self, tree: Tree) -> bool:
        """Whether the items of a tree can be visited in generated loops."""
        if isinstance(tree, Variable):
            return tree.name in self.interpreter.shapes and concrete(tree.ty)
        if isinstance(tree, Special):
            return tree.name == "this" and (self.this is not None or concrete(self.focus)) and concrete(tree.ty)
        if isinstance(tree, Member):
            if tree.root_type:
                return tree.base is None and self.this is None and _plain_resource(tree.root_type)
            if tree.base is None:
                here = self.this[1] if self.this else self.focus
                return concrete(here) and _step(here, tree.name) is not None
            return self.streams(tree.base) and _step(tree.base.ty, tree.name) is not None
        if isinstance(tree, Call) and tree.base is not None:
            if tree.name == "where":
                return self.streams(tree.base)
            if tree.name == "ofType":
                return self._choice(tree) is not None
        return False

    def _choice(self, tree: Call) -> tuple[Tree | None, str, str] | None:
        """For ``base.element.ofType(T)``: base, JSON key and type, if the type has one key there."""
        member = tree.base
        if not isinstance(member, Member) or member.root_type or tree.note.namespace == "System":
            return None
        here = member.base.ty if member.base is not None else (self.this[1] if self.this else self.focus)
        if not concrete(here) or (member.base is not None and not self.streams(member.base)):
            return None
        if here.shape is not None and (here.shape.closed or member.name in here.shape.members):
            return None
        element = r4.element(here.name, member.name)
        if element is None or not element.choice or element.many:
            return None
        keys = [
            (key, kind) for key, kind in element.keys if kind == tree.note.name or r4.descends(kind, tree.note.name)
        ]
        if r4.is_primitive(tree.note.name):
            keys = [(key, kind) for key, kind in keys if kind == tree.note.name]
        return (member.base, *keys[0]) if len(keys) == 1 else None

    def each(self, tree: Tree, stream: Stream, body: Callable[[str, Ty], None]) -> None:
        """Write the loops over a tree's items with ``body`` inside. Only for trees that :meth:`streams` accepts."""
        if isinstance(tree, Variable):
            self._loop(f"source(run, {tree.name!r})", tree.ty, stream, body)
        elif isinstance(tree, Special) or (isinstance(tree, Member) and tree.base is None and not tree.root_type):
            inner = body if isinstance(tree, Special) else (lambda x, ty: self._child(x, ty, tree.name, stream, body))
            if self.this is not None:
                inner(*self.this)
            else:
                self._loop("paid(run, run.focus)", self.focus, stream, inner)
        elif isinstance(tree, Member) and tree.base is None:
            ty = Ty((tree.root_type,), shape=self.focus.shape)
            self._loop(f"paid(run, run.scope.of_type(run.focus, {tree.root_type!r}))", ty, stream, body)
            stream.sources[-1:] = ["run.focus"]
        elif isinstance(tree, Member) and tree.base is not None:
            self.each(tree.base, stream, lambda x, ty: self._child(x, ty, tree.name, stream, body))
        elif isinstance(tree, Call) and tree.base is not None and tree.name == "where":
            self.each(tree.base, stream, lambda x, ty: self._where(tree.args[0], x, ty, body))
        elif isinstance(tree, Call):
            self._of_type(tree, stream, body)

    def _of_type(self, tree: Call, stream: Stream, body: Callable[[str, Ty], None]) -> None:
        found = self._choice(tree)
        if found is None:
            raise AssertionError(tree)
        base, key, kind = found

        def inner(x: str, _: Ty) -> None:
            self._single(x, key, Ty((kind,), many=False), stream, body)

        if base is not None:
            self.each(base, stream, inner)
        elif self.this is not None:
            inner(*self.this)
        else:
            self._loop("paid(run, run.focus)", self.focus, stream, inner)

    def _where(self, criterion: Tree, x: str, ty: Ty, body: Callable[[str, Ty], None]) -> None:
        outer, self.this = self.this, (x, ty)

        def inside() -> None:
            mine, self.this = self.this, outer
            body(x, ty)
            self.this = mine

        self.guard(criterion, inside)
        self.this = outer

    def guard(self, tree: Tree, body: Callable[[], None]) -> None:
        """Write ``body`` so that it runs only where the criterion is true."""
        raise NotImplementedError

    def _loop(self, items: str, ty: Ty, stream: Stream, body: Callable[[str, Ty], None]) -> None:
        name, x = self.fresh("s"), self.fresh("x")
        self.line(f"{name} = {items}")
        stream.sources.append(name)
        self._for(f"for {x} in {name}:", x, ty, stream, body)

    def _for(self, head: str, x: str, ty: Ty, stream: Stream, body: Callable[[str, Ty], None]) -> None:
        stream.depth += 1
        with self.block(head):
            self._expect(x, ty)
            body(x, ty)
        stream.depth -= 1
        if stream.depth and stream.stop:
            self.line(f"if {stream.stop}: break")

    def _expect(self, x: str, ty: Ty) -> None:
        if is_object(ty):
            self.line(f"if type({x}) is not dict: raise Odd")
        elif family(ty.name) == "quantity":
            self.line(f"if type({x}) is not dict and type({x}) is not Quantity: raise Odd")
        elif family(ty.name) == "string":
            self.line(f"if type({x}) is not str: raise Odd")
        else:
            self.line(f"if {x} is None or type({x}) is list: raise Odd")

    def _child(self, x: str, ty: Ty, name: str, stream: Stream, body: Callable[[str, Ty], None]) -> None:
        found = _step(ty, name)
        if found is None:
            raise AssertionError(name)
        if not is_object(ty):
            self.line(f"if type({x}) is not dict: raise Odd")
        kind, many = found
        if not many:
            self._single(x, name, kind, stream, body)
            return
        items, y = self.fresh("l"), self.fresh("x")
        if not is_object(kind) and kind.name != "Quantity":
            self.line(f"if {'_' + name!r} in {x}: raise Odd")
        self.line(f"{items} = {x}.get({name!r})")
        with self.block(f"if {items} is not None:"):
            self.line(f"if type({items}) is not list: raise Odd")
            self._for(f"for {y} in {items}:", y, kind, stream, body)

    def _single(self, x: str, key: str, kind: Ty, stream: Stream, body: Callable[[str, Ty], None]) -> None:
        v = self.fresh()
        self.line(f"{v} = {x}.get({key!r})")
        with self.block(f"if {v} is not None:"):
            self._expect(v, kind)
            body(v, kind)
        if stream.item and not is_object(kind) and r4.is_primitive(kind.name):
            # An extension without a value is an item all the same.
            self.line(f"elif {'_' + key!r} in {x}: raise Odd")

    def here(self) -> str:
        """``$this`` as items of the reference engine."""
        if self.this is None:
            return "run.root"
        x, ty = self.this
        return f"[enter({x}, {self.const(ty.shape or Shape(ty.name))})]"


class _Indent:
    def __init__(self, emitter: Emitter) -> None:
        self.emitter = emitter

    def __enter__(self) -> None:
        self.emitter.indent += 1

    def __exit__(self, *_: object) -> None:
        self.emitter.indent -= 1


def _plain_resource(name: str) -> bool:
    return r4.is_resource(name) and not r4.is_abstract(name)


def _step(ty: Ty, name: str) -> tuple[Ty, bool] | None:
    """Type of a child and whether it is a JSON list, if it has one key and one type; else None."""
    shape = ty.shape
    if shape is not None and name in shape.members:
        member = shape.members[name]
        rich = member if member.members or member.closed else None
        found = Ty((member.type,) if member.type else None, member.many, member.known, rich)
        return (found, member.many) if concrete(found) else None
    if shape is not None and shape.closed:
        return None
    element = r4.element(ty.name, name)
    if element is None or element.choice or len(element.types) != 1 or element.name in ("extension", "id"):
        return None
    found = Ty(element.types, element.many)
    return (found, element.many) if concrete(found) else None
