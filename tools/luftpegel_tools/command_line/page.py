"""Makes docs/commands.md from the parsers themselves: `python -m luftpegel_tools.command_line.page`.

A test fails when the page is stale. What an exit code means for a verb is the first line of its `run`.
"""

# ruff: noqa: SLF001 - argparse tells its parts to nobody else

import argparse
import importlib
from collections.abc import Iterator
from pathlib import Path

from luftpegel_tools.cli import COMMANDS, EXIT_CODES, whole_parser
from luftpegel_tools.command_line.walk import is_leaf, parsers_below

PAGE = Path(__file__).resolve().parents[3] / "docs" / "commands.md"
_HEAD = """# Every command

Made by `python -m luftpegel_tools.command_line.page` from the commands themselves. `luftpegel VERB --help`
says the same, in German where the environment is (`LANG`), or with `--lang de`.

## What holds for all

| exit code | means |
|---|---|
{codes}

`--json` prints the answer for machines, `--version` works behind every verb. Answers go to the output, what
is wrong to the error output, with a code that `luftpegel explain LP-231` explains. Nothing is coloured, with
or without `NO_COLOR`; a bar that shows progress is drawn on a terminal only.

## Completion

| shell | once |
|---|---|
| bash | `luftpegel completion bash > ~/.local/share/bash-completion/completions/luftpegel` |
| zsh | `luftpegel completion zsh > ~/.zfunc/_luftpegel`; `fpath+=~/.zfunc` before `compinit` in `.zshrc` |
| fish | `luftpegel completion fish > ~/.config/fish/completions/luftpegel.fish` |
"""


def page() -> str:
    """The whole page."""
    codes = "\n".join(f"| {code} | {text} |" for code, text in EXIT_CODES.items())
    parts = [_HEAD.format(codes=codes)]
    for verb, (module, text) in COMMANDS.items():
        parts.append(f"\n## luftpegel {verb}\n\n{text[0].upper() + text[1:]}.\n")
        ends = (importlib.import_module(module).run.__doc__ or "").split("\n")[0]
        if any(character.isdigit() for character in ends):
            parts.append(f"\nExit code: {ends}\n")
        parts += _sections(_parser_of(verb))
    return "".join(parts)


def _parser_of(verb: str) -> argparse.ArgumentParser:
    return next(one for one in parsers_below(whole_parser()) if one.prog == f"luftpegel {verb}")


def _sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    for below in parsers_below(parser):
        rows = "\n".join(_rows(below))
        title = f"\n### {below.prog}\n" if below is not parser and is_leaf(below) else ""
        if title:
            yield title
        if is_leaf(below) and rows:
            yield f"\n| option | says |\n|---|---|\n{rows}\n"


def _rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or isinstance(action, argparse._HelpAction):
            continue
        text = (action.help or "") % {**vars(action), "prog": parser.prog}
        yield f"| `{_name(action)}` | {text.replace('|', chr(92) + '|')} |"


def _name(action: argparse.Action) -> str:
    metavar = action.metavar or (
        "\\|".join(map(str, action.choices)) if action.choices else action.dest.upper()
    )
    shown = metavar if isinstance(metavar, str) else " ".join(metavar)
    if not action.option_strings:
        return shown if action.metavar or action.choices else action.dest.upper()
    flag = max(action.option_strings, key=len)
    return flag if action.nargs == 0 else f"{flag} {shown}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
