"""Delivers readings as a gateway does, from a cursor: `deliverer.py KIND OPTIONS FOLDER KILLS SIZE`.

It prints a line a batch that the sink says it has, and moves the cursor after it. It is a child that may be
killed at any moment; its parent then has another one go on from the cursor. The last one ends by itself.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from databases_world import observed

from luftpegel_gateway.sinks import Context, module_of

ENDLESS = 10**9


async def main(kind, options, folder, count, size):
    module = module_of(kind)
    defaults = {key: option.default for key, option in module.OPTIONS.items()}
    sink = module.create(Context("town", defaults | options, folder))
    cursor = folder / "cursor"
    await sink.start()
    at = int(cursor.read_text()) if cursor.exists() else 0
    while at < count:
        batch = [observed(seq, 2000 + seq, 5000) for seq in range(at, min(at + size, count))]
        refused = await sink.deliver(batch)
        assert refused == [], refused
        at += len(batch)
        part = cursor.with_suffix(".part")
        part.write_text(str(at))
        part.rename(cursor)
        print(at, flush=True)
    await sink.stop()


kind, options, folder, kills, size = sys.argv[1:]
folder, size = Path(folder), int(size)
for life in range(int(kills) + 1):
    last = life == int(kills)
    pid = os.fork()  # all is imported: a life costs milliseconds
    if pid == 0:
        print("pid", os.getpid(), flush=True)
        count = int((folder / "cursor").read_text()) + 5 * size if last else ENDLESS
        asyncio.run(main(kind, json.loads(options), folder, count, size))
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert status == (0 if last else signal.SIGKILL), status
    print("ended", flush=True)
