"""A GPU that is not there: tensors that hold real numbers on the CPU and say ``device cuda``.

For tests of what a GPU would be asked to do, where there is none. Inside :func:`pretended_cuda` the code under test
finds ``cuda`` and computes there, with the numbers of the CPU. What such a device does that a CPU does not is imitated:

- an operator that is given tensors of both devices raises, as CUDA's do;
- what makes Python wait for the device is counted (:attr:`Trace.waits`), and so is every kernel that is started
  (:attr:`Trace.launches`): the two things that cost time on a real one;
- autocast has CUDA's lists of operators, and hands recurrent layers to cuDNN in fp16;
- cuDNN takes no state that is not contiguous.

Not imitated: streams, graphs, memory, and the numerics of another device. Inference mode is ``no_grad`` here.

How it works: a wrapper tensor without storage, whose C++ side says ``cpu``, since a torch that was built without CUDA
does nothing with others. So where torch's own C++ code makes a tensor "like that one", it asks for one on the CPU; as
no code of ours does that without saying a device, it is taken for one on the GPU.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils import _foreach_utils
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_map_only

aten = torch.ops.aten
CUDA, CPU = torch.device("cuda", 0), torch.device("cpu")

COPIES = {aten._to_copy.default, aten.copy_.default}
INDEXING = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
PACKING = {aten._pack_padded_sequence.default, aten._pack_padded_sequence_backward.default}
WAITING = {
    aten._local_scalar_dense.default,
    aten.nonzero.default,
    aten.masked_select.default,
    aten.equal.default,
    aten.is_nonzero.default,
    aten._unique2.default,
    aten.repeat_interleave.Tensor,
}
"""Operators whose result, or its size, the CPU has to know before it goes on."""

WITHOUT_KERNEL = {
    "view", "t", "transpose", "permute", "select", "slice", "unsqueeze", "squeeze", "expand", "detach", "alias",
    "split", "split_with_sizes", "chunk", "unbind", "as_strided", "unfold", "diagonal", "_unsafe_view", "lift_fresh",
    "set_", "empty", "new_empty", "empty_like", "new_empty_strided", "empty_strided", "_local_scalar_dense",
}  # fmt: skip
"""Operators that start nothing on the device."""

# What autocast does on CUDA, by the names of functions.
LOWER_PRECISION = {"linear", "addmm", "addmv", "matmul", "__matmul__", "mm", "mv", "bmm", "baddbmm", "einsum"}
FULL_PRECISION = {"layer_norm", "exp", "log", "pow", "reciprocal", "rsqrt", "norm"}
SUMMING_IN_FULL = {"softmax", "log_softmax", "sum", "cumsum", "prod"}
RECURRENT = {"gru", "lstm"}


@dataclass
class Trace:
    """What a pretended device was asked to do."""

    launches: Counter[str] = field(default_factory=Counter)  # kernels, by operator
    waits: Counter[str] = field(default_factory=Counter)  # of the CPU for the device, by reason
    copies: Counter[str] = field(default_factory=Counter)  # from the CPU, for which nothing waits

    def clear(self) -> None:
        """Count from 0."""
        for counter in (self.launches, self.waits, self.copies):
            counter.clear()


class OnPretendedCuda(Tensor):
    """A tensor on the pretended device; ``inner`` holds its numbers."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> OnPretendedCuda:
        made = Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device="cpu",
            requires_grad=False,
        )
        made.inner = inner
        return made

    device = property(lambda self: CUDA)
    is_cuda = property(lambda self: True)
    is_cpu = property(lambda self: False)

    def tolist(self) -> Any:
        _current().trace.waits["tolist"] += 1
        return self.inner.tolist()

    def numpy(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("can't convert cuda:0 device type tensor to numpy; use Tensor.cpu() first")

    __array__ = numpy

    def pin_memory(self, device: Any = None) -> Tensor:
        raise RuntimeError("cannot pin a tensor on cuda: only dense CPU tensors can be pinned")

    def __repr__(self, **kwargs: Any) -> str:
        return f"OnPretendedCuda({self.inner!r})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _current().run(func, args, kwargs or {})


def on_cuda(values: Any) -> list[OnPretendedCuda]:
    """The pretended tensors among nested arguments."""
    return [value for value in _tensors([values]) if isinstance(value, OnPretendedCuda)]


@dataclass
class _Device:
    """The pretended device while it is there."""

    trace: Trace
    calls: list[bool] = field(default_factory=list)  # of torch's functions: does one get a tensor of ours, no device?
    leaving: list[bool] = field(default_factory=list)  # of .to(): is it to the CPU?
    backward: int = 0  # autograd engines that run

    def run(self, func: Any, args: Any, kwargs: Any) -> Any:
        """One operator of torch, below autograd."""
        tensors = [*_tensors(args), *_tensors(kwargs.values())]
        ours = [tensor for tensor in tensors if isinstance(tensor, OnPretendedCuda)]
        theirs = [tensor for tensor in tensors if not isinstance(tensor, OnPretendedCuda)]
        to_cuda = self._goes_to_cuda(func, args, kwargs, ours, theirs)
        if ours and theirs and func not in COPIES:
            self._check_devices(func, args, ours, theirs)
        self._count(func, args, kwargs, ours, theirs, to_cuda=to_cuda)
        if "device" in kwargs and kwargs["device"] is not None:
            kwargs = {**kwargs, "device": CPU}
        result = func(*map(_inner, args), **{name: _inner(value) for name, value in kwargs.items()})
        if not to_cuda:
            return result
        if func is aten._pack_padded_sequence.default:  # batch sizes stay on the CPU
            return OnPretendedCuda(result[0]), result[1]
        wrapped = _wrapped(result, {id(tensor.inner): tensor for tensor in ours})
        return return_and_correct_aliasing(func, args, kwargs, wrapped) if ours and not theirs else wrapped

    def _goes_to_cuda(self, func: Any, args: Any, kwargs: Any, ours: list[Any], theirs: list[Any]) -> bool:
        """Whether the result of an operator is on the device."""
        if func is aten.copy_.default:
            return isinstance(args[0], OnPretendedCuda)
        wanted = kwargs.get("device")
        if wanted is not None and torch.device(wanted).type == "cuda":
            return True
        if func is aten._to_copy.default:  # autograd's own copies say the device of the C++ side
            return bool(ours) and not (self.leaving and self.leaving[-1])
        if wanted is None:
            return bool(ours)
        return not theirs and (self.calls[-1] if self.calls else bool(self.backward))

    def _check_devices(self, func: Any, args: Any, ours: list[Any], theirs: list[Any]) -> None:
        """Raise where CUDA would: tensors of both devices, but for numbers, and indices, which are copied."""
        if func in INDEXING and isinstance(args[0], OnPretendedCuda):
            values = [leaf for leaf in args[2:3] if isinstance(leaf, Tensor)]
            if all(isinstance(value, OnPretendedCuda) or not value.dim() for value in values):
                self.trace.waits["index from the CPU"] += 1
                return
        if all(not tensor.dim() for tensor in theirs) or func in PACKING:  # whose lengths are to be on the CPU
            return
        here, there = ([tuple(tensor.shape) for tensor in tensors] for tensors in (ours, theirs))
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but {func} got {here} on cuda:0 and {there} on cpu"
        )

    def _count(self, func: Any, args: Any, kwargs: Any, ours: list[Any], theirs: list[Any], *, to_cuda: bool) -> None:
        if func in COPIES and (bool(ours) != to_cuda or (ours and theirs)):
            non_blocking = kwargs.get("non_blocking") or (func is aten.copy_.default and len(args) > 2 and args[2])
            if not to_cuda:
                self.trace.waits["copy to the CPU"] += 1
            elif non_blocking:
                self.trace.copies["to the device"] += 1
            else:
                self.trace.waits["copy from the CPU"] += 1
        name = func._schema.name.split("::")[1]
        if func in WAITING and ours:
            self.trace.waits[name] += 1
        if func in INDEXING and ours:
            masks = [index for index in args[1] if index is not None and index.dtype == torch.bool]
            if masks:
                self.trace.waits["index by a mask"] += 1
        if (ours or to_cuda) and name not in WITHOUT_KERNEL:
            self.trace.launches[name] += 1


