"""The sentence patterns: each builds one pair of sentences with a ``Writer``.

A pattern may return None when the words that were drawn do not suit it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional

from ..sentences import Pair
from ..writer import Writer
from . import (
    coordination,
    infinitives,
    main_clauses,
    owners,
    places,
    predicates,
    questions,
    relative,
    subordinate,
)

Pattern = Callable[[Writer], Optional[Pair]]

# pattern and its weight
PATTERNS: tuple[tuple[Pattern, int], ...] = (
    (main_clauses.plain_statement, 90),
    (main_clauses.time_first, 80),
    (main_clauses.place_first, 20),
    (main_clauses.object_first, 12),
    (main_clauses.with_frequency, 30),
    (main_clauses.already, 30),
    (main_clauses.with_manner, 15),
    (main_clauses.negation, 55),
    (main_clauses.since, 25),
    (main_clauses.because_of, 25),
    (main_clauses.animal, 35),
    (main_clauses.belongs, 14),
    (main_clauses.departure, 15),
    (main_clauses.weather, 14),
    (main_clauses.passive, 50),
    (predicates.adjective_predicate, 45),
    (predicates.person_predicate, 25),
    (predicates.comparative, 25),
    (predicates.superlative, 14),
    (predicates.existence, 22),
    (predicates.possession, 20),
    (predicates.profession, 12),
    (predicates.price, 14),
    (predicates.taste, 9),
    (predicates.opening, 9),
    (places.position, 28),
    (places.putting, 32),
    (places.pronoun_for_thing, 26),
    (places.pronoun_object, 26),
    (subordinate.because, 75),
    (subordinate.if_clause, 45),
    (subordinate.unreal, 20),
    (subordinate.when_past, 35),
    (subordinate.before, 35),
    (subordinate.while_clause, 28),
    (subordinate.that_clause, 45),
    (subordinate.feeling_that, 25),
    (subordinate.whether, 22),
    (subordinate.indirect_question, 28),
    (subordinate.so_that, 18),
    (infinitives.purpose, 24),
    (infinitives.infinitive_clause, 32),
    (infinitives.without_doing, 14),
    (relative.relative_subject, 40),
    (relative.relative_object, 35),
    (relative.relative_in_object, 22),
    (questions.yes_no_question, 40),
    (questions.w_question, 35),
    (questions.who_question, 20),
    (questions.which_question, 16),
    (questions.request, 40),
    (questions.polite_question, 20),
    (questions.suggestion, 12),
    (coordination.two_clauses, 35),
    (coordination.therefore, 25),
    (coordination.two_objects, 12),
    (owners.genitive, 32),
    (owners.name_genitive, 14),
)
