-- SPDX-License-Identifier: MIT
-- Grants: rights on what is another's.

-- name: grant_by_id
SELECT seq, {grants.columns} FROM grants WHERE id = $1;

-- name: grant_insert
INSERT INTO grants ({grants.columns}) VALUES ({grants.values});

-- name: grant_update :template
UPDATE grants SET {{set}} WHERE id = {{id}};

-- name: grant_list :template
SELECT seq, {grants.columns} FROM grants WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: grant_count :template
SELECT count(*) FROM (SELECT 1 FROM grants WHERE {{where}} LIMIT {{limit}}) AS counted;

-- name: grant_purge
DELETE FROM grants WHERE id = $1;

-- name: grant_reach
-- What live grants give and take of an object, or of what it hangs on.
SELECT max(CASE WHEN denies = 0 THEN reach END), min(CASE WHEN denies = 1 THEN reach END),
max(CASE WHEN denies = 0 THEN can_share END) FROM grants
WHERE subject_id = $1 AND denies IN (0, 1) AND object_id IN ($2, $3, $4)
AND (expires_us IS NULL OR expires_us > $5);

-- Pieces of the predicate that says what an actor may see; the same text for every engine.

-- name: grant_denied_any :template
SELECT 1 FROM grants AS g WHERE g.subject_id = {{me}} AND g.denies = 1

-- name: grant_on_row :template
SELECT 1 FROM grants AS g WHERE g.subject_id = {{me}} AND g.denies = {{denies}} AND g.object_id IN ({{objects}})
AND (g.expires_us IS NULL OR g.expires_us > {{now}}) AND {{reach}}

-- name: grant_objects :template
-- What was granted of one kind of object, to be joined with what hangs on it; 10 is the reach of reading.
SELECT object_seq AS g_seq, object_id AS g_object FROM grants WHERE subject_id = {{me}} AND denies = 0
AND noun = '{{noun}}' AND reach >= 10 AND (expires_us IS NULL OR expires_us > {{now}})

-- name: grant_object_list
-- The same, as a list.
SELECT object_id FROM grants WHERE subject_id = $1 AND denies = 0 AND noun = $2 AND reach >= 10
AND (expires_us IS NULL OR expires_us > $3) LIMIT $4;

-- name: grant_any
SELECT 1 FROM grants WHERE subject_id = $1 AND denies = 0 LIMIT 1;

-- name: grant_source
-- The grant that somebody hands on: one that reaches far enough, of the object itself.
SELECT id, expires_us FROM grants WHERE subject_id = $1 AND object_id IN ($2, $3, $4) AND denies = 0
AND reach >= $5 AND can_share = 1 AND (expires_us IS NULL OR expires_us > $6)
ORDER BY expires_us IS NOT NULL, expires_us DESC LIMIT 1;

-- name: grant_children_list
SELECT id FROM grants WHERE parent_id = $1 ORDER BY seq LIMIT $2;

-- name: grant_given_list
SELECT id FROM grants WHERE granted_by = $1 ORDER BY seq LIMIT $2;

-- name: grant_drop_expired
DELETE FROM grants WHERE object_id = $1 AND expires_us <= $2;

-- name: grant_object_count
SELECT count(*) FROM grants WHERE object_id = $1;

-- name: grant_held_removed
-- A file on legal hold among what a removal took.
SELECT id FROM files WHERE removal_id = $1 AND held_us IS NOT NULL LIMIT 1;

-- name: grant_denied_removed
-- What was taken from a user, at a time, among what a removal took.
SELECT g.object_id FROM grants AS g WHERE g.subject_id = $1 AND g.denies = 1
AND (g.expires_us IS NULL OR g.expires_us > $2) AND (EXISTS (
    SELECT 1 FROM files AS f WHERE f.id = g.object_id AND f.removal_id = $3) OR EXISTS (
    SELECT 1 FROM videos AS v WHERE v.id = g.object_id AND v.removal_id = $3) OR EXISTS (
    SELECT 1 FROM jobs AS j WHERE j.id = g.object_id AND j.removal_id = $3)) LIMIT 1;

-- name: grant_denied_below
-- What was taken from a user, at a time, from a reach on, among what hangs on an object and is there.
SELECT g.object_id FROM grants AS g WHERE g.subject_id = $1 AND g.denies = 1 AND g.reach <= $2
AND (g.expires_us IS NULL OR g.expires_us > $3) AND (EXISTS (
    SELECT 1 FROM files AS f WHERE f.id = g.object_id AND f.deleted_us IS NULL AND (f.video_id = $4 OR f.job_id = $4))
    OR EXISTS (SELECT 1 FROM videos AS v WHERE v.id = g.object_id AND v.deleted_us IS NULL AND v.job_id = $4)
    OR EXISTS (SELECT 1 FROM jobs AS j WHERE j.id = g.object_id AND j.deleted_us IS NULL AND j.parent_id = $4)) LIMIT 1;

-- name: grant_idle_count
-- Rights on files that are private, where they open nothing (access 10), of those that have not ended by now.
SELECT count(*) FROM grants AS g JOIN files AS f ON f.id = g.object_id
WHERE g.noun = 'file' AND g.denies = 0 AND f.access = 10 AND (g.expires_us IS NULL OR g.expires_us > $1);
