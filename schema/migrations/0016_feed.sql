-- SPDX-License-Identifier: MIT
-- The change feed: one entry for each change of each record, in the order of the commits. The triggers write it, so
-- that no statement, cascade or foreign key gets past it.
-- Kind: 10 created, 20 updated, 30 removed, 40 restored, 50 purged, 60 its state changed, 70 progress (of a record only
-- the newest is kept). owner_id: who may see the record; of a user the user itself. state: of a job, after the change.
-- name: of a setting or a table of the host's, which have no id. open: of a file, 1 when every user may see it; NULL:
-- not known. twin: 1 of an entry that tells another user of what the entry before it tells: who sees all needs it once.
CREATE TABLE feed (
    seq {seq},
    at_us {int} NOT NULL,
    kind {int} NOT NULL,
    noun {text} NOT NULL,
    object_id {uuid} NOT NULL,
    owner_id {uuid} NOT NULL,
    version {int} NOT NULL,
    state {int},
    name {text},
    open {int},
    twin {int}
) {strict};

CREATE UNIQUE INDEX feed_progress ON feed(object_id) WHERE kind = 70;

-- @sqlite
-- each {noun} {table}: video videos, key api_keys, login logins, link links, collection collections
CREATE TRIGGER feed_{noun}_created AFTER INSERT ON {table} BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, '{noun}', NEW.id, NEW.user_id, NEW.version);
END;
-- end

-- each {noun} {table}: video videos, file files, key api_keys, login logins, link links, collection collections
CREATE TRIGGER feed_{noun}_purged AFTER DELETE ON {table} BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES ({now_us}, 50, '{noun}', OLD.id, OLD.user_id,
        OLD.version);
END;
-- end

-- each {noun} {table}: key api_keys, login logins
CREATE TRIGGER feed_{noun}_changed AFTER UPDATE OF version ON {table} WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, CASE WHEN NEW.revoked_us IS NOT OLD.revoked_us THEN 60 ELSE 20 END, '{noun}', NEW.id,
        NEW.user_id, NEW.version);
END;
-- end

CREATE TRIGGER feed_user_created AFTER INSERT ON users BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 10, 'user', NEW.id, NEW.id, NEW.version);
END;
CREATE TRIGGER feed_user_changed AFTER UPDATE OF version ON users WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us,
        CASE WHEN OLD.deleted_us IS NULL AND NEW.deleted_us IS NOT NULL THEN 30
            WHEN OLD.deleted_us IS NOT NULL AND NEW.deleted_us IS NULL THEN 40
            WHEN OLD.state <> NEW.state THEN 60 ELSE 20 END, 'user', NEW.id, NEW.id, NEW.version);
END;
CREATE TRIGGER feed_user_purged AFTER DELETE ON users BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES ({now_us}, 50, 'user', OLD.id, OLD.id, OLD.version);
END;

CREATE TRIGGER feed_job_created AFTER INSERT ON jobs BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, state)
    VALUES (NEW.updated_us, 10, 'job', NEW.id, NEW.user_id, NEW.version, NEW.state);
END;
CREATE TRIGGER feed_job_changed AFTER UPDATE OF version ON jobs WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, state)
    VALUES (NEW.updated_us,
        CASE WHEN OLD.deleted_us IS NULL AND NEW.deleted_us IS NOT NULL THEN 30
            WHEN OLD.deleted_us IS NOT NULL AND NEW.deleted_us IS NULL THEN 40
            WHEN OLD.state <> NEW.state THEN 60 ELSE 20 END, 'job', NEW.id, NEW.user_id, NEW.version, NEW.state);
END;
CREATE TRIGGER feed_job_progress AFTER UPDATE OF stage, stage_done, stage_total, progress_done, children_done,
children_failed ON jobs WHEN NEW.version = OLD.version AND (NEW.stage IS NOT OLD.stage
    OR NEW.stage_done IS NOT OLD.stage_done OR NEW.stage_total IS NOT OLD.stage_total
    OR NEW.progress_done <> OLD.progress_done OR NEW.children_done <> OLD.children_done
    OR NEW.children_failed <> OLD.children_failed) BEGIN
    DELETE FROM feed WHERE object_id = NEW.id AND kind = 70;
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, state)
    VALUES ({now_us}, 70, 'job', NEW.id, NEW.user_id, NEW.version,
        NEW.state);
