# Starts the station before main.py is looked at, so that damage to one of the two leaves the other. Whatever
# else is damaged ends in sleep: the watchdog runs before anything is loaded, and nothing is loaded unproven,
# because a file that was cut keeps the interpreter reading for ever. (A soft reset is a technician's, and
# main.py's.)
import machine

if machine.reset_cause() != machine.SOFT_RESET:
    machine.WDT(timeout=120000)
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
