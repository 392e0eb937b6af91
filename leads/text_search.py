"""Finds leads by part of a name, e-mail, number or message, with an index of three-letter sequences
(leads/migrations/lead_search.sql).

A search reads the newest leads first and stops once it has found enough, so its cost depends
neither on the number of leads nor on how many match.
"""

from collections.abc import Collection, Iterable

from django.db import connection

# Only this much of a search text is used.
_LONGEST = 200
# Two letters are searched only at the beginning of words; one letter would match nearly every lead.
_FEWEST, _FEWEST_ANYWHERE = 2, 3

_READ = """
    SELECT string_to_array(trim(leads_search_words(%(typed)s)), ' ')
"""
_KEYS = """
    SELECT array_agg(DISTINCT key)
    FROM unnest(%(parts)s::text[]) AS part, unnest(leads_search_keys(part, 0)) AS key
"""
# OFFSET 0: the index is only asked for the keys, whatever the planner expects of `words LIKE`.
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
    """The typed words in the form that leads are searched in: lower case, and so on."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"typed": typed[:_LONGEST]})
        [words] = cursor.fetchone()
    return [word for word in words if word]


def can_be_found(words: Iterable[str]) -> bool:
    """Whether one of the words is long enough to search for."""
    return any(len(word) >= _FEWEST for word in words)


def find(words: Collection[str], most: int) -> list[int]:
    """The ids of the newest leads, at most `most`, that contain all of these `words_of` a text.

    A word of three or more letters may be any part of the lead's text; a word of two letters must
    begin a word there. Without any word that is long enough, nothing is found.
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
