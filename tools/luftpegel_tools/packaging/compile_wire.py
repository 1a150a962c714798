"""Compiles the wire's reader for the gateway: `make fast`, or this module with `python -m`.

Cython makes C of the modules that have a .pxd beside them, which gives types to names of the .py and holds
no code; all other modules are taken from `luftpegel_wire` itself, its exception among them. Out comes a
package of its own, which pip installs into this environment: nothing of it lies where a board's files lie.
What is compiled only reads: the types say that a coder is a decoder.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import version
from pathlib import Path

from luftpegel_gateway.decode.reader import COMPILED_PACKAGE, SOURCES, fingerprint, source_files

_PACKAGE = "__init__.py"
_INIT = '"""Compiled by `make fast`; luftpegel_gateway.decode.reader uses it."""\n\n'
_SETUP = """
from Cython.Build import cythonize
from setuptools import Extension, setup

setup(
    name={distribution!r},
    version={version!r},
    packages=[{package!r}],
    package_dir={{{package!r}: "plain"}},
    ext_modules=cythonize(
        [
            Extension(f"{package}.{{name}}", [f"{package}/{{name}}.py"], extra_compile_args=["-O2", "-g0"])
            for name in {modules!r}
        ],
        compiler_directives={{"language_level": 3}},
    ),
    options={{"build_ext": {{"parallel": True}}}},
)
"""
_SHOW = "from luftpegel_gateway.decode.reader import COMPILED; raise SystemExit(not COMPILED)"


class CompileError(RuntimeError):
    """The reader cannot be compiled; the text says what is missing and what to do."""


def compiled_modules() -> list[str]:
    """Names of the modules that have C types beside them."""
    return [file.stem for file in source_files() if file.suffix == ".pxd"]


def missing() -> str | None:
    """What this machine lacks for compiling, None if nothing."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"the C compiler {compiler}"
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return None if headers.is_file() else f"Python's own header {headers}"


def build(*options: str) -> None:
    """Compile, and let pip install what comes out; `options` are pip's, like --target.

    Raises:
        CompileError: when something is missing, or the compiler refuses.
    """
    lack = missing()
    if lack:
        raise CompileError(
            f"LP-395 {lack} is missing. Next: sudo apt install gcc python3-dev; "
            "or go without: the gateway does the same in plain Python, slower"
        )
    with tempfile.TemporaryDirectory(prefix="luftpegel-compile-") as folder:
        stage(Path(folder))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            [*pip, "--no-deps", "--no-index", "--no-build-isolation", "--upgrade", *options, folder],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise CompileError(f"LP-396 it does not compile. Next: make fast, which brings Cython along:\n{said}")


def stage(folder: Path) -> None:
    """Lay out in `folder` what pip builds from: what is compiled, and apart from it what stays plain.

    Without its compiled modules the package is none: it holds no second copy of a source.
    """
    compiled, plain = folder / COMPILED_PACKAGE, folder / "plain"
    compiled.mkdir()
    plain.mkdir()
    modules = compiled_modules()
    for file in source_files():
        if file.stem in modules:
            shutil.copyfile(file, compiled / file.name)
        elif file.name != _PACKAGE:
            (plain / file.name).write_text(f"from {SOURCES.name}.{file.stem} import *\n")
    (compiled / _PACKAGE).touch()
    (plain / _PACKAGE).write_text(f"{_INIT}BUILT_FROM = {fingerprint()!r}\n")
    setup = _SETUP.format(
        distribution=COMPILED_PACKAGE.replace("_", "-"),
        version=version("luftpegel"),
        package=COMPILED_PACKAGE,
        modules=modules,
    )
    (folder / "setup.py").write_text(setup)


def main() -> int:
    """0 when the gateway of this environment reads with the compiled reader; says what it did."""
    try:
        build()
    except CompileError as error:
        print(error, file=sys.stderr)
        return 3
    if subprocess.run([sys.executable, "-c", _SHOW], check=False).returncode:
        text = "LP-397 the compiled reader does not load. Next: pip uninstall luftpegel-wire-fast"
        print(text, file=sys.stderr)
        return 3
    print("The gateway of this environment reads frames with the compiled reader.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
