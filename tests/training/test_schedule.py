"""Learning rates and budgets."""

import pytest

from nmt_attn.config.schema import ScheduleConfig, TeacherForcingConfig
from nmt_attn.training.schedule import Budget, learning_rate, teacher_forcing


def rate(kind: str, step: int = 1000, progress: float = 0.0, drops: int = 0, **settings: float) -> float:
    config = ScheduleConfig(kind=kind, **settings)
    return learning_rate(config, 1.0, step=step, progress=progress, plateau_drops=drops)


@pytest.mark.parametrize("kind", ["constant", "linear", "cosine", "inverse_sqrt", "plateau"])
def test_warm_up_rises_evenly_to_the_peak(kind):
    rates = [rate(kind, step=step, warmup_steps=4) for step in range(4)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1.0])


@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_falls_over_the_budget_to_its_final_share(kind):
    rates = [rate(kind, progress=tenth / 10, final_share=0.1) for tenth in range(11)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(1.0)
    assert rates[5] == pytest.approx(0.55)
    assert rates[10] == pytest.approx(0.1)


def test_inverse_square_root_halves_at_four_times_the_warm_up():
    assert rate("inverse_sqrt", step=399, warmup_steps=100) == pytest.approx(0.5)


def test_plateau_falls_with_each_drop():
    assert rate("plateau", drops=2, plateau_factor=0.3) == pytest.approx(0.09)


def test_the_nearest_limit_counts():
    budget = Budget(max_epochs=10, max_steps=1000, max_minutes=None)
    assert budget.progress(epochs=5, steps=100, minutes=1e9) == 0.5
    assert budget.progress(epochs=1, steps=900, minutes=0) == 0.9
    assert budget.progress(epochs=11, steps=0, minutes=0) == 1.0


def forcing(progress: float, **settings: object) -> float:
    return teacher_forcing(TeacherForcingConfig.model_validate(settings), progress)


@pytest.mark.parametrize("decay", ["linear", "exponential", "inverse_sigmoid"])
def test_teacher_forcing_falls_from_its_first_to_its_last_ratio(decay):
    shares = [forcing(tenth / 10, ratio=0.9, final_ratio=0.3, decay=decay) for tenth in range(11)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(0.9)
    assert shares[10] == pytest.approx(0.3)


def test_the_curves_of_teacher_forcing_differ_in_the_middle():
    assert forcing(0.5, final_ratio=0.25, decay="linear") == pytest.approx(0.625)
    assert forcing(0.5, final_ratio=0.25, decay="exponential") == pytest.approx(0.5)
    assert forcing(0.5, final_ratio=0.25, decay="inverse_sigmoid") == pytest.approx(0.625)
    assert forcing(0.2, final_ratio=0.0, decay="inverse_sigmoid") > 0.94
    assert forcing(0.8, final_ratio=0.0, decay="inverse_sigmoid") < 0.06


def test_a_single_ratio_of_teacher_forcing_stays():
    assert forcing(0.7, ratio=0.8) == 0.8
    assert teacher_forcing(TeacherForcingConfig.model_validate(0.8), 0.3) == 0.8
    assert teacher_forcing(TeacherForcingConfig(), 1.0) == 1.0
