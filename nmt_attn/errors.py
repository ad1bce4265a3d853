"""The errors that a user sees: one clear line each, with an exit code."""


class NmtError(Exception):
    """A failure that is reported in one line, without a traceback (exit code 1)."""

    exit_code = 1


class UserError(NmtError):
    """An error in the command line, the configuration or the input (exit code 2)."""

    exit_code = 2


class ConfigError(UserError):
    """An invalid value or key in a configuration file or a ``--set``."""


class InputError(UserError):
    """A corpus, a text file or a model given by the user that cannot be used."""


class DownloadError(NmtError):
    """A failure to fetch a file."""


class Diverged(NmtError):
    """A training whose loss is no longer a number."""


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
"""Words in the messages of torch's errors that say that memory is short, on a CPU or a GPU."""


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error of torch means that memory is short; torch has a class of its own only for some of them."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in OUT_OF_MEMORY)


def printable(text: str) -> str:
    """Put a space for each character that could control a terminal, or end a line."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


class Interrupted(BaseException):
    """An immediate end of the program by a signal, which the exit code tells.

    It is not a KeyboardInterrupt, because typer handles that itself.
    """

    def __init__(self, signal: int) -> None:
        super().__init__()
        self.exit_code = 128 + signal
