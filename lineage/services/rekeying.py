"""What moves to the current version of the key when somebody's rows are read under it.

A digest cannot be computed from another one, only from the identifier. While rows are read, theirs
is at hand, and with it the digest under every version: what was held under an older one moves on.
"""

#: Digests of one identifier, and a membership that was just read under the current one.
FORMER = """
CREATE TEMPORARY TABLE former
    (old uuid, subject uuid, segment integer, record varchar) ON COMMIT DROP
"""
#: Records that nobody's row and no address names, but a comparison or an officer: they go with any
#: row of the person, as if they had been read with it.
_LINKED = """
CREATE TEMPORARY TABLE linked ON COMMIT DROP AS
SELECT pairs.old, pairs.subject, held.segment, held.record
FROM (SELECT DISTINCT old, subject FROM former WHERE old <> subject) AS pairs
JOIN lineage_posting AS posting ON posting.subject_digest = pairs.old
CROSS JOIN LATERAL unnest(posting.segments, posting.record_ids) AS held (segment, record)
JOIN lineage_recordfingerprint AS said
    ON said.segment_id = held.segment AND said.record_id = held.record
WHERE NOT said.named OR EXISTS (
    SELECT FROM lineage_duplicatedecision AS decided
    WHERE decided.subject_digest IN (pairs.old, pairs.subject)
        AND decided.record_id = said.record_id AND decided.content = said.content
        AND decided.decision = 'same_person'
)
"""
#: In this order, before the memberships are merged under the current digest.
BRING_LINKED = (
    "CREATE INDEX ON former (old, segment)",
    "ANALYZE former",
    _LINKED,
    "INSERT INTO former SELECT old, subject, segment, record FROM linked",
    "INSERT INTO named SELECT subject, segment, record FROM linked",
    "DROP TABLE linked",
)
#: Which old digests are held at all.
_HELD = """
DELETE FROM former WHERE NOT EXISTS (
    SELECT FROM lineage_posting AS posting WHERE posting.subject_digest = former.old
) AND NOT EXISTS (
    SELECT FROM lineage_subjectchoice AS choice WHERE choice.subject_digest = former.old
) AND NOT EXISTS (
    SELECT FROM lineage_duplicatedecision AS decided WHERE decided.subject_digest = former.old
) OR old = subject
"""
#: Past segments go with the person.
_MOVE_PAST = """
UPDATE lineage_posting AS held SET past_segments = ARRAY(
    SELECT unnest(held.past_segments) UNION SELECT unnest(moving.past) ORDER BY 1
)
FROM (
    SELECT subject, array_agg(past) AS past
    FROM (SELECT DISTINCT old, subject FROM former) AS pairs
    JOIN lineage_posting AS posting ON posting.subject_digest = pairs.old
    CROSS JOIN LATERAL unnest(posting.past_segments) AS past
    GROUP BY subject
) AS moving
WHERE held.subject_digest = moving.subject
"""
#: Exactly those memberships leave the old digest that were read anew: others wait for their rows.
_LEAVE = """
UPDATE lineage_posting AS held SET past_segments = NULL, segments = left_over.segments,
    record_ids = left_over.record_ids
FROM (
    SELECT pairs.old, entries.*
    FROM (SELECT DISTINCT old FROM former) AS pairs
    JOIN lineage_posting AS posting ON posting.subject_digest = pairs.old
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(segment ORDER BY place), '{}') AS segments,
            CASE WHEN posting.record_ids IS NOT NULL
                THEN coalesce(array_agg(record ORDER BY place), '{}') END AS record_ids
        FROM unnest(posting.segments, posting.record_ids) WITH ORDINALITY
            AS a (segment, record, place)
        WHERE NOT EXISTS (
            SELECT FROM former WHERE former.old = pairs.old AND former.segment = a.segment
                AND former.record = coalesce(a.record, '')
        )
    ) AS entries
) AS left_over
WHERE held.subject_digest = left_over.old
"""
_DROP_EMPTY = """
DELETE FROM lineage_posting AS held USING (SELECT DISTINCT old FROM former) AS pairs
WHERE held.subject_digest = pairs.old AND held.segments = '{}'
"""
#: Choices are only ever added: the old ones stay, and hold under the current digest too.
_COPY_CHOICES = """
INSERT INTO lineage_subjectchoice
    (subject_digest, key_version, choice, purpose, chosen_at, told_by, recorded_at)
SELECT pairs.subject, posting.key_version, choice, purpose, chosen_at, told_by, recorded_at
FROM (SELECT DISTINCT old, subject FROM former) AS pairs
JOIN lineage_subjectchoice AS choice ON choice.subject_digest = pairs.old
JOIN lineage_posting AS posting ON posting.subject_digest = pairs.subject
ON CONFLICT DO NOTHING
"""
_MOVE_DECISIONS = """
WITH moved AS (
    DELETE FROM lineage_duplicatedecision AS decided
    USING (SELECT DISTINCT old, subject FROM former) AS pairs
    WHERE decided.subject_digest = pairs.old
    RETURNING pairs.subject, record_id, content, decision, decided_by, decided_at
)
INSERT INTO lineage_duplicatedecision
    (subject_digest, key_version, record_id, content, decision, decided_by, decided_at)
SELECT subject, posting.key_version, record_id, content, decision, decided_by, decided_at
FROM moved JOIN lineage_posting AS posting ON posting.subject_digest = moved.subject
ON CONFLICT DO NOTHING
"""
#: In this order, after the memberships were merged under the current digest.
REKEY = (
    _HELD,
    "ANALYZE former",
    _MOVE_PAST,
    _LEAVE,
    _DROP_EMPTY,
    _COPY_CHOICES,
    _MOVE_DECISIONS,
)
