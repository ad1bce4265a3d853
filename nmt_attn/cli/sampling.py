"""Options of ``nmt translate --sample``, which draws translations at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nmt_attn.decoding.sampling import SamplingOptions

SampleOption = Annotated[
    bool, typer.Option("--sample", help="Draw translations at random instead of searching for the best.")
]
TemperatureOption = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        help="With --sample: below 1, likely tokens are drawn more often; above 1, less often. Default: 1.",
        show_default=False,
    ),
]
TopKOption = Annotated[
    int | None,
    typer.Option(
        "--top-k",
        help="With --sample: draw from the k most probable tokens only; 0, the default: from all.",
        show_default=False,
    ),
]
TopPOption = Annotated[
    float | None,
    typer.Option(
        "--top-p",
        help="With --sample: draw only from the most probable tokens that together have the probability p. Default: 1.",
        show_default=False,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        help="With --sample: seed of the random draws; the same seed gives the same translations. Default: 1.",
        show_default=False,
    ),
]


def sampling_options(
    temperature: float | None, top_k: int | None, top_p: float | None, seed: int | None
) -> SamplingOptions:
    """Build the sampling options from those that are given and the defaults of the others."""
    from nmt_attn.decoding.sampling import SamplingOptions

    default = SamplingOptions()
    return SamplingOptions(
        temperature=default.temperature if temperature is None else temperature,
        top_k=default.top_k if top_k is None else top_k,
        top_p=default.top_p if top_p is None else top_p,
        seed=default.seed if seed is None else seed,
    )
