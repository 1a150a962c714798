"""A station for programs: the same facts as on its page, as JSON; values are exact decimals as text."""

from luftpegel_gateway.model.quality import words_of
from luftpegel_gateway.model.quantities import decimal, name_of, of_channel
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.state import Command, Life, NetworkTold
from luftpegel_gateway.views.stations import View


def facts_of(view: View, now: float) -> dict[str, object]:
    """Everything about a station. Times: Unix seconds; `absent`: what the station itself no longer has."""
    station, state, ago = view.station, view.state, view.ago(now)
    condition = view.condition(now)
    return {
        "id": station.id,
        "label": station.label,
        "tenant": station.tenant,
        "name": station.name,
        "kind": station.kind,
        "dev_eui": station.dev_eui,
        "latitude": station.latitude,
        "longitude": station.longitude,
        "retired": station.retired or None,
        "condition": condition,
        "silent": condition in {"silent", "new"},
        "received": state.received,
        "missing": state.missing,
        "absent": sum(len(life.absent) for life in state.lives),
        "completeness": state.completeness,
        "frames": state.frames,
        "repeated_frames": state.repeated_frames,
        "last_heard": None if ago is None else int(now - ago),
        "twin": state.twin,
        "lives": [_life(life) for life in state.lives],
        "status": None if state.status is None else dict(state.status.fields),
        "status_at": None if state.status is None else state.status.at // 1_000_000,
        "network": None if state.network is None else _network(state.network),
        "commands": [command_facts(command) for command in state.commands],
        "newest": None if view.newest is None else _reading(*view.newest),
    }


def _life(life: Life) -> dict[str, object]:
    return {
        "number": life.number,
        "began": life.began,
        "reason": life.reason,
        "received": life.received,
        "missing": life.missing,
        "gaps": [list(gap) for gap in life.gaps],
    }


def _network(told: NetworkTold) -> dict[str, object]:
    return {
        "at": told.at // 1_000_000,
        "battery_percent": told.battery,
        "external_power": told.external,
        "margin_db": told.margin,
    }


def command_facts(command: Command) -> dict[str, object]:
    """A command to a station. Times: Unix seconds, our clock."""
    return {
        "token": command.token,
        "settings": dict(command.settings),
        "state": command.state,
        "made_at": command.made_at,
        "expires_at": command.expires_at,
        "sent": command.sent,
        "ended_at": command.ended_at,
        "in_force": dict(command.in_force),
        "on_air_at": command.on_air_at,
    }


def _reading(life: int, reading: Reading) -> dict[str, object]:
    return {
        "life": life,
        "seq": reading.seq,
        "time": reading.time,
        "revision": reading.revision,
        "values": [_value(reading, cell) for cell in reading.cells],
    }


def _value(reading: Reading, cell: Cell) -> dict[str, object]:
    quantity = of_channel(cell.channel)
    return {
        "quantity": name_of(cell.channel),
        "unit": quantity.unit if quantity else None,
        "value": None if cell.value is None else decimal(cell.channel, cell.value),
        "quality": cell.quality,
        "flags": list(words_of(reading.flags_of(cell))),
    }
