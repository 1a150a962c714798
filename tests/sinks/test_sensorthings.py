"""The sink `sensorthings` against a real FROST-Server: each value once, whatever happens in between.

All is read back by other means than the gateway's own. One file, so that one process starts the one server.
"""

import asyncio
import contextlib
import itertools
import signal

import msgspec
import pytest
from tests.servers.frost_way import FrostWay, never
from tests.sinks.conftest import BATTERY, DISTANCE, LEVEL, TEMPERATURE, Driver, alarm, observed
from tests.sinks.test_kill import A_LIFE_S, FAULTS, luck, town  # noqa: F401

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.model.quantities import name_of
from luftpegel_gateway.model.station import Station
from luftpegel_gateway.sinks.sensorthings_rows import rows_of

SCOPES = itertools.count()
KILLS = 60


class Site:
    """A sink, and what FROST has of it."""

    def __init__(self, frost, folder, url=None, **options):
        self.frost = frost
        self.scope = f"town {next(SCOPES)}"
        self.driver = Driver("sensorthings", folder, url or frost.url(), {"scope": self.scope, **options})
        self.deliver, self.down = self.driver.deliver, self.driver.down

    @contextlib.asynccontextmanager
    async def running(self):
        """One sink, for as long as a test holds it."""
        sink = self.driver.make()
        try:
            yield sink
        finally:
            await sink.stop()

    def all(self, collection, **query):
        """The entities of this town."""
        asked = {"$filter": f"startswith(properties/luftpegel, '{self.scope}/')"}
        return self.frost.all(collection, **asked, **query)

    def observations(self, name="distance"):
        """Of all Datastreams of this name, by time."""
        streams = [one for one in self.all("Datastreams") if one["properties"]["channel"] == name]
        found = [o for one in streams for o in self.frost.all(f"Datastreams({one['@iot.id']})/Observations")]
        return sorted(found, key=lambda one: one["phenomenonTime"])

    def numbers(self, name="distance"):
        return sorted(one["parameters"]["seq"] for one in self.observations(name))


@pytest.fixture
def site(frost, tmp_path):
    return Site(frost, tmp_path)


@pytest.fixture
def way(frost):
    with FrostWay(frost) as way:
        yield way


@pytest.fixture
def by_way(frost, way, tmp_path):
    return Site(frost, tmp_path, way.url)


def distances(*seqs, **more):
    return [observed(seq, {DISTANCE: 1430 + seq}, **more) for seq in seqs]


def test_what_a_town_sees(site):
    item = observed(7, {DISTANCE: 1430, TEMPERATURE: 2150, BATTERY: 3700}, flags=1 | 4, late=True)
    assert site.deliver([item, alarm(8)]) == [[]]
    (thing,) = site.all("Things")
    (place,) = site.frost.all(f"Things({thing['@iot.id']})/Locations")
    (feature,) = site.all("FeaturesOfInterest")
    point = {"type": "Point", "coordinates": [8.6, 50.1]}
    assert (thing["name"], thing["properties"]["station"]) == ("Mühlbach", "LP-0001")
    assert place["location"] == feature["feature"] == point
    assert len(site.all("Sensors")) == len(site.all("ObservedProperties")) == 3
    streams = {one["properties"]["channel"]: one for one in site.all("Datastreams", **{"$expand": "Thing"})}
    assert {one["Thing"]["@iot.id"] for one in streams.values()} == {thing["@iot.id"]}
    assert streams["temperature"]["name"] == "LP-0001 temperature"
    assert streams["temperature"]["unitOfMeasurement"] == {
        "name": "Cel",
        "symbol": "°C",
        "definition": "http://www.opengis.net/def/uom/UCUM/0/Cel",
    }
    (told,) = site.observations("temperature")
    assert (told["result"], told["phenomenonTime"]) == (21.5, "2026-09-21T15:23:20Z")
    assert told["resultQuality"] == "range"
    assert told["parameters"] == {
        "tenant": "", "station": "LP-0001", "life": 0, "seq": 7, "channel": TEMPERATURE, "revision": 0,
        "flags": ["range", "spike"], "late": True,
    }  # fmt: skip


