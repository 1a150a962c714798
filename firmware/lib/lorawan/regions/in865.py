# IN865-867: RP002-1.0.4 section 2.11. India sets no duty cycle. Data rate 6 is reserved, 7 is FSK: left out.
# RX1DROffset 6 and 7 make the downlink quicker than the uplink.

NAME = "IN865"
DATA_RATES = ((12, 125000), (11, 125000), (10, 125000), (9, 125000), (8, 125000), (7, 125000))
MAX_PAYLOAD = (51, 51, 51, 115, 242, 242)
CHANNELS = (865062500, 865402500, 865985000)
JOIN_DATA_RATES = (5, 4, 3, 2, 1, 0)
RX1_OFFSETS = (0, 1, 2, 3, 4, 5, -1, -2)
RX2 = (866550000, 2)
MAX_EIRP = 30
POWERS = 11
BANDS = ((865000000, 867000000, 1000),)
