"""From the broker into the store: the whole way through a real process."""


def test_every_reading_arrives_with_its_value(site, server, station):
    site.started()
    for seq in range(0, 40, 2):
        server.publish(station.topic(), station.uplink(seq))
    site.wait_for(range(39))
    assert site.stored() == {seq: station.value(seq) for seq in range(39)}


def test_what_came_while_the_gateway_was_away_is_not_lost(site, server, station):
    site.started()
    server.publish(station.topic(), station.uplink(3))
    site.wait_for(range(4))
    site.stop()
    for seq in range(4, 60):
        server.publish(station.topic(), station.uplink(seq, history=1))
    server.settle()
    site.start()
    site.wait_for(range(60))
    assert site.stored() == {seq: station.value(seq) for seq in range(60)}


def test_time_is_the_network_servers_minus_the_age(site, server, station):
    site.started()
    server.publish(station.topic(), station.uplink(10))
    site.wait_for([10])
    start = int(station.start.timestamp())
    times = site.rows("SELECT DISTINCT seq, time FROM readings ORDER BY seq")
    assert times == [(seq, start + seq * station.interval) for seq in (7, 8, 9, 10)]
