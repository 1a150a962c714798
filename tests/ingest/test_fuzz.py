"""Whatever comes in: no mistake of ours, bounded work and state, and a second delivery changes nothing.

Golden and fresh frames with flipped bits, huge numbers, unknown ages, absent first rows, other channels and
steps from frame to frame, up to 256 rows, numbers near 2**32, and events whose fields are odd. Each run has a
fresh seed, which is printed; LUFTPEGEL_SEED repeats it.
"""

import json
import os
import random
import secrets
from pathlib import Path

from ingest_heart import CHANNELS, NOON, Board, Message

import luftpegel_wire as wire
from luftpegel_gateway.ingest.beside import REMEMBERED_ALARMS
from luftpegel_gateway.ingest.decide import REMEMBERED_FRAMES
from luftpegel_gateway.ingest.names import MOST_LIVES, MOST_RANGES
from luftpegel_gateway.ingest.uplink import MOST_MOVED
from luftpegel_wire.quantities import channel_of

INPUTS = int(os.environ.get("LUFTPEGEL_FUZZ", "50000"))
BATCH = 50
GOLDEN = Path(__file__).parents[2] / "spec" / "golden"
OTHER = (channel_of("temperature"), channel_of("distance"))
NUMBERS = (0, 1, 7, 4000, 2**31, 2**32 - 40, 2**32 - 1)
ODD = (None, "", 0, -1, 2**40, 1e300, "nonsense", [], {}, True, "2038-01-19T03:14:07Z",
       "2026-07-01T12:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z")  # fmt: skip


def golden():
    found = []
    for file in sorted(GOLDEN.glob("*.json")):
        vectors = json.loads(file.read_text())
        both = [*vectors["good"], *vectors["bad"]]
        found += [(one["port"], bytes.fromhex(one["hex"])) for one in both]
    return found


def made(luck):
    """A frame of rows that no honest station would send together."""
    channels = luck.choice((CHANNELS, OTHER, CHANNELS[:1]))
    top = luck.choice((*NUMBERS, luck.randrange(300)))
    age = luck.choice((None, 0, 5, 70_000, 2**31 - 1))
    rows = []
    for back in range(min(top + 1, luck.choice((1, 2, 6, 12, 60, 256)))):
        interval = luck.choice((0, 60, 600, 600, None, 86400))
        values = tuple(luck.randint(-5000, 9000) for _ in channels)
        absent = luck.random() < 0.2
        quality = [luck.choice((0, 0, 0, 3, 8))] * len(channels)
        rows.append(wire.Row(top - back, age, interval, values, quality, absent))
        age = None if age is None or interval is None else min(age + interval, 2**31 - 1)
    steps = luck.choice((None, [100] * len(channels), [1] * len(channels)))
    return wire.PORT_READINGS, bytes(wire.encode_readings(channels, rows, 242, steps)[0])


def flipped(luck, data):
    data = bytearray(data)
    for _ in range(luck.choice((0, 1, 1, 3))):
        if data:
            data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
    return bytes(data[: luck.choice((None, None, None, luck.randrange(len(data) + 1)))])


def message(luck, pool, boards, now):
    """One event: some honest, most of them not."""
    board = luck.choice(boards)
    if luck.random() < 0.05:
        return board.join(now)
    port, data = luck.choice(pool)
    if luck.random() < 0.5:
        data = flipped(luck, data)
    told, network, gateway = ((0, None, 10**8, -(10**9)), (0, None, 3600), (0, None, 420))
    event = board.event(data, now, port=port, told=luck.choice(told), network=luck.choice(network),
                        gateway=luck.choice(gateway))  # fmt: skip
    if luck.random() < 0.5:
        return event
    fields = json.loads(event.payload)
    for _ in range(luck.randint(1, 3)):
        fields[luck.choice([*fields, "time", "fPort", "extra"])] = luck.choice(ODD)
    if luck.random() < 0.3:
        reception = json.loads(event.payload)["rxInfo"][0]
        fields["rxInfo"] = [{**reception, luck.choice(("nsTime", "gwTime", "rssi")): luck.choice(ODD)}]
    return Message("up", json.dumps(fields).encode(), event.dev_eui, now)


def pool_of(luck):
    boards = [Board(seed=seed, first=first) for seed, first in ((1, 0), (2, 0), (3, 2**32 - 400))]
    newest = range(0, 300, 3)
    honest = [(wire.PORT_READINGS, board.payload(board.first + seq)) for board in boards for seq in newest]
    status = [(wire.PORT_STATUS, bytes(wire.encode_status({"oldest_seq": old, "newest_seq": new})))
              for old in NUMBERS for new in NUMBERS]  # fmt: skip
    alarms = [(wire.PORT_ALARM, bytes(wire.encode_alarm(seq, 3, 2, 1, 5, 4))) for seq in NUMBERS]
    strange = [made(luck) for _ in range(300)]
    return [*golden(), *honest, *honest, *status, *alarms, *strange]


def since_join(batch):
    """The last messages of a batch in whose time no session began: a join forgets what may be a repeat."""
    places = [place for place, message in enumerate(batch) if message.kind == "join"]
    return batch[places[-1] :] if places else batch


def known(heart):
    states = heart.log._memory._states.values()
    return len(heart.items), dict(heart.stored), [state.lives for state in states]


def test_nothing_that_comes_in_is_a_mistake_of_ours(heart):
    seed = int(os.environ.get("LUFTPEGEL_SEED", secrets.randbits(32)))
    print("LUFTPEGEL_SEED", seed)
    luck = random.Random(seed)
    pool = pool_of(luck)
    boards = [Board(seed=seed) for seed in (1, 2)]
    for number in range(INPUTS // BATCH):
        now = NOON + 60 * number
        batch = [message(luck, pool, boards, now) for _ in range(BATCH)]
        before = len(heart.items)
        heart.take(*batch, at=luck.choice((now, now, now, now + 7200, 0, 2**31)))
        assert len(heart.items) - before <= BATCH * (256 + MOST_MOVED)
        if number % 10 == 0:
            after = known(heart)
            heart.take(*since_join(batch)[-REMEMBERED_FRAMES:], at=now)
            assert known(heart) == after
    assert not [fault for fault in heart.faults() if fault[0] == "LP-254"]
    for state in heart.log._memory._states.values():
        assert len(state.marks) <= REMEMBERED_FRAMES
        assert len(state.alarms) <= REMEMBERED_ALARMS
        assert len(state.lives) <= MOST_LIVES
        assert all(len(kept.ranges) <= MOST_RANGES for life in state.lives
                   for kept in (life.seen, life.absent, life.skipped))  # fmt: skip
