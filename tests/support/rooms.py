"""Rooms of the package, the import arrows between them, and their drawing.

A room is a folder with an `__init__.py`, or a module in the root such as `cli`. A room that holds further rooms has two
floors: modules that import none of its inner rooms are its ground, on which those stand; modules that do are its
`catalogue` floor, which knows them all.
"""

from __future__ import annotations

import ast
import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

# The order of the architecture: a room imports those before it, and itself.
ROOMS = (
    "errors",
    "promql",
    "grafana",
    "topology",
    "exporters",
    "discovery",
    "rules",
    "dashboards",
    "stack",
    "checks",
    "assemble",
    "publish",
    "live",
    "simulation",
    "commands",
    "cli",
)

Arrows = Mapping[tuple[str, str], int]


@functools.cache
def modules() -> Mapping[str, Path]:
    """Dotted name below `boxwatch` → file, for every module of the package."""
    found = (path for room in ROOMS for path in (ROOT / f"{room}.py", *(ROOT / room).rglob("*.py")) if path.exists())
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in found}
    return {name.removesuffix(".__init__"): path for path, name in sorted(names.items(), key=lambda item: item[1])}


def imports(path: Path) -> set[str]:
    """Modules and packages of boxwatch that a module imports, anywhere in it."""
    return set(_imports(ast.parse(path.read_text(encoding="utf-8"))))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "boxwatch":
            package = (node.module or "").removeprefix("boxwatch").lstrip(".")
            for alias in node.names:
                inner = f"{package}.{alias.name}".lstrip(".")
                yield inner if inner in modules() else package
        elif isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("boxwatch.") for alias in node.names if "boxwatch." in alias.name)


def room_of(module: str) -> str:
    """The top-level room of a module: `rules` for `rules.host.host_disk`."""
    return module.partition(".")[0]


@functools.cache
def graph() -> Mapping[str, frozenset[str]]:
    """Module → modules that it imports."""
    return {name: frozenset(imports(path)) - {""} for name, path in modules().items()}


def arrows(names: Mapping[str, str]) -> Arrows:
    """(importing room, imported room) → number of imports, for modules with a name in `names`."""
    counted: Counter[tuple[str, str]] = Counter()
    for module, imported in graph().items():
        for other in imported:
            if module in names and other in names and names[module] != names[other]:
                counted[names[module], names[other]] += 1
    return counted


def top() -> Arrows:
    """Arrows between the rooms of the root."""
    return arrows({module: room_of(module) for module in graph()})


def inside(room: str) -> Arrows:
    """Arrows between the inner rooms of a room, its ground and its catalogue floor."""
    return arrows({module: _floor(module, room) for module in graph() if room_of(module) == room})


def _floor(module: str, room: str) -> str:
    parts = module.split(".")
    inner = ROOT.joinpath(*parts).is_dir() or len(parts) > 2
    if inner and len(parts) > 1:
        return parts[1]
    return f"{room} (catalogue)" if _reaches(module, room) else f"{room} (ground)"


def _reaches(module: str, room: str) -> bool:
    """Whether a module of a room imports an inner room, directly or through other modules of that room."""
    seen, rest = {module}, [module]
    while rest:
        for other in graph().get(rest.pop(), ()):
            if room_of(other) != room or other in seen:
                continue
            if other.count(".") > 1 or ROOT.joinpath(*other.split(".")).is_dir():
                return True
            seen.add(other)
            rest.append(other)
    return False


def circles(found: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Every set of rooms with circular imports."""
    edges = set(found)
    rooms = sorted({room for edge in edges for room in edge})
    reach = {room: _reachable(room, edges) for room in rooms}
    together = {tuple(other for other in rooms if other in reach[room] and room in reach[other]) for room in rooms}
    return tuple(sorted(circle for circle in together if circle))


def _reachable(start: str, edges: set[tuple[str, str]]) -> set[str]:
    seen: set[str] = set()
    rest = [start]
    while rest:
        room = rest.pop()
        following = {to for of, to in edges if of == room} - seen
        seen |= following
        rest += following
    return seen


def mermaid(found: Arrows) -> str:
    """The arrows as a Mermaid graph, without those implied by a longer path."""
    shown = sorted(_direct(set(found)))
    ids = {name: f"r{number}" for number, name in enumerate(sorted({room for edge in shown for room in edge}))}
    lines = [f'  {key}["{name}"]' for name, key in ids.items()]
    lines += [f"  {ids[of]} --> {ids[to]}" for of, to in shown]
    return "\n".join(("graph TD", *lines))


def _direct(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {
        (of, to)
        for of, to in edges
        if not any(
            (of, via) in edges and to in _reachable(via, edges) for via in {b for a, b in edges if a == of} - {to}
        )
    }


def purposes() -> Iterator[tuple[str, str]]:
    """(room, first sentence of its docstring), outer rooms in their order, inner ones below them."""
    packages = [name for name, path in modules().items() if path.name == "__init__.py" or "." not in name]
    for name in sorted(packages, key=lambda name: (ROOMS.index(room_of(name)), name)):
        tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
        yield name, (ast.get_docstring(tree) or "").partition("\n\n")[0].replace("\n", " ")


_PAGE = """\
# The rooms

<!-- Made from the code by `make golden`. -->

The repository's root is the import package `boxwatch`: `rules/redis/redis.py` is `boxwatch.rules.redis.redis`. A room
imports those below it in the drawing and no others; a test holds that. `tools/rooms.py` prints the drawing, and
`tools/rooms.py rules` the inside of one room. Arrows that a longer way implies are left out.

```mermaid
{top}
```

| room | what it is for |
|---|---|
{tree}

A room with inner rooms has a ground, on which these stand (models, names), and a catalogue, which lists them.

{inside}
"""


def page() -> str:
    """docs/contributing/rooms.md: the rooms, what each is for, and the import arrows between them."""
    inner = [room for room in ROOMS if any("(" not in name for edge in inside(room) for name in edge)]
    drawings = [f"## Inside {room}/\n\n```mermaid\n{mermaid(inside(room))}\n```" for room in inner]
    rows = (f"| `{name.replace('.', '/')}` | {purpose} |" for name, purpose in purposes())
    return _PAGE.format(top=mermaid(top()), tree="\n".join(rows), inside="\n\n".join(drawings))
