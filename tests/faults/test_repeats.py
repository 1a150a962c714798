"""The same again: delivered again by the broker, sent again by the station, or a station that counts anew."""

from dataclasses import replace


def test_every_frame_three_times_is_stored_once(site, server, station):
    site.started()
    for seq in range(10):
        again = station.uplink(seq)
        for _ in range(3):
            server.publish(station.topic(), again)
    site.wait_for(range(10))
    server.publish(station.topic(), station.uplink(10))
    site.wait_for(range(11))
    assert site.stored() == {seq: station.value(seq) for seq in range(11)}
    assert site.journal("SELECT count(*) FROM frame") == [(11,)]


def test_the_frame_counter_may_begin_again_after_a_join(site, server, station, make_station):
    site.started()
    server.publish(station.topic(), station.uplink(0, history=1))
    server.publish(station.topic("join"), station.event(b""))
    rejoined = make_station()
    server.publish(station.topic(), rejoined.uplink(1, history=1))
    site.wait_for(range(2))


def test_a_station_that_lost_its_memory_is_quarantined_not_written_over(
    site, server, station, make_station, until
):
    site.started()
    server.publish(station.topic(), station.uplink(8, history=9))
    site.wait_for(range(9))
    stored = site.rows("SELECT * FROM readings ORDER BY 1, 2, 3")
    restarted = make_station(value=lambda seq: (1000 + 10 * seq, 3000))
    server.publish(station.topic(), restarted.uplink(2, history=3))
    until(lambda: site.journal("SELECT code FROM quarantine") == [("LP-253",)], "contradiction not noticed")
    assert site.rows("SELECT * FROM readings ORDER BY 1, 2, 3") == stored


def test_the_same_values_at_another_time_are_another_reading(site, server, station, until):
    site.started()
    server.publish(station.topic(), station.uplink(8, history=9))
    site.wait_for(range(9))
    a_year_later = replace(station, start=station.start.replace(year=2027))
    server.publish(station.topic(), a_year_later.uplink(2, history=3))
    until(lambda: site.journal("SELECT code FROM quarantine") == [("LP-253",)], "contradiction not noticed")


def test_a_contradiction_does_not_take_new_readings_with_it(site, server, station, make_station, until):
    site.started()
    server.publish(station.topic(), station.uplink(3, history=2))
    site.wait_for([2, 3])
    other = make_station(value=lambda seq: (1000, 3000) if seq == 3 else station.value(seq))
    server.publish(station.topic(), other.event(other.payload(5, history=3), 5, fCnt=99))
    site.wait_for([2, 3, 4, 5])
    assert site.stored() == {seq: station.value(seq) for seq in (2, 3, 4, 5)}
    assert site.journal("SELECT code FROM quarantine") == [("LP-253",)]
