"""Curves as characters."""

import math

import pytest

from nmt_attn.reporting.curve_panels import draw, nice_ticks, thin
from nmt_attn.runs.curves import Curves
from tests.runs.made_runs import trained_line, valid_line


def curves(steps: int = 50) -> Curves:
    found = Curves()
    found.take_in([trained_line(step * 20, loss=3 / step) for step in range(1, steps + 1)])
    found.take_in([valid_line(step * 100, loss=4 / step, bleu=step, metric="bleu") for step in range(1, 5)])
    return found


@pytest.mark.parametrize("width", [30, 80, 99, 100, 211])
@pytest.mark.parametrize("height", [8, 16, 23, 40, 100, None])
def test_it_fits_whatever_the_terminal(width, height):
    lines = draw(curves(), "texts", width, height, color=False)
    assert lines
    assert max(map(len, lines)) <= width
    assert height is None or len(lines) <= height
    assert all(line.isprintable() for line in lines)


def test_what_matters_most_stays_where_there_is_little_room():
    low, high = ("\n".join(draw(curves(), "texts", 80, height, color=False)) for height in (12, 60))
    assert "loss: training ─, validation •" in low
    assert "learning rate" not in low
    for title in ("validation: BLEU", "learning rate", "texts/s"):
        assert title in high


def test_there_is_nothing_to_draw_or_no_room():
    assert draw(Curves(), "texts", 80, 40, color=False) == []
    assert draw(curves(), "texts", 20, 40, color=False) == []
    assert draw(curves(), "texts", 80, 3, color=False) == []


def test_colour_only_where_it_is_asked_for():
    assert "\x1b[" in "".join(draw(curves(), "texts", 80, 20, color=True))
    assert "\x1b" not in "".join(draw(curves(), "texts", 80, 20, color=False))


@pytest.mark.parametrize(
    "values", [[0.0], [5.0], [5.0, 5.0], [0.0, 0.0], [-1e-12, 1e-12], [1e-300, 1e100], [-3.0, 4.0]]
)
def test_any_values_can_be_drawn(values):
    found = Curves()
    found.take_in([trained_line(step, loss=value, learning_rate=value) for step, value in enumerate(values, start=1)])
    assert len(draw(found, "texts", 80, 40, color=False)) > 8


def test_numbers_beyond_all_measure_are_left_out():
    found = Curves()
    hostile = [trained_line(10**300 + step, loss=1.0) for step in range(500)]
    found.take_in([*hostile, trained_line(-5), trained_line(20, loss=1e308), trained_line(40, loss=-1e308)])
    assert found.loss == []
    assert found.speed == [(20, 100.0), (40, 100.0)]
    assert draw(found, "texts", 80, 40, color=False)


def test_a_falling_curve_falls():
    lines = draw(curves(), "texts", 80, 12, color=False)
    dots = "\n".join(lines)
    inner = [line[line.index("│") + 1 :] for line in lines[2:-2] if "│" in line]
    first, last = (next(row for row, line in enumerate(inner) if line[place : place + 3].strip()) for place in (0, 70))
    assert first < last, dots


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.013, 0.99), (20, 912), (-5, 5), (1e-9, 3e-9), (1e9, 1e12)])
def test_ticks_are_round_and_few(low, high):
    ticks = nice_ticks(low, high, 5)
    assert 2 <= len(ticks) <= 5
    assert all(low - 1e-9 * abs(low) <= tick <= high + 1e-9 * abs(high) for tick in ticks)
    step = ticks[1] - ticks[0]
    assert round(step / 10 ** math.floor(math.log10(step * 1.0001)), 6) in (1, 2, 5)


def test_a_long_curve_is_thinned_and_its_mean_stays():
    points = [(step, float(step % 7)) for step in range(10_000)]
    thinned = thin(points, 160)
    assert len(thinned) <= 160
    assert thinned[-1] == points[-1]
    assert sum(value for _, value in thinned) / len(thinned) == pytest.approx(3.0, abs=0.2)
    assert thin(points[:160], 160) == points[:160]
