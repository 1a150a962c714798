"""What is made from spec/channels.toml is up to date, and the check that says so can fail."""

import subprocess
import sys

import pytest

from luftpegel_tools.generate import __main__ as generate
from luftpegel_tools.generate import docs_page
from luftpegel_tools.generate.table import REPOSITORY
from luftpegel_wire import quality

# Made from something else than the table of quantities: the page of errors; nothing at all.
OF_OTHERS = (
    "tools/luftpegel_tools/technician/error_table.py",
    "docs/pictures/mast.svg",
    "docs/pictures/blinks.svg",
)


def test_nothing_is_stale():
    assert generate.stale_files() == []


def test_check_succeeds():
    command = [sys.executable, "-m", "luftpegel_tools.generate", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A tree of its own with all generated files, which the check looks at instead."""
    for path in generate.MAKERS:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((REPOSITORY / path).read_bytes())
    monkeypatch.setattr(generate, "REPOSITORY", tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", generate.MAKERS)
def test_a_changed_file_is_found_and_written_anew(path, copy, monkeypatch, capsys):
    right = (copy / path).read_text(encoding="utf-8")
    (copy / path).write_text(right + "by hand\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["generate", "--check"])
    assert generate.main() == 1
    assert f"stale: {path};" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["generate"])
    assert generate.main() == 0
    assert (copy / path).read_text(encoding="utf-8") == right


@pytest.mark.parametrize("path", generate.MAKERS)
def test_a_missing_file_is_found(path, copy):
    (copy / path).unlink()
    assert generate.stale_files() == [path]


def test_a_changed_table_makes_every_file_stale(copy, monkeypatch):
    table = generate.read_table()
    monkeypatch.setattr(generate, "read_table", lambda: table[:-1])
    assert generate.stale_files() == [path for path in generate.MAKERS if path not in OF_OTHERS]


def test_docs_explain_every_quality():
    page = docs_page.page(generate.read_table())
    for name, number in vars(quality).items():
        if name.isupper():
            assert f"| {number} | `{name.lower()}` | " in page
