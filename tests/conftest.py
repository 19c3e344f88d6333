"""Makes the helpers beside it importable from every folder of tests, and its fixtures known."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from stores import home, postgresql, server, store_home

__all__ = ["home", "postgresql", "server", "store_home"]
