"""The table of faults for people: `python -m tests.faults.report faults.json [docs/faults.md]`.

Prints what a run of `test_cells.py` wrote; with a page, puts the figures into it, between its two marks.
"""

import json
import sys
from pathlib import Path

from tests.faults.faults import FAULTS
from tests.faults.runs import cells

BEGIN, END = "<!-- figures: made by `make faults PAGE=1` -->", "<!-- end of figures -->"
COUNTS = ("sent", "delivered", "waiting", "quarantined", "doubled", "lost")
HEAD = ("fault", "part", *COUNTS, "remark")


def write(file, results, seed, kills):
    """What the runs have counted so far, as JSON: one object a cell of the table."""
    told = []
    for group, fault, kind, why_not in cells():
        run = results.get((group, fault))
        counted = run[kind] if isinstance(run, dict) else None
        told.append({"group": group, "fault": fault, "part": kind, "cannot_be": why_not})
        if counted is not None and not why_not:
            told[-1] |= {key: getattr(counted, key) for key in (*COUNTS, "untold", "kills", "troubles")}
        elif not why_not:
            told[-1]["failed"] = str(run) if run else "not run"
    Path(file).write_text(json.dumps({"seed": seed, "kills": kills, "cells": told}, indent=1) + "\n")


def rows(told):
    """The cells of the table as words."""
    for cell in told["cells"]:
        counts = [str(cell.get(key, "")) for key in COUNTS]
        yield cell["fault"], f"{cell['group']} {cell['part']}", *counts, remark(cell)


def remark(cell):
    """Why it cannot be, or what was told to people meanwhile."""
    if cell["cannot_be"]:
        return f"cannot be: {cell['cannot_be']}"
    if "failed" in cell:
        return f"FAILED: {cell['failed'][:80]}"
    words = [f"{cell['kills']} kills"] if cell["kills"] else []
    words += [f"{cell['untold']} not told, as promised"] if cell["untold"] else []
    return ", ".join([*words, *cell["troubles"]])


def table(told):
    """As Markdown."""
    rule = tuple("--:" if name in COUNTS else "---" for name in HEAD)
    lines = [HEAD, rule, *rows(told)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def meanings():
    """What each fault is: its own first words."""
    lines = [f"| `{name}` | {' '.join(fault.__doc__.split())} |" for name, fault in FAULTS.items()]
    return "\n".join(["| fault | what happens |", "|---|---|", *lines])


def put_into(page, told):
    """Put the figures between the marks of a page."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    note = f"One run with {told['kills']} kills a part."
    return f"{before}{BEGIN}\n\n{meanings()}\n\n{note}\n\n{table(told)}\n\n{END}{after}"


def main(words):
    told = json.loads(Path(words[0]).read_text())
    lines = [HEAD, *rows(told)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    for line in lines:
        print("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip())
    for page in map(Path, words[1:]):
        page.write_text(put_into(page.read_text(encoding="utf-8"), told), encoding="utf-8")
    lost = sum(cell.get("lost", 0) + ("failed" in cell) for cell in told["cells"])
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
