"""`luftpegel gateway import` with the real grpc client against a network server's API.

Several of these are reported faults of similar software: a list asked for without a limit that is empty,
devices of one name that get lost between two pages, keys of one tenant that may not list tenants.
"""

import json
import os
import random
import sys
import tomllib
from pathlib import Path

import grpc
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from chirpstack_world import ADMIN, FOREIGN, NO_STATIONS, READER, REMOVED, api_world  # noqa: F401

from luftpegel_gateway.cli import importing
from luftpegel_gateway.config import editing
from luftpegel_gateway.config.stations import read_stations
from luftpegel_gateway.network_server import plan
from luftpegel_gateway.network_server.inventory import Device, Inventory, Named
from luftpegel_tools.cli import main

HAND_WRITTEN = """\
# Pegel der Stadt. Nicht umsortieren!

[[station]]
id = "LP-9"          # die älteste
dev_eui = "70B3D57ED0000009"
name = 'Am Wehr'  # so nennen es alle
kind = "level"
[station.limits.distance]
low = 30

[[station]]
id = "LP-2"
dev_eui = "70b3d57ed0000002"
name = "Markt"
kind = "climate"
latitude = 53.5
longitude = 9.9
"""


@pytest.fixture
def world(api_world):  # noqa: F811
    return api_world


@pytest.fixture
def run(world, capsys):
    return lambda *words: world.run(capsys, "import", *words)


@pytest.fixture
def listed(world):
    return lambda: tomllib.loads(world.stations.read_text()).get("station", [])


def test_devices_become_stations_with_name_place_and_kind(world, run, listed):
    world.add("70b3d57ed0000001", "Mühlbach Brücke", tags={"latitude": "53,55", "longitude": "9.99"})
    world.add("70b3d57ed0000002", "Markt", tags={"luftpegel-kind": "air", "luftpegel-id": "LP-2",
                                                 "luftpegel-interval-s": "300"})  # fmt: skip
    world.add("70b3d57ed0000003", "Wehr", variables={"latitude": "53.5", "longitude": "10"})
    code, said = run("--yes")
    assert code == 0, said
    assert listed() == [
        {"id": "LP-2", "dev_eui": "70b3d57ed0000002", "name": "Markt", "kind": "air", "interval_s": 300},
        {"id": "Muehlbach-Bruecke", "dev_eui": "70b3d57ed0000001", "name": "Mühlbach Brücke",
         "kind": "level", "latitude": 53.55, "longitude": 9.99},
        {"id": "Wehr", "dev_eui": "70b3d57ed0000003", "name": "Wehr", "kind": "level", "latitude": 53.5,
         "longitude": 10.0},
    ]  # fmt: skip
    assert world.stations.read_text().startswith(NO_STATIONS)
    assert "EU868" in said


def test_a_second_import_changes_nothing(world, run):
    world.add("70b3d57ed0000001", 'Am "Steg" \\ Süd\n', tags={"latitude": "53.55", "longitude": "9.99"})
    assert run("--yes")[0] == 0
    first = world.stations.read_bytes(), world.stations.stat().st_ino
    code, said = run()  # without --yes: there is nothing to ask
    assert (code, "Nothing to import" in said) == (0, True)
    assert (world.stations.read_bytes(), world.stations.stat().st_ino) == first


def test_what_a_hand_wrote_stays(world, run, listed):
    world.stations.write_text(HAND_WRITTEN)
    place = {"latitude": "53.6", "longitude": "10.1"}
    world.add("70b3d57ed0000009", "Wehr Nord", tags=place)
    world.add("70b3d57ed0000002", "Marktplatz", tags=place)
    code, said = run("--yes")
    assert code == 0, said
    after = world.stations.read_text()
    old = HAND_WRITTEN.splitlines()
    assert [line for line in after.splitlines() if line in old] == old
    assert [line for line in after.splitlines() if line not in old] == ["latitude = 53.6", "longitude = 10.1"]
    assert listed()[0] | {"latitude": 53.6} == listed()[0], "the place that was lacking"
    assert "kept     LP-9             name: Am Wehr (ChirpStack: Wehr Nord)" in said
    assert "kept     LP-2             latitude: 53.5 (ChirpStack: 53.6)" in said


