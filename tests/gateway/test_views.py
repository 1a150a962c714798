"""What is read: when a station was heard whatever the clocks say, its newest reading, whether all is well."""

import itertools
import json

import pytest

from luftpegel_gateway.journal.port import Account
from luftpegel_gateway.model.faults import JournalDown
from luftpegel_gateway.model.intervals import Intervals
from luftpegel_gateway.model.quality import FLAGS, GROSS_RANGE, SPIKE, TIME_UNSURE
from luftpegel_gateway.model.readings import Cell, Reading
from luftpegel_gateway.model.state import Life, Link, StationState, Status
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.views.facts import facts_of
from luftpegel_gateway.views.heard import AHEAD_S, heard_ago, silent, was_heard
from luftpegel_gateway.views.stations import Overview, View, by_time, overview
from luftpegel_gateway.views.verdict import LONG_WAIT_S, Verdict, judge, unreadable
from luftpegel_gateway.words.passed import REASONS, reason_text
from luftpegel_gateway.words.quality import FLAG, remarks, words_only
from luftpegel_gateway.words.station import FIELDS, LIFE_REASON, life_text, status_lines
from luftpegel_wire import quality
from luftpegel_wire.frames import STATUS_FIELDS
from luftpegel_wire.quantities import channel_of

NOW = 1_782_907_200  # 2026-07-01 12:00 UTC
YEAR = 365 * 86400
TEMPERATURE, HUMIDITY = channel_of("temperature"), channel_of("humidity")
AHEAD = NOW + 12 * YEAR  # 2038
STATION = Station("LP-0001", "70b3d57ed0000001", "Mühlbach", "climate", interval_s=600)
KEY = ("", STATION.id)


def micro(seconds):
    return seconds * 1_000_000


# taken_at (our clock), heard_at (the network's estimate), age
HEARD = {
    "all clocks right": (NOW - 30, NOW - 30, 30),
    "no estimate": (NOW - 30, None, 30),
    "no clock of ours": (None, NOW - 30, 30),
    "never": (None, None, None),
    "ours was ahead, set right": (AHEAD, NOW - 4000, 4000),
    "ours was ahead, and the network tells nothing": (AHEAD, None, None),
    "ours was behind, set right": (NOW - 6 * YEAR, NOW - 30, 30),
    "ours was at 1970": (5, NOW - 30, 30),
    "ours is behind now": (NOW + YEAR, NOW + YEAR, None),
    "a calendar of the past": (NOW - 30, NOW - YEAR, 30),
    "a calendar of the future": (NOW - 30, NOW + YEAR, 30),
    "a network that rolled over to 2006": (NOW - 30, NOW - 1024 * 7 * 86400, 30),
    "ours was stepped back a little": (NOW + AHEAD_S, NOW + 1, 0),
}


@pytest.mark.parametrize(("taken", "heard", "ago"), HEARD.values(), ids=HEARD.keys())
def test_heard_ago(taken, heard, ago):
    link = Link(heard_at=None if heard is None else micro(heard), taken_at=taken)
    assert heard_ago(link, NOW) == ago


def test_a_clock_that_was_ahead_keeps_no_dead_station_alive():
    """Started once in 2038, set right again; the station says nothing more."""
    link = Link(heard_at=micro(NOW), taken_at=AHEAD)
    ages = [heard_ago(link, NOW + later) for later in (0, 3600, 86400, YEAR)]
    assert ages == [0, 3600, 86400, YEAR]
    assert [silent(link, NOW + later, 600) for later in (0, 1799, 1801, YEAR)] == [False, False, True, True]


def test_what_no_clock_can_tell_is_silent_but_was_heard():
    link = Link(taken_at=AHEAD)
    assert (was_heard(link), silent(link, NOW, 600)) == (True, True)
    assert (was_heard(Link()), silent(Link(), NOW, 600)) == (False, False)


@pytest.mark.parametrize(("interval", "limit"), [(10, 600), (600, 1800), (86400, 3 * 86400)])
def test_silent_after_three_intervals(interval, limit):
    link = Link(taken_at=NOW)
    assert [silent(link, NOW + limit + more, interval) for more in (0, 1)] == [False, True]


def reading(seq, time, value=2000, **more):
    return Reading(seq, time, (Cell(TEMPERATURE, value, quality.OK),), **more)


def test_newest_is_by_time_and_not_by_number_over_lives():
    """The old life's numbers are higher; one without time and one of 2038 are not the newest either."""
    state = StationState((Life(0), Life(1)), link=Link(heard_at=micro(NOW), taken_at=NOW))
    items = [
        (0, reading(1440, NOW - 86400)),
        (0, reading(1439, NOW - 87000)),
        (1, reading(3, NOW - 600)),
        (1, reading(4, None)),
        (1, reading(2, AHEAD)),
    ]
    for order in itertools.permutations(items):
        ranked = [(life, found.seq) for life, found in by_time(order, state, NOW)]
        assert ranked == [(1, 3), (0, 1440), (0, 1439), (1, 2), (1, 4)]


