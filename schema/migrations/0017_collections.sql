-- SPDX-License-Identifier: MIT
-- Collections: named sets of videos that somebody has put in an order. place: where a video stands in a collection,
-- with room between two of them, so that most moves write one row. A row goes with its collection or its video; while
-- a video is only removed it keeps its place, and is not shown.
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
    description {text}
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
    place {int} NOT NULL
) {strict};

CREATE UNIQUE INDEX collection_videos_video ON collection_videos(video_id, collection_id);
CREATE UNIQUE INDEX collection_videos_place ON collection_videos(collection_id, place);

-- @sqlite
CREATE TRIGGER feed_collection_created AFTER INSERT ON collections BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, 'collection', NEW.id, NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_collection_changed AFTER UPDATE OF version ON collections WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us,
        CASE WHEN OLD.deleted_us IS NULL AND NEW.deleted_us IS NOT NULL THEN 30
            WHEN OLD.deleted_us IS NOT NULL AND NEW.deleted_us IS NULL THEN 40 ELSE 20 END,
        'collection', NEW.id, NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_collection_purged AFTER DELETE ON collections BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'collection', OLD.id, OLD.user_id,
        OLD.version);
END;

-- @postgres
CREATE FUNCTION feed_collection() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (feed_now(), 50, 'collection', OLD.id, OLD.user_id, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 10, 'collection', NEW.id, NEW.user_id, NEW.version);
    ELSIF NEW.version <> OLD.version THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, feed_kind(OLD.deleted_us, NEW.deleted_us, false), 'collection', NEW.id, NEW.user_id,
            NEW.version);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_collection AFTER DELETE OR UPDATE OR INSERT ON collections
FOR EACH ROW EXECUTE FUNCTION feed_collection();
