"""The start of several processes on this machine, by torch's own launcher. torch is imported when there is a need."""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nmt_attn.errors import Interrupted, NmtError
from nmt_attn.threads import usable_processors, wished_threads

if TYPE_CHECKING:
    from nmt_attn.config.schema import Config

PATIENCE = 600
"""Seconds that processes get to write their checkpoint after a signal, before they are killed."""


def processes_here(config: Config) -> int:
    """Return how many processes are to train together on this machine: as configured, or one for each GPU."""
    wished = config.training.processes
    if wished != "auto":
        return wished
    if config.training.device not in ("auto", "cuda"):
        return 1
    import torch

    return max(1, torch.cuda.device_count())


def launch(arguments: Sequence[str], count: int) -> int:
    """Run ``nmt`` with these arguments in so many processes, and return its exit code.

    A signal is passed on to all of them, and where one fails the others are ended.

    Raises:
        NmtError: one of them was killed.
        Interrupted: a signal has ended them.
    """
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, launch_agent

    logging.disable(logging.CRITICAL)  # our processes say themselves what is wrong
    if wished_threads() is None:
        os.environ["OMP_NUM_THREADS"] = str(max(1, usable_processors() // count))
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=0,
        signals_to_handle="SIGTERM,SIGINT,SIGHUP",
        shutdown_timeout=PATIENCE,
    )
    try:
        launch_agent(config, sys.executable, ["-m", "nmt_attn", *arguments])
    except SignalException as stopped:
        return 128 + int(stopped.sigval)
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in error.failures.values()]
        killed = [-code for code in codes if code < 0 and -code != signal.SIGTERM]
        if killed:
            name = signal.Signals(killed[0]).name
            raise NmtError(
                f"one of the {count} processes was ended by {name}, perhaps for lack of memory; the last checkpoint is "
                "kept, and --resume goes on with it"
            ) from None
        return max(codes, default=1)
    except KeyboardInterrupt:
        raise Interrupted(signal.SIGINT) from None
    finally:
        logging.disable(logging.NOTSET)
    return 0
