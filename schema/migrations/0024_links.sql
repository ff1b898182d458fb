-- SPDX-License-Identifier: MIT
-- Links: whoever has the token of one may read one file, and nothing else. Of the token only a digest is kept. They go
-- with the file.
CREATE TABLE links (
    seq {seq},
    id {uuid} NOT NULL UNIQUE,
    user_id {uuid} NOT NULL,
    created_us {int} NOT NULL,
    updated_us {int} NOT NULL,
    version {int} NOT NULL,
    name {text},
    file_id {uuid} NOT NULL REFERENCES files(id) ON DELETE CASCADE,
    token_id {text} NOT NULL UNIQUE,
    expires_us {int} NOT NULL,
    max_uses {int},
    uses {int} NOT NULL,
    last_used_us {int},
    revoked_us {int},
    reason {text},
    created_by {uuid} NOT NULL,
    digest {blob}
) {strict};

CREATE INDEX links_user ON links(user_id, seq);
CREATE INDEX links_file ON links(file_id, seq);
CREATE INDEX links_maker ON links(created_by, seq);
CREATE INDEX links_expiry ON links(expires_us);

-- @sqlite
CREATE TRIGGER feed_link_created AFTER INSERT ON links BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, 'link', NEW.id, NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_link_changed AFTER UPDATE OF version ON links WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 20, 'link', NEW.id, NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_link_purged AFTER DELETE ON links BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'link', OLD.id, OLD.user_id,
        OLD.version);
END;

-- @postgres
CREATE FUNCTION feed_link() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (feed_now(), 50, 'link', OLD.id, OLD.user_id, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 10, 'link', NEW.id, NEW.user_id, NEW.version);
    ELSIF NEW.version <> OLD.version THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 20, 'link', NEW.id, NEW.user_id, NEW.version);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_link AFTER DELETE OR UPDATE OR INSERT ON links FOR EACH ROW EXECUTE FUNCTION feed_link();
