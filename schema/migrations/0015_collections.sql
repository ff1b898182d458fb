-- SPDX-License-Identifier: MIT
-- Collections: named sets of videos that somebody has put in an order. place: where a video stands in a collection,
-- with room between two of them, so that most moves write one row. A row goes with its collection or its video; while a
-- video is only removed it keeps its place, and is not shown. Cursors into a collection outlive a new numbering of its
-- places. turn: which numbering they have, and which they had before. was: where a video stood before the last time;
-- NULL when it was put there since. With it a place of before becomes one of now.
CREATE TABLE collections (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL,
    created_us {int} NOT NULL,
    updated_us {int} NOT NULL,
    version {int} NOT NULL,
    external_id {text},
    metadata {json},
    deleted_us {int},
    removal_id {uuid},
    name {text} NOT NULL,
    description {text},
    turn {int} NOT NULL DEFAULT 0
) {strict};

CREATE INDEX collections_user ON collections(user_id, seq);
CREATE UNIQUE INDEX collections_external ON collections(external_id, user_id) WHERE external_id IS NOT NULL
    AND deleted_us IS NULL;
CREATE UNIQUE INDEX collections_named ON collections(user_id, name) WHERE deleted_us IS NULL;
CREATE INDEX collections_name ON collections(name);
CREATE INDEX collections_removed ON collections(deleted_us) WHERE deleted_us IS NOT NULL;

CREATE TABLE collection_videos (
    seq {seq},
    collection_id {uuid} NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
    video_id {uuid} NOT NULL REFERENCES videos(id) ON DELETE CASCADE,
    place {int} NOT NULL,
    was {int}
) {strict};

CREATE UNIQUE INDEX collection_videos_video ON collection_videos(video_id, collection_id);
CREATE UNIQUE INDEX collection_videos_place ON collection_videos(collection_id, place);
