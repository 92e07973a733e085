"""Reading a file in, in a process of its own: Arrow and DuckDB give their memory back only when a process ends.

python -m holdfast.server.sources.reading_apart UPLOAD
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import suppress

from holdfast.server.options import option

__all__ = ["read_apart"]

BEAT_SECONDS = 10.0


def read_apart(upload: int) -> None:
    """Read an upload, and wait until it is done. In tests, where the analyst is inline, in this process."""
    if option("ANALYST") == "inline":
        from holdfast.server.sources.importing import read_in

        read_in(upload)
        return
    subprocess.run([sys.executable, "-P", "-m", __name__, str(upload)], check=True)


def _main(upload: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")
    import django

    django.setup(set_prefix=False)
    from holdfast.server.sources.importing import read_in

    threading.Thread(target=_beating, args=(upload,), daemon=True).start()
    read_in(upload, of_process=os.getppid())


def _beating(upload: int) -> None:
    """Say again and again that this process lives: planning and writing a large file take longer than the page waits."""
    from django.db import DatabaseError

    from holdfast.server.sources.importing import alive

    while True:
        time.sleep(BEAT_SECONDS)
        with suppress(DatabaseError):
            alive(upload)


if __name__ == "__main__":
    _main(int(sys.argv[1]))
