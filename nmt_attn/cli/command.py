"""Commands that check their words before parsing them, so that nothing is silently ignored."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from nmt_attn.distributed.environment import place_here
from nmt_attn.errors import UserError

TOGETHER = ("train", "eval", "translate", "classify")
"""Commands that several processes, started by torchrun or Slurm, do together."""


class Command(TyperCommand):
    """A command that refuses what would be ignored: an option given twice, several processes for the work of one."""

    takes_text = False
    """True if its arguments are sentences, which may begin with a dash."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words behind the command.

        Raises:
            UserError: an option that takes one value is given twice, or a sentence looks like an option.
        """
        if ctx.resilient_parsing:  # a shell asks how a line could go on
            return super().parse_args(ctx, args)
        if self.takes_text:
            self._refuse_dashes(ctx, args)
        _, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for number, option in enumerate(given):
            if option in given[:number] and _takes_one_value(option):
                advice = "; average the models first, with nmt average" if "--model" in option.opts else ""
                raise UserError(f"{option.opts[0]} is given twice, and takes one value{advice}")
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command.

        Raises:
            UserError: torchrun or Slurm has started several processes, which would all do the same; the first says so.
            SystemExit: of the others.
        """
        place = place_here()
        if place.size > 1 and self.name not in TOGETHER:
            if place.rank:
                raise SystemExit(UserError.exit_code)
            raise UserError(
                f"{ctx.command_path} is the work of one process, and {place.size} were started together; start it "
                "without torchrun or srun (or unset RANK and WORLD_SIZE)"
            )
        return super().invoke(ctx)

    def _refuse_dashes(self, ctx: Any, args: list[str]) -> None:
        """Refuse a sentence that begins with a dash before it is taken for an option, and say where it goes."""
        values = {name for option in self.get_params(ctx) if not _is_flag(option) for name in option.opts}
        is_value = False
        for word in args:
            if word == "--":
                return
            if not is_value and _is_sentence(word):
                what = "standard input is read where no sentence is given; as a sentence it" if word == "-" else "it"
                shown = word if len(word) <= 40 else f"{word[:40]}…"
                raise UserError(
                    f"{shown!r} begins with a dash: {what} goes behind --, as in: nmt {ctx.info_name} -- TEXT"
                )
            is_value = not is_value and word in values


class TextCommand(Command):
    """A command whose arguments are sentences."""

    takes_text = True


def _is_flag(option: Any) -> bool:
    return bool(getattr(option, "is_flag", False))


def _takes_one_value(option: Any) -> bool:
    return option.param_type_name == "option" and not option.multiple and not _is_flag(option)


def _is_sentence(word: str) -> bool:
    """Say whether a word of the command line is text rather than an option: it has a space before any ``=``."""
    return word == "-" or (word.startswith("-") and any(letter.isspace() for letter in word.partition("=")[0]))
