"""The sink "postgresql" on a real server: what is in the tables, whatever comes twice or in what order."""

import asyncio
import itertools

import pytest
from databases_world import HUMIDITY, START, TEMPERATURE, alarm, deliver, observed, run
from postgresql_town import READ, Town

from luftpegel_gateway.model import quantities
from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.sinks import postgresql as module
from luftpegel_gateway.sinks import postgresql_schema as schema


def test_a_reading_in_the_tables(town):
    item = observed(7, 2153, None, late=True, wire=1, unsure=True, revision=2)
    assert town.deliver([item]) == [[]]
    assert town.sql("SELECT * FROM luftpegel.readings") == [
        ("", "LP-0001", "0", "7", "2", "2026-05-28 21:36:40+00", "21.53", "1", "time", "2", "t",
         "2026-05-28 21:36:40.000007+00"),
        ("", "LP-0001", "0", "7", "4", "2026-05-28 21:36:40+00", "", "1", "time", "2", "t",
         "2026-05-28 21:36:40.000007+00"),
    ]  # fmt: skip
    assert town.sql("SELECT name, unit, symbol, decimals FROM luftpegel.quantities") == [
        ("temperature", "Cel", "°C", "2"),
        ("humidity", "%", "%", "2"),
    ]


def test_numbers_are_exact(town):
    channels = (2, 14, 20, 901)
    values = [0, 1, -1, 2150, -999, 2**62, -(2**63)]
    town.deliver([observed(seq, *[value] * 4, channels=channels) for seq, value in enumerate(values)])
    assert [row[-1] for row in town.sql(READ)] == [
        quantities.decimal(channel, value) for value in values for channel in channels
    ]


def test_every_quantity_has_its_row(town):
    channels = tuple(channel for channel in range(2, 50))
    town.deliver([observed(1, *channels, channels=channels)])
    for channel, name, decimals, scale in town.sql(
        "SELECT channel, name, decimals, scale FROM luftpegel.quantities"
    ):
        assert name == quantities.name_of(int(channel))
        assert scale == quantities.decimal(int(channel), 1)
        assert int(decimals) == len(scale.partition(".")[2])


def test_what_comes_twice_is_there_once(town):
    batch = [observed(seq, 2000 + seq, 5000) for seq in range(50)]
    assert town.deliver(batch, batch, batch[10:30]) == [[], [], []]
    assert town.deliver(batch, batch[::-1]) == [[], []]
    assert len(town.sql(READ)) == 100


def test_one_name_several_times_in_a_batch(town):
    tellings = [observed(1, 2000, revision=0, time=None), observed(1, 2000, revision=1, flags=1),
                observed(1, 2000, revision=0)]  # fmt: skip
    assert town.deliver(tellings) == [[]]
    assert town.sql("SELECT revision, flags, time IS NULL FROM luftpegel.readings") == [("1", "range", "f")]


def test_the_highest_revision_stays(town):
    orders = list(itertools.permutations(range(3)))
    for seq, (order, together) in enumerate(itertools.product(orders, (True, False))):
        tellings = [observed(seq, 2000, revision=0), observed(seq, 2000, revision=1, flags=4),
                    observed(seq, None, revision=2, wire=3)]  # fmt: skip
        told = [tellings[place] for place in order]
        town.deliver(*([told] if together else [[one] for one in told]))
    rows = town.sql("SELECT revision, quality, value FROM luftpegel.readings")
    assert rows == [("2", "3", "")] * 2 * len(orders)


def test_a_time_that_was_not_known_is_filled_in_and_stays(town):
    town.deliver([observed(1, 2000, time=None)], [observed(1, 2000)], [observed(1, 2000, time=None)])
    assert town.sql("SELECT extract(epoch FROM time)::int FROM luftpegel.readings") == [(str(START + 600),)]


def test_another_value_under_a_name_is_refused_alone(town):
    items = [observed(seq, 2000, 5000) for seq in range(3)]
    other = observed(1, 2000, 5111)
    [[], [refused]] = town.deliver(items, [other, observed(3, 1)])
    assert (refused.item, refused.fault.code) == (other, "LP-421")
    assert refused.fault.detail == "LP-0001 life 0 reading 1 humidity: 51.11, the database has 50.00"
    assert len(town.sql(READ)) == 7
    assert [len(one) for one in town.deliver([other, observed(3, 1)])] == [1]  # and again after a crash


def test_two_values_for_a_name_in_one_batch(town):
    first, second = observed(1, 2000), observed(1, 2001)
    assert [refused.item for refused in town.deliver([first, observed(2, 5), second])[0]] == [second]
    assert town.sql(READ)[0][-1] == "20.00"