def test_chirpstack_may_be_preferred(world, run, listed):
    world.stations.write_text(HAND_WRITTEN)
    world.add("70b3d57ed0000009", "Wehr Nord")
    world.add("70b3d57ed0000002", "Marktplatz", tags={"latitude": "53.6", "longitude": "10.1"})
    assert run("--yes", "--prefer", "chirpstack")[0] == 0
    assert [station["name"] for station in listed()] == ["Wehr Nord", "Marktplatz"]
    assert (listed()[1]["latitude"], listed()[1]["longitude"]) == (53.6, 10.1)
    text = world.stations.read_text()
    assert 'name = "Wehr Nord"  # so nennen es alle' in text
    assert text.count("\n") == HAND_WRITTEN.count("\n")


def test_what_is_gone_is_told_and_stays(world, run):
    world.stations.write_text(HAND_WRITTEN)
    world.add("70b3d57ed0000002", "Markt", is_disabled=True)
    code, said = run("--yes")
    assert code == 0
    assert "gone     LP-9" in said
    assert "disabled LP-2" in said
    assert world.stations.read_text() == HAND_WRITTEN


def test_a_filter_makes_no_station_gone(world, run):
    world.stations.write_text(HAND_WRITTEN)
    world.add("70b3d57ed0000002", "Markt")
    world.add("70b3d57ed0000009", "Am Wehr", tags={"ward": "north"})
    assert "gone" not in run("--tag", "ward=north")[1]


@pytest.mark.parametrize(
    ("fields", "words", "code"),
    [
        ({"tags": {"luftpegel": "no"}}, "tag luftpegel = no", 0),
        ({"is_disabled": True}, "disabled", 0),
        ({"tags": {"luftpegel-kind": "soil"}}, "luftpegel-kind = soil", 4),
        ({"tags": {"luftpegel-id": "über uns"}}, "luftpegel-id = über uns", 4),
        ({"tags": {"luftpegel-id": "lp-9"}}, "another station has this id", 4),
    ],
)
def test_what_cannot_be_a_station_is_told(world, run, fields, words, code):
    world.stations.write_text(HAND_WRITTEN)
    world.add("70b3d57ed0000002", "Markt")
    world.add("70b3d57ed0000009", "Am Wehr")
    world.add("70b3d57ed0000001", "Foreign", **fields)
    found, said = run("--yes")
    assert (found, words in said) == (code, True), said
    assert world.stations.read_text() == HAND_WRITTEN


def test_a_retired_station_does_not_rise_again(world, run):
    retired = "retired = 2026-01-01\n[station.limits"
    world.stations.write_text(HAND_WRITTEN.replace("[station.limits", retired))
    world.add("70b3d57ed0000009", "Am Wehr")
    code, said = run("--yes")
    assert (code, "retired here" in said) == (0, True)


def test_a_kind_is_asked_for_where_no_tag_says_it(world, run, listed):
    plain = world.make_profile("anything")
    world.add("70b3d57ed0000001", "Markt", device_profile_id=plain)
    code, said = run("--yes")
    assert (code, "--kind" in said, listed()) == (4, True, [])
    assert run("--yes", "--kind", "climate")[0] == 0
    assert listed()[0]["kind"] == "climate"


def test_foreign_makers_are_left_out_by_profile_and_by_the_sources_filter(world, run, listed):
    parking = world.make_profile("Parking sensor", tags={"luftpegel-kind": "air"})
    for number in range(6):
        profile = parking if number % 2 else world.profile
        world.add(f"70b3d57ed000000{number}", f"Device {number}", device_profile_id=profile)
    assert run("--yes", "--device-profile", "Luftpegel", "--dry-run", "--json")[0] == 0
    world.write(devices=["*2", "*3"])
    assert run("--yes", "--device-profile", "Luftpegel")[0] == 0
    assert [station["dev_eui"][-1] for station in listed()] == ["2"]


