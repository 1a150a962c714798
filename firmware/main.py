# Starts the station where boot.py has not: after a soft reset, or because it is damaged.
import machine

if "prompt" not in globals():
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
    except KeyboardInterrupt:
        pass
    except BaseException as error:
        print(error)
        machine.deepsleep(600000)
