"""Who a device is, also while the list of stations is exchanged."""

import pytest

from luftpegel_gateway.directory.directory import Directory
from luftpegel_gateway.model.station import Station


def station(name, dev_eui, tenant=""):
    return Station(name, dev_eui, name, "climate", tenant=tenant)


A, B = station("a", "70b3d57ed0000001"), station("b", "70b3d57ed0000002")


def test_a_device_and_an_id():
    directory = Directory([A, B])
    assert directory.resolve("chirpstack", "70B3D57ED0000002") is B
    assert directory.resolve("chirpstack", "70b3d57ed00000aa") is None
    assert (directory.by_id("a"), directory.by_id("c"), directory.by_id("a", "town")) == (A, None, None)
    assert directory.stations == (A, B)


def test_reloading_is_seen_at_once_and_a_reader_of_the_old_list_keeps_it():
    directory = Directory([A])
    before = directory.tables
    directory.reload([B])
    assert (directory.resolve("", A.dev_eui), directory.resolve("", B.dev_eui)) == (None, B)
    assert before.stations == (A,)


@pytest.mark.parametrize("second", [station("a", "70b3d57ed0000009"), station("c", A.dev_eui.upper())])
def test_what_stands_twice_is_refused_and_the_old_list_stays(second):
    directory = Directory([A])
    with pytest.raises(ValueError, match="twice"):
        directory.reload([A, second])
    assert directory.stations == (A,)


def test_two_network_servers_may_have_the_same_device():
    mine, yours = station("a", A.dev_eui, "north"), station("a", A.dev_eui, "south")
    directory = Directory([mine, yours], {"one": "north", "two": "south"})
    assert directory.resolve("one", A.dev_eui) is mine
    assert directory.resolve("two", A.dev_eui) is yours
    assert directory.resolve("three", A.dev_eui) is None
    assert directory.by_id("a", "south") is yours