def test_what_comes_again_is_there_once(site):
    site.deliver(distances(*range(5)), distances(*range(5)), distances(3, 9, 4))
    site.deliver(distances(*range(12)))
    site.deliver(distances(2, 3), distances(*range(6, 15)), distances(*range(20)))
    assert site.numbers() == list(range(20))
    for collection in ("Things", "Locations", "Datastreams", "FeaturesOfInterest", "Sensors"):
        assert len(site.all(collection)) == 1, collection


def test_a_correction_changes_what_is_there(site):
    site.deliver(distances(1, 2))
    later = observed(2, {DISTANCE: 1432}, time=1_790_009_999, revision=2, flags=4)
    site.deliver([later], distances(1, 2, revision=1))
    first, second = site.observations()
    assert (first["resultQuality"], first["parameters"]["revision"]) == ("ok", 0)  # it says the same
    assert second["phenomenonTime"] == "2026-09-21T16:59:59Z"
    assert second["resultTime"] == second["phenomenonTime"]
    assert (second["resultQuality"], second["parameters"]["flags"]) == ("rate", ["spike"])
    assert second["parameters"]["revision"] == 2


def test_both_tellings_in_one_batch(site):
    site.deliver([*distances(1), observed(1, {DISTANCE: 1431}, revision=1, flags=4)])
    (one,) = site.observations()
    assert one["parameters"]["flags"] == ["spike"]


def test_a_reading_without_a_time_waits_for_it(site):
    site.deliver([observed(1, {DISTANCE: 1431}, time=None)])
    assert site.observations() == []
    site.deliver(
        [observed(1, {DISTANCE: 1431}, revision=1)], [observed(1, {DISTANCE: 1431}, time=None, revision=2)]
    )
    (one,) = site.observations()
    assert one["phenomenonTime"] == "2026-09-21T14:23:20Z"
    assert one["parameters"]["flags"] == ["time-unknown"]


@pytest.mark.parametrize(("nulls", "expected"), [(True, [None, 143.2]), (False, [143.2])])
def test_a_sensor_that_is_silent(frost, tmp_path, nulls, expected):
    site = Site(frost, tmp_path, null_results=nulls)
    silent = observed(1, {DISTANCE: None}, wire=9)
    site.deliver([silent, *distances(2)], [msgspec.structs.replace(silent, late=True)])
    site.deliver([observed(1, {DISTANCE: None}, wire=9, revision=1)])
    found = site.observations()
    assert [one["result"] for one in found] == expected
    assert [one["resultQuality"] for one in found] == ["silent", "ok"][-len(expected) :]


def test_a_quantity_that_this_gateway_does_not_know(site):
    assert site.deliver([observed(1, {180: 42})]) == [[]]
    (stream,) = site.all("Datastreams")
    assert stream["properties"]["channel"] == "channel-180"
    assert stream["unitOfMeasurement"] == {"name": None, "symbol": None, "definition": None}


def test_a_station_gets_a_place_and_another(site):
    stations = site.driver.stations
    stations["LP-0001"] = Station("LP-0001", "x", "Bach", "level")
    site.deliver(distances(1))
    assert site.all("Locations") == []
    stations["LP-0001"] = Station("LP-0001", "x", "Bach", "level", latitude=50.0, longitude=8.0)
    site.deliver(distances(2))
    stations["LP-0001"] = Station("LP-0001", "x", "Brücke", "level", latitude=51.0, longitude=8.0)
    site.deliver(distances(3))
    (place,) = site.all("Locations")
    (thing,) = site.all("Things")
    assert place["location"]["coordinates"] == [8.0, 51.0]
    assert (place["name"], thing["name"]) == ("Brücke", "Brücke")
    assert len(site.all("FeaturesOfInterest")) == 3  # each observation keeps where it was made
    assert site.numbers() == [1, 2, 3]


def test_a_change_is_noticed_while_the_sink_runs(site):
    async def main():
        async with site.running() as sink:
            await sink.deliver(distances(1))
            site.driver.stations["LP-0001"] = Station(
                "LP-0001", "x", "Neu", "level", latitude=1.0, longitude=2.0
            )
            await sink.deliver(distances(2))

    asyncio.run(main())
    (place,) = site.all("Locations")
    assert (place["name"], place["location"]["coordinates"]) == ("Neu", [2.0, 1.0])


