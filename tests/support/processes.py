"""Processes for tests of what several do at once."""

import os
import traceback
import warnings
from collections.abc import Callable


def fork(work: Callable[[], None]) -> int:
    """Do something in a process of its own, which ends with status 0 if all is well."""
    with warnings.catch_warnings():
        # Later versions of Python warn where there are threads; what is tested must bear them.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)
