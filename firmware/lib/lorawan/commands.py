# The network's MAC commands (TS001-1.0.4, section 5): what they change, and the device's answers.
#
# A handler takes the command's field and a Context, and returns the answer's field, or None for no answer.

from . import DEVICE_TIME, DEVICE_TIME_COMMAND, LINK_CHECK, LINK_CHECK_COMMAND
from .channels import hertz
from .regions import band_of

_LINK_ADR = 0x03


class Context:
    # What the commands of one downlink work on: `session`, `ledger`; for DevStatus `battery` (0 mains, 1 to
    # 254, 255 unknown) and `snr` (dB); `asked`: commands of the uplink that it answers; `events` is added to.
    def __init__(self, session, ledger, battery, snr, asked, events):
        self.session = session
        self.ledger = ledger
        self.battery = battery
        self.snr = snr
        self.asked = asked
        self.events = events


def process(commands, context):
    # The answers, as a list of commands. All commands are carried out, up to one that is unknown or cut; no
    # more are answered than fit into a frame of any data rate.
    answers = []
    room = context.session.region.MAX_PAYLOAD[0]
    at = 0
    while at < len(commands):
        at, given = _carry_out(commands, at, context)
        for answer in given:
            room -= len(answer)
            if room >= 0:
                answers.append(answer)
    return answers


def _carry_out(commands, at, context):
    # Where the next command begins, and the answers.
    command = commands[at]
    if command == _LINK_ADR:
        fields = _adr_block(commands, at)
        if fields:
            answer = bytes((_LINK_ADR, _link_adr(fields, context)))
            return at + 5 * len(fields), [answer] * len(fields)
    elif command in _COMMANDS:
        length, handler = _COMMANDS[command]
        end = at + 1 + length
        if end <= len(commands):
            answer = handler(commands[at + 1 : end], context) if handler else None
            return end, [] if answer is None else [bytes((command,)) + answer]
    return len(commands), []


def _adr_block(commands, at):
    # The fields, of 4 bytes, of the LinkADRReq that follow each other: they are one request.
    fields = []
    while at + 5 <= len(commands) and commands[at] == _LINK_ADR:
        fields.append(commands[at + 1 : at + 5])
        at += 5
    return fields


def _link_adr(fields, context):
    # Status: channel mask ok 1, data rate ok 2, power ok 4. All or nothing is applied.
    session = context.session
    channels = session.channels
    masks = [channels.masked(field[3] >> 4 & 7, field[1] | field[2] << 8) for field in fields]
    last = fields[-1]
    rate, power = last[0] >> 4, last[0] & 15
    if rate == 15 or not session.adr:  # 15: as it is
        rate = session.data_rate
    if power == 15 or not session.adr:
        power = session.power
    mask_ok = None not in masks and masks[-1] != 0
    rate_ok = bool(channels.usable(rate, masks[-1] if mask_ok else None))
    power_ok = power < session.region.POWERS
    if mask_ok and rate_ok and power_ok:
        channels.mask = masks[-1]
        session.data_rate = rate
        session.power = power
        session.repeats = last[3] & 15 or 1
    return mask_ok | rate_ok << 1 | power_ok << 2


def _duty_cycle(field, context):
    context.ledger.exponent = field[0] & 15
    return b""


def _rx_param_setup(field, context):
    session = context.session
    region = session.region
    offset, rate, frequency = field[0] >> 4 & 7, field[0] & 15, hertz(field[1:])
    frequency_ok = band_of(region, frequency) is not None
    rate_ok = rate < len(region.DATA_RATES)
    offset_ok = offset < len(region.RX1_OFFSETS)
    if frequency_ok and rate_ok and offset_ok:
        session.rx1_offset = offset
        session.rx2_rate = rate
        session.rx2_frequency = frequency
    return bytes((frequency_ok | rate_ok << 1 | offset_ok << 2,))


def _dev_status(_field, context):
    return bytes((context.battery, max(-32, min(31, context.snr)) & 0x3F))


def _new_channel(field, context):
    return bytes((context.session.channels.define(field[0], hertz(field[1:]), field[4]),))


def _rx_timing_setup(field, context):
    context.session.rx_delay = field[0] & 15 or 1
    return b""


def _dl_channel(field, context):
    return bytes((context.session.channels.move_downlink(field[0], hertz(field[1:])),))


def _link_check(field, context):
    if LINK_CHECK_COMMAND in context.asked:
        context.events.append((LINK_CHECK, field[0], field[1]))


def _device_time(field, context):
    if DEVICE_TIME_COMMAND in context.asked:
        seconds = field[0] | field[1] << 8 | field[2] << 16 | field[3] << 24
        context.events.append((DEVICE_TIME, seconds, field[4]))


# Command -> bytes of its field, handler. TxParamSetup is passed over, as it must be in regions without it.
_COMMANDS = {
    LINK_CHECK_COMMAND: (2, _link_check),
    0x04: (1, _duty_cycle),
    0x05: (4, _rx_param_setup),
    0x06: (0, _dev_status),
    0x07: (5, _new_channel),
    0x08: (1, _rx_timing_setup),
    0x09: (1, None),
    0x0A: (4, _dl_channel),
    DEVICE_TIME_COMMAND: (5, _device_time),
}
