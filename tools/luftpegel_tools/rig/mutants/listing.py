"""hil_tests/mutants.toml: the faults, each one text of a firmware file and what it becomes."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

KEYS = {"name", "file", "old", "new", "does", "suite"}


@dataclass(frozen=True)
class Mutant:
    """One fault: in `file`, `old` becomes `new`. `suite`: the tests that must find what hil_tests do not."""

    name: str
    file: str
    old: str
    new: str
    does: str
    suite: tuple[str, ...]

    def applied_to(self, text: str) -> str:
        """The file's text with the fault.

        Raises:
            ValueError: `old` is not there exactly once, so nobody knows what would be changed.
        """
        if (count := text.count(self.old)) != 1:
            raise ValueError(f"{self.name}: its old text is {count} times in {self.file}, not once")
        return text.replace(self.old, self.new)


def load(path: Path) -> tuple[Mutant, ...]:
    """All mutants of a file.

    Raises:
        ValueError: an entry lacks something, has something else, or has a name twice.
    """
    mutants = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]:
        if entry.keys() != KEYS:
            raise ValueError(f"{entry.get('name', '?')}: wants exactly {', '.join(sorted(KEYS))}")
        mutants.append(Mutant(**entry | {"suite": tuple(entry["suite"])}))
    names = [mutant.name for mutant in mutants]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"named twice: {', '.join(sorted(doubled))}")
    return tuple(mutants)


def key_of(mutant: Mutant, tests: bytes) -> str:
    """What a result is kept under: the fault, and all that judges it."""
    told = repr((mutant.file, mutant.old, mutant.new, mutant.suite)).encode()
    return hashlib.sha256(told + tests).hexdigest()[:16]


def digest_of(root: Path, folders: tuple[str, ...]) -> bytes:
    """A digest of all Python files in these folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.digest()
