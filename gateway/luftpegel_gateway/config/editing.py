"""Changes of stations.toml as its owner would make them: one line more or another one, all else as it was.

Pure. What comes out is read again and compared with what was meant; a file written in a way that this does
not understand (a station in braces, say) is refused instead of being spoilt.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from luftpegel_gateway.config.toml_lines import Path, lines_of
from luftpegel_gateway.config.wrong import Wrong

Content = dict[str, Any]
# A key and its value on one line: text in quotes, or a number.
_ASSIGNED = re.compile(r"""(\s*[\w"']+\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[-+0-9][\w.+-]*)(.*)""", re.DOTALL)
_PLAIN = re.compile(r"^[A-Za-z0-9 ._,:;/()+#&@!?=*'äöüÄÖÜß-]*$")


def add(text: str, *stations: Mapping[str, Any]) -> str:
    """The text with these [[station]] more at its end. Raises Wrong LP-365."""
    if not stations:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    after = text if not text or text.endswith("\n") else text + end
    for values in stations:
        lines = ["[[station]]", *(f"{key} = {written(value)}" for key, value in values.items())]
        after += (end if after else "") + end.join(lines) + end

    def meant(content: Content) -> None:
        content.setdefault("station", []).extend(dict(values) for values in stations)

    return _checked(text, after, meant)


def rename(text: str, tenant: str, old: str, new: str) -> str:
    """The text with the station's id changed and its readings' id kept. Wrong LP-362, LP-363, LP-365."""
    place, station = _find(text, tenant, old)
    kept = station.get("kept_as", station["id"])
    others = [one for number, one in enumerate(_stations(text)) if number != place]
    if any(new in (one.get("id"), one.get("kept_as")) for one in others if one.get("tenant", "") == tenant):
        raise Wrong("LP-363", detail=new)
    after = _set(text, place, "id", new)
    if "kept_as" in station and new == kept:
        after = _remove(after, place, "kept_as")
    elif "kept_as" not in station and new != kept:
        after = _insert(after, place, "kept_as", kept)

    def meant(content: Content) -> None:
        table = content["station"][place]
        table["id"] = new
        table.pop("kept_as", None)
        if new != kept:
            table["kept_as"] = kept

    return _checked(text, after, meant)


def change(text: str, tenant: str, values: Mapping[str, Mapping[str, Any]]) -> str:
    """The text with these keys changed, or added where they are lacking: station's id -> key -> value.

    All in one go, for there may be many; from the last line to the first, so that a new one moves none that
    is still to be found. Raises Wrong LP-362, LP-365.
    """
    found = {name: (place, one) for place, one in enumerate(_stations(text))
             if one.get("tenant", "") == tenant and isinstance(name := one.get("id"), str)}  # fmt: skip
    if unknown := values.keys() - found.keys():
        raise Wrong("LP-362", detail=", ".join(sorted(unknown)))
    where = lines_of(text.replace("\r\n", "\n"))
    lines = text.split("\n")
    edits = [
        (_known(where, found[station][0], key if key in found[station][1] else "id"), number, key, value)
        for station, keys in values.items()
        for number, (key, value) in enumerate(keys.items())
    ]
    for line, _, key, value in sorted(edits, key=lambda one: one[:2], reverse=True):
        if re.match(rf"\s*[\"']?{key}\b", lines[line]):
            lines[line] = _assigned(lines[line], key, line, value)
        else:
            lines.insert(line + 1, _beside(lines[line], key, value))

    def meant(content: Content) -> None:
        for station, keys in values.items():
            content["station"][found[station][0]].update(keys)

    return _checked(text, "\n".join(lines), meant)


def retire(text: str, tenant: str, station_id: str, day: Any) -> str:
    """The text with the station retired since `day` (a date); as it is when it was already. Raises Wrong."""
    place, station = _find(text, tenant, station_id)
    if "retired" in station:
        return text

    def meant(content: Content) -> None:
        content["station"][place]["retired"] = day

    return _checked(text, _insert(text, place, "retired", day), meant)


def written(value: Any) -> str:
    """A value as TOML: text, number, truth or day."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return value.isoformat() if hasattr(value, "isoformat") else repr(value)
    if _PLAIN.fullmatch(value):
        return f'"{value}"'
    escaped = "".join(
        f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign
        for sign in value.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'


def _stations(text: str) -> list[Content]:
    found = tomllib.loads(text).get("station", [])
    return found if isinstance(found, list) else []


def _find(text: str, tenant: str, station_id: str) -> tuple[int, Content]:
    for place, one in enumerate(_stations(text)):
        if station_id in (one.get("id"), one.get("kept_as")) and one.get("tenant", "") == tenant:
            return place, one
    raise Wrong("LP-362", detail=f"{tenant}/{station_id}" if tenant else station_id)


def _line(text: str, place: int, key: str) -> int:
    """The line, from 0, at which a station's key stands."""
    return _known(lines_of(text.replace("\r\n", "\n")), place, key)


def _known(where: Mapping[Path, int], place: int, key: str) -> int:
    line = where.get(("station", place, key))
    if line is None:
        raise Wrong("LP-365", detail=key)
    return line - 1


def _set(text: str, place: int, key: str, value: Any) -> str:
    lines = text.split("\n")
    number = _line(text, place, key)
    lines[number] = _assigned(lines[number], key, number, value)
    return "\n".join(lines)


def _assigned(line: str, key: str, number: int, value: Any) -> str:
    found = _ASSIGNED.fullmatch(line)
    if found is None:
        raise Wrong("LP-365", detail=f"{key}, {number + 1}")
    return f"{found[1]}{written(value)}{found[3]}"


def _insert(text: str, place: int, key: str, value: Any) -> str:
    """A new line below the station's id."""
    lines = text.split("\n")
    number = _line(text, place, "id")
    if number + 1 == len(lines):
        lines.append("")
    lines.insert(number + 1, _beside(lines[number], key, value))
    return "\n".join(lines)


def _beside(line: str, key: str, value: Any) -> str:
    """A line for another key, indented and ended as this one."""
    end = "\r" if line.endswith("\r") else ""
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}{key} = {written(value)}{end}"


def _remove(text: str, place: int, key: str) -> str:
    lines = text.split("\n")
    del lines[_line(text, place, key)]
    return "\n".join(lines)


def _checked(before: str, after: str, meant: Callable[[Content], None]) -> str:
    """`after`, when it says what `before` says but for what was meant."""
    expected = deepcopy(tomllib.loads(before))
    try:
        meant(expected)
        said = tomllib.loads(after)
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError) as error:
        raise Wrong("LP-365", detail=str(error)) from error
    if said != expected:
        raise Wrong("LP-365", detail="[[station]]")
    return after
