"""Which rig.toml a pytest run means."""

from pathlib import Path

import pytest

RIG_FILE = "rig.toml"


def rig_file_of(config: pytest.Config) -> Path | None:
    """The rig.toml of this run: named, or the nearest above its first test folder that has one."""
    if named := config.getoption("luftpegel_rig"):
        return Path(named)
    for argument in config.args:
        start = Path(str(argument).split("::", maxsplit=1)[0]).absolute()
        for folder in (start, *start.parents):
            if (folder / RIG_FILE).is_file():
                return folder / RIG_FILE
            if folder == config.rootpath:
                break
    return None
