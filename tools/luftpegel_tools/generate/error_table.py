"""The table of error codes for `luftpegel explain`, out of docs/errors.md, which a person writes."""

import re

from luftpegel_tools.generate.table import REPOSITORY

PAGE = REPOSITORY / "docs" / "errors.md"
_ROW = re.compile(r"^\| (LP-\d{3}) \| (.*?) \| (.*?) \|$", re.MULTILINE)
_HEAD = '''"""What each error code means and who tells it. Made from docs/errors.md by `make generate`."""

# ruff: noqa: E501

from collections.abc import Mapping

# code: (told by, means)
ERRORS: Mapping[str, tuple[str, str]] = {
'''


def module(_quantities: object = None) -> str:
    """The text of technician/error_table.py."""
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    lines = (f"    {_quoted(code)}: ({_quoted(by)}, {_quoted(means)}),\n" for code, by, means in rows)
    return _HEAD + "".join(lines) + "}\n"


def _quoted(text: str) -> str:
    return "'" + text + "'" if '"' in text else f'"{text}"'
