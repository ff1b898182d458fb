-- SPDX-License-Identifier: MIT
-- Keys, logins, settings and a host's own tables are on the change feed too. name: of a setting or a table of the
-- host's, which have no id. open: of a file, 1 when every user may see it; NULL: not known. twin: 1 of an entry that
-- tells another user of what the entry before it tells: who sees all needs it once.
ALTER TABLE feed ADD COLUMN name {text};
ALTER TABLE feed ADD COLUMN open {int};
ALTER TABLE feed ADD COLUMN twin {int};

-- @sqlite
CREATE TRIGGER feed_key_created AFTER INSERT ON api_keys BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, 'key', NEW.id, NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_key_changed AFTER UPDATE OF version ON api_keys WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, CASE WHEN NEW.revoked_us IS NOT OLD.revoked_us THEN 60 ELSE 20 END, 'key', NEW.id,
        NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_key_purged AFTER DELETE ON api_keys BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'key', OLD.id, OLD.user_id,
        OLD.version);
END;

CREATE TRIGGER feed_login_created AFTER INSERT ON logins BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, 'login', NEW.id, NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_login_changed AFTER UPDATE OF version ON logins WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, CASE WHEN NEW.revoked_us IS NOT OLD.revoked_us THEN 60 ELSE 20 END, 'login', NEW.id,
        NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_login_purged AFTER DELETE ON logins BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'login', OLD.id, OLD.user_id,
        OLD.version);
END;

CREATE TRIGGER feed_setting_set AFTER INSERT ON settings BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, name)
    VALUES (NEW.updated_us, 20, 'setting', {nil}, {nil}, 0, NEW.name);
END;
CREATE TRIGGER feed_setting_changed AFTER UPDATE OF value ON settings WHEN NEW.value <> OLD.value BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, name)
    VALUES (NEW.updated_us, 20, 'setting', {nil}, {nil}, 0, NEW.name);
END;
CREATE TRIGGER feed_setting_cleared AFTER DELETE ON settings BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, name)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 20, 'setting', {nil}, {nil}, 0, OLD.name);
END;

DROP TRIGGER feed_file_created;
DROP TRIGGER feed_file_changed;
CREATE TRIGGER feed_file_created AFTER INSERT ON files BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, open)
    VALUES (NEW.updated_us, 10, 'file', NEW.id, NEW.user_id, NEW.version, NEW.access IN (30, 40));
END;
CREATE TRIGGER feed_file_changed AFTER UPDATE OF version, job_id, video_id ON files
WHEN NEW.version <> OLD.version OR NEW.job_id IS NOT OLD.job_id OR NEW.video_id IS NOT OLD.video_id BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, open)
    VALUES (NEW.updated_us,
        CASE WHEN OLD.deleted_us IS NULL AND NEW.deleted_us IS NOT NULL THEN 30
            WHEN OLD.deleted_us IS NOT NULL AND NEW.deleted_us IS NULL THEN 40 ELSE 20 END,
        'file', NEW.id, NEW.user_id, NEW.version, NEW.access IN (30, 40));
END;

DROP TRIGGER feed_grant_created;
DROP TRIGGER feed_grant_changed;
DROP TRIGGER feed_grant_purged;
CREATE TRIGGER feed_grant_created AFTER INSERT ON grants BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, 'grant', NEW.id, NEW.user_id, NEW.version);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT NEW.updated_us, 10, 'grant', NEW.id, NEW.subject_id, NEW.version, 1 WHERE NEW.subject_id <> NEW.user_id;
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT NEW.updated_us, 10, 'grant', NEW.id, NEW.granted_by, NEW.version, 1
    WHERE NEW.granted_by NOT IN (NEW.user_id, NEW.subject_id, {nil});
END;
CREATE TRIGGER feed_grant_changed AFTER UPDATE OF version ON grants WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 20, 'grant', NEW.id, NEW.user_id, NEW.version);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT NEW.updated_us, 20, 'grant', NEW.id, NEW.subject_id, NEW.version, 1 WHERE NEW.subject_id <> NEW.user_id;
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT NEW.updated_us, 20, 'grant', NEW.id, NEW.granted_by, NEW.version, 1
    WHERE NEW.granted_by NOT IN (NEW.user_id, NEW.subject_id, {nil});
