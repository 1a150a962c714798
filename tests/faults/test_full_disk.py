"""A disk that takes nothing more: no acknowledgement, no loss, and on it goes when there is room.

The limit on file sizes stands in for the full disk: it makes every write of the running process fail, on any
machine and without root.
"""

import resource

import pytest


def writes_fail(process, failing):
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1 if failing else hard, hard))


@pytest.fixture
def full_site(site, server, station, until):
    """A gateway that has stored one reading, and then cannot write while thirty more are published."""
    site.started()
    server.publish(station.topic(), station.uplink(0))
    site.wait_for([0])
    writes_fail(site.process, True)
    for seq in range(1, 31):
        server.publish(station.topic(), station.uplink(seq, history=1))
    server.settle()
    until(lambda: site.troubles() == {"journal": "LP-410"}, "the full disk is not told")
    assert set(site.stored()) == {0}
    return site


def test_killed_while_the_disk_is_full(full_site, station):
    full_site.kill()
    full_site.start()
    full_site.wait_for(range(31))
    assert full_site.stored() == {seq: station.value(seq) for seq in range(31)}
