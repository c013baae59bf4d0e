"""A sink seen through a function: texts hashed, unsure characters as '?'."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from realtime.contracts import Patient, Sink
from realtime.values import Result


class Mapped:
    """Gives `sink` each result as `change` makes it."""

    def __init__(self, change: Callable[[Result], Result], sink: Sink) -> None:
        self._change, self._sink = change, sink

    def __enter__(self) -> Mapped:
        self._sink.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sink.__exit__(kind, error, trace)

    @property
    def trouble(self) -> str:
        """What the sink says that fails at the moment."""
        return self._sink.trouble if isinstance(self._sink, Patient) else ""

    def write(self, result: Result) -> None:
        """Pass the changed result on."""
        self._sink.write(self._change(result))
