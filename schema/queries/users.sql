-- SPDX-License-Identifier: MIT

-- name: user_by_username
SELECT seq, {users.columns} FROM users WHERE username_key = $1 AND deleted_us IS NULL;

-- name: user_by_email
SELECT seq, {users.columns} FROM users WHERE email_key = $1 AND deleted_us IS NULL;

-- name: user_by_external_id
SELECT seq, {users.columns} FROM users WHERE external_id = $1 AND deleted_us IS NULL;

-- name: user_hash
SELECT hash, pepper FROM user_passwords WHERE user_id = $1;

-- name: user_hash_set
INSERT INTO user_passwords (user_id, hash, pepper, updated_us) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, pepper = excluded.pepper, updated_us = excluded.updated_us;

-- name: user_peppered
SELECT count(*) FROM (SELECT 1 FROM user_passwords WHERE pepper IS NOT NULL LIMIT 1) AS counted;

-- name: user_pepper_list
-- Under which peppers there are passwords, and how many.
SELECT pepper, count(*) FROM user_passwords WHERE pepper IS NOT NULL GROUP BY pepper ORDER BY pepper LIMIT 1000;

-- name: user_hash_swap
UPDATE user_passwords SET hash = $1, pepper = $2, updated_us = $3 WHERE user_id = $4 AND hash = $5;

-- name: user_hash_clear
DELETE FROM user_passwords WHERE user_id = $1;

-- name: user_other_admins
-- Who is suspended until a time that has passed is in again.
SELECT count(*) FROM (SELECT 1 FROM users WHERE role = 30 AND (state = 20 OR (state = 30 AND suspended_until_us <= $1))
AND deleted_us IS NULL AND id <> $2 LIMIT 1) AS counted;

-- name: user_any
SELECT count(*) FROM (SELECT 1 FROM users WHERE seq > 0 LIMIT 1) AS counted;

-- name: user_standing
SELECT role, state, suspended_until_us, auth_epoch FROM users WHERE id = $1 AND deleted_us IS NULL;

-- name: user_next_epoch
UPDATE users SET auth_epoch = auth_epoch + 1 WHERE id = $1;

-- name: user_login
UPDATE users SET last_login_us = $1 WHERE id = $2;

-- name: user_add_work
UPDATE users SET job_count = job_count + $1, processing_ms = processing_ms + $2 WHERE id = $3;

-- name: identity_add
INSERT INTO user_identities (user_id, provider, subject, created_us) VALUES ($1, $2, $3, $4);

-- name: identity_remove
DELETE FROM user_identities WHERE provider = $1 AND subject = $2 AND user_id = $3;

-- name: user_sources_clear
DELETE FROM login_sources WHERE user_id = $1;

-- name: user_logins_blank
UPDATE logins SET ip = NULL, user_agent = NULL, device = NULL, last_ip = NULL WHERE user_id = $1;

-- name: user_keys_blank
UPDATE api_keys SET name = 'erased', last_ip = NULL, addresses = NULL WHERE user_id = $1;

-- name: user_is_person
-- Somebody who was not erased.
SELECT 1 FROM users WHERE id = $1 AND deleted_us IS NULL;

-- name: identity_clear
DELETE FROM user_identities WHERE user_id = $1;

-- name: user_by_identity
SELECT seq, {users.columns} FROM users WHERE deleted_us IS NULL
AND id = (SELECT user_id FROM user_identities WHERE provider = $1 AND subject = $2);

-- name: identity_list
SELECT provider, subject, created_us FROM user_identities WHERE user_id = $1 ORDER BY seq LIMIT 1000;

-- name: user_owned
SELECT (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE user_id = $1 AND deleted_us IS NULL LIMIT 1) AS j)
+ (SELECT count(*) FROM (SELECT 1 FROM videos WHERE user_id = $1 AND deleted_us IS NULL LIMIT 1) AS v)
+ (SELECT count(*) FROM (SELECT 1 FROM files WHERE user_id = $1 AND deleted_us IS NULL LIMIT 1) AS f)
+ (SELECT count(*) FROM (SELECT 1 FROM collections WHERE user_id = $1 AND deleted_us IS NULL LIMIT 1) AS c) AS owned;

-- name: user_remove_jobs
UPDATE jobs SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1 WHERE user_id = $3
AND deleted_us IS NULL;

-- name: user_remove_videos
UPDATE videos SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1 WHERE user_id = $3
AND deleted_us IS NULL;

-- name: user_remove_collections
UPDATE collections SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1 WHERE user_id = $3
AND deleted_us IS NULL;

-- name: user_remove_files
UPDATE files SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1 WHERE user_id = $3
AND deleted_us IS NULL;

-- name: user_videos_stats
SELECT count(*), CAST(coalesce(sum(duration_us), 0) AS BIGINT) FROM videos WHERE user_id = $1 AND deleted_us IS NULL;

-- name: user_files_stats
SELECT count(*), CAST(coalesce(sum(size), 0) AS BIGINT) FROM files WHERE user_id = $1 AND deleted_us IS NULL;

-- name: user_jobs_stats
SELECT state, jobs FROM job_counts WHERE user_id = $1 AND jobs > 0 ORDER BY state LIMIT 100;
