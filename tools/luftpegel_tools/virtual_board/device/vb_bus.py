# The board's end of the bus to the host: requests, the virtual time that every reply carries, pin and timer
# events. A name after "OP" stands for its number, put in when this folder is compiled (see protocol.py).
import micropython
import uio
import usocket
import ustruct
import usys
import utime

_HEAD = 18
_ASK = "<BBHIii"
_ASK_BYTES = 16
_TICKS = 0x3FFFFFFF
_OWN = b'  File "vb/'
_SYNC_US = 1000  # a board that only looks at its ticks reports to the host every virtual millisecond

_socket = None
_sequence = 0
spent = 0  # µs computed since the last request
ms = us = rest = 0  # time since boot at the last reply
masked = 0  # disable_irq() depth
locks = 0  # heap_lock() depth
_dispatching = False
handlers = {}  # kind << 8 | id -> callable(value)
# What is sent is laid out here, not joined anew: a chip takes no heap for what it writes. (A page of flash is
# the largest.)
_message = bytearray(_ASK_BYTES + 4096)
_view = memoryview(_message)


def connect(name):
    global _socket
    _socket = usocket.socket(usocket.AF_UNIX, 5)  # SOCK_SEQPACKET
    _socket.connect(ustruct.pack("<H", 1) + b"\0" + name)


def call(op, a=0, b=0, data=b"", room=0):
    # room: most bytes the answer may hold; with room the answer's bytes are returned, otherwise its number
    if not locks:
        return _ask(op, a, b, data, room)
    micropython.heap_unlock()  # a chip's registers take no heap
    try:
        return _ask(op, a, b, data, room)
    finally:
        micropython.heap_lock()


def _ask(op, a, b, data, room):
    global _sequence, spent, ms, us, rest
    number = _sequence = (_sequence + 1) & 0xFFFF
    used = spent
    spent = 0
    end = _ASK_BYTES + len(data)
    if end > len(_message):
        _socket.send(ustruct.pack(_ASK, op, 0, number, used, a, b) + data)
    else:
        ustruct.pack_into(_ASK, _message, 0, op, 0, number, used, a, b)
        _view[_ASK_BYTES:end] = data
        _socket.send(_view[:end])
    while True:
        reply = _socket.recv(_HEAD + room)
        if not reply:
            while True:  # the host is gone, and its launcher ends this process in a moment
                utime.sleep(1)
        status, events, answered, value, ms, us, rest = ustruct.unpack_from("<BBHiIIH", reply)
        if answered == number:
            break
    if status:
        _raise(status, value)
    if events and not _dispatching and not masked:
        dispatch()
    return reply[_HEAD:] if room else value


def _raise(status, value):
    if status == 2:
        raise KeyboardInterrupt
    if status == 3:
        raise OSError(value, ESP_ERRORS.get(value, "ESP_FAIL"))
    raise OSError(value)


ESP_ERRORS = {
    -0x1102: "ESP_ERR_NVS_NOT_FOUND",
    -0x1109: "ESP_ERR_NVS_KEY_TOO_LONG",
    -0x110C: "ESP_ERR_NVS_INVALID_LENGTH",
}


def deaf():
    # Whether events have to wait: interrupts are off, or a handler is running.
    return bool(masked or _dispatching)


def spend(cost):
    global spent
    spent += cost
    if spent >= _SYNC_US:
        call(OP.SYNC)


def dispatch():
    # Run the handlers of all events that wait on the host, each a record: kind u8, id u8, value u16.
    global _dispatching
    _dispatching = True
    try:
        while True:
            records = call(OP.EVENTS, room=256)
            if not records:
                return
            for at in range(0, len(records), 4):
                kind, number, value = ustruct.unpack_from("<BBH", records, at)
                handler = handlers.get(kind << 8 | number)
                if handler:
                    _guarded(handler, value)
    finally:
        _dispatching = False


def trace(error):
    # The text of a traceback, without the frames of what plays the board.
    text = uio.BytesIO()
    usys.print_exception(error, text)
    return b"\r\n".join(line for line in text.getvalue().split(b"\n") if not line.startswith(_OWN))


def _guarded(handler, value):
    try:
        handler(value)
    except Exception as error:
        print("Uncaught exception in interrupt handler")
        call(OP.STDOUT, 0, 0, trace(error))