def test_ids_are_unique_and_of_plain_letters(world, run, listed):
    names = ["Straße / Süd", "Straße / Süd", "Станция", "../../etc", "x" * 100, "x" * 100, "\x1b[31m\u202e"]
    for number, name in enumerate(names):
        world.add(f"70b3d57ed000000{number}", name)
    code, said = run("--yes")
    assert code == 0
    assert [station["id"] for station in listed()] == [
        "Strasse-Sued", "Strasse-Sued-0001", "70b3d57ed0000002", "etc", "x" * 64, "x" * 59 + "-0005", "31m",
    ]  # fmt: skip
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_ids_that_tags_name_are_not_taken_by_names(world, run, listed):
    world.add("70b3d57ed0000001", "LP-7")
    world.add("70b3d57ed0000002", "Markt", tags={"luftpegel-id": "LP-7"})
    assert run("--yes")[0] == 0
    assert {station["dev_eui"][-1]: station["id"] for station in listed()} == {"1": "LP-7-0001", "2": "LP-7"}


def test_more_devices_than_a_page_has_all_of_one_name(world, run, listed):
    """Sorted by name they would stand on two pages or on none."""
    for number in range(1050):
        world.add(f"70b3d57ed0{number:06x}", "Regen")
    assert run("--yes")[0] == 0
    assert len({station["dev_eui"] for station in listed()}) == 1050


def test_an_older_server_that_ignores_the_order_loses_none_either(world, run, listed, monkeypatch):
    records = world.server.records
    by_name = records.devices_of
    monkeypatch.setattr(
        records, "devices_of", lambda app, asked: by_name(app, type(asked)(limit=asked.limit))
    )
    for number in range(150):
        world.add(f"70b3d57ed0{number:06x}", "Regen")
    code, said = run("--yes")
    if code == 1:
        assert "LP-519" in said, "refused rather than half of them"
        assert listed() == []
    else:
        assert len(listed()) == 150


def test_who_names_no_tenant_needs_a_key_of_the_whole_server(world, run):
    world.write(api_tenant=None)
    assert run()[0] == 1
    assert "LP-510" in run()[1]
    world.give_key(ADMIN)
    code, said = run()
    assert (code, "LP-512" in said, "Musterstadt" in said, "Nachbarstadt" in said) == (1, True, True, True)
    assert run("--tenant", "Musterstadt")[0] == 0
    code, said = run("--tenant", "musterstadt")
    assert (code, "LP-511" in said, "there are: Musterstadt" in said) == (1, True, True)


def test_of_several_applications_one_is_named_or_the_sources_filter_says_which(world, run):
    world.make_application("Parken")
    world.add("70b3d57ed0000001", "Markt")
    code, said = run()
    assert (code, "LP-512" in said, "Parken" in said) == (1, True, True)
    assert "1 devices" in run("--application", "Pegel", "--dry-run")[1]
    assert "0 devices" in run("--application", "Parken")[1]
    assert "Parken, Pegel" in run("--application", "Parken", "--application", "Pegel", "--dry-run")[1]
    world.write(applications=["Peg*"])
    assert "applications Pegel: 1 devices" in run("--dry-run")[1]
    world.write(applications=["Nothing"])
    assert "LP-511" in run()[1]


@pytest.mark.parametrize(
    ("key", "code"), [(READER, None), (FOREIGN, "LP-510"), (REMOVED, "LP-510"), ("rubbish", "LP-509")]
)
def test_keys_that_may_not(world, run, key, code):
    world.give_key(key)
    found, said = run()
    assert (found, code is None or code in said) == (0 if code is None else 1, True), said
    assert key not in said


def test_it_asks_before_it_changes_anything(world, run):
    world.add("70b3d57ed0000001", "Markt")
    for words in ((), ("--json",)):
        code, said = run(*words)
        assert (code, "LP-516" in said) == (2, True)
    assert world.stations.read_text() == NO_STATIONS
    code, said = run("--dry-run", "--json")
    facts = json.loads(said)
    assert (code, facts["changed"], facts["added"][0]["values"]["id"]) == (0, False, "Markt")
    assert world.stations.read_text() == NO_STATIONS


def test_a_passing_fault_is_tried_again_and_a_lasting_one_told(world, run, listed):
    world.add("70b3d57ed0000001", "Markt")
    left = [grpc.StatusCode.UNAVAILABLE]
    world.spoiler.before = lambda name: left.pop() if left and name == "Get" else None
    assert run("--yes")[0] == 0
    assert len(listed()) == 1
    world.spoiler.before = lambda _name: grpc.StatusCode.INTERNAL
    code, said = run("--yes")
    assert (code, "LP-514" in said) == (1, True)
    assert len(listed()) == 1


