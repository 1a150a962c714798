# Activation by personalisation, for tests on the bench: real devices join. Without a join there are no fresh
# keys, so the counters go on from storage for ever.

from .session import Session


def activate(mac, storage, address, keys, data_rate=0):
    # DevAddr as on the air, (NwkSKey, AppSKey); `storage` is that of the Mac.
    session = Session(mac.region, address, keys, 0, data_rate, True)
    session.up = storage.read("fcnt_up")
    session.down = storage.read("fcnt_down")
    mac.session = session
