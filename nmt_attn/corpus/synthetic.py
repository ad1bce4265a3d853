"""Made-up pairs instead of a corpus: what a decoder can only do by looking at the right place.

They are made on the spot from a seed and train in minutes, so they are the quickest proof that attention works.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from random import Random

from nmt_attn.config.schema import SyntheticConfig
from nmt_attn.corpus.pairs import Pair

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# A century, so that two digits name a year: 50 to 99 are 1950 to 1999, 00 to 49 are 2000 to 2049.
FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2049, 12, 31)

DATE_FORMS = (
    "{day} {month} {year}",
    "{month} {day}, {year}",
    "{weekday}, {month} {day}, {year}",
    "{weekday} {day} {short_month} {year}",
    "{short_month} {day} {year}",
    "{day:02}/{number:02}/{short_year:02}",
    "{day}.{number}.{year}",
    "the {ordinal} of {month} {year}",
)


def generate(config: SyntheticConfig) -> Iterator[Pair]:
    """Yield pairs of one kind: ``config.pairs`` of them, the same for the same configuration.

    dates: a date as people write it to ``1994-09-27``. addition: two numbers of equal width to their sum.
    reverse: letters to the same letters backwards.
    """
    random = Random(config.seed)
    make = _KINDS[config.kind]
    for _ in range(config.pairs):
        yield make(random, config)


def _date(random: Random, config: SyntheticConfig) -> Pair:
    day = FIRST_DAY + timedelta(days=random.randrange((LAST_DAY - FIRST_DAY).days + 1))
    month = MONTHS[day.month - 1]
    written = random.choice(DATE_FORMS).format(
        day=day.day,
        ordinal=_ordinal(day.day),
        number=day.month,
        month=month,
        short_month=month[:3],
        weekday=WEEKDAYS[day.weekday()],
        year=day.year,
        short_year=day.year % 100,
    )
    change = random.choice((str, str.lower, str.upper))
    return Pair(change(written), day.isoformat())


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _sum(random: Random, config: SyntheticConfig) -> Pair:
    """Make an addition of equal width by zeros in front; else 1+23 and 12+3 would be one sentence to the split."""
    numbers = []
    for _ in range(2):
        digits = random.randint(config.min_length, config.max_length)
        numbers.append(random.randrange(10**digits))
    first, second = (str(number).zfill(config.max_length) for number in numbers)
    return Pair(f"{first}+{second}", str(sum(numbers)))


def _reversal(random: Random, config: SyntheticConfig) -> Pair:
    letters = random.choices(string.ascii_lowercase, k=random.randint(config.min_length, config.max_length))
    return Pair("".join(letters), "".join(reversed(letters)))


_KINDS: dict[str, Callable[[Random, SyntheticConfig], Pair]] = {"dates": _date, "addition": _sum, "reverse": _reversal}
