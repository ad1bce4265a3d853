"""Adverbs of time, days, hours, numbers and the weather."""

from __future__ import annotations

from .model import Phrase, phrases


def _table(text: str) -> list[Phrase]:
    """Read a table: English | French | tags."""
    return phrases(*text.strip().splitlines())


PAST = _table("""
yesterday|hier
yesterday|hier
yesterday morning|hier matin|not-pm
yesterday afternoon|hier après-midi|not-am|not-pm
last night|hier soir|not-am|not-day
this morning|ce matin|not-pm
last week|la semaine dernière|not-daily
last month|le mois dernier|not-daily
last Saturday|samedi dernier|not-daily
last Sunday|dimanche dernier|not-daily
two days ago|il y a deux jours|not-daily
a week ago|il y a une semaine|not-daily
on Monday|lundi|not-daily
""")  # fmt: skip
LONG_AGO = _table("""
last year|l'année dernière
last summer|l'été dernier
last month|le mois dernier
two years ago|il y a deux ans
three years ago|il y a trois ans
ten years ago|il y a dix ans
a month ago|il y a un mois
""")
FUTURE = _table("""
tomorrow|demain
tomorrow|demain
tomorrow morning|demain matin|not-pm
tomorrow afternoon|demain après-midi|not-am|not-pm
tomorrow evening|demain soir|not-am|not-day
tonight|ce soir|not-am|not-day
this afternoon|cet après-midi|not-am|not-pm
next week|la semaine prochaine|not-daily
next month|le mois prochain|not-daily
next Saturday|samedi prochain|not-daily
on Sunday|dimanche
on Friday|vendredi
this weekend|ce week-end|not-daily
later|plus tard|not-am|not-pm
""")  # fmt: skip
HABIT = _table("""
every day|tous les jours
every day|tous les jours
every morning|tous les matins|not-pm
every evening|tous les soirs|not-am|not-day
every week|toutes les semaines|not-daily
on Sundays|le dimanche
on Saturdays|le samedi
in the morning|le matin|not-pm
in the evening|le soir|not-am|not-day
twice a week|deux fois par semaine|not-daily
""")
NOW = _table("now|maintenant|not-am\nat the moment|en ce moment|not-am")
OFTEN = _table("often|souvent\nalways|toujours\nsometimes|parfois\nnever|jamais")
DAYS = _table(
    "Monday|lundi\nTuesday|mardi\nWednesday|mercredi\nThursday|jeudi\nFriday|vendredi\nSaturday|samedi\nSunday|dimanche"
)
MONTHS = _table("""
January|janvier
February|février
March|mars
April|avril
May|mai
June|juin
July|juillet
August|août
September|septembre
October|octobre
November|novembre
December|décembre
""")  # fmt: skip
SEASONS = _table("in summer|en été\nin winter|en hiver\nin spring|au printemps\nin autumn|en automne")
NUMBERS = _table("""
two|deux
three|trois
four|quatre
five|cinq
six|six
seven|sept
eight|huit
nine|neuf
ten|dix
eleven|onze
twelve|douze
fifteen|quinze
twenty|vingt
thirty|trente
forty|quarante
fifty|cinquante
""")  # fmt: skip
SMALL_NUMBERS = NUMBERS[:9]
FEW = NUMBERS[:4]
HOURS = _table("""
two o'clock|deux heures
three o'clock|trois heures
four o'clock|quatre heures
five o'clock|cinq heures
six o'clock|six heures
seven o'clock|sept heures
eight o'clock|huit heures
nine o'clock|neuf heures
ten o'clock|dix heures
eleven o'clock|onze heures
half past three|trois heures et demie
half past six|six heures et demie
half past seven|sept heures et demie
half past eight|huit heures et demie
half past nine|neuf heures et demie
a quarter past five|cinq heures et quart
a quarter past eight|huit heures et quart
a quarter past nine|neuf heures et quart
a quarter to four|quatre heures moins le quart
a quarter to seven|sept heures moins le quart
a quarter to ten|dix heures moins le quart
noon|midi
midnight|minuit
""")  # fmt: skip
OPENING = [h for h in HOURS if "o'clock" in h.en][4:] + [h for h in HOURS if h.en.startswith("half past")][1:]
WEATHER = _table("cold|faire froid\nhot|faire chaud\nwindy|y avoir du vent")
WEATHER_NOUNS = _table("""
it is cold|il fait froid
it is hot|il fait chaud
it is raining|il pleut
it is snowing|il neige
the sun is shining|le soleil brille
it is windy|il y a du vent
the weather is bad|il fait mauvais
the weather is fine|il fait beau
""")
WEATHER_PAST = _table("""
it was cold|il faisait froid
it was hot|il faisait chaud
it was raining|il pleuvait
it was snowing|il neigeait
it was windy|il y avait du vent
the weather was bad|il faisait mauvais
the weather was fine|il faisait beau
it was dark|il faisait nuit
""")
AGES = NUMBERS[5:]
DURATIONS = _table("""
for two hours|pendant deux heures
for an hour|pendant une heure
all day|toute la journée
all night|toute la nuit
all morning|toute la matinée
for ten minutes|pendant dix minutes
""")
SINCE = _table("""
for two years|depuis deux ans
for a year|depuis un an
for six months|depuis six mois
for a week|depuis une semaine
for ten years|depuis dix ans
for a long time|depuis longtemps
""")
