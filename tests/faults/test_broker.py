"""The broker goes away and comes back, with everything that was on the way."""


def test_broker_restarted_under_load(site, server, station, broker, until):
    site.started()
    for seq in range(200):
        if seq in (50, 120):
            broker.stop()
            until(lambda: site.troubles() == {"chirpstack-mqtt": "LP-441"}, "loss of the broker not noticed")
            broker.start()
        server.publish(station.topic(), station.uplink(seq, history=1))
    site.wait_for(range(200))
    assert site.stored() == {seq: station.value(seq) for seq in range(200)}
    assert site.troubles() == {}


def test_gateway_started_before_its_broker(site, broker, station, until, network_server):
    broker.stop()
    site.start()
    until(lambda: site.troubles() == {"chirpstack-mqtt": "LP-441"}, "no trouble told")
    broker.start()
    until(lambda: site.troubles() == {}, "not connected")
    server = network_server(broker.port)
    server.publish(station.topic(), station.uplink(3))
    site.wait_for(range(4))
