"""The errors a user sees: one clear line each, and the exit code that goes with it."""


class NmtError(Exception):
    """Something failed that is worth one line and no traceback (exit code 1)."""

    exit_code = 1


class UserError(NmtError):
    """The command line, the configuration or the input is wrong (exit code 2)."""

    exit_code = 2


class ConfigError(UserError):
    """A configuration file or a ``--set`` says something that cannot be."""


class InputError(UserError):
    """A corpus, a text file or a model given by the user cannot be used."""


class DownloadError(NmtError):
    """A file could not be fetched."""


OUT_OF_MEMORY = (
    "DefaultCPUAllocator",  # torch's on a CPU
    "CUDA out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",  # libraries that get memory for themselves
    "CUDNN_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
    "cudaErrorMemoryAllocation",
    "CUDA error: out of memory",
)
"""What stands in torch's errors where memory is short, on a CPU or a GPU."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch, for which it has a class of its own only sometimes, says that memory is short."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)


class Interrupted(BaseException):
    """A signal ends the program at once; the exit code says which.

    No KeyboardInterrupt, which typer takes for itself.
    """

    def __init__(self, signal: int) -> None:
        super().__init__()
        self.exit_code = 128 + signal