def test_a_calendar_of_the_future_has_a_newest_reading_too():
    state = StationState((Life(0),), link=Link(heard_at=micro(AHEAD), taken_at=NOW))
    ranked = by_time([(0, reading(1, AHEAD - 600)), (0, reading(2, AHEAD))], state, NOW)
    assert [found.seq for _, found in ranked] == [2, 1]


def station_state(**changes):
    life = Life(0, began=NOW - 86400, seen=Intervals(((0, 9),)))
    state = {"lives": (life,), "link": Link(heard_at=micro(NOW - 30), taken_at=NOW - 30)}
    return StationState(**(state | changes))


@pytest.fixture
def look(reader):
    """The verdict on what the reader has."""

    def judged(conditions=(), vital=("journal", "chirpstack"), stations=(STATION,), now=NOW):
        return judge(overview(reader, stations, ["store"], now), conditions, vital, now)

    reader.known[KEY] = station_state()
    return judged


def kinds(verdict):
    return [(found.kind, found.subject) for found in verdict.findings]


def test_all_well(look):
    assert look() == Verdict()
    assert (look().well, look().ready) == (True, True)


class Told:
    """A condition as `conditions.current()` tells it."""

    def __init__(self, subject, code):
        self.subject, self.code, self.detail, self.since, self.last_seen = subject, code, "x", NOW, NOW


def not_well(reader, name, make_entry):
    """One thing that is wrong at a time."""
    if name == "quarantine":
        reader.entries = [make_entry(1)]
    elif name == "waiting":
        reader.waiting["store"] = (3, NOW - LONG_WAIT_S - 1)
    elif name == "waiting since a clock that was ahead":
        reader.waiting["store"] = (3, AHEAD)
    elif name == "silent":
        reader.known[KEY] = station_state(link=Link(taken_at=NOW - 1801))
    elif name == "new":
        del reader.known[KEY]
    elif name == "twin":
        reader.known[KEY] = station_state(twin=1)
    elif name == "downlinks held back":
        reader.held_at = NOW - 60
    elif name == "clocks disagree":
        reader.readings[KEY] = [(0, reading(9, NOW - 60, unsure=True))]


