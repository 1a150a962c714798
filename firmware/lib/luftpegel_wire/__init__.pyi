from luftpegel_wire.errors import WireError as WireError
from luftpegel_wire.frames import encode_alarm as encode_alarm
from luftpegel_wire.frames import encode_backfill as encode_backfill
from luftpegel_wire.frames import encode_config as encode_config
from luftpegel_wire.frames import encode_status as encode_status
from luftpegel_wire.frames_reader import Alarm as Alarm
from luftpegel_wire.frames_reader import Backfill as Backfill
from luftpegel_wire.frames_reader import Config as Config
from luftpegel_wire.frames_reader import Status as Status
from luftpegel_wire.frames_reader import decode_alarm as decode_alarm
from luftpegel_wire.frames_reader import decode_backfill as decode_backfill
from luftpegel_wire.frames_reader import decode_config as decode_config
from luftpegel_wire.frames_reader import decode_status as decode_status
from luftpegel_wire.readings import Row as Row
from luftpegel_wire.readings import encode_readings as encode_readings
from luftpegel_wire.readings_reader import Readings as Readings
from luftpegel_wire.readings_reader import ReadingsReader as ReadingsReader
from luftpegel_wire.readings_reader import decode_readings as decode_readings
from luftpegel_wire.resolution import exact_steps as exact_steps

PORT_READINGS: int
PORT_STATUS: int
PORT_ALARM: int
PORT_CONFIG: int
PORT_BACKFILL: int

Frame = Readings | Status | Alarm | Config | Backfill

def decode(port: int, payload: bytes) -> Frame: ...
