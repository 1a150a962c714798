"""A reading whose time was not known when it came gets it when a later frame tells it, and nothing else."""

from luftpegel_wire import Row, encode_readings


def frame(seq, age, value):
    return encode_readings((2,), iter([Row(seq, age, 0, (value,), (0,))]), 51)[0]


def stored(site):
    return site.rows("SELECT time, value FROM readings WHERE seq = 5")


def test_a_time_found_late_is_filled_in(site, server, station, until):
    site.started()
    server.publish(station.topic(), station.event(frame(5, None, 2150), 5))
    until(lambda: stored(site) == [(None, 2150)], "the reading without a time did not arrive")
    server.publish(station.topic(), station.event(frame(5, 60, 2150), 6))
    until(lambda: stored(site)[0][0] is not None, "the time was not filled in")
    known = stored(site)
    server.publish(station.topic(), station.event(frame(5, 670, 2150), 7))
    server.publish(station.topic(), station.event(frame(5, None, 2150), 8))
    server.publish(station.topic(), station.event(frame(6, 1, 2160), 9))
    site.wait_for([6])
    assert stored(site) == known
    assert site.codes() == []
