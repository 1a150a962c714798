"""Every transcript in the documentation is what the commands really print."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
_TRANSCRIPT = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")


def transcripts() -> Iterator[tuple[str, str, str]]:
    """(page, command, what it should print)"""
    for page in PAGES:
        for block in _TRANSCRIPT.findall(page.read_text(encoding="utf-8")):
            for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                yield page.name, command, output


def test_there_are_transcripts() -> None:
    assert {page for page, _, _ in transcripts()} >= {"wire.md"}


@pytest.mark.parametrize(("page", "command", "output"), list(transcripts()))
def test_transcript(page: str, command: str, output: str) -> None:
    program, *arguments = shlex.split(command)
    assert program == "luftpegel", f"{page} shows a program that this test does not run: {program}"
    done = subprocess.run(
        [sys.executable, "-m", "luftpegel_tools.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        timeout=60,
    )
    assert done.stdout + done.stderr == output


@pytest.mark.parametrize("page", PAGES)
def test_no_merge_was_left_half_done(page: Path) -> None:
    assert not re.search(r"^(<{7}|={7}|>{7})", page.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", [*PAGES, REPOSITORY / "CONTRIBUTING.md", REPOSITORY / "SECURITY.md"])
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