def test_lives_tenants_and_channels_are_other_names(town):
    town.deliver([observed(1, 2000), observed(1, 2001, life=1), observed(1, 2002, tenant="b"),
                  observed(1, 2003, channels=(3,))])  # fmt: skip
    assert len(town.sql(READ)) == 4


def test_alarms(town):
    [_, again] = town.deliver(
        [alarm(1, time=None), alarm(2), alarm(1)], [alarm(1, time=None), alarm(2, 4300)]
    )
    assert [(one.item.seq, one.fault.code) for one in again] == [(2, "LP-421")]
    assert town.sql("SELECT seq, kind, time IS NULL, value, threshold FROM luftpegel.alarms ORDER BY 1") == [
        ("1", "above", "f", "420.0", "400.0"),
        ("2", "above", "f", "420.0", "400.0"),
    ]


def test_a_batch_of_nothing(town):
    absent = observed(1, channels=())
    assert town.deliver([], [absent]) == [[], []]
    assert town.sql(READ) == []


def test_stations_as_the_file_has_them(town, stations):
    read = "SELECT station, name, kind, interval_s, latitude, longitude FROM luftpegel.stations ORDER BY 1"
    town.deliver([observed(1), observed(1, station="LP-0009")])
    known = ("LP-0001", "Mühlbach, »alte« Brücke", "level", "600", "50.1", "6.25")
    assert town.sql(read) == [known, ("LP-0009", "", "", "", "", "")]
    stations["", "LP-0009"] = stations["", "LP-0002"]
    town.deliver([observed(2), observed(2, station="LP-0009")])
    assert town.sql(read) == [known, ("LP-0009", "Markt", "climate", "600", "", "")]
    del stations["", "LP-0009"]
    town.deliver([observed(3, station="LP-0009")])
    assert town.sql(read)[1][1] == "Markt"


MISFITS = [
    observed(1, 2**63),
    observed(2**63, 1),
    observed(1, 1, life=2**31),
    observed(1, 1, channels=(2**31,)),
    observed(1, 1, time=253402300800),
    observed(1, 1, time=-(10**13)),
    observed(1, 1, station="a\0b"),
    observed(1, 1, received_at=2**60),
    alarm(1, 2**63),
    alarm(1, 1, kind="a\0"),
]


def test_what_no_column_can_hold_is_refused_alone(town):
    batches = [[observed(2 * place), item, observed(2 * place + 1)] for place, item in enumerate(MISFITS)]
    refused = town.deliver(*batches)
    assert [(one.item, one.fault.code) for answer in refused for one in answer] == [
        (item, "LP-422") for item in MISFITS
    ]
    assert len(town.sql(READ)) == 2 * len(MISFITS)


def test_a_rule_that_somebody_added_refuses_a_row_alone(town):
    town.deliver([observed(0)])
    town.sql("ALTER TABLE luftpegel.readings ADD CHECK (value < 30)")
    items = [observed(seq, 9999 if seq in (3, 17) else 2000) for seq in range(1, 40)]
    [refused] = town.deliver(items)
    assert [(one.item.reading.seq, one.fault.code) for one in refused] == [(3, "LP-422"), (17, "LP-422")]
    assert "check constraint" in refused[0].fault.detail
    assert len(town.sql(READ)) == 38


def test_a_rule_that_refuses_everything_makes_readings_wait(town):
    town.deliver([observed(0)])
    town.sql("ALTER TABLE luftpegel.readings ADD CHECK (value < 0) NOT VALID")
    with pytest.raises(OtherEndDown, match="check constraint") as down:
        town.deliver([observed(1), observed(2)])
    assert down.value.code == "LP-422"


def test_a_commit_is_on_the_disk_whatever_the_default(town):
    town.deliver([observed(0)])
    town.sql(
        "CREATE TABLE seen (how text); GRANT ALL ON seen TO PUBLIC;"
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;"
        "CREATE TRIGGER look BEFORE INSERT ON luftpegel.readings FOR EACH ROW EXECUTE FUNCTION look();"
        f"ALTER DATABASE {town.database} SET synchronous_commit = off"
    )
    town.deliver([observed(1)])
    assert town.sql("SELECT how FROM seen") == [("on",)]


def test_a_repeated_batch_is_known_by_its_mark(town):
    batch = [observed(seq) for seq in range(3)]
    town.deliver(batch)
    town.sql("DELETE FROM luftpegel.readings")  # shows that nothing is written
    town.deliver(batch)
    assert town.sql(READ) == []
    town.deliver(batch[:2])
    assert len(town.sql(READ)) == 2


