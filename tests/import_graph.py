"""Who imports whom in a package, read from its files: rooms, arrows between them, circles of files."""

import ast
from graphlib import CycleError, TopologicalSorter


def files_of(folder, package):
    """Module -> file, of a package in `folder`; of all that lies there when it is no package ("")."""
    prefix = [package] if package else []
    return {
        ".".join([*prefix, *path.relative_to(folder).with_suffix("").parts]).removesuffix(".__init__"): path
        for path in sorted(folder.rglob("*.py"))
    }


def graph_of(files):
    """Module -> modules among `files` that it imports, also inside functions and for types only."""
    return {module: set(_imports(module, path, files)) - {module} for module, path in files.items()}


def _imports(module, path, files):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in files)
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, path, node)
            for name in node.names:
                whole = f"{base}.{name.name}"
                if whole in files or base in files:
                    yield whole if whole in files else base


def _base(module, path, node):
    """The module that a `from` names, its leading dots resolved."""
    if not node.level:
        return node.module
    parts = module.split(".")
    here = parts if path.name == "__init__.py" else parts[:-1]
    parents = here[: len(here) - node.level + 1]
    return ".".join([*parents, node.module] if node.module else parents)


def wrong_arrows(graph, room_of, room, allowed):
    """Imports from a room into another that it may not see."""
    return [
        f"{module} imports {other}"
        for module, others in graph.items()
        if room_of(module) == room
        for other in sorted(others)
        if room_of(other) not in allowed
    ]


def unused_arrows(graph, room_of, arrows):
    """Arrows that are drawn and that no import needs."""
    used = {(room_of(module), room_of(other)) for module, others in graph.items() for other in others}
    return {(room, other) for room, allowed in arrows.items() for other in allowed or ()} - used


def a_circle(graph):
    """Modules that import each other in a circle, as text; "" when there are none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " <- ".join(error.args[1])
    return ""
