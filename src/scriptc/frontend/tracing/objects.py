"""The classes of a traced program: one for each module of the user, since each has its own run."""

from __future__ import annotations

from typing import Any

from scriptc.frontend.objects import Objects, is_module, registered


def is_library(module: Any) -> bool:
    """Tell whether a module, and all below it, is of scriptc's own library.

    Such a module is compiled from its source, where its control flow is kept.
    """
    name = type(module).__module__
    return (
        is_module(module)
        and name.startswith("scriptc.nn.")
        and all(is_library(m) for m in registered(module, "_modules").values() if m is not None)
    )


class TraceObjects(Objects):
    """Modules of the library share classes as in a script; others have a class each."""

    def _key(self, object_: Any) -> Any:
        return super()._key(object_) if is_library(object_) else id(object_)
