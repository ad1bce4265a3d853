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


class Interrupted(BaseException):
    """A signal ends the program at once; the exit code says which.

    No KeyboardInterrupt, which typer takes for itself.
    """

    def __init__(self, signal: int) -> None:
        super().__init__()
        self.exit_code = 128 + signal