def test_tenants_and_towns_keep_apart(frost, tmp_path):
    one, other = Site(frost, tmp_path), Site(frost, tmp_path)
    one.deliver(
        [*distances(1), *distances(1, tenant="a"), *distances(1, tenant="b'c"), *distances(1, life=1)]
    )
    other.deliver(distances(1))
    assert len(one.all("Things")) == 3
    assert one.numbers() == [1, 1, 1, 1]
    assert other.numbers() == [1]


def test_two_at_once_make_nothing_twice(site):
    batch = [item for n in (1, 2, 3) for item in distances(n, station=f"LP-000{n}")]

    async def main():
        async with site.running() as one, site.running() as other:
            await asyncio.gather(
                *(sink._directory.addresses(_names(batch)) for sink in (one, other)), return_exceptions=True
            )
            for sink in (one, other):
                await persist(sink, batch)

    asyncio.run(main())
    site.deliver(distances(4))
    assert site.numbers() == [1, 2, 3, 4]
    stations = sorted(each["properties"]["station"] for each in site.all("Things"))
    assert stations == ["LP-0001", "LP-0002", "LP-0003"]


async def persist(sink, batch):
    """As the worker does. Where both took back what they had made, the next try makes it."""
    for _ in range(5):
        with contextlib.suppress(OtherEndDown):
            return await sink.deliver(batch)
    raise AssertionError("never delivered")


def _names(items):
    return [row.name for row in rows_of(items, nulls=True)]


def test_an_entity_that_comes_to_be_later(by_way, way):
    """A request that nobody waits for any more is carried out when the station has been set up again."""

    async def main():
        now = [0.0]
        async with by_way.running() as sink:
            sink._clock = sink._doubles._clock = lambda: now[0]
            await sink.deliver(distances(1))
            for collection, bodies in setting_up.items():
                for body in bodies:
                    by_way.frost.ask("POST", collection, body)
            assert len(by_way.all("Things")) == 2
            await sink.deliver(distances(2))
            now[0] += 100.0
            await sink.deliver(distances(3))

    setting_up = {}
    body = {"properties": {"luftpegel": f"{by_way.scope}//LP-0001"}, "name": "x", "description": "x"}
    geo = {"encodingType": "application/geo+json"}
    setting_up["Things"] = [body]
    setting_up["Locations"] = [{**body, **geo, "location": {"type": "Point", "coordinates": [1, 2]}}]
    asyncio.run(main())
    by_way.deliver(distances(4))
    assert by_way.numbers() == [1, 2, 3, 4]
    for collection in ("Things", "Locations", "Datastreams"):
        assert len(by_way.all(collection)) == 1, collection


def test_what_is_deleted_there_is_made_anew(site):
    async def main():
        async with site.running() as sink:
            await sink.deliver(distances(1))
            (thing,) = site.all("Things")
            site.frost.ask("DELETE", f"Things({thing['@iot.id']})")
            codes = []
            for _ in range(3):
                try:
                    assert await sink.deliver(distances(2)) == []
                    break
                except OtherEndDown as down:
                    codes.append(down.code)
            return codes

    assert asyncio.run(main()) == ["LP-484"]
    assert site.numbers() == [2]


@pytest.mark.parametrize(
    ("application", "login", "code"),
    [
        ("closed", None, "LP-470"),
        ("closed", "nobody", "LP-470"),
        ("closed", "read", "LP-470"),
        ("none", None, "LP-475"),
    ],
)
def test_who_may_not_write(frost, tmp_path, application, login, code):
    who = {"username": login, "password_file": login} if login else {}
    site = Site(frost, tmp_path, frost.url(application), **who)
    assert site.down(distances(1)) == code
    with pytest.raises(OtherEndDown, match=code if code == "LP-470" else "LP-483"):
        site.driver.probe()


