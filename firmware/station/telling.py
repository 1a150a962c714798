# What a station tells of itself: its status, once a day or when there is trouble, and the settings in force.
# In a file of its own, because most wakes tell readings only.

import gc

from luftpegel_wire import PORT_CONFIG, PORT_STATUS, encode_config, encode_status

FIRMWARE = "0.4.0"


def send_status(uplink, oldest_seq, newest_seq):
    state = uplink.state
    gc.collect()
    fields = _status(uplink, oldest_seq, newest_seq)
    if state.trouble:
        fields["trouble"] = state.trouble
        if len(encode_status(fields)) > uplink.room():  # what nobody may miss goes alone
            fields = {"newest_seq": newest_seq, "trouble": state.trouble}
    uplink.send(PORT_STATUS, lambda: encode_status(fields, uplink.room()))
    state.trouble = 0
    state.status_next = uplink.now_s() + uplink.settings["status_interval_s"]


def _status(uplink, oldest_seq, newest_seq):
    state = uplink.state
    fields = {
        "firmware": FIRMWARE,
        "reset_cause": state.cause,
        "oldest_seq": oldest_seq,
        "newest_seq": newest_seq,
        "interval_s": state.interval,
        "heap_free": gc.mem_free(),
        "crash": state.crashes,
        "clock": 1 if state.offset else 0,
        "faults": state.faults,
    }
    if uplink.radio.rx_offset_us is not None:
        fields["rx_offset_us"] = uplink.radio.rx_offset_us
        fields["rx_spread_us"] = uplink.radio.rx_spread_us
    return fields


def answer(uplink):
    # What is in force now, to the last configuration that came. One that this very answer brings is answered
    # by the next wake.
    from station.remote import told

    state = uplink.state
    token = state.token
    uplink.send(PORT_CONFIG, encode_config(token, told(uplink.settings, state.asked)))
    if state.token == token:
        state.owes = 0
