-- SPDX-License-Identifier: MIT
-- Who was given rights on an object that is another's. noun: file, video or job; of a video or job the grant reaches
-- what hangs on it. reach: 10 read, 20 write, 30 manage; denies: of a denial, the least that is taken. parent_id: the
-- grant that was handed on. They go with the object.
CREATE TABLE grants (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL,
    created_us {int} NOT NULL,
    updated_us {int} NOT NULL,
    version {int} NOT NULL,
    noun {text} NOT NULL,
    object_id {uuid} NOT NULL,
    subject_id {uuid} NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    reach {int} NOT NULL,
    denies {int} NOT NULL,
    can_share {int} NOT NULL,
    expires_us {int},
    granted_by {uuid} NOT NULL,
    parent_id {uuid},
    reason {text}
) {strict};

CREATE UNIQUE INDEX grants_subject ON grants(subject_id, object_id, denies, granted_by);
CREATE INDEX grants_object ON grants(object_id, seq);
CREATE INDEX grants_user ON grants(user_id, seq);
CREATE INDEX grants_granter ON grants(granted_by);
CREATE INDEX grants_parent ON grants(parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX grants_expiry ON grants(expires_us) WHERE expires_us IS NOT NULL;

ALTER TABLE files ADD COLUMN held_us {int};
CREATE INDEX files_open ON files(seq) WHERE access IN (30, 40) AND deleted_us IS NULL;

-- @sqlite
CREATE TRIGGER grants_file_purged AFTER DELETE ON files BEGIN
    DELETE FROM grants WHERE object_id = OLD.id;
END;
CREATE TRIGGER grants_video_purged AFTER DELETE ON videos BEGIN
    DELETE FROM grants WHERE object_id = OLD.id;
END;
CREATE TRIGGER grants_job_purged AFTER DELETE ON jobs BEGIN
    DELETE FROM grants WHERE object_id = OLD.id;
END;
CREATE TRIGGER feed_grant_created AFTER INSERT ON grants BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, 'grant', NEW.id, NEW.user_id, NEW.version);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, 'grant', NEW.id, NEW.subject_id, NEW.version);
END;
CREATE TRIGGER feed_grant_changed AFTER UPDATE OF version ON grants WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 20, 'grant', NEW.id, NEW.user_id, NEW.version);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 20, 'grant', NEW.id, NEW.subject_id, NEW.version);
END;
CREATE TRIGGER feed_grant_purged AFTER DELETE ON grants BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'grant', OLD.id, OLD.user_id,
        OLD.version);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'grant', OLD.id, OLD.subject_id,
        OLD.version);
END;

-- @postgres
CREATE FUNCTION grants_purged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM grants WHERE object_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER grants_file_purged AFTER DELETE ON files FOR EACH ROW EXECUTE FUNCTION grants_purged();
CREATE TRIGGER grants_video_purged AFTER DELETE ON videos FOR EACH ROW EXECUTE FUNCTION grants_purged();
CREATE TRIGGER grants_job_purged AFTER DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION grants_purged();
CREATE FUNCTION feed_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (feed_now(), 50, 'grant', OLD.id, OLD.user_id, OLD.version),
            (feed_now(), 50, 'grant', OLD.id, OLD.subject_id, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 10, 'grant', NEW.id, NEW.user_id, NEW.version),
            (NEW.updated_us, 10, 'grant', NEW.id, NEW.subject_id, NEW.version);
    ELSIF NEW.version <> OLD.version THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 20, 'grant', NEW.id, NEW.user_id, NEW.version),
            (NEW.updated_us, 20, 'grant', NEW.id, NEW.subject_id, NEW.version);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_grant AFTER DELETE OR UPDATE OR INSERT ON grants FOR EACH ROW EXECUTE FUNCTION feed_grant();