def test_who_may(frost, tmp_path):
    site = Site(frost, tmp_path, frost.url("closed"), username="write", password_file="write")
    before = [len(frost.all(one)) for one in ("Things", "Observations")]
    site.driver.probe()
    assert [len(frost.all(one)) for one in ("Things", "Observations")] == before
    assert site.deliver(distances(1)) == [[]]


def test_a_probe_of_something_else(by_way, way):
    way.plan = ["portal"]
    with pytest.raises(OtherEndDown, match="LP-476"):
        by_way.driver.probe()
    way.answer = lambda *_: (200, {"value": []}, {})
    with pytest.raises(OtherEndDown, match="LP-483"):
        by_way.driver.probe()


@pytest.mark.parametrize(
    ("fault", "code"),
    [("401", "LP-470"), ("403", "LP-471"), ("404", "LP-475"), ("429", "LP-472"), ("500", "LP-473"),
     ("503", "LP-472"), ("400", "LP-481"), ("302", "LP-474"), ("cut", "LP-467"), ("lost", "LP-467"),
     ("torn", "LP-467"), ("portal", "LP-476")],
)  # fmt: skip
def test_whatever_fails_at_whichever_request_nothing_is_lost_or_doubled(by_way, way, fault, code):
    requests = 13  # of a first delivery; one fault at each
    codes = set()
    for number in range(requests):
        way.plan = ["-"] * number + [fault]
        try:
            by_way.deliver(distances(*range(number + 1)))
        except OtherEndDown as down:
            codes.add(down.code)
        way.plan = []
    assert by_way.deliver(distances(*range(requests))) == [[]]
    assert by_way.numbers() == list(range(requests))
    assert len(by_way.all("Things")) == len(by_way.all("Datastreams")) == 1
    assert code in codes


@pytest.mark.parametrize("said", [[], ["x"], "words", {"value": []}])
def test_an_answer_that_is_not_whole(by_way, way, said):
    by_way.deliver(distances(0))
    forward = way._forward
    way._forward = lambda *asked: (
        *forward(*asked)[:1],
        said if "Create" in asked[1] else forward(*asked)[1],
        {},
    )
    assert by_way.down(distances(1, 2)) == "LP-476"
    way._forward = forward
    by_way.deliver(distances(0, 1, 2))
    assert by_way.numbers() == [0, 1, 2]


JUNK = [None, True, 0, "x", [], [None], [[]], ["error"], {}, {"value": None}, {"value": [1]}, {"value": [{}]},
        {"value": [{"@iot.id": None}]}, {"value": [{"@iot.id": 1, "properties": []}]},
        {"value": [{"@iot.id": [], "parameters": 3}]}, {"value": [], "@iot.nextLink": 5},
        {"value": [{"@iot.id": "a", "parameters": {"tenant": [], "station": {}, "life": "0"}}]}]  # fmt: skip


def test_whatever_a_server_says_readings_wait(by_way, way, luck):  # noqa: F811
    """Answers that are no answers, to any of the requests: never more than a trouble with a code."""
    forward = way._forward
    for _ in range(60):
        good = luck.randrange(14)

        def answer(*asked):
            nonlocal good
            good -= 1
            return forward(*asked) if good >= 0 else (luck.choice([200, 201]), luck.choice(JUNK), {})

        way._forward = answer
        with contextlib.suppress(OtherEndDown):
            by_way.deliver(distances(1))
    way._forward = forward
    by_way.deliver(distances(1))
    assert by_way.numbers() == [1]


def test_a_server_slower_than_its_proxy(by_way, way):
    """What was given up is carried out after all, when it has been written again: the second goes."""
    now = [0.0]

    async def main():
        async with by_way.running() as sink:
            sink._clock = lambda: now[0]
            await sink.deliver(distances(1))
            way.hold = True
            with pytest.raises(OtherEndDown, match="LP-473"):
                await sink.deliver(distances(2, 3))
            await sink.deliver(distances(2, 3))
            way.release()
            assert by_way.numbers() == [1, 2, 2, 3, 3]
            now[0] += 100.0
            await sink.deliver(distances(4))

    asyncio.run(main())
    assert by_way.numbers() == [1, 2, 3, 4]