# torch's own functions for nested arguments take several times as long as the operators of small tensors.


def _tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _inner(value: Any) -> Any:
    """What an argument holds on the CPU."""
    if isinstance(value, OnPretendedCuda):
        return value.inner
    return type(value)(map(_inner, value)) if type(value) in (list, tuple) else value


def _wrapped(made: Any, known: dict[int, OnPretendedCuda]) -> Any:
    """Results as tensors of ours; those that were arguments, by what they hold, are these."""
    if isinstance(made, Tensor):
        return known.get(id(made)) if id(made) in known else OnPretendedCuda(made)
    return type(made)(_wrapped(one, known) for one in made) if type(made) in (list, tuple) else made


class _Operators(TorchDispatchMode):
    """Sends operators that get no tensor of ours, such as ``zeros(device="cuda")``, to the device too."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _current().run(func, args, kwargs or {})


class _Functions(TorchFunctionMode):
    """torch's functions as Python calls them: which device they mean, and CUDA's autocast."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs, name, device = kwargs or {}, getattr(func, "__name__", ""), _current()
        device.calls.append(bool(on_cuda(args)) and "device" not in kwargs and name not in ("to", "cpu"))
        try:
            return self._call(name, func, args, kwargs, device)
        finally:
            device.calls.pop()

    def _call(self, name: str, func: Any, args: Any, kwargs: Any, device: _Device) -> Any:
        if func is torch.tensor and kwargs.get("device") is not None and torch.device(kwargs["device"]).type == "cuda":
            device.trace.waits["copy from the CPU"] += 1
            return OnPretendedCuda(func(*args, **{**kwargs, "device": CPU}))
        if name == "new_tensor" and isinstance(args[0], OnPretendedCuda):
            device.trace.waits["copy from the CPU"] += 1
            return OnPretendedCuda(args[0].inner.new_tensor(*args[1:], **kwargs))
        if name in ("to", "cpu"):
            return self._moved(name, func, args, kwargs, device)
        if name == "_pad_packed_sequence" and on_cuda(args):
            return _pad_packed(*args)
        if name in RECURRENT and on_cuda(args):
            _check_states(args)
        if torch.is_autocast_enabled("cuda") and on_cuda(args):
            args, kwargs = _autocast(name, args, kwargs)
        return func(*args, **kwargs)

    def _moved(self, name: str, func: Any, args: Any, kwargs: Any, device: _Device) -> Any:
        places = [torch.device(x) for x in (*args[1:], *kwargs.values()) if isinstance(x, str | torch.device)]
        to_cpu = name == "cpu" or any(place.type == "cpu" for place in places)
        if to_cpu and isinstance(args[0], OnPretendedCuda):
            device.trace.waits["copy to the CPU"] += 1
            return args[0].detach().inner.clone()

        def numbered(x: Any) -> Any:  # a device without a number makes torch ask CUDA for the current one
            return CUDA if isinstance(x, str | torch.device) and torch.device(x).type == "cuda" else x

        device.leaving.append(to_cpu)
        try:
            return func(args[0], *map(numbered, args[1:]), **{key: numbered(x) for key, x in kwargs.items()})
        finally:
            device.leaving.pop()