END;
CREATE TRIGGER feed_job_purged AFTER DELETE ON jobs BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, state)
    VALUES ({now_us}, 50, 'job', OLD.id, OLD.user_id, OLD.version,
        OLD.state);
END;

CREATE TRIGGER feed_video_changed AFTER UPDATE OF version, job_id ON videos
WHEN NEW.version <> OLD.version OR NEW.job_id IS NOT OLD.job_id BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us,
        CASE WHEN OLD.deleted_us IS NULL AND NEW.deleted_us IS NOT NULL THEN 30
            WHEN OLD.deleted_us IS NOT NULL AND NEW.deleted_us IS NULL THEN 40
            WHEN OLD.download_state <> NEW.download_state OR OLD.processing_state <> NEW.processing_state THEN 60
            ELSE 20 END, 'video', NEW.id, NEW.user_id, NEW.version);
END;
CREATE TRIGGER feed_video_progress AFTER UPDATE OF download_done, download_total, processing_done, processing_total
ON videos WHEN NEW.version = OLD.version AND (NEW.download_done IS NOT OLD.download_done
    OR NEW.download_total IS NOT OLD.download_total OR NEW.processing_done IS NOT OLD.processing_done
    OR NEW.processing_total IS NOT OLD.processing_total) BEGIN
    DELETE FROM feed WHERE object_id = NEW.id AND kind = 70;
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES ({now_us}, 70, 'video', NEW.id, NEW.user_id,
        NEW.version);
END;

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
    VALUES ({now_us}, 20, 'setting', {nil}, {nil}, 0, OLD.name);
END;

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
    VALUES ({now_us}, 50, 'grant', OLD.id, OLD.user_id,
        OLD.version);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT {now_us}, 50, 'grant', OLD.id, OLD.subject_id,
        OLD.version, 1 WHERE OLD.subject_id <> OLD.user_id;
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT {now_us}, 50, 'grant', OLD.id, OLD.granted_by,
        OLD.version, 1 WHERE OLD.granted_by NOT IN (OLD.user_id, OLD.subject_id, {nil});
END;

CREATE TRIGGER feed_link_changed AFTER UPDATE OF version ON links WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 20, 'link', NEW.id, NEW.user_id, NEW.version);
END;

CREATE TRIGGER feed_quota_changed AFTER UPDATE OF version ON quotas WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us, 20, 'quota', NEW.user_id, NEW.user_id, NEW.version);
END;

CREATE TRIGGER feed_collection_changed AFTER UPDATE OF version ON collections WHEN NEW.version <> OLD.version BEGIN
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
    VALUES (NEW.updated_us,
        CASE WHEN OLD.deleted_us IS NULL AND NEW.deleted_us IS NOT NULL THEN 30
            WHEN OLD.deleted_us IS NOT NULL AND NEW.deleted_us IS NULL THEN 40 ELSE 20 END,
        'collection', NEW.id, NEW.user_id, NEW.version);
END;

-- @postgres
CREATE FUNCTION feed_kind(old_deleted {int}, new_deleted {int}, moved boolean) RETURNS {int}
LANGUAGE sql IMMUTABLE AS $$
    SELECT CAST(CASE WHEN old_deleted IS NULL AND new_deleted IS NOT NULL THEN 30
        WHEN old_deleted IS NOT NULL AND new_deleted IS NULL THEN 40 WHEN moved THEN 60 ELSE 20 END AS {int}) $$;
CREATE FUNCTION feed_now() RETURNS {int} LANGUAGE sql AS $$
    SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS {int}) $$;