END;
CREATE TRIGGER feed_grant_purged AFTER DELETE ON grants BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'grant', OLD.id, OLD.user_id,
        OLD.version);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'grant', OLD.id, OLD.subject_id,
        OLD.version, 1 WHERE OLD.subject_id <> OLD.user_id;
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), 50, 'grant', OLD.id, OLD.granted_by,
        OLD.version, 1 WHERE OLD.granted_by NOT IN (OLD.user_id, OLD.subject_id, {nil});
END;

-- @postgres
CREATE FUNCTION feed_held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (feed_now(), 50, TG_ARGV[0], OLD.id, OLD.user_id, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 10, TG_ARGV[0], NEW.id, NEW.user_id, NEW.version);
    ELSIF NEW.version <> OLD.version THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, CASE WHEN NEW.revoked_us IS DISTINCT FROM OLD.revoked_us THEN 60 ELSE 20 END,
            TG_ARGV[0], NEW.id, NEW.user_id, NEW.version);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_key AFTER DELETE OR UPDATE OR INSERT ON api_keys FOR EACH ROW EXECUTE FUNCTION feed_held('key');
CREATE TRIGGER feed_login AFTER DELETE OR UPDATE OR INSERT ON logins FOR EACH ROW EXECUTE FUNCTION feed_held('login');

CREATE FUNCTION feed_setting() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, name)
        VALUES (feed_now(), 20, 'setting', {nil}, {nil}, 0, OLD.name);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, name)
        VALUES (NEW.updated_us, 20, 'setting', {nil}, {nil}, 0, NEW.name);
    ELSIF NEW.value <> OLD.value THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, name)
        VALUES (NEW.updated_us, 20, 'setting', {nil}, {nil}, 0, NEW.name);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_setting AFTER DELETE OR UPDATE OR INSERT ON settings FOR EACH ROW EXECUTE FUNCTION feed_setting();

CREATE OR REPLACE FUNCTION feed_file() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (feed_now(), 50, 'file', OLD.id, OLD.user_id, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, open)
        VALUES (NEW.updated_us, 10, 'file', NEW.id, NEW.user_id, NEW.version,
            CASE WHEN NEW.access IN (30, 40) THEN 1 ELSE 0 END);
    ELSIF NEW.version <> OLD.version OR NEW.job_id IS DISTINCT FROM OLD.job_id
        OR NEW.video_id IS DISTINCT FROM OLD.video_id THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, open)
        VALUES (NEW.updated_us, feed_kind(OLD.deleted_us, NEW.deleted_us, false), 'file', NEW.id, NEW.user_id,
            NEW.version, CASE WHEN NEW.access IN (30, 40) THEN 1 ELSE 0 END);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_grant_tell(kind {int}, at_us {int}, id {uuid}, owner {uuid}, subject {uuid}, giver {uuid},
    version {int}) RETURNS void LANGUAGE sql AS $$
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version) VALUES ($2, $1, 'grant', $3, $4, $7);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT $2, $1, 'grant', $3, $5, $7, 1 WHERE $5 <> $4;
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT $2, $1, 'grant', $3, $6, $7, 1 WHERE $6 NOT IN ($4, $5, {nil}); $$;
CREATE OR REPLACE FUNCTION feed_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM feed_grant_tell(50, feed_now(), OLD.id, OLD.user_id, OLD.subject_id, OLD.granted_by, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM feed_grant_tell(10, NEW.updated_us, NEW.id, NEW.user_id, NEW.subject_id, NEW.granted_by, NEW.version);
    ELSIF NEW.version <> OLD.version THEN
        PERFORM feed_grant_tell(20, NEW.updated_us, NEW.id, NEW.user_id, NEW.subject_id, NEW.granted_by, NEW.version);
    END IF;
    RETURN NULL;
END $$;
