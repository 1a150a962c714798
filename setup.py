"""The packages of a wheel, and where they lie: pyproject.toml can name one kind of root, here are two.

`luftpegel_firmware` is the folder `firmware/` as it stands, as data: what `luftpegel station` checks with
and builds from. Nothing imports it by that name; image/firmware_folder.py finds it. All else is in
pyproject.toml.
"""

from pathlib import Path

from setuptools import find_namespace_packages, setup

ROOTS = {
    "luftpegel_direct": "firmware/lib",
    "luftpegel_gateway": "gateway",
    "luftpegel_tools": "tools",
    "luftpegel_wire": "firmware/lib",
}
FIRMWARE = "firmware"
PATTERNS = ("*.py", "boards/*.py", "station/**/*.py", "lib/**/*.py")

setup(
    packages=[
        *(
            package
            for top, root in ROOTS.items()
            for package in find_namespace_packages(root, include=[f"{top}*"])
        ),
        "luftpegel_firmware",
    ],
    package_dir={
        **{top: f"{root}/{top}" for top, root in ROOTS.items()},
        "luftpegel_firmware": FIRMWARE,
    },
    package_data={
        "luftpegel_tools": ["wiring/*.toml"],
        "luftpegel_direct": ["py.typed", "*.pyi"],
        "luftpegel_wire": ["py.typed", "*.pyi", "*.pxd"],
        "luftpegel_firmware": [
            path.relative_to(FIRMWARE).as_posix()
            for pattern in PATTERNS
            for path in sorted(Path(FIRMWARE).glob(pattern))
        ],
    },
)
