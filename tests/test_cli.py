"""The one command: every verb explains itself, wrong use is told, and a verb imports only what is its own."""

import subprocess
import sys

import pytest

from luftpegel_tools.cli import COMMANDS, main


@pytest.mark.parametrize("verb", COMMANDS)
def test_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert COMMANDS[verb][1].split(",")[0].lower() in " ".join(told.lower().split())


@pytest.mark.parametrize("arguments", [[], ["fly"], ["decode"], ["--wings", "decode", "00"]])
def test_wrong_use_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: luftpegel" in capsys.readouterr().err


def test_gateway_verbs_do_without_the_tools_heavy_parts() -> None:
    """grpc costs half a second and 35 MB: the gateway's process never loads it."""
    program = (
        "import sys; from luftpegel_tools.cli import main\n"
        "code = main(['gateway', 'check', '--config', '/nonexistent.toml'])\n"
        "assert code == 2, code\n"
        "assert not {'grpc', 'google.protobuf', 'mpremote'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
