# Starts the station. boot.py imports this before main.py is looked at, so that damage to one of the two
# leaves the other. Whatever else is damaged ends in sleep: the watchdog runs before anything is loaded, and
# nothing is loaded unproven, because a file that was cut keeps the interpreter reading for ever.
#
# boot.py alone has nothing that stands in for it: after one that raises, the ESP32's MicroPython goes to the
# prompt. So it is short enough (128 bytes) for LittleFS to keep it in the directory itself, behind the
# directory's checksum, and nothing that it imports can make it raise. (Its 5 is machine.SOFT_RESET: a soft
# reset is a technician's, and main.py's.)
import machine

try:
    from binascii import crc32

    file = open("/station/guard.mpy", "rb")
    proof = 0
    while part := file.read(128):
        proof = crc32(part, proof)
    if proof != 0x2144DF1C:
        raise OSError("LP-217 /station/guard.mpy is damaged. Next: copy the image onto the board again")
    from station import guard

    guard.start()
    prompt = True
except KeyboardInterrupt:
    prompt = True
except BaseException as error:
    print(error)
    machine.deepsleep(600000)
