"""The ``nmt`` program: its commands and its way of reporting errors. torch is imported by the commands, not here."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from nmt_attn.cli.attend import attend_command
from nmt_attn.cli.average import average_command
from nmt_attn.cli.classify import classify_command
from nmt_attn.cli.command import Command, TextCommand
from nmt_attn.cli.compare import compare_command
from nmt_attn.cli.completion import complete, is_completing
from nmt_attn.cli.config import config_app
from nmt_attn.cli.eval import eval_command
from nmt_attn.cli.export import export_command
from nmt_attn.cli.inspect import inspect_command
from nmt_attn.cli.prepare import prepare_command
from nmt_attn.cli.report import report_command
from nmt_attn.cli.runs import RunsCommand, runs_command
from nmt_attn.cli.score import score_command
from nmt_attn.cli.sweep import sweep_command
from nmt_attn.cli.train import train_command
from nmt_attn.cli.translate import translate_command
from nmt_attn.cli.watch import watch_command
from nmt_attn.errors import Interrupted, NmtError, is_out_of_memory, printable
from nmt_attn.version import __version__

STANDARD_OUTPUT = 1  # of every process

OUT_OF_MEMORY = "out of memory; a smaller training.batch_tokens or decoding.batch_tokens, or shorter lines, need less"

# typer carries its own command-line parser and exports only this one of its errors.
UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="nmt",
    help="Train, evaluate and use recurrent models with attention, which translate sentences or classify texts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("prepare", cls=Command)(prepare_command)
app.command("train", cls=Command)(train_command)
app.command("sweep", cls=Command)(sweep_command)
app.command("eval", cls=Command)(eval_command)
app.command("translate", cls=TextCommand)(translate_command)
app.command("classify", cls=TextCommand)(classify_command)
app.command("report", cls=Command)(report_command)
app.command("compare", cls=Command)(compare_command)
app.command("score", cls=Command)(score_command)
app.command("average", cls=Command)(average_command)
app.command("attend", cls=TextCommand)(attend_command)
app.command("export", cls=Command)(export_command)
app.command("inspect", cls=Command)(inspect_command)
app.command("runs", cls=RunsCommand)(runs_command)
app.command("watch", cls=Command)(watch_command)
app.add_typer(config_app)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"nmt {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Train, evaluate and use recurrent models with attention, which translate sentences or classify texts."""
    if debug:
        os.environ["NMT_DEBUG"] = "1"


def main() -> None:
    """Run the program and turn errors into one line and an exit code."""
    _in_utf8()
    _open_streams()
    _utf8_streams()
    if sys.stdout is None:
        _leave("standard output is closed, so there is nowhere to write to; > /dev/null throws results away", 1)
    try:
        if is_completing():
            complete(lambda: app(standalone_mode=False, prog_name="nmt"))
        sys.exit(app(standalone_mode=False) or 0)
    except UsageError as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # nmt, or nmt config, and no more; rich has shown the help
            print(error.format_message(), end="")
            sys.exit(0)
        _leave(_one_line(error), 2)
    except typer.Abort:
        _leave("interrupted", 130)
    except NmtError as error:
        _leave(str(error), error.exit_code)
    except Interrupted as error:
        _leave("interrupted", error.exit_code)
    except KeyboardInterrupt:
        _leave("interrupted", 130)
    except BrokenPipeError:
        _reader_has_gone()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # of which typer makes a failure
            _reader_has_gone()
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _leave(f"{where}{error.strerror or error}", 1)
    except MemoryError:
        _leave(OUT_OF_MEMORY, 1)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        _leave(OUT_OF_MEMORY, 1)


def _reader_has_gone() -> None:
    """Exit quietly where the reader of our output has gone: Python would complain on closing the stream."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STANDARD_OUTPUT)
    sys.exit(0)


def _one_line(error: UsageError) -> str:
    """Describe a wrong command line in one line, and say where to find help."""
    command = error.ctx.command_path if error.ctx is not None else "nmt"
    message = error.format_message().rstrip(".")
    unknown = message.startswith("No such option") and not getattr(error, "possibilities", None)
    if unknown and isinstance(getattr(error.ctx, "command", None), TextCommand):
        message = (
            f"{message} (a sentence that begins with a dash goes behind --, as in: nmt {error.ctx.info_name} -- TEXT)"
        )
    return f"{message} See {command} --help" if message.endswith("?") else f"{message}; see {command} --help"


def _in_utf8() -> None:
    """Begin again in Python's UTF-8 mode where the locale has another encoding: words and names of files are UTF-8.

    By then Python has read the command line in the locale's encoding, and would look for files by it.
    """
    words = sys.argv[1:]
    typed = bool(words) and sys.orig_argv[-len(words) :] == words  # else somebody calls this from Python
    if sys.getfilesystemencoding().lower() != "utf-8" and not sys.flags.utf8_mode and typed:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _open_streams() -> None:
    """Replace standard streams that were closed when the program started: input is then empty, messages are dropped.

    Python leaves None in their place, and what is printed to a standard error of None goes to standard output.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _utf8_streams() -> None:
    """Read and write UTF-8 whatever the locale; replace what cannot be encoded or decoded instead of failing."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _leave(message: str, code: int) -> None:
    """Exit with a message of one line, without the traceback unless ``$NMT_DEBUG`` asks for it.

    A message may quote a file, an archive or a server, so nothing in it may control the terminal.
    """
    if os.environ.get("NMT_DEBUG"):
        raise
    message = printable(message)
    print(f"error: {message}" if code < 128 else message, file=sys.stderr)
    sys.exit(code)
