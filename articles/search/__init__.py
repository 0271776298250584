"""Finding articles: everyone by what everyone may see of them, subscribers by the full text as well."""

from .question import NEWEST, PERIODS, RELEVANT, Question, question
from .results import Hit, NoSuchPage, Results, results
from .spelling import suggestions

__all__ = [
    "NEWEST",
    "PERIODS",
    "RELEVANT",
    "Hit",
    "NoSuchPage",
    "Question",
    "Results",
    "question",
    "results",
    "suggestions",
]
