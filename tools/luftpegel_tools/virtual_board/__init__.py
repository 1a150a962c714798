"""A board that is not there: real MicroPython runs the real firmware.

The host owns time, power, flash and chips:

`clock` is the one virtual clock, `board` the board with its lifecycle, `engine` the two MicroPython programs,
`chips/` the sensors and the modem, `device/` what is loaded into MicroPython before the firmware.
"""
