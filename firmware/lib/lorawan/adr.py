# A device that hears nothing makes its link better by itself (TS001-1.0.4, section 4.3.1.1, table 9): after
# ADR_ACK_LIMIT uplinks it asks for an answer, and from ADR_ACK_DELAY later on, each ADR_ACK_DELAY, it takes
# the next step: full power, then one data rate less each time, at last single frames on all default channels.

LIMIT = 64
DELAY = 32


def wants_answer(session):
    # Whether the uplink being built carries ADRACKReq.
    return session.adr and session.adr_count >= LIMIT


def sent(session):
    # A new uplink has gone: repetitions do not count. The count stays within 16 bits, in step with DELAY.
    if session.adr:
        session.adr_count += 1
        if session.adr_count > 0xF000:
            session.adr_count -= DELAY


def unanswered(session):
    # The receive windows of an uplink and its repetitions have passed in silence.
    count = session.adr_count
    if session.adr and count >= LIMIT + DELAY and count % DELAY == 0:
        _step_back(session)


def _step_back(session):
    if session.power:
        session.power = 0
    elif session.data_rate:
        session.data_rate -= 1
        session.stay_usable()
    else:
        session.repeats = 1
        session.channels.enable_defaults()
