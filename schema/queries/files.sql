-- SPDX-License-Identifier: MIT
-- Blobs: bytes, from the intention to write them to the end. State: 10 reserved, 20 stored, 30 doomed, 40 deleting.

-- name: blob_reserve
INSERT INTO blobs (id, user_id, state, backend, storage_key, refs, params, source, validator, source_size, synced, boot,
epoch, created_us, touched_us, reserved) VALUES ($1, $2, 10, $3, $4, 0, $5, $6, $7, $8, 0, $9, 1, $10, $10, $11);

-- name: blob_reserve_more
UPDATE blobs SET reserved = $1 WHERE id = $2 AND state = 10 AND epoch = $3;

-- name: blob_by_id
SELECT user_id, state, storage_key, size, sha256, refs, params, source, validator, source_size, synced, boot,
created_us, sealed_us, epoch, reserved FROM blobs WHERE id = $1;

-- name: blob_by_key
SELECT id FROM blobs WHERE storage_key = $1;

-- name: blob_touch
UPDATE blobs SET touched_us = $1, synced = $2, boot = $3 WHERE id = $4 AND state = 10 AND epoch = $5;

-- name: blob_take_over
-- Whoever goes on with an upload is the only one who may end it from now on.
UPDATE blobs SET epoch = epoch + 1, touched_us = $1 WHERE id = $2 AND refs = 0 AND state IN (10, 20);

-- name: blob_source_set
UPDATE blobs SET source = $1, validator = $2, source_size = $3, touched_us = $4 WHERE id = $5 AND state = 10
AND epoch = $6;

-- name: blob_source_find
-- What is sealed and not published counts: whoever had it was killed between the two.
SELECT id, params FROM blobs WHERE source = $1 AND refs = 0 AND state IN (10, 20) AND user_id = $2
ORDER BY touched_us DESC LIMIT 64;

-- name: blob_stored
UPDATE blobs SET state = 20, size = $1, sha256 = $2, sealed_us = $3, touched_us = $3 WHERE id = $4 AND state = 10
AND epoch = $5;

-- name: blob_twin
-- Bytes of the same owner that are the same.
SELECT id, storage_key FROM blobs WHERE sha256 = $1 AND state = 20 AND size = $2 AND user_id = $3 AND id <> $4
AND refs > 0 AND damaged_us IS NULL LIMIT 1;

-- name: blob_link
UPDATE blobs SET refs = refs + 1 WHERE id = $1 AND state = 20;

-- name: blob_unlink
UPDATE blobs SET refs = refs - 1 WHERE id = $1 AND refs > 0;

-- name: blob_verified
UPDATE blobs SET verified_us = $1, damaged_us = $2 WHERE id = $3;

-- name: blob_unverified_list
SELECT seq, id, storage_key, verified_us FROM blobs WHERE state = 20 AND refs > 0 AND (verified_us, seq) > ($1, $2)
AND verified_us <= $3 ORDER BY verified_us, seq LIMIT $4;

-- name: blob_file_list
SELECT id, user_id, name FROM files WHERE blob_id = $1 AND deleted_us IS NULL ORDER BY seq LIMIT $2;

-- name: blob_files_verified
UPDATE files SET verified_us = $1 WHERE blob_id = $2 AND deleted_us IS NULL;

-- name: blob_doom
UPDATE blobs SET state = 30, doomed_us = $1 WHERE id = $2 AND state = 20 AND refs = 0;

-- name: blob_doom_left
-- A sealed upload that nobody has made a file of, if nobody has gone on with it since.
UPDATE blobs SET state = 30, doomed_us = $1 WHERE id = $2 AND state = 20 AND refs = 0 AND touched_us = $3;

-- name: blob_give_up
-- An unfinished or unpublished upload that its owner does not want.
UPDATE blobs SET state = 40, doomed_us = $1 WHERE id = $2 AND refs = 0 AND state IN (10, 20) AND epoch = $3;

-- name: blob_expire
-- An unfinished upload whose time is over, if nobody has touched it since.
UPDATE blobs SET state = 40, doomed_us = $1 WHERE id = $2 AND state = 10 AND touched_us = $3;

-- name: blob_condemn
-- Under the writer's lock: no file can come to refer to it any more.
UPDATE blobs SET state = 40 WHERE id = $1 AND refs = 0 AND state IN (30, 40);

-- name: blob_drop
DELETE FROM blobs WHERE id = $1 AND state = 40;

-- name: blob_stale_list
SELECT seq, id, storage_key, touched_us FROM blobs WHERE state = 10 AND (touched_us, seq) > ($1, $2)
AND touched_us <= $3 ORDER BY touched_us, seq LIMIT $4;

-- name: blob_unpublished_list
SELECT seq, id, storage_key, touched_us FROM blobs WHERE state = 20 AND refs = 0 AND (touched_us, seq) > ($1, $2)
AND touched_us <= $3 ORDER BY touched_us, seq LIMIT $4;

-- name: blob_doomed_list
SELECT seq, id, storage_key, doomed_us, size FROM blobs WHERE state IN (30, 40) AND (doomed_us, seq) > ($1, $2)
AND doomed_us <= $3 ORDER BY doomed_us, seq LIMIT $4;

-- name: blob_stored_list
SELECT seq, id, storage_key, size FROM blobs WHERE seq > $1 AND state = 20 ORDER BY seq LIMIT $2;

-- Files.

-- name: file_removed_renew
-- What one removal took and lay there past its time.
UPDATE files SET expires_us = $1 WHERE removal_id = $2 AND category = $3 AND expires_us <= $4;

-- name: file_job_owner
SELECT user_id FROM jobs WHERE id = $1 AND deleted_us IS NULL;

-- name: file_video_owner
SELECT user_id FROM videos WHERE id = $1 AND deleted_us IS NULL;

-- name: file_owner_known
SELECT id FROM users WHERE id = $1 AND deleted_us IS NULL;

-- name: file_accessed
UPDATE files SET last_access_us = $1 WHERE id = $2;

-- name: file_kind_set
-- What looking into the bytes told, where the name told nothing.
UPDATE files SET type = $1, content_type = $2, version = version + 1, updated_us = $3
WHERE id = $4 AND type = 'other' AND content_type = 'application/octet-stream' AND deleted_us IS NULL;

-- name: file_expiry_set
UPDATE files SET expires_us = $1 WHERE id = $2;

-- name: file_expired_list
SELECT seq, id, expires_us FROM files WHERE deleted_us IS NULL AND (expires_us, seq) > ($1, $2) AND expires_us <= $3
AND held_us IS NULL ORDER BY expires_us, seq LIMIT $4;

-- name: file_deleted_list
SELECT seq, id, deleted_us FROM files WHERE (deleted_us, seq) > ($1, $2) AND deleted_us <= $3
AND held_us IS NULL ORDER BY deleted_us, seq LIMIT $4;

-- name: file_duplicate_groups :template
SELECT sha256, size, count(*) FROM files WHERE {{where}} GROUP BY sha256, size HAVING count(*) > 1
ORDER BY (count(*) - 1) * size DESC, sha256 LIMIT {{limit}};

-- name: file_duplicate_ids :template
SELECT id FROM files WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};
