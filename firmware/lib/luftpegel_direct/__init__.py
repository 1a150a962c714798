# Readings without a LoRaWAN network: frames from station to receiver by plain LoRa, and the lines by which a
# receiver hands them to the gateway. docs/usb-receiver.md tells the whole format.
#
#   frame.py   one frame on the air: who, which number, encrypted, authenticated
#   line.py    one line between receiver and gateway
#   ring.py    what the receiver keeps until the gateway has it on its disk
#
# Integers and bytes only, no I/O, no clock, no radio: they are handed in. So the same files run on a board
# and in the gateway.