def test_several_gateways_write_one_database(town):
    """They make the tables once, and none is thrown out for writing the same rows in another order."""

    async def main():
        batches = [
            [observed(seq, 2000 + seq) for seq in range(part, part + 60)] for part in range(0, 200, 20)
        ]
        sinks = [town.sink(f"s{place}") for place in range(4)]
        await asyncio.gather(*(deliver(sink, *batches[:: (-1) ** place]) for place, sink in enumerate(sinks)))

    run(main())
    assert len(town.sql(READ)) == 240
    assert len(town.sql("SELECT * FROM luftpegel.version")) == 1


def test_a_later_version_of_the_tables(town, monkeypatch):
    town.deliver([observed(1)])
    later = (*schema.MIGRATIONS, "ALTER TABLE luftpegel.stations ADD COLUMN note text;")
    running = town.sink()
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", later)
        town.deliver([observed(2)])
        assert town.sql("SELECT version FROM luftpegel.version") == [("2",)]
        assert len(town.sql("SELECT note FROM luftpegel.stations")) == 1
    with pytest.raises(OtherEndDown) as down:
        run(deliver(running, [observed(3)]))
    assert (down.value.code, len(town.sql(READ))) == ("LP-496", 2)


def test_a_migration_that_fails_leaves_nothing(town, monkeypatch):
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*schema.MIGRATIONS, "CREATE TABLE luftpegel.half ();SELECT 1/0")
    )
    with pytest.raises(OtherEndDown):
        town.deliver([observed(1)])
    assert town.sql("SELECT to_regnamespace('luftpegel') IS NULL") == [("t",)]


def test_tables_of_another_program(town):
    town.sql("CREATE SCHEMA luftpegel; GRANT ALL ON SCHEMA luftpegel TO PUBLIC;"
             "CREATE TABLE luftpegel.readings (a int)")  # fmt: skip
    with pytest.raises(OtherEndDown) as down:
        town.deliver([observed(1)])
    assert down.value.code == "LP-496"


def test_a_quantity_that_a_later_gateway_knows(town, monkeypatch):
    """Values that were kept raw get their unit; an older gateway beside it then writes in that unit, too."""
    real = schema.quantity_row

    def forgetful(channel):
        return (
            (channel, "channel-2", None, None, None, None, 0, "1", False)
            if channel == TEMPERATURE
            else real(channel)
        )

    monkeypatch.setattr("luftpegel_gateway.sinks.postgresql_write.quantity_row", forgetful)
    with monkeypatch.context() as older:
        older.setattr(schema, "quantity_row", forgetful)
        town.deliver([observed(1, 2153, 5000)])
        assert [row[-1] for row in town.sql(READ)] == ["2153", "50.00"]
    town.deliver([observed(2, 2154, channels=(HUMIDITY,))])
    town.deliver([observed(3, 2155)])  # still forgets while it writes
    assert [row[-1] for row in town.sql(READ)] == ["21.53", "50.00", "21.54", "21.55"]
    assert town.sql("SELECT unit FROM luftpegel.quantities WHERE channel = 2") == [("Cel",)]


def test_views_for_people(town):
    town.deliver([observed(1, 2000), observed(2, 2100), observed(3, 2200, life=1, time=START),
                  observed(4, 2300, time=None), observed(1, 999, station="LP-0009"), alarm(1)])  # fmt: skip
    assert town.sql(
        "SELECT station, station_name, quantity, value, symbol, latitude FROM luftpegel.current"
    ) == [
        ("LP-0001", "Mühlbach, »alte« Brücke", "temperature", "21.00", "°C", "50.1"),
        ("LP-0009", "", "temperature", "9.99", "°C", ""),
    ]
    assert len(town.sql("SELECT * FROM luftpegel.measurements")) == 5
    assert town.sql("SELECT station_name, quantity, kind, value FROM luftpegel.raised") == [
        ("Mühlbach, »alte« Brücke", "level", "above", "420.0")
    ]


def test_a_map_where_postgis_is(postgis, number, make_sink):
    town = Town(postgis, number, make_sink, ["postgis"])
    town.deliver([observed(1, 2000), observed(1, 999, station="LP-0009")])
    assert town.sql("SELECT id, value, ST_AsText(place) FROM luftpegel.map") == [
        ("LP-0001/temperature", "20.00", "POINT(6.25 50.1)")
    ]
    town.deliver([observed(2, 2000)])


def test_probe(town):
    run(module.probe(town.sink()._options, "town"))
    assert town.sql("SELECT to_regnamespace('luftpegel') IS NULL") == [("t",)]
    town.deliver([observed(1)])
    run(module.probe(town.sink()._options, "town"))