WRONG = {
    "quarantine": ("quarantine", "quarantine"),
    "waiting": ("waiting", "store"),
    "waiting since a clock that was ahead": ("waiting", "store"),
    "silent": ("silent", "LP-0001"),
    "new": ("new", "LP-0001"),
    "twin": ("twin", "LP-0001"),
    "downlinks held back": ("condition", "downlinks"),
    "clocks disagree": ("condition", "LP-0001"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_well_is_said_and_readings_still_come_in(look, reader, make_entry, name):
    not_well(reader, name, make_entry)
    verdict = look()
    assert kinds(verdict) == [WRONG[name]]
    assert (verdict.well, verdict.ready) == (False, True)


def test_what_was_held_back_is_over_after_an_hour_and_a_sure_time_clears_the_doubt(look, reader):
    reader.held_at = NOW - 3601
    reader.readings[KEY] = [(0, reading(9, NOW - 60))]
    assert look().well


def test_a_short_wait_is_no_trouble(look, reader):
    reader.waiting["store"] = (3, NOW - LONG_WAIT_S)
    assert look().well


@pytest.mark.parametrize(
    ("subject", "code", "ready"),
    [("chirpstack", "LP-402", False), ("journal", "LP-414", False), ("chirpstack", "LP-404", True),
     ("town", "LP-420", True), ("retention", "LP-410", True)],
)  # fmt: skip
def test_conditions(look, subject, code, ready):
    verdict = look([Told(subject, code)])
    assert (kinds(verdict), verdict.ready) == ([("condition" if ready else "stops", subject)], ready)


def test_one_station_can_be_silent_and_a_twin(look, reader):
    reader.known[KEY] = station_state(twin=1, link=Link(taken_at=NOW - 86400))
    assert kinds(look()) == [("silent", "LP-0001"), ("twin", "LP-0001")]


def test_a_condition_that_is_told_already_is_not_told_twice(look, reader):
    reader.known[KEY] = station_state(twin=1)
    assert kinds(look([Told("LP-0001", "LP-261")])) == [("condition", "LP-0001")]


def test_a_journal_that_cannot_be_read_stops_everything():
    down = JournalDown("LP-413", "disk image is malformed")
    verdict = unreadable(down, [Told("town", "LP-420")], ["journal"], NOW)
    assert (kinds(verdict), verdict.ready) == ([("stops", "journal"), ("condition", "town")], False)
    told = unreadable(down, [Told("journal", "LP-414")], ["journal"], NOW)
    assert [found.code for found in told.findings] == ["LP-414"]


def test_facts_are_json_and_count_over_all_lives():
    old = Life(0, began=NOW - YEAR, seen=Intervals(((0, 1439),)))
    new = Life(1, NOW - 86400, "numbers-back", Intervals(((0, 4), (7, 9))), absent=Intervals(((9, 9),)))
    state = station_state(lives=(old, new), status=Status(micro(NOW - 60), {"firmware": "0.2.0"}), frames=8)
    cells = (Cell(TEMPERATURE, 9000, quality.OK, GROSS_RANGE | SPIKE), Cell(HUMIDITY, None, quality.SILENT))
    facts = facts_of(View(STATION, state, (1, Reading(8, NOW - 60, cells, unsure=True))), NOW)
    facts = json.loads(json.dumps(facts))
    assert (facts["received"], facts["missing"], facts["absent"]) == (1440 + 7, 2 + 1, 1)
    assert facts["completeness"] == pytest.approx(1447 / 1450)
    assert facts["lives"][1]["gaps"] == [[5, 6]]
    assert facts["newest"]["life"] == 1
    first, second = facts["newest"]["values"]
    assert (first["value"], first["flags"]) == ("90.00", ["range", "spike", "time"])
    assert (second["value"], second["quality"], second["flags"]) == (None, quality.SILENT, ["time"])
    assert facts["status_at"] == NOW - 60


def test_a_station_that_was_never_heard_has_facts():
    facts = facts_of(View(STATION, StationState()), NOW)
    assert (facts["condition"], facts["silent"]) == ("new", True)
    assert (facts["last_heard"], facts["newest"]) == (None, None)


@pytest.mark.parametrize("language", [0, 1])
def test_every_word_is_there_in_both_languages(language):
    assert set(FLAG) == {word for word, _ in FLAGS.values()}
    assert set(FIELDS) == set(STATUS_FIELDS.values())
    tables = [FLAG.values(), LIFE_REASON.values(), REASONS.values(), [name for name, _ in FIELDS.values()]]
    assert all(text[language] for table in tables for text in table)


@pytest.mark.parametrize("language", ["de", "en"])
def test_life_in_words(language):
    began = {"de": "01.07.2026 12:00", "en": "2026-07-01 12:00"}[language]
    assert began in life_text(Life(0, NOW), language)
    for reason in ("numbers-back", "numbers-ahead", "of a later version", ""):
        text = life_text(Life(2, NOW, reason), language)
        assert began in text
        assert "2" in text.split(":")[0]
        assert LIFE_REASON.get(reason, (reason, reason))[language == "de"] in text


def test_what_is_said_of_a_value():
    def explain(_cell, station, language):
        return [("spike", f"33 mm {language} {station.id}"), ("later", "new")]

    cell = Cell(0, 1, quality.CLIPPED, GROSS_RANGE | SPIKE | TIME_UNSURE)
    said = remarks(cell, STATION, "en", explain)
    assert said == [
        "at the end of the measuring range",
        "implausible value",
        "stands out against both neighbours: 33 mm en LP-0001",
        "time is doubtful",
        "later: new",
    ]
    assert remarks(Cell(0, 1, quality.OK), STATION, "en", explain) == []
    assert len(remarks(cell, STATION, "de", words_only)) == 4


def test_status_fields_in_words_and_those_of_a_newer_station_bare():
    lines = status_lines({"reset_cause": 3, "heap_free": 51200, "uptime_s": 7300, "later": "x"}, "en")
    assert dict(lines) == {
        "Last start": "watchdog", "Free memory": "51200 B", "Running for": "2 h", "later": "x"
    }  # fmt: skip
    assert dict(status_lines({"reset_cause": 77}, "de")) == {"Letzter Start": "77"}


def test_reasons_of_what_was_passed_over():
    assert reason_text("of a later version", "de") == "of a later version"
    assert reason_text("filtered", "de") != reason_text("filtered", "en")
    assert "status" in reason_text("kind status", "de")


def test_overview_keeps_the_order_of_the_list(reader):
    stations = [Station(name, f"{number:016x}", name, "air") for number, name in enumerate("cab")]
    seen = overview(reader, stations, ["store"], NOW)
    assert [view.station.id for view in seen.stations] == ["c", "a", "b"]
    assert seen == Overview(seen.stations, Account(0, 0, {"store": 0}, {"store": None}, {}))
