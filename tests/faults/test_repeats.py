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
    assert site.account().frames == 11
    assert site.state().repeated_frames == 20


def test_the_frame_counter_may_begin_again_after_a_join(site, server, station, make_station):
    site.started()
    server.publish(station.topic(), station.uplink(0, history=1))
    server.publish(station.topic("join"), station.event(b""))
    rejoined = make_station()
    server.publish(station.topic(), rejoined.uplink(1, history=1))
    site.wait_for(range(2))


def test_a_station_that_lost_its_memory_begins_a_new_life(site, server, station, make_station, until):
    site.started()
    server.publish(station.topic(), station.uplink(8, history=9))
    site.wait_for(range(9))
    first = "SELECT * FROM readings WHERE life = 0 ORDER BY seq, channel"
    stored = site.rows(first)
    restarted = make_station(value=lambda seq: (1000 + 10 * seq, 3000))
    server.publish(station.topic(), restarted.uplink(2, history=3))
    until(lambda: site.stored(life=1) == {seq: restarted.value(seq) for seq in range(3)}, "no new life")
    assert site.rows(first) == stored
    assert site.codes() == []


def test_the_same_values_at_another_time_are_no_contradiction(site, server, station):
    site.started()
    server.publish(station.topic(), station.uplink(8, history=9))
    site.wait_for(range(9))
    stored = site.rows("SELECT * FROM readings")
    wrong_clock = replace(station, start=station.start.replace(year=2027))
    server.publish(station.topic(), wrong_clock.uplink(2, history=3))
    server.publish(station.topic(), station.uplink(9, history=1))
    site.wait_for([9])
    assert site.codes() == []
    assert site.rows("SELECT * FROM readings WHERE seq < 8") == [row for row in stored if row[3] < 8]


def test_a_contradiction_does_not_take_new_readings_with_it(site, server, station, make_station):
    site.started()
    server.publish(station.topic(), station.uplink(3, history=4))
    site.wait_for(range(4))
    other = make_station(value=lambda seq: (1000, 3000) if seq == 3 else station.value(seq))
    server.publish(station.topic(), other.event(other.payload(5, history=5), 5, fCnt=99))
    site.wait_for(range(6))
    assert site.stored() == {seq: station.value(seq) for seq in range(6)}
    assert site.codes() == ["LP-253"]
