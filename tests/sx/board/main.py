# Runs on the virtual board: opens the radio of a board's table, sends, and listens as a class A device does.
import gc
import sys
import time

import machine

from boards import heltec_v3, ttgo_lora32
from lora_radio import RadioError
from lora_radio.board_phy import open_phy

BOARDS = {"sx1262": heltec_v3, "sx1276": ttgo_lora32}
WINDOW_US = 1000000
EARLY_US = 5000
LISTEN_US = 60000

print("ready")
phy = open_phy(BOARDS[sys.stdin.readline().strip()].LORA, machine, 14, (863000000, 870000000))
phy.begin()
for sf, window_sf in ((7, 7), (9, 9), (12, 12), (7, 12)):
    gc.collect()
    phy.transmit(868100000, sf, 125000, 20, b"uplink at SF%d" % sf)
    ended = phy.transmitted()
    phy.prepare_receive(868100000, window_sf, 125000, LISTEN_US + 8 * (8 << window_sf))
    opens = time.ticks_add(ended, WINDOW_US - EARLY_US - phy.rx_delay_us)
    time.sleep_ms(time.ticks_diff(opens, time.ticks_us()) // 1000)
    late = time.ticks_diff(time.ticks_us(), opens)
    phy.receive()
    while True:
        packet = phy.received()
        if packet is not None:
            break
        time.sleep_ms(1)
    if packet:
        begun = packet.done_ticks_us - phy.airtime_us(window_sf, 125000, len(packet.payload), crc=False)
        error = time.ticks_diff(begun, ended) - WINDOW_US
        print("heard", packet.payload, packet.rssi, packet.snr_tenths, error, late)
    else:
        print("silence", phy.timeouts)
try:
    phy.transmit(433175000, 7, 125000, 14, b"x")
except RadioError as error:
    print(error)
phy.sleep()
phy.wake()
phy.transmit(869525000, 7, 250000, 10, bytes(222))
print("sent", time.ticks_diff(phy.transmitted(), 0) > 0)
phy.sleep()
print("done")
