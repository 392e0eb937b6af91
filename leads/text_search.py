"""Finds leads by part of a name, an e-mail, a number or a message, by an index of three letters in
a row (leads/migrations/lead_search.sql).

A search reads the newest leads first and ends once it has found enough, so what it costs depends
neither on how many leads there are nor on how many of them match.
"""

from collections.abc import Collection, Iterable

from django.db import connection

# A text is looked for by this much of its beginning.
_LONGEST = 200
# Two letters are looked for at the beginning of words only; one would be in nearly every lead.
_FEWEST, _FEWEST_ANYWHERE = 2, 3

_READ = """
    SELECT string_to_array(trim(leads_search_words(%(typed)s)), ' ')
"""
_KEYS = """
    SELECT array_agg(DISTINCT key)
    FROM unnest(%(parts)s::text[]) AS part, unnest(leads_search_keys(part, 0)) AS key
"""
# OFFSET 0: the index is asked for the keys alone, whatever the planner takes `words LIKE` for.
_FIND = """
    SELECT found.lead_id
    FROM generate_series((SELECT max(lead_id) >> 14 FROM leads_leadsearch), 0, -1) AS block,
    LATERAL (
        SELECT lead_id
        FROM (
            SELECT lead_id, words FROM leads_leadsearch
            WHERE leads_search_keys(words, lead_id >> 14)
                @> ARRAY(SELECT key + (block << 32) FROM unnest(%(keys)s::bigint[]) AS key)
            OFFSET 0
        ) AS candidate
        WHERE words LIKE ALL (%(patterns)s::text[])
        ORDER BY lead_id DESC LIMIT %(most)s
    ) AS found
    LIMIT %(most)s
"""


def words_of(typed: str) -> list[str]:
    """What was typed as words, written as leads are found by: in small letters, and so on."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"typed": typed[:_LONGEST]})
        [words] = cursor.fetchone()
    return [word for word in words if word]


def can_be_found(words: Iterable[str]) -> bool:
    """Whether one of the words is long enough to be looked for."""
    return any(len(word) >= _FEWEST for word in words)


def find(words: Collection[str], most: int) -> list[int]:
    """The ids of the newest leads, no more than `most`, that have all of these `words_of` a text.

    A word of three letters or more may be any part of the lead's; one of two letters begins a word
    of the lead's. No word that is long enough finds nothing.
    """
    if not can_be_found(words):
        return []
    parts = [_part(word) for word in words]
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, {"parts": parts})
        [keys] = cursor.fetchone()
        patterns = [f"%{_escaped(part)}%" for part in parts]
        cursor.execute(_FIND, {"keys": keys, "patterns": patterns, "most": most})
        return [lead_id for (lead_id,) in cursor.fetchall()]


def _part(word: str) -> str:
    return word if len(word) >= _FEWEST_ANYWHERE else f" {word}"


def _escaped(part: str) -> str:
    """For LIKE."""
    return part.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
