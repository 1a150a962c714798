"""`luftpegel gateway`: run it, check its files, look into it and into its quarantine."""

import asyncio
import logging
import sys
from pathlib import Path

from luftpegel_gateway import app
from luftpegel_gateway.config import BadConfig, load
from luftpegel_gateway.messages import language_of


def configure(parser):
    v = parser.add_subparsers(dest="action", required=True)
    p = v.add_parser("run")
    p.add_argument("--config", type=Path, default=Path("gateway.toml"))
    p.add_argument("--lang")


def run(args):
    lang = language_of(args.lang)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        config = load(args.config)
        asyncio.run(app.run(config))
    except BadConfig as bad:
        for m in bad.mistakes:
            print(m.text(lang), file=sys.stderr)
        return 2
    return 0
