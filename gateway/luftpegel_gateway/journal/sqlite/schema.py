"""The journal's tables, version 3. `migrations.py` brings older files here.

`segment` is the log: messages as they came in, many to a row, compressed together. `outbox` is what sinks
have still to get; a sink's cursor counts its rows and what lies in them. `reading` has every reading that
is still comparable, `station` the state of each station, `quarantine` what could not be used, with its own
copy of the message. All of them change in one transaction per batch.
"""

VERSION = 3

PLACES = 24  # bits of a sink's position that count items within a row of the outbox
# What is counted for ever, in `counted`.
FRAMES = "frames"
PASSED = "passed:"
DISCARDED = "discarded"
HELD = "held"  # in `meta`: when a request was held back, and by whom

TABLES = (
    """CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE station (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    state BLOB NOT NULL,             -- MessagePack of model.state.StationState
    UNIQUE (tenant, id)
) STRICT""",
    """CREATE TABLE segment (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    taken_at INTEGER NOT NULL,       -- unix seconds, our clock
    received_at INTEGER,             -- unix seconds, as the frames' clocks agree; NULL: none told
    frames INTEGER NOT NULL,
    messages BLOB NOT NULL,          -- messages.py
    compact INTEGER NOT NULL DEFAULT 0  -- joined with its neighbours, and as small as it gets
) STRICT""",
    """CREATE INDEX segment_loose ON segment (id) WHERE compact = 0""",
    """CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    taken_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    items BLOB NOT NULL              -- items.py
) STRICT""",
    """CREATE TABLE reading (
    station INTEGER NOT NULL,
    life INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    time INTEGER,                    -- unix seconds; NULL: no clock is known
    data BLOB NOT NULL,              -- MessagePack of model.readings.Reading
    PRIMARY KEY (station, life, seq)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE cursor (sink TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL,            -- of what came in: the same message again is the same entry
    code TEXT NOT NULL,
    sink TEXT NOT NULL,              -- the sink that refused it; '' when the gateway could not use it
    detail TEXT NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    resolved_at INTEGER,
    dev_eui TEXT NOT NULL,
    station TEXT NOT NULL,
    size INTEGER NOT NULL,           -- bytes of the message as it came; larger than what is kept: its head
    message BLOB NOT NULL,           -- messages.py; what a sink refused: items.py
    tenant TEXT NOT NULL DEFAULT '',
    UNIQUE (digest, code, sink)
) STRICT""",
    """CREATE INDEX quarantine_device ON quarantine (dev_eui, code, id)""",
    """CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    taken_at INTEGER NOT NULL,
    dev_eui TEXT NOT NULL,
    level TEXT NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    tenant TEXT NOT NULL DEFAULT ''
) STRICT""",
    """CREATE INDEX notice_device ON notice (dev_eui, id)""",
    """CREATE TABLE counted (what TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
)