def _pad_packed(
    data: Tensor, batch_sizes: Tensor, batch_first: bool, value: float, total: int
) -> tuple[Tensor, Tensor]:
    """torch's own, but for the lengths, which it writes into a tensor that it takes to be on the CPU."""
    most, sizes = int(batch_sizes[0]), batch_sizes.tolist()
    steps = [functional.pad(step, (0, 0, 0, most - len(step)), value=value) for step in data.split(sizes)]
    padded = functional.pad(torch.stack(steps), (0, 0, 0, 0, 0, total - len(steps)), value=value)
    lengths = torch.tensor([sum(size > row for size in sizes) for row in range(most)])
    return padded.transpose(0, 1) if batch_first else padded, lengths


def _check_states(args: Any) -> None:
    """Raise where cuDNN would, which is given (input, states, …), or (input, batch sizes, states, …) when packed."""
    states = args[2] if isinstance(args[1], Tensor) and not isinstance(args[1], OnPretendedCuda) else args[1]
    in_autocast = torch.is_autocast_enabled("cuda")  # which makes copies
    if not in_autocast and not all(state.is_contiguous() for state in on_cuda(states)):
        raise RuntimeError("rnn: hx is not contiguous")


def _autocast(name: str, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """Arguments in the types that CUDA's autocast gives them."""

    def to(dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
        return lambda x: x.to(dtype) if x.is_floating_point() and x.dtype is not torch.float64 else x

    if name in RECURRENT:  # cuDNN's take fp16, whatever autocast was asked for
        return tree_map_only(OnPretendedCuda, to(torch.half), args), kwargs
    if name in LOWER_PRECISION:
        return tree_map_only(OnPretendedCuda, to(torch.get_autocast_dtype("cuda")), args), kwargs
    if name in FULL_PRECISION:
        return tree_map_only(OnPretendedCuda, to(torch.float32), args), kwargs
    low = isinstance(args[0], OnPretendedCuda) and args[0].dtype in (torch.half, torch.bfloat16)
    if name in SUMMING_IN_FULL and low and kwargs.get("dtype") is None and "out" not in kwargs:
        return args, {**kwargs, "dtype": torch.float32}
    return args, kwargs


_devices: list[_Device] = []


def _current() -> _Device:
    return _devices[-1]


def _grouped(tensors: Any, with_indices: bool = False) -> Any:
    """torch's grouping by device asks the C++ side, for which our tensors are on the CPU."""
    found = _group_tensors(tensors, with_indices)
    first = next((tensor for some in tensors for tensor in some if tensor is not None), None)
    return {(CPU if first is None else first.device, dtype): group for (_, dtype), group in found.items()}


_group_tensors = _foreach_utils._group_tensors_by_device_and_dtype


@contextlib.contextmanager
def pretended_cuda() -> Iterator[Trace]:
    """Let torch find a GPU inside; gives what it is asked to do, which counts on until it is cleared."""
    device = _Device(Trace())
    engine = torch.autograd._engine_run_backward

    def backward(*args: Any, **kwargs: Any) -> Any:
        calls, device.calls[:] = device.calls[:], []
        device.backward += 1
        try:
            return engine(*args, **kwargs)
        finally:
            device.backward -= 1
            device.calls[:] = calls

    replaced: dict[str, Any] = {
        "torch.cuda.is_available": lambda: True,
        "torch.cuda.device_count": lambda: 1,
        "torch.cuda.set_device": lambda device: None,
        "torch.cuda.get_device_capability": lambda *args: (9, 0),
        "torch.cuda.get_device_name": lambda *args: "pretended",
        "torch.cuda.amp.common.amp_definitely_not_available": lambda: False,
        "torch.cuda.is_bf16_supported": lambda *args: True,
        "torch.cuda.empty_cache": lambda: None,
        "torch.backends.cudnn.is_acceptable": lambda tensor: False,
        "torch.cuda.synchronize": lambda *args: None,
        "torch.cuda.get_rng_state": lambda *args: torch.get_rng_state(),
        "torch.cuda.set_rng_state": lambda state, *args: torch.set_rng_state(state),
        "torch.cuda._lazy_init": lambda: None,
        "torch.random.fork_rng": lambda *args, **kwargs: contextlib.nullcontext(),
        "torch.nn.utils.clip_grad._group_tensors_by_device_and_dtype": _grouped,
        "torch.optim.optimizer._group_tensors_by_device_and_dtype": _grouped,
        "torch.utils._foreach_utils._group_tensors_by_device_and_dtype": _grouped,
        "torch.autograd._engine_run_backward": backward,
        "torch._C._InferenceMode": lambda mode: torch.no_grad() if mode else contextlib.nullcontext(),
        "torch.Tensor.pin_memory": lambda self: self,
    }
    with contextlib.ExitStack() as stack:
        for name, replacement in replaced.items():
            stack.enter_context(mock.patch(name, replacement))
        _devices.append(device)
        stack.callback(_devices.pop)
        stack.enter_context(_Operators())
        stack.enter_context(_Functions())
        yield device.trace
