-- SPDX-License-Identifier: MIT
-- What stands in collections, and where.

-- name: video_in_collection :template
-- A piece of a filter: the videos of a collection, while who asks may see that.
SELECT m.video_id FROM collection_videos AS m JOIN collections AS c ON c.id = m.collection_id
WHERE m.collection_id = {{that}} AND c.deleted_us IS NULL AND (c.user_id = {{me}} OR {{all}} = 1)

-- name: collection_of_video :template
-- A piece of a filter: the collections of a video.
SELECT m.collection_id FROM collection_videos AS m WHERE m.video_id = {{that}}

-- name: collection_video_list :template
-- The videos of a collection in its order; the place stands where other lists have seq.
SELECT g_place, {videos.columns}
FROM (SELECT place AS g_place, video_id AS g_video, collection_id AS g_collection FROM collection_videos) AS g
CROSS JOIN videos WHERE videos.id = g_video AND {{where}} ORDER BY {{order}} LIMIT {{limit}};

-- name: collection_place
SELECT place FROM collection_videos WHERE video_id = $1 AND collection_id = $2;

-- name: collection_place_before
SELECT place FROM collection_videos WHERE collection_id = $1 AND place < $2 ORDER BY place DESC LIMIT 1;

-- name: collection_size
SELECT count(*) FROM collection_videos WHERE collection_id = $1;

-- name: collection_video_add
INSERT INTO collection_videos (collection_id, video_id, place) VALUES ($1, $2, $3);

-- name: collection_video_drop
DELETE FROM collection_videos WHERE video_id = $1 AND collection_id = $2;

-- name: collection_video_place
UPDATE collection_videos SET place = $1, was = NULL WHERE video_id = $2 AND collection_id = $3;

-- name: collection_places_turn
-- Makes room in two steps, because no two videos may have one place even for a moment.
UPDATE collection_videos SET place = - ranked.n, was = place
FROM (SELECT seq AS at, row_number() OVER (ORDER BY place) AS n FROM collection_videos WHERE collection_id = $1)
AS ranked WHERE collection_videos.seq = ranked.at;

-- name: collection_places_spread
UPDATE collection_videos SET place = $1 - place * $2 WHERE collection_id = $3 AND place < 0;

-- name: collection_turned
UPDATE collections SET turn = $1 WHERE id = $2;

-- name: collection_turn
SELECT turn FROM collections WHERE id = $1;

-- name: collection_place_by_now
-- Behind which place of now all stands that stood behind a place of before the last turn.
SELECT place FROM collection_videos WHERE collection_id = $1 AND was <= $2 ORDER BY place DESC LIMIT 1;

-- name: collection_strays
-- For the diagnosis: rows that hang on nothing, and places that nobody can stand on.
SELECT count(*) FROM collection_videos AS m WHERE m.place <= 0
OR NOT EXISTS (SELECT 1 FROM collections AS c WHERE c.id = m.collection_id)
OR NOT EXISTS (SELECT 1 FROM videos AS v WHERE v.id = m.video_id);
