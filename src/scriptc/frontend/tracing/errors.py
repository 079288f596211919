"""What tracing says when a run does something that a program cannot keep."""

from __future__ import annotations

from scriptc.ir.diagnostic import Error


class TraceError(Error):
    """The run did something that a trace cannot record; the message names it and the line."""


class UnrecordedError(TraceError):
    """There is no operation for these arguments."""


class TracerWarning(UserWarning):
    """A value of this run was burnt into the trace; another run may need another."""
