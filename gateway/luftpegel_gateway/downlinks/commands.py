"""Settings that somebody sends to a station: queued, sent, asked again, answered or expired. Pure.

A class A station listens only after its own uplinks, so a command waits for one; its answer carries the
command's token and says what is in force now. One that stays unanswered is sent again after some uplinks,
later and later, under the same id: a network server that still holds it holds it once. Commands of a station
go one after the other, in order.
"""

import uuid
from collections.abc import Iterable, Mapping

import msgspec

from luftpegel_gateway.model.state import CANCELLED, DONE, EXPIRED, REFUSED, WAITING, Command
from luftpegel_wire import encode_config

MOST_WAITING = 8  # of one station
REMEMBERED = 16  # of one station, those that ended among them
FIRST_PATIENCE = 3  # uplinks: one takes it down, the next brings the answer, one may be lost
LONGEST_PATIENCE = 48
SLACK_S = 3600  # frames come late, and clocks are set by little
LARGEST_TOKEN = 0xFFFF  # three bytes on the air
# What can be set (the wire's CONFIG_FIELDS), from and to.
LIMITS: Mapping[str, tuple[int, int]] = {
    "interval_s": (60, 86400),
    "alarm_interval_s": (60, 86400),
    "status_interval_s": (600, 31 * 86400),
    "data_rate": (0, 15),
    "adr": (0, 1),
    "history": (0, 255),
}
_NAMESPACE = uuid.UUID("0c7c0a9e-6a35-5d0f-9a43-2b1f6d0e6c5f")


def wrong(settings: Mapping[str, int]) -> str | None:
    """Why these cannot be sent, in few words; None: they can."""
    if not settings:
        return "no setting"
    for name, value in settings.items():
        if name not in LIMITS:
            return f"{name}: {', '.join(LIMITS)}"
        low, high = LIMITS[name]
        if not low <= value <= high:
            return f"{name} = {value}: {low} .. {high}"
    return None


def waiting(commands: Iterable[Command]) -> list[Command]:
    """Those that have not ended."""
    return [command for command in commands if command.state == WAITING]


def add(
    commands: tuple[Command, ...],
    settings: Mapping[str, int],
    now: int,
    expires_s: int,
    network: int | None = None,
) -> tuple[Command, ...]:
    """A new one behind the others; the caller has seen that `wrong` has nothing against it and that there is
    room. `now`: our clock, Unix seconds; `network`: that of the station's last frame, if it was heard."""
    # Not from 0: a gateway that has lost its journal must not take an answer to an older command for its own.
    last = max((command.token for command in commands), default=now & 0x7FFF)
    token = last % LARGEST_TOKEN + 1
    ended = [command for command in commands if command.state != WAITING]
    kept = ended[max(0, len(commands) + 1 - REMEMBERED) :] + waiting(commands)
    return (*kept, Command(token, dict(settings), now, now + expires_s, network_at=network))


def due(
    commands: tuple[Command, ...], ours: int, network: int, frames: int
) -> tuple[tuple[Command, ...], Command | None]:
    """After an uplink: the commands with this uplink counted, and the one that may go down now.

    `ours`, `network`: what our clock and the frame's say (Unix seconds); a command expires when both call it
    too old. `frames`: the station's, counted; it tells how many came since.
    """
    if not any(command.state == WAITING for command in commands):
        return commands, None
    kept = tuple(
        _aged(command, ours, network) if command.state == WAITING else command for command in commands
    )
    first = next(iter(waiting(kept)), None)
    if first is None or (first.sent and frames - first.sent_at_frame < first.patience):
        return kept, None
    return kept, first


def overdue(command: Command, ours: int) -> bool:
    """Whether our clock alone calls a waiting command too old: it ends when the next frame says so, too."""
    return command.state == WAITING and ours - _began(command) > command.expires_at - command.made_at


def _began(command: Command) -> int:
    return command.made_at if command.ours_at is None else command.ours_at


def _aged(command: Command, ours: int, network: int) -> Command:
    """The command after an uplink, expired when it is too old by both clocks.

    A clock that says that it was queued in the future was wrong, then or now, and counts from here on: so one
    that was queued in 2100 ends as well. A clock that jumps forward is outvoted by the other.
    """
    ours_at, network_at = _counted(_began(command), ours), _counted(command.network_at, network)
    if min(ours - ours_at, network - network_at) > command.expires_at - command.made_at:
        return msgspec.structs.replace(command, state=EXPIRED, ended_at=min(ours, network))
    if (ours_at, network_at) == (_began(command), command.network_at):
        return command
    return msgspec.structs.replace(command, ours_at=ours_at, network_at=network_at)


def _counted(since: int | None, now: int) -> int:
    """Since when a clock counts, as it says `now`."""
    return now if since is None or since > now + SLACK_S else since


def sent(commands: tuple[Command, ...], command: Command, frames: int) -> tuple[Command, ...]:
    """It goes down now, at this count of the station's frames."""
    patience = min(2 * command.patience, LONGEST_PATIENCE) if command.sent else FIRST_PATIENCE
    out = msgspec.structs.replace(command, sent=command.sent + 1, sent_at_frame=frames, patience=patience)
    return _replaced(commands, command.token, out)


def answered(
    commands: tuple[Command, ...], token: int, in_force: Mapping[str, int | str], at: int
) -> tuple[Command, ...]:
    """The station says what is in force; an answer to nothing that waits changes nothing. `at`: Unix s."""
    command = next((one for one in waiting(commands) if one.token == token), None)
    if command is None:
        return commands
    taken = all(in_force.get(name) == value for name, value in command.settings.items())
    out = msgspec.structs.replace(
        command, state=DONE if taken else REFUSED, ended_at=at, in_force=dict(in_force)
    )
    return _replaced(commands, token, out)


def carried(
    commands: tuple[Command, ...], dev_eui: str, number: str, at: int
) -> tuple[Command, ...]:
    """The one with this id went on the air. `at`: Unix s."""
    command = _named(commands, dev_eui, number)
    if command is None:
        return commands
    return _replaced(commands, command.token, msgspec.structs.replace(command, on_air_at=at))


def queued(commands: tuple[Command, ...], dev_eui: str, number: str, item: str) -> tuple[Command, ...]:
    """The network server calls the one with this id `item`."""
    command = _named(commands, dev_eui, number)
    if command is None or command.item == item:
        return commands
    return _replaced(commands, command.token, msgspec.structs.replace(command, item=item))


def _named(commands: tuple[Command, ...], dev_eui: str, number: str) -> Command | None:
    """The one that waits and has this id, ours or the network server's."""
    fitting = (one for one in waiting(commands) if number in (command_id(dev_eui, one), one.item))
    return next(fitting, None) if number else None


def cancelled(commands: tuple[Command, ...], token: int, now: int) -> tuple[Command, ...] | None:
    """Without one that still waits; None: there is none. What the network server has already may still
    arrive."""
    command = next((one for one in waiting(commands) if one.token == token), None)
    if command is None:
        return None
    return _replaced(commands, token, msgspec.structs.replace(command, state=CANCELLED, ended_at=now))


def payload(command: Command) -> bytes:
    """The configuration frame."""
    return bytes(encode_config(command.token, command.settings))


def command_id(dev_eui: str, command: Command) -> str:
    """The same UUID each time that it is sent: the network server's queue holds it once."""
    return str(uuid.uuid5(_NAMESPACE, f"{dev_eui}/{command.token}/{command.made_at}"))


def _replaced(commands: tuple[Command, ...], token: int, by: Command) -> tuple[Command, ...]:
    return tuple(by if one.token == token and one.state == WAITING else one for one in commands)
