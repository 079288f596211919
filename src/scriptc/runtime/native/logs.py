"""The loggers of native code, which `SCRIPTC_LOGS` turns on."""

from __future__ import annotations

import functools
import logging

from scriptc.runtime.native.settings import LOG_TOPICS, read_log_topics


def get_logger(topic: str) -> logging.Logger:
    """Return the logger of one of `LOG_TOPICS`; the first call sets up what the user asked for.

    Without `SCRIPTC_LOGS` the loggers are the program's own to configure, as any others.
    """
    assert topic in LOG_TOPICS, topic
    _set_up()
    return logging.getLogger(f"scriptc.{topic}")


@functools.cache
def _set_up() -> None:
    topics = read_log_topics()
    if not topics:
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    for topic in topics:
        logger = logging.getLogger(f"scriptc.{topic}")
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
        logger.propagate = False  # a handler of the program would print it again
