"""What is in the package, as CycloneDX in JSON, told by cyclonedx-bom from the very folder that is packed."""

import json
import subprocess
import sys
from pathlib import Path

from luftpegel_tools.packaging.vendor import PackageError, run

SCHEMA = "1.6"


def write(packages: Path, to: Path, work: Path, moment: str) -> None:
    """Write the SBOM of the folder `packages`. `moment`: ISO 8601, of the sources. PackageError."""
    environment = work / "sbom"
    run([sys.executable, "-m", "venv", "--without-pip", str(environment)])
    site = next(environment.glob("lib/python3*/site-packages"))
    (site / "packed.pth").write_text(f"{packages}\n")
    order = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--validate"]
    order += [f"--spec-version={SCHEMA}", "--output-format=JSON", "--gather-license-texts"]
    done = subprocess.run([*order, str(environment)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackageError(f"cyclonedx-py failed:\n{done.stderr.strip()[-3000:]}")
    told = json.loads(done.stdout)
    told.setdefault("metadata", {})["timestamp"] = moment
    _forget_the_place(told, packages)
    to.write_text(json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _forget_the_place(told: dict[str, object], packages: Path) -> None:
    """The folder of this build is nobody's business, and makes each build another one."""
    text = json.dumps(told)
    if str(packages) in text:
        told.update(json.loads(text.replace(str(packages), "/usr/lib/luftpegel/packages")))
