"""One writer a data folder: a lock on a file in it, which the system releases with the process."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from luftpegel_gateway.model.faults import CannotStart

NAME = "lock"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the data folder, which is made if need be.

    CannotStart LP-412: another gateway holds it, or it cannot be written; `__cause__` tells which
    (BlockingIOError: it is held).
    """
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context((folder / NAME).open("w"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart("LP-412", f"{folder}: a gateway or its command uses it now") from error
        except OSError as error:
            raise CannotStart("LP-412", f"{folder}: {error.strerror}") from error
        yield
