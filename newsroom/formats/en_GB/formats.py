"""British days, and the clock of twenty-four hours."""

DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
SHORT_DATETIME_FORMAT = "d/m/Y H:i"

# The names below are ours: what the filters of newsroom/templatetags/newsroom.py print.
DAY = "j F Y"
DAY_OF_THE_YEAR = "j F"
DAY_WITH_WEEKDAY = "l j F Y"
BRIEF_DAY = "j M"
BRIEF_DAY_WITH_YEAR = "j M Y"
EURO = "€{}"
THOUSANDS = ","
DECIMALS = "."
