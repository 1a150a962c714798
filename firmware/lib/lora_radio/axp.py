# Power managers AXP192 and AXP2101 (X-Powers): feeds a LoRa chip with 3.3 V, as T-Beams need it. Nothing else
# of the manager is touched.

from lora_radio import SILENT, RadioError

ADDRESS = 0x34
CHIP_ID = 0x03
# Value of register 0x03 -> name, and its rails: register of the voltage, bits of it, 3.3 V there; register of
# the switches, bit there.
MANAGERS = {
    0x03: ("axp192", {"ldo2": (0x28, 0xF0, 0xF0, 0x12, 0x04), "ldo3": (0x28, 0x0F, 0x0F, 0x12, 0x08)}),
    0x4A: (
        "axp2101",
        {
            "aldo2": (0x93, 0x1F, 0x1C, 0x90, 0x02),
            "aldo3": (0x94, 0x1F, 0x1C, 0x90, 0x04),
            "aldo4": (0x95, 0x1F, 0x1C, 0x90, 0x08),
        },
    ),
}


def feed(i2c, rails):
    # Switches the rail on that `rails` (name of the manager -> name of its rail) tells for the manager found.
    # The voltage is set before the switch. Raises RadioError when no known manager answers.
    try:
        name, known = MANAGERS[i2c.readfrom_mem(ADDRESS, CHIP_ID, 1)[0]]
        voltage, mask, full, switches, bit = known[rails[name]]
        _change(i2c, voltage, mask, full)
        _change(i2c, switches, bit, bit)
    except (OSError, KeyError):
        raise RadioError(SILENT, "no known power manager at the LoRa chip: check the board's name") from None


def _change(i2c, register, mask, value):
    old = i2c.readfrom_mem(ADDRESS, register, 1)[0]
    i2c.writeto_mem(ADDRESS, register, bytes((old & ~mask & 255 | value,)))
