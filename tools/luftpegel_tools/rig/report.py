"""The HTML report of a rig's run: one page without scripts, with each console's log and what to look at.

pytest-html would bring a template engine and scripts for less: the log and the advice are what a technician
needs. `--junitxml` is pytest's own and carries the same sections.
"""

import html
import time
from collections import Counter
from pathlib import Path

import pytest

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}
body{color:#111;background:#fff}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}
pre{background:#f3f3f3;padding:.6rem;overflow:auto;white-space:pre-wrap}
.failed,.error{color:#a00000;font-weight:bold}
"""
# What a failure's text usually means: (part of the text, what to look at). The first that fits is told.
HINTS = (
    ("LP-", "the code in the text: `luftpegel explain` tells its cause and next step"),
    ("BoardTracebackError", "the traceback in the text: the firmware failed, on the board, at that line"),
    ("did not come within", "the end of the console's log: that is where the board stopped"),
    ("could not enter raw repl", "the cable and the supply; then the boot messages in the console's log"),
    ("no prompt on", "the cable and the supply; then the boot messages in the console's log"),
    ("SerialException", "the cable: the port went away while the test ran"),
)
WORDS = {"passed": "passed", "failed": "FAILED", "error": "ERROR in set-up", "skipped": "skipped"}


def hint_for(text: str) -> str:
    """What to look at first, from a failure's text."""
    return next((hint for part, hint in HINTS if part in text), "the assertion in the text, then the log")


class Report:
    """Collects outcomes, and writes the page when the run ends."""

    def __init__(self, path: Path):
        self._path = path
        self._began = time.time()
        self._rows: dict[str, list[pytest.TestReport]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a phase of a test."""
        self._rows.setdefault(report.nodeid, []).append(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page; workers of xdist leave that to their head."""
        if not hasattr(session.config, "workerinput"):
            self._path.write_text(self.page(), encoding="utf-8")

    def page(self) -> str:
        """The page."""
        outcomes = {node: _outcome(phases) for node, phases in self._rows.items()}
        counts = Counter(outcomes.values())
        told = (
            ", ".join(f"{count} {WORDS[outcome]}" for outcome, count in sorted(counts.items())) or "no tests"
        )
        rows = "".join(_row(node, outcome, self._rows[node]) for node, outcome in outcomes.items())
        order = sorted(self._rows, key=lambda node: outcomes[node] not in ("failed", "error"))
        details = "".join(_detail(node, outcomes[node], self._rows[node]) for node in order)
        began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._began))
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Hardware tests: {told}</title>'
            f"<style>{_STYLE}</style><h1>Hardware tests</h1><p>{began}: {told}.</p>"
            f"<table><tr><th>outcome</th><th>test</th><th>time</th></tr>{rows}</table>{details}</html>\n"
        )


def _outcome(phases: list[pytest.TestReport]) -> str:
    if any(phase.failed and phase.when == "call" for phase in phases):
        return "failed"
    if any(phase.failed for phase in phases):
        return "error"
    return "skipped" if any(phase.skipped for phase in phases) else "passed"


def _row(node: str, outcome: str, phases: list[pytest.TestReport]) -> str:
    link = f'<a href="#{_anchor(node)}">{html.escape(node)}</a>'
    took_s = sum(phase.duration for phase in phases)
    return f'<tr><td class="{outcome}">{WORDS[outcome]}</td><td>{link}</td><td>{took_s:.2f} s</td></tr>'


def _detail(node: str, outcome: str, phases: list[pytest.TestReport]) -> str:
    parts = [f'<h2 id="{_anchor(node)}">{html.escape(node)}: {WORDS[outcome]}</h2>']
    failure = "\n".join(phase.longreprtext for phase in phases if phase.longrepr)
    if outcome in ("failed", "error"):
        own = [str(value) for name, value in phases[-1].user_properties if name == "look at"]
        looks = [*own, hint_for(failure)]
        parts.append(
            "<p>Look at:</p><ul>" + "".join(f"<li>{html.escape(look)}</li>" for look in looks) + "</ul>"
        )
    if failure:
        parts.append(f"<pre>{html.escape(failure)}</pre>")
    # Each later phase repeats the sections of the earlier ones.
    for title, text in dict(phases[-1].sections).items():
        parts.append(
            f"<details><summary>{html.escape(title)}</summary><pre>{html.escape(text)}</pre></details>"
        )
    return "".join(parts)


def _anchor(node: str) -> str:
    return html.escape("".join(character if character.isalnum() else "-" for character in node))
