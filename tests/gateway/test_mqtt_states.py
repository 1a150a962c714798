"""Each state of a broker connection: a broker that makes it, one cause, and a broker that clears it.

Those of TLS: `test_mqtt_tls.py`.
"""

import logging
import socket

import pytest
from mqtt_world import level_of, options, until

from luftpegel_gateway.sources import mqtt_events
from luftpegel_gateway.transport import mqtt, mqtt_faults, mqtt_link, mqtt_probe, mqtt_stream
from luftpegel_gateway.words.messages import CATALOGUE, parts_of

BOTH = pytest.mark.parametrize("protocol", ["5", "3.1.1"])
TOPIC = "application/a/device/d/event/up"


# Names and roads.


@BOTH
def test_nobody_listens(inn, gateway, protocol, caplog):
    inn.close()
    with caplog.at_level(logging.INFO):
        one = gateway(inn.port, protocol=protocol)
        one.shows("LP-441")
    assert "works" not in caplog.text  # nor between "not connected yet" and the cause
    inn.open()
    one.works()


@pytest.mark.parametrize("host", ["no-such-broker.invalid", "a..b", "x" * 64 + ".invalid"])
def test_a_host_name_that_nobody_knows(inn, gateway, host, monkeypatch, caplog):
    one = gateway(inn.port, host=host)
    one.shows("LP-440")
    assert "MQTT client failed" not in caplog.text  # paho's thread lives
    ask = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _name, *more: ask("127.0.0.1", *more))
    one.works()


def test_a_broker_that_goes_and_comes_back(inn, gateway):
    one = gateway(inn.port).works()
    inn.close()
    one.shows("LP-441")
    inn.open()
    one.works()


# Login and what comes after.


@BOTH
@pytest.mark.parametrize("login", [(None, None), ("town", "wrong"), ("nobody", "right")])
def test_a_refused_login_stays_one(inn, gateway, login, protocol, caplog):
    """It did last for an instant, and then "protocol error" stood there for ever."""
    inn.open_with_login("town", "right")
    username, password = login
    one = gateway(inn.port, username=username, password_file=password, protocol=protocol)
    one.shows("LP-402")
    seen = one.condition()
    until(lambda: one.condition().last_seen > seen.last_seen)  # refused again
    assert one.code() == "LP-402"
    assert one.condition().since == pytest.approx(seen.since, abs=0.01)
    inn.open()
    one.works()
    told = [record.getMessage() for record in caplog.records if "LP-402" in record.getMessage()]
    assert len(told) == 1


def test_a_refused_login_is_no_reason_any_more_when_the_broker_is_gone(inn, gateway):
    inn.open_with_login("town", "right")
    one = gateway(inn.port)
    one.shows("LP-402")
    inn.close()
    one.shows("LP-441")


@BOTH
def test_a_refused_subscription(inn, gateway, protocol, monkeypatch):
    """Else the broker is connected, everything works, and nothing ever comes."""
    monkeypatch.setattr(mqtt_events, "RESUBSCRIBE_S", 0.05)
    inn.open_without_subscribing()
    one = gateway(inn.port, protocol=protocol)
    one.shows("LP-403")
    inn.open()
    one.works()


def test_a_subscription_that_is_allowed_later_on_the_same_connection(inn, gateway, monkeypatch):
    monkeypatch.setattr(mqtt_events, "RESUBSCRIBE_S", 0.05)
    one = gateway(inn.port).works()
    one.call(lambda: one.source._answered(["not authorized"]))  # asks again, and is granted
    one.shows("LP-403")
    one.works()


@BOTH
def test_two_gateways_with_one_client_id(inn, gateway, protocol, monkeypatch):
    monkeypatch.setattr(mqtt_link, "STEADY_S", 0.5)
    one = gateway(inn.port, client_id="same", protocol=protocol).works()
    other = gateway(inn.port, client_id="same", protocol=protocol)
    one.shows("LP-449")
    before = one.source._client._connection

    def again():
        assert one.code() == "LP-449"  # also while it is our turn
        return one.source._client._connection > before + 3

    until(again)
    other.stop()
    one.works()


def test_a_connection_that_broke_a_few_times_is_no_second_client(inn, gateway):
    one = gateway(inn.port, protocol="3.1.1").works()
    for _ in range(mqtt_link.SHORT_ONES - 1):
        inn.close()
        one.shows("LP-441")
        inn.open()
        one.works()


@pytest.mark.parametrize("answer", [b"\x20\x02\x00\x01", b""])
def test_a_broker_too_old_for_mqtt_5(inn, gateway, front, answer):
    old = front(lambda packet: answer if level_of(packet) == 5 else None, inn.port)
    one = gateway(old.port)
    one.shows("LP-448")
    gateway(old.port, protocol="3.1.1", client_id="other").works()
    old.pass_on()
    one.works()


