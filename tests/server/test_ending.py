"""A process that is told to end hears it, at whatever instant it is told."""

from __future__ import annotations

import subprocess
import sys

BY_A_SIGNAL = """
import ctypes, functools, operator, os, select, signal, types
from holdfast.server.process import ending as place

sleep = select.select

def signalled_just_before(*asked):
    # both within one call of C: the handler of Python, which runs between two steps of Python, comes after the sleep
    kill = functools.partial(ctypes.PyDLL(None).kill, os.getpid(), signal.SIGTERM)
    return list(map(operator.call, (kill, functools.partial(sleep, *asked))))[1]

ending = place.Ending()
place.select = types.SimpleNamespace(select=signalled_just_before)
print(ending.wait(60.0), ending.told.is_set(), ending.wait(60.0))
"""

BY_A_THREAD = """
from threading import Timer
from holdfast.server.process.ending import Ending

ending = Ending()
Timer(0.2, ending.tell).start()
print(ending.wait(60.0), ending.told.is_set(), ending.wait(60.0))
"""

BY_NOBODY = """
import os, signal
from holdfast.server.process.ending import Ending

ending = Ending()
signal.signal(signal.SIGUSR1, lambda *_: None)
os.kill(os.getpid(), signal.SIGUSR1)  # another signal wakes it up, and tells it nothing
print(ending.wait(0.1), ending.wait(0.1), ending.told.is_set())
"""


def said(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    ).stdout.strip()


def test_a_signal_that_comes_when_the_process_is_about_to_sleep_is_not_slept_through():
    assert said(BY_A_SIGNAL) == "True True True"


def test_a_thread_of_its_own_ends_it_at_once():
    assert said(BY_A_THREAD) == "True True True"


def test_it_is_not_told_by_another_signal_nor_by_the_clock():
    assert said(BY_NOBODY) == "False False False"


BY_TWO_SIGNALS = """
import os, signal, threading
from holdfast.server.process.ending import Ending

ending = Ending()
lock = ending.told._cond
entered = type(lock).__enter__

def signalled_inside(held):
    entered(held)
    if threading.current_thread() is threading.main_thread():
        type(lock).__enter__ = entered
        os.kill(os.getpid(), signal.SIGTERM)  # the second one comes while the lock of the Event is held

type(lock).__enter__ = signalled_inside
os.kill(os.getpid(), signal.SIGINT)
print(ending.wait(60.0), ending.told.is_set())
"""


def test_two_signals_at_once_do_not_wait_for_each_other():
    assert said(BY_TWO_SIGNALS) == "True True"