def test_a_server_slower_than_we_wait_for(frost, way, tmp_path):
    site = Site(frost, tmp_path, way.url, timeout_s=1)

    async def main():
        async with site.running() as sink:
            await sink.deliver(distances(1))
            way.plan = ["slow"]
            with pytest.raises(OtherEndDown, match="LP-468") as down:
                await sink.deliver(distances(2, 3))
            assert down.value.wait_s == 1  # asked too early, it has nothing yet
            await sink.deliver(distances(2, 3))

    asyncio.run(main())
    assert site.numbers() == [1, 2, 3]


def test_one_value_is_refused_alone(by_way, way):
    way.refuses = lambda parameters: parameters["seq"] == 3
    (rejections,) = by_way.deliver(distances(*range(6)))
    assert [(one.item.reading.seq, one.fault.code) for one in rejections] == [(3, "LP-482")]
    assert by_way.numbers() == [0, 1, 2, 4, 5]


def test_where_all_is_refused_readings_wait(by_way, way):
    way.refuses = bool
    assert by_way.down(distances(*range(3))) == "LP-481"
    way.refuses = never
    by_way.deliver(distances(*range(3)))
    assert by_way.numbers() == [0, 1, 2]


def test_one_value_that_breaks_the_server(by_way, way):
    way.breaks = lambda parameters: parameters["seq"] == 3
    rejections = by_way.driver.persist(distances(*range(6)), tries=8)
    assert [(one.item.reading.seq, one.fault.code) for one in rejections] == [(3, "LP-482")]
    assert by_way.numbers() == [0, 1, 2, 4, 5]


def test_a_server_without_data_arrays(by_way, way):
    way.arrays = False
    assert by_way.deliver(distances(*range(4)), distances(*range(3, 6))) == [[], []]
    assert by_way.numbers() == list(range(6))
    assert len(way.asked("POST", "CreateObservations")) == 1


def test_few_requests(by_way, way):
    """60 stations with 8 channels: a start asks little before the first row, and then little at all."""
    channels = (2, 4, 6, 8, 14, 16, 18, 20)
    stations = [f"LP-1{number:03}" for number in range(60)]

    def round_of(seq):
        return [observed(seq, dict.fromkeys(channels, 1000), station=one) for one in stations]

    by_way.deliver(round_of(1))
    way.seen.clear()
    by_way.deliver(round_of(2), round_of(3))
    paths = [f"{method} {path}" for method, path, _, _ in way.seen]
    created = [place for place, path in enumerate(paths) if path.endswith("CreateObservations")]
    print("before the first row", created[0], "in all", len(paths))
    assert created[0] <= 20
    assert paths[-4:] == ["POST /v1.1/CreateObservations"] * 4  # 480 rows, and nothing else
    assert len(by_way.all("Datastreams")) == 480


def test_killed_often_on_a_way_that_fails(frost, tmp_path, town, luck):  # noqa: F811
    """SIGKILL at random instants; FROST is down at the start, and is killed once in the middle."""
    way = FrostWay(frost).start()
    site = Site(frost, tmp_path, way.url, batch=20)
    try:
        way.luck = lambda: luck.choice([*[""] * 14, *FAULTS])
        way.stop()
        kills = 0
        for life in range(KILLS):
            town.grow()
            if life == 3:
                way.start()
            if life == KILLS // 2:
                frost.kill()
            if life == KILLS // 2 + 2:
                frost.start()
            kills += town.live(site.driver, luck.uniform(0, 2 * A_LIFE_S)) == -signal.SIGKILL
        way.luck = lambda: ""
        assert town.live(site.driver) == 0
    finally:
        way.stop()
    readings = {item.reading.seq for item in town.items if hasattr(item, "reading")}
    corrected = {
        item.reading.seq for item in town.items if hasattr(item, "reading") and item.reading.revision
    }
    found = site.observations(name_of(LEVEL))
    numbers = [one["parameters"]["seq"] for one in found]
    print("kills", kills, "readings", len(readings), "rows", len(numbers), "requests", way.requests)
    assert kills == KILLS
    assert sorted(numbers) == sorted(readings)
    assert {one["parameters"]["seq"] for one in found if one["parameters"]["revision"]} == corrected
    assert len(site.all("Things")) == 1
