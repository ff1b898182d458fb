-- SPDX-License-Identifier: MIT
-- Lists follow grants in the order of the objects, and ask whether anything is denied before they look at a row.
-- object_seq: the seq of the object.
ALTER TABLE grants ADD COLUMN object_seq {int};
UPDATE grants SET object_seq = CASE noun WHEN 'file' THEN (SELECT seq FROM files WHERE id = grants.object_id)
    WHEN 'video' THEN (SELECT seq FROM videos WHERE id = grants.object_id)
    ELSE (SELECT seq FROM jobs WHERE id = grants.object_id) END;

DROP INDEX grants_subject;
CREATE UNIQUE INDEX grants_subject ON grants(subject_id, denies, object_id, granted_by);
CREATE INDEX grants_way ON grants(subject_id, denies, noun, object_seq);

-- @sqlite
CREATE TRIGGER grants_placed AFTER INSERT ON grants BEGIN
    UPDATE grants SET object_seq = CASE NEW.noun WHEN 'file' THEN (SELECT seq FROM files WHERE id = NEW.object_id)
        WHEN 'video' THEN (SELECT seq FROM videos WHERE id = NEW.object_id)
        ELSE (SELECT seq FROM jobs WHERE id = NEW.object_id) END
    WHERE seq = NEW.seq;
END;

-- @postgres
CREATE FUNCTION grants_placed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    NEW.object_seq = CASE NEW.noun WHEN 'file' THEN (SELECT seq FROM files WHERE id = NEW.object_id)
        WHEN 'video' THEN (SELECT seq FROM videos WHERE id = NEW.object_id)
        ELSE (SELECT seq FROM jobs WHERE id = NEW.object_id) END;
    RETURN NEW;
END $$;
CREATE TRIGGER grants_placed BEFORE INSERT ON grants FOR EACH ROW EXECUTE FUNCTION grants_placed();