CREATE FUNCTION feed_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (feed_now(), 50, 'user', OLD.id, OLD.id, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 10, 'user', NEW.id, NEW.id, NEW.version);
    ELSIF NEW.version <> OLD.version THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, feed_kind(OLD.deleted_us, NEW.deleted_us, OLD.state <> NEW.state), 'user', NEW.id,
            NEW.id, NEW.version);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, state)
        VALUES (feed_now(), 50, 'job', OLD.id, OLD.user_id, OLD.version, OLD.state);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, state)
        VALUES (NEW.updated_us, 10, 'job', NEW.id, NEW.user_id, NEW.version, NEW.state);
    ELSIF NEW.version <> OLD.version THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, state)
        VALUES (NEW.updated_us, feed_kind(OLD.deleted_us, NEW.deleted_us, OLD.state <> NEW.state), 'job', NEW.id,
            NEW.user_id, NEW.version, NEW.state);
    ELSIF (NEW.stage, NEW.stage_done, NEW.stage_total, NEW.progress_done, NEW.children_done, NEW.children_failed)
        IS DISTINCT FROM (OLD.stage, OLD.stage_done, OLD.stage_total, OLD.progress_done, OLD.children_done,
        OLD.children_failed) THEN
        DELETE FROM feed WHERE object_id = NEW.id AND kind = 70;
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, state)
        VALUES (feed_now(), 70, 'job', NEW.id, NEW.user_id, NEW.version, NEW.state);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_video() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (feed_now(), 50, 'video', OLD.id, OLD.user_id, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 10, 'video', NEW.id, NEW.user_id, NEW.version);
    ELSIF NEW.version <> OLD.version OR NEW.job_id IS DISTINCT FROM OLD.job_id THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, feed_kind(OLD.deleted_us, NEW.deleted_us,
            (OLD.download_state, OLD.processing_state) <> (NEW.download_state, NEW.processing_state)),
            'video', NEW.id, NEW.user_id, NEW.version);
    ELSIF (NEW.download_done, NEW.download_total, NEW.processing_done, NEW.processing_total) IS DISTINCT FROM
        (OLD.download_done, OLD.download_total, OLD.processing_done, OLD.processing_total) THEN
        DELETE FROM feed WHERE object_id = NEW.id AND kind = 70;
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (feed_now(), 70, 'video', NEW.id, NEW.user_id, NEW.version);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_file() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
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

CREATE FUNCTION feed_grant_tell(kind {int}, at_us {int}, id {uuid}, owner {uuid}, subject {uuid}, giver {uuid},
    version {int}) RETURNS void LANGUAGE sql AS $$
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version) VALUES ($2, $1, 'grant', $3, $4, $7);
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT $2, $1, 'grant', $3, $5, $7, 1 WHERE $5 <> $4;
    INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version, twin)
    SELECT $2, $1, 'grant', $3, $6, $7, 1 WHERE $6 NOT IN ($4, $5, {nil}); $$;
CREATE FUNCTION feed_grant() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM feed_grant_tell(50, feed_now(), OLD.id, OLD.user_id, OLD.subject_id, OLD.granted_by, OLD.version);
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM feed_grant_tell(10, NEW.updated_us, NEW.id, NEW.user_id, NEW.subject_id, NEW.granted_by, NEW.version);
    ELSIF NEW.version <> OLD.version THEN
        PERFORM feed_grant_tell(20, NEW.updated_us, NEW.id, NEW.user_id, NEW.subject_id, NEW.granted_by, NEW.version);
    END IF;
    RETURN NULL;
END $$;

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

CREATE FUNCTION feed_quota() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.version <> OLD.version THEN
        INSERT INTO feed (at_us, kind, noun, object_id, owner_id, version)
        VALUES (NEW.updated_us, 20, 'quota', NEW.user_id, NEW.user_id, NEW.version);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER feed_quota AFTER UPDATE ON quotas FOR EACH ROW EXECUTE FUNCTION feed_quota();

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

-- each {noun}: user, job, video, file, setting, grant, link, collection
CREATE TRIGGER feed_{noun} AFTER DELETE OR UPDATE OR INSERT ON {noun}s
FOR EACH ROW EXECUTE FUNCTION feed_{noun}();
-- end
