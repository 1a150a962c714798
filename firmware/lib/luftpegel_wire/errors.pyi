class WireError(ValueError):
    code: str
    def __init__(self, code: str, text: str) -> None: ...

TRUNCATED: str
NOT_CANONICAL: str
UNKNOWN_VERSION: str
UNKNOWN_PORT: str
MALFORMED: str
OUT_OF_RANGE: str
TOO_LARGE: str
