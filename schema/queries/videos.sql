-- SPDX-License-Identifier: MIT

-- name: video_words
-- What a video can be found by that stands elsewhere: languages of its streams, and its container's tags.
SELECT 'language' AS fact, language AS words FROM video_streams WHERE video_id = $1 AND language IS NOT NULL
UNION ALL SELECT '', value FROM video_tags WHERE video_id = $1 LIMIT 2000;

-- name: video_facets :template
SELECT codec, resolution, hdr, language, year, format, audio_codec, media_kind, rate_mode, scan, bit_depth,
audio_layout, audio_languages, subtitle_languages FROM videos WHERE {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: video_search_facets :template
SELECT codec, resolution, hdr, language, year, format, audio_codec, media_kind, rate_mode, scan, bit_depth,
audio_layout, audio_languages, subtitle_languages
FROM ({{hits}}) AS hit CROSS JOIN videos WHERE seq = hit.place LIMIT {{limit}};

-- name: video_duplicate_groups :template
SELECT user_id, sha256, max(size), count(DISTINCT video_id) FROM files
WHERE deleted_us IS NULL AND video_id IN (SELECT id FROM videos WHERE {{where}}) GROUP BY user_id, sha256
HAVING count(DISTINCT video_id) > 1 ORDER BY (count(DISTINCT video_id) - 1) * max(size) DESC, sha256 LIMIT {{limit}};

-- name: video_duplicate_list
SELECT id, title FROM videos WHERE deleted_us IS NULL AND id IN (SELECT video_id FROM files WHERE user_id = $1
AND sha256 = $2 AND deleted_us IS NULL) ORDER BY seq LIMIT $3;

-- name: video_facts_set
UPDATE videos SET facts = $1 WHERE id = $2;

-- name: video_facts_get
SELECT facts FROM videos WHERE id = $1;

-- name: video_streams_clear
DELETE FROM video_streams WHERE video_id = $1;

-- name: video_chapters_clear
DELETE FROM video_chapters WHERE video_id = $1;

-- name: video_tags_clear
DELETE FROM video_tags WHERE video_id = $1;

-- name: video_stream_add
INSERT INTO video_streams (video_id, idx, kind, codec, language, facts) VALUES ($1, $2, $3, $4, $5, $6);

-- name: video_chapter_add
INSERT INTO video_chapters (video_id, idx, start_us, end_us, title) VALUES ($1, $2, $3, $4, $5);

-- name: video_tag_add
INSERT INTO video_tags (video_id, scope, idx, key, value) VALUES ($1, $2, $3, $4, $5);

-- name: video_stream_list
SELECT facts FROM video_streams WHERE video_id = $1 ORDER BY idx LIMIT 1000;

-- name: video_chapter_list
SELECT idx, start_us, end_us, title FROM video_chapters WHERE video_id = $1 ORDER BY idx LIMIT 100000;

-- name: video_tag_list
SELECT scope, idx, key, value FROM video_tags WHERE video_id = $1 ORDER BY scope, idx, seq LIMIT 100000;

-- name: video_file_newest
-- The bytes to probe: the file that was fetched, or else the newest one.
SELECT f.id, b.storage_key, b.sha256, b.size, b.damaged_us FROM files AS f JOIN blobs AS b ON b.id = f.blob_id
WHERE f.video_id = $1 AND f.user_id = $2 AND f.deleted_us IS NULL AND b.state = 20 ORDER BY f.seq DESC LIMIT 1;

-- name: video_file_of
SELECT f.id, b.storage_key, b.sha256, b.size, b.damaged_us FROM files AS f JOIN blobs AS b ON b.id = f.blob_id
WHERE f.id = $1 AND f.user_id = $2 AND f.deleted_us IS NULL AND b.state = 20;

-- name: video_file_owner
SELECT user_id FROM files WHERE id = $1 AND deleted_us IS NULL;

-- name: video_has_files
SELECT count(*) FROM (SELECT 1 FROM files WHERE video_id = $1 AND deleted_us IS NULL LIMIT 1) AS counted;

-- name: video_remove_files
UPDATE files SET deleted_us = $1, removal_id = $2, updated_us = $1, version = version + 1 WHERE video_id = $3
AND deleted_us IS NULL;

-- name: video_detach_files
UPDATE files SET video_id = NULL, updated_us = $1, version = version + 1 WHERE video_id = $2 AND deleted_us IS NULL;

-- name: video_restore_files
UPDATE files SET deleted_us = NULL, removal_id = NULL, updated_us = $1, version = version + 1 WHERE removal_id = $2
AND video_id = $3;

-- name: video_job_owner
SELECT user_id FROM jobs WHERE id = $1 AND deleted_us IS NULL;

-- name: video_progress
-- Progress changes neither version nor updated time; nor what somebody else has completed meanwhile.
UPDATE videos SET download_done = CASE WHEN download_state = 30 THEN download_done ELSE $1 END,
download_total = CASE WHEN download_state = 30 THEN download_total ELSE $2 END WHERE id = $3 AND url = $4;

-- name: video_by_job_list
SELECT seq, {videos.columns} FROM videos WHERE job_id = $1 AND deleted_us IS NULL ORDER BY episode, seq LIMIT $2;
