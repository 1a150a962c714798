# One module of data a region with dynamic channels. All of them have:
#
#   NAME
#   DATA_RATES       data rate -> (spreading factor, bandwidth in Hz)
#   MAX_PAYLOAD      data rate -> bytes of application payload and MAC commands, without a repeater
#   CHANNELS         the default channels, which are those of joining, in Hz
#   JOIN_DATA_RATES  of one attempt after the other
#   RX1_OFFSETS      RX1DROffset -> what to take from the uplink's data rate for RX1
#   RX2              frequency in Hz, data rate
#   MAX_EIRP         dBm; TXPower takes 2 dB a step from it
#   POWERS           number of TXPower values
#   BANDS            (lowest Hz, highest Hz, thousandths of the time that one may send)


def band_of(region, frequency):
    # The index of the band that allows a frequency, or None.
    for index, (low, high, _) in enumerate(region.BANDS):
        if low <= frequency <= high:
            return index
    return None
