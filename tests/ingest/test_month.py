"""One month of a town: swapped boards, three wrong clocks and more, a week in which nothing comes through,
a fifth of all frames lost, others twice or hours late, a gateway that is restarted at random.

All that was sampled and told, or still lies in a board's journal, ends in the store once, under its own
board's life and at its right time; nobody had to help. LUFTPEGEL_SOAK=n tries n towns of quicker stations.
"""

import os
import random

import pytest
from ingest_heart import NOON, TOWER
from month_town import DAY, HOUR, MILL, FieldBoard, Place, Town, Wrong, lives_of

from luftpegel_gateway.downlinks import airtime
from luftpegel_gateway.ingest.decide import DOWNLINK_US_PER_HOUR
from luftpegel_gateway.model.station import Station

STATIONS, DAYS = 50, 30
SOAK = int(os.environ.get("LUFTPEGEL_SOAK", "0"))
INTERVALS = {0: 600, 1: 900, 2: 1800, 3: 1800} if not SOAK else {
    0: 300, 1: 300, 2: 600, 3: 600, **dict.fromkeys(range(20, 35), 1200)}  # fmt: skip
OUTAGE = (11, 18)  # days
ROLLOVER = -1024 * 7 * DAY
# station: days on which its board gives way to another one.
SWAPS = {5: [8.3], 6: [19.1], 7: [14.2], 8: [12.5], 9: [22.7], 10: [0.13], 11: [5.0, 5.09], 12: [3.1, 17.9]}
JOINING = {5, 7, 11}  # whose new boards join; the others' network server knows them already
HIGH = {9: 1000}  # whose new board begins with this number


def day(number):
    return NOON + int(number * DAY)


def boards(place, luck, interval):
    """The boards of a station, one after the other."""
    dev_eui, begin, found = f"70b3d57ed000{place:04x}", day(0) + luck.randrange(interval), []
    ends = [*SWAPS.get(place, ()), DAYS]
    for number, end in enumerate(ends):
        found.append(
            FieldBoard(
                dev_eui=dev_eui,
                begin=begin,
                end=day(end),
                first=HIGH.get(place, 0) if number else 0,
                seed=100 * place + number,
                interval=interval,
                joins=bool(number) and place in JOINING,
                dev_addr=f"{place:04x}{number:04x}",
            )
        )
        begin = day(end) + luck.randint(200, 1500)
    return found


def town(folder, seed):
    luck = random.Random(seed)
    places = []
    for place in range(STATIONS):
        interval = INTERVALS.get(place, HOUR)
        found = boards(place, luck, interval)
        station = Station(f"LP-{place:04d}", found[0].dev_eui, f"Station {place}", "climate", interval)
        places.append(Place(station, found))
    clocks = [
        Wrong(TOWER, day(2), day(9), ROLLOVER),
        Wrong(MILL, day(0), day(DAYS), 420),
        Wrong("own", day(10), day(11), 12 * 365 * DAY),
        Wrong("own", day(24), day(24) + HOUR, -day(24)),
        Wrong("network", day(20), day(22), 3600),
    ]
    calm_from = day(DAYS - 2)
    outage = day(OUTAGE[0]), day(OUTAGE[1])
    return Town(folder, places, clocks, seed=seed, outage=outage, calm_from=calm_from)


@pytest.fixture(scope="module", params=range(max(1, SOAK)))
def month(request, tmp_path_factory):
    month = town(tmp_path_factory.mktemp("month"), 1 + request.param)
    month.run()
    yield month
    month.heart.log.close()


def homes(month, place):
    """(board's seed -> life that holds most of its values, life -> its readings)."""
    lives = lives_of(month.heart, place)
    found = {}
    for board in place.boards:
        fitting = {life: sum(of(board, *row) for row in rows.items()) for life, rows in lives.items()}
        found[board.seed] = max(fitting, key=fitting.get)
    return found, lives


def of(board, seq, row):
    known = board.first <= seq <= board.last
    return known and tuple(cell.value for cell in row.cells) == board.values(seq)


def test_every_board_has_one_life_of_its_own_with_all_that_it_told_or_still_has(month):
    for place in month.places:
        home, lives = homes(month, place)
        expected = month.expected(place)
        assert {home[board.seed]: set(lives[home[board.seed]]) for board in place.boards} == {
            life: expected[seed] for seed, life in home.items()
        }, place.station.id
        assert len(lives) == len(place.boards)
        for board in place.boards:
            assert all(of(board, seq, row) for seq, row in lives[home[board.seed]].items()), place.station.id


def test_all_times_are_right(month):
    wrong, late = [], 0
    for place in month.places:
        home, lives = homes(month, place)
        for board in place.boards:
            for seq, row in lives[home[board.seed]].items():
                apart = abs(row.time - board.time(seq))
                late += apart > 0
                told = row.unsure or (board.seed, seq) in month.undecidable
                if apart > 60 and not told:
                    wrong.append((place.station.id, seq, apart))
    assert wrong == []
    assert late <= len(month.heart.stored) // 100  # where clocks disagreed about what no known row tied down


def test_nobody_had_to_help(month):
    assert month.heart.faults() == []
    for place in month.places:
        state = month.heart.state(place.station.id)
        assert len(state.lives) == len(place.boards)
        assert state.life.missing == 0, place.station.id
        assert state.twin is None


def test_old_boards_are_missing_what_they_took_with_them_and_nothing_else(month):
    for place in month.places:
        home, lives = homes(month, place)
        states = {life.number: life for life in month.heart.state(place.station.id).lives}
        for board in place.boards:
            numbers = lives[home[board.seed]]
            life = states[home[board.seed]]
            assert life.received == len(numbers)
            assert life.missing <= max(numbers) - board.first + 1 - len(numbers), place.station.id


def test_state_is_small(month):
    for place in month.places:
        for life in month.heart.state(place.station.id).lives:
            assert len(life.seen.ranges) + len(life.absent.ranges) + len(life.skipped.ranges) < 40


def test_our_last_word_of_each_station_is_of_today(month):
    for place in month.places:
        link, board = month.heart.state(place.station.id).link, place.boards[-1]
        assert abs(link.heard_at // 1_000_000 - board.time(board.last)) <= 60
        assert abs(link.taken_at - board.time(board.last)) <= 120


def test_five_hundred_stations_after_a_week_ask_for_no_more_than_the_air_bears(tmp_path, make_heart):
    stations = [Station(f"LP-{n:04d}", f"70b3d57ed000{n:04x}", f"{n}", "climate", HOUR) for n in range(500)]
    heart = make_heart(stations)
    fields = [
        FieldBoard(dev_eui=station.dev_eui, begin=NOON + 7 * number, seed=number, interval=HOUR)
        for number, station in enumerate(stations)
    ]
    week = 7 * DAY // HOUR
    for board in fields:
        heart.take(board.uplink(3, history=3, network=0))
    spent, asked = {}, 0
    for hour in range(3):
        for board in fields:
            message = board.uplink(week + hour, history=3, network=0)
            for answer in filter(None, heart.take(message)):
                asked += 1
                place = (message.sent + 1) // HOUR
                spent[place] = spent.get(place, 0) + airtime.airtime_us(0, len(answer.data))
    assert spent
    assert max(spent.values()) <= DOWNLINK_US_PER_HOUR
    assert asked >= 3 * (DOWNLINK_US_PER_HOUR // airtime.airtime_us(0, 12) - 1)
    assert len({answer.dev_eui for answer in heart.downlinks}) == asked  # each hour others have their turn
