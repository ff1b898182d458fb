-- SPDX-License-Identifier: MIT
-- Who was given rights on an object that is another's. noun: file, video or job; of a video or job the grant reaches
-- what hangs on it. reach: 10 read, 20 write, 30 manage; denies: of a denial, the least that is taken. parent_id: the
-- grant that was handed on. They go with the object. object_seq: its seq, by which lists follow grants in the order of
-- the objects; their index holds all that they ask of a grant.
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
    reason {text},
    object_seq {int}
) {strict};

CREATE UNIQUE INDEX grants_subject ON grants(subject_id, denies, object_id, granted_by);
CREATE INDEX grants_way ON grants(subject_id, denies, noun, object_seq, reach, expires_us, object_id);
CREATE INDEX grants_object ON grants(object_id, seq);
CREATE INDEX grants_user ON grants(user_id, seq);
CREATE INDEX grants_granter ON grants(granted_by);
CREATE INDEX grants_parent ON grants(parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX grants_expiry ON grants(expires_us) WHERE expires_us IS NOT NULL;

-- @sqlite
CREATE TRIGGER grants_placed AFTER INSERT ON grants BEGIN
    UPDATE grants SET object_seq = CASE NEW.noun WHEN 'file' THEN (SELECT seq FROM files WHERE id = NEW.object_id)
        WHEN 'video' THEN (SELECT seq FROM videos WHERE id = NEW.object_id)
        ELSE (SELECT seq FROM jobs WHERE id = NEW.object_id) END
    WHERE seq = NEW.seq;
END;
CREATE TRIGGER grants_file_purged AFTER DELETE ON files BEGIN
    DELETE FROM grants WHERE object_id = OLD.id;
END;
CREATE TRIGGER grants_video_purged AFTER DELETE ON videos BEGIN
    DELETE FROM grants WHERE object_id = OLD.id;
END;
CREATE TRIGGER grants_job_purged AFTER DELETE ON jobs BEGIN
    DELETE FROM grants WHERE object_id = OLD.id;
END;

-- @postgres
CREATE FUNCTION grants_placed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.object_seq = CASE NEW.noun WHEN 'file' THEN (SELECT seq FROM files WHERE id = NEW.object_id)
        WHEN 'video' THEN (SELECT seq FROM videos WHERE id = NEW.object_id)
        ELSE (SELECT seq FROM jobs WHERE id = NEW.object_id) END;
    RETURN NEW;
END $$;
CREATE TRIGGER grants_placed BEFORE INSERT ON grants FOR EACH ROW EXECUTE FUNCTION grants_placed();
CREATE FUNCTION grants_purged() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    DELETE FROM grants WHERE object_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER grants_file_purged AFTER DELETE ON files FOR EACH ROW EXECUTE FUNCTION grants_purged();
CREATE TRIGGER grants_video_purged AFTER DELETE ON videos FOR EACH ROW EXECUTE FUNCTION grants_purged();
CREATE TRIGGER grants_job_purged AFTER DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION grants_purged();
