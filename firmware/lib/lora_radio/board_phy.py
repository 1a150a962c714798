# Opens the LoRa chip that a board's table LORA describes, and sleeps lightly beside it:
#
#   chip      a key of CHIPS
#   spi       id, sck, mosi, miso
#   pins      name of a constructor's argument -> GPIO number
#   options   further arguments of the constructor: tcxo_mv, dio2_switch, ...
#   pmu       if a power manager feeds the chip: i2c (id, scl, sda), rails (see axp.py)

CHIPS = {
    "sx1262": ("lora_radio.sx126x", "SX1262"),
    "sx1268": ("lora_radio.sx126x", "SX1268"),
    "sx1276": ("lora_radio.sx127x", "SX1276"),
}
INPUTS = ("busy", "dio0", "dio1")
LOW_AT_REST = ("rx_enable",)
SPI_HZ = 2000000


def open_phy(lora, machine, max_power_dbm, band_hz):
    # -> the driver, still to begin(). machine: MicroPython's module. Raises RadioError if the PMU is silent.
    if "pmu" in lora:
        _power(lora["pmu"], machine)
    pins = {}
    for name, number in lora["pins"].items():
        if name in INPUTS:
            pins[name] = machine.Pin(number, machine.Pin.IN)
        else:
            pins[name] = machine.Pin(number, machine.Pin.OUT, value=0 if name in LOW_AT_REST else 1)
    where = lora["spi"]
    wires = {name: machine.Pin(where[name]) for name in ("sck", "mosi", "miso")}
    spi = machine.SPI(where["id"], baudrate=SPI_HZ, **wires)
    module, name = CHIPS[lora["chip"]]
    driver = getattr(__import__(module, None, None, (name,)), name)
    pins.update(lora["options"])
    return driver(spi, max_power_dbm=max_power_dbm, band_hz=band_hz, **pins)


def light_sleep_beside(lora, machine):
    # -> function of ms. The chip's inputs are held meanwhile: ESP-IDF lets pins go in light sleep if it is
    # built with ESP_SLEEP_GPIO_RESET_WORKAROUND, and a chip whose reset floats forgets what it was told.
    held = [machine.Pin(number) for name, number in lora["pins"].items() if name not in INPUTS]

    def sleep_ms(ms):
        try:
            for pin in held:
                pin.init(hold=True)
            machine.lightsleep(ms)
        finally:
            for pin in held:
                pin.init(hold=False)

    return sleep_ms


def _power(pmu, machine):
    from lora_radio.axp import feed

    where = pmu["i2c"]
    bus = machine.I2C(where["id"], scl=machine.Pin(where["scl"]), sda=machine.Pin(where["sda"]))
    feed(bus, pmu["rails"])
