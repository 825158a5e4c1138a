"""What of a run in TensorFlow's graph its outputs need, and what uses each tensor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.models.tf_graph.operations import SIZES, Key, Tensor, tensor_key
from generator.models.tf_graph.run import GraphRun, LayerCall

_OUTPUT, _CALL = "", "call "


class Uses:
    """The calls of layers that the outputs of a run need, in their order: ``calls``."""

    def __init__(self, run: GraphRun) -> None:
        self._run = run
        self._users: dict[Key, set[str]] = {}
        self._order = {op.name: index for index, op in enumerate(run.graph.get_operations())}
        made = {tensor_key(r): call for call in run.calls for r in call.results if hasattr(r, "graph")}
        needed: set[int] = set()
        seen: set[str] = set()
        waiting: list[Tensor] = list(run.outputs)
        for tensor in waiting:
            self._add(tensor, _OUTPUT)
        while waiting:
            tensor = waiting.pop()
            call = made.get(tensor_key(tensor))
            if call is not None and id(call) not in needed:
                needed.add(id(call))
                given = run.given(call)
                for source in given:
                    self._add(source, f"{_CALL}{id(call)}")
                waiting.extend(given)
            elif call is None and tensor.op.name not in seen:
                seen.add(tensor.op.name)
                for source in () if tensor.op.type in SIZES else tensor.op.inputs:
                    self._add(source, tensor.op.name)
                waiting.extend(tensor.op.inputs)
        self.calls: list[LayerCall] = [call for call in run.calls if id(call) in needed]

    def of(self, key: Key) -> set[str]:
        """Return what takes the numbers of a tensor: names of operations, and others for layers and outputs."""
        return self._users.get(key, set())

    def after(self, tensor: Tensor) -> Iterator[Any]:
        """Yield the operations that use a tensor, and those that use what they give, in the graph's order."""
        waiting = self._operations(tensor_key(tensor))
        while waiting:
            name = min(waiting, key=self._order.__getitem__)
            waiting.remove(name)
            op = self._run.graph.get_operation_by_name(name)
            yield op
            for result in op.outputs:
                waiting |= self._operations(tensor_key(result))

    def _operations(self, key: Key) -> set[str]:
        return {name for name in self.of(key) if name in self._order}

    def _add(self, tensor: Tensor, user: str) -> None:
        self._users.setdefault(tensor_key(tensor), set()).add(user)