def test_a_silent_port_is_asked_once_and_not_at_every_attempt(inn, gateway, front):
    asked = []
    silent = front(lambda packet: asked.append(packet[:1]) or b"", inn.port)
    one = gateway(silent.port)
    until(lambda: asked.count(b"\x10") > 10)
    assert asked.count(b"\x16") == 1  # a TLS handshake
    assert one.code() == "LP-401"
    silent.pass_on()
    one.works()
    silent.answer = lambda packet: b"" if level_of(packet) == 5 else None
    one.source._client._stream._sock.shutdown(socket.SHUT_RDWR)
    one.shows("LP-448")  # what was found before holds no longer


@pytest.mark.parametrize(
    ("protocol", "answer"), [("5", b"\x20\x03\x00\x89\x00"), ("3.1.1", b"\x20\x02\x00\x03")]
)
def test_a_broker_that_takes_nobody_now(inn, gateway, front, protocol, answer):
    busy = front(lambda _packet: answer, inn.port)
    one = gateway(busy.port, protocol=protocol)
    one.shows("LP-408")
    busy.pass_on()
    one.works()


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"\x00\x00"])
@BOTH
def test_what_is_no_broker(inn, gateway, front, answer, protocol):
    other = front(lambda _packet: answer, inn.port)
    one = gateway(other.port, protocol=protocol)
    one.shows("LP-409")
    other.pass_on()
    one.works()


def test_one_who_listens_and_says_nothing(inn, gateway, monkeypatch):
    """It is left after some seconds, and not after the keep-alive, which may be an hour."""
    monkeypatch.setattr(mqtt_stream, "ANSWER_S", 0.2)
    monkeypatch.setattr(mqtt_probe, "PATIENCE_S", 0.2)
    inn.close()
    with socket.create_server(("127.0.0.1", inn.port), backlog=100):
        one = gateway(inn.port, keepalive_s=3600)
        until(lambda: "no answer" in one.condition().detail)
        assert one.code() == "LP-401"
    inn.open()
    one.works()


# QoS.


def test_a_publisher_with_qos_0_is_told_until_there_is_none(inn, gateway, publisher):
    one = gateway(inn.port).works()
    sender = publisher(inn.port)
    sender.publish(TOPIC, "unsafe", qos=0)
    one.shows("LP-404")
    for number in range(mqtt_events.SURE - 1):
        sender.publish(TOPIC, str(number), qos=1)
    until(lambda: len(one.arrivals) == mqtt_events.SURE)
    assert one.code() == "LP-404"
    sender.publish(TOPIC, "the last", qos=1)
    one.works()
    sender.publish(TOPIC, "unsafe", qos=0)
    one.shows("LP-404")


# Words and settings.


def test_every_cause_has_words_with_a_next_step():
    for code in (*mqtt_faults.OF_CONNECTION, mqtt_events.NOT_SUBSCRIBED, mqtt_events.QOS_0):
        for language in ("en", "de"):
            cause, step = parts_of(code, language, detail="x")
            assert code in CATALOGUE
            assert cause
            assert step


@pytest.mark.parametrize("key", ["ca_file", "cert_file", "key_file"])
def test_a_file_for_tls_without_tls_is_a_mistake(key, good_pair):
    file = {key: good_pair[key == "key_file"]}
    found = [(where, wrong.code) for where, wrong in mqtt.wrong(options(**file))]
    assert found == [(key, "LP-406")]
    assert (key, "LP-406") not in [(w, e.code) for w, e in mqtt.wrong(options(tls=True, **file))]


def test_a_key_needs_a_certificate_and_one_file_may_hold_both(good_pair, tmp_path):
    certificate, key = good_pair
    found = [(where, wrong.code) for where, wrong in mqtt.wrong(options(tls=True, key_file=key))]
    assert found == [("cert_file", "LP-305")]
    both = tmp_path / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    assert list(mqtt.wrong(options(tls=True, cert_file=both))) == []


@pytest.mark.parametrize(
    ("host", "tls", "risky"),
    [
        ("broker.example", False, True),
        ("10.0.0.5", False, True),
        ("broker.example", True, False),
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("localhost", False, False),
    ],
)
def test_a_password_in_clear_is_a_risk_where_there_is_a_network(host, tls, risky):
    found = list(mqtt.warnings(options(host=host, tls=tls, username="u", password_file="secret")))
    assert found == ([("password_file", "LP-407")] if risky else [])
    assert list(mqtt.warnings(options(host=host, tls=tls))) == []