@pytest.mark.parametrize("status", [grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNAUTHENTICATED])
def test_a_device_that_goes_while_the_list_is_read(world, run, listed, status):
    world.add("70b3d57ed0000001", "Markt")
    world.spoiler.before = lambda name: status if name == "Get" and world.spoiler.calls[-2] == "Get" else None
    code, said = run("--yes")
    assert (code, "LP-519" in said, listed()) == (1, True, [])


def test_the_stations_belong_to_the_sources_tenant(world, run, listed):
    other = HAND_WRITTEN.replace('id = "LP-9"', 'id = "LP-9"\ntenant = "south"', 1)
    world.stations.write_text(other)
    world.write(tenant="north")
    text = world.config.read_text()
    world.config.write_text(text + '\n[[tenant]]\nid = "north"\n\n[[tenant]]\nid = "south"\n')
    world.add("70b3d57ed0000009", "Markt", tags={"luftpegel-id": "LP-9"})
    code, said = run("--yes")
    assert (code, "gone" in said) == (0, False), said
    assert listed()[-1] == {"id": "LP-9", "tenant": "north", "dev_eui": "70b3d57ed0000009", "name": "Markt",
                            "kind": "level"}  # fmt: skip


def test_without_an_api_it_says_so(world, run):
    world.write(api_host=None, api_key_file=None, api_tenant=None)
    code, said = run()
    assert (code, "LP-515" in said) == (1, True)


def test_german(world, capsys):
    world.add("70b3d57ed0000001", "Markt")
    assert main(["gateway", "import", "--config", str(world.config), "--lang", "de", "--dry-run"]) == 0
    assert "neu      Markt" in capsys.readouterr().out


def test_a_file_that_changed_meanwhile_is_left_alone(world, run, monkeypatch):
    world.add("70b3d57ed0000001", "Markt")
    edited = NO_STATIONS + "# somebody writes\n"
    monkeypatch.setattr(importing, "_confirm", lambda *_: world.stations.write_text(edited))
    code, said = run("--yes")
    assert (code, "LP-364" in said) == (1, True)
    assert world.stations.read_text() == edited


def test_whatever_devices_are_called_the_file_stays_valid(tmp_path):
    """Names, tags and variables from a network server are anything; what comes out can be read, and once
    more changes nothing."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    signs = 'aZ09 ._-"\'\\#=[]{}\n\r\t\0\x1b\x7f\x85\u2028äß😀\u202e'
    text = HAND_WRITTEN
    file = tmp_path / "stations.toml"

    def word(longest):
        return "".join(rng.choice(signs) for _ in range(rng.randrange(longest)))

    def tags():
        keys = ("luftpegel", plan.ID_TAG, plan.KIND_TAG, plan.INTERVAL_TAG, "latitude", "longitude")
        values = ("no", "level", "air", "53.5", "nan", "-1e400", "inf", "1e999", "600", "٣", word(20))
        return {key: rng.choice(values) for key in keys if rng.random() < 0.5}

    for _ in range(400):
        devices = tuple(
            Device(f"70b3d57ed0{number:06x}", word(90), "a", "a", tags=tags(), variables=tags())
            for number in rng.sample(range(256), 50)
        )
        inventory = Inventory(Named("t", "t"), (), devices, frozenset())
        prefer = rng.choice((plan.LOCAL, plan.CHIRPSTACK))
        file.write_bytes(text.encode())
        stations, mistakes = read_stations(file)
        assert mistakes == []
        todo = plan.make(inventory, stations, "", kind="climate", prefer=prefer)
        text = plan.apply(todo, "", text)
        file.write_bytes(text.encode())
        stations, mistakes = read_stations(file)
        assert [(one.line, one.code, one.words) for one in mistakes] == []
        again = plan.make(inventory, stations, "", kind="climate", prefer=prefer)
        assert again.changes == 0, again
        if len(stations) > 60:
            text = HAND_WRITTEN
    assert editing.written("\0\x7f") == '"\\u0000\\u007f"'
