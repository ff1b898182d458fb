-- SPDX-License-Identifier: MIT
-- What users may take of the store, and what they have taken. A row a user, and one for the system (the nil UUID). Of
-- the limits NULL is the setting's, 0 none. bytes and files count what is stored until it is purged, and what uploads
-- under way have reserved (blobs.reserved, while the size is not known). usage_days counts by the day since 1970 (UTC)
-- on which a record was created; …_gone are those of them that were purged since, so that the rest are the rows that
-- there are. Triggers keep all of it, in the transaction of the change and whichever way that takes.
CREATE TABLE quotas (
    seq {seq},
    user_id {uuid} NOT NULL UNIQUE,
    updated_us {int} NOT NULL,
    version {int} NOT NULL,
    max_bytes {int},
    max_files {int},
    max_running {int},
    max_jobs {int},
    bytes {int} NOT NULL,
    files {int} NOT NULL
) {strict};

CREATE TABLE usage_days (
    user_id {uuid} NOT NULL,
    day {int} NOT NULL,
    jobs {int} NOT NULL,
    jobs_gone {int} NOT NULL,
    files {int} NOT NULL,
    files_gone {int} NOT NULL,
    bytes {int} NOT NULL,
    bytes_gone {int} NOT NULL,
    PRIMARY KEY (user_id, day)
) {strict};

CREATE INDEX usage_days_day ON usage_days(day);

INSERT INTO quotas (user_id, updated_us, version, max_bytes, max_files, max_running, max_jobs, bytes, files)
VALUES ({nil}, 0, 1, 0, 0, 0, 0, 0, 0);

-- @sqlite
-- The day's row is made by a trigger of its own: ON CONFLICT DO UPDATE in a trigger makes SQLite copy each page that
-- the whole statement changes.
CREATE TRIGGER quotas_user_created AFTER INSERT ON users BEGIN
    INSERT INTO quotas (user_id, updated_us, version, bytes, files) VALUES (NEW.id, NEW.created_us, 1, 0, 0);
END;
CREATE TRIGGER quotas_user_purged AFTER DELETE ON users BEGIN
    DELETE FROM quotas WHERE user_id = OLD.id;
    DELETE FROM usage_days WHERE user_id = OLD.id;
END;
CREATE TRIGGER quotas_blob_created AFTER INSERT ON blobs WHEN NEW.state IN (10, 20) BEGIN
    UPDATE quotas SET bytes = bytes + coalesce(NEW.size, NEW.reserved, 0), files = files + (NEW.refs = 0)
    WHERE user_id = NEW.user_id;
END;
CREATE TRIGGER quotas_blob_changed AFTER UPDATE OF state, size, reserved, refs ON blobs
WHEN OLD.state IN (10, 20) OR NEW.state IN (10, 20) BEGIN
    UPDATE quotas SET bytes = bytes + (NEW.state IN (10, 20)) * coalesce(NEW.size, NEW.reserved, 0)
        - (OLD.state IN (10, 20)) * coalesce(OLD.size, OLD.reserved, 0),
    files = files + (NEW.state IN (10, 20) AND NEW.refs = 0) - (OLD.state IN (10, 20) AND OLD.refs = 0)
    WHERE user_id = NEW.user_id;
END;
CREATE TRIGGER quotas_blob_purged AFTER DELETE ON blobs WHEN OLD.state IN (10, 20) BEGIN
    UPDATE quotas SET bytes = bytes - coalesce(OLD.size, OLD.reserved, 0), files = files - (OLD.refs = 0)
    WHERE user_id = OLD.user_id;
END;
CREATE TRIGGER quotas_file_first BEFORE INSERT ON files WHEN NOT EXISTS (
    SELECT 1 FROM usage_days WHERE user_id = NEW.user_id AND day = NEW.created_us / 86400000000) BEGIN
    INSERT INTO usage_days (user_id, day, jobs, jobs_gone, files, files_gone, bytes, bytes_gone)
    VALUES (NEW.user_id, NEW.created_us / 86400000000, 0, 0, 0, 0, 0, 0);
END;
CREATE TRIGGER quotas_file_created AFTER INSERT ON files BEGIN
    UPDATE quotas SET files = files + 1 WHERE user_id = NEW.user_id;
    UPDATE usage_days SET files = files + 1, bytes = bytes + NEW.size
    WHERE user_id = NEW.user_id AND day = NEW.created_us / 86400000000;
END;
CREATE TRIGGER quotas_file_purged AFTER DELETE ON files BEGIN
    UPDATE quotas SET files = files - 1 WHERE user_id = OLD.user_id;
    UPDATE usage_days SET files_gone = files_gone + 1, bytes_gone = bytes_gone + OLD.size
    WHERE user_id = OLD.user_id AND day = OLD.created_us / 86400000000;
END;
CREATE TRIGGER quotas_job_first BEFORE INSERT ON jobs WHEN NOT EXISTS (
    SELECT 1 FROM usage_days WHERE user_id = NEW.user_id AND day = NEW.created_us / 86400000000) BEGIN
    INSERT INTO usage_days (user_id, day, jobs, jobs_gone, files, files_gone, bytes, bytes_gone)
    VALUES (NEW.user_id, NEW.created_us / 86400000000, 0, 0, 0, 0, 0, 0);
END;
CREATE TRIGGER quotas_job_created AFTER INSERT ON jobs BEGIN
    UPDATE usage_days SET jobs = jobs + 1
    WHERE user_id = NEW.user_id AND day = NEW.created_us / 86400000000;
END;
CREATE TRIGGER quotas_job_purged AFTER DELETE ON jobs BEGIN
    UPDATE usage_days SET jobs_gone = jobs_gone + 1
    WHERE user_id = OLD.user_id AND day = OLD.created_us / 86400000000;
END;

-- @postgres
CREATE FUNCTION quotas_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO quotas (user_id, updated_us, version, bytes, files) VALUES (NEW.id, NEW.created_us, 1, 0, 0);
    ELSE
        DELETE FROM quotas WHERE user_id = OLD.id;
        DELETE FROM usage_days WHERE user_id = OLD.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER quotas_user AFTER DELETE OR INSERT ON users FOR EACH ROW EXECUTE FUNCTION quotas_user();
CREATE FUNCTION quotas_blob() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner UUID;
    more_bytes BIGINT := 0;
    more_files BIGINT := 0;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        owner := NEW.user_id;
        IF NEW.state IN (10, 20) THEN
            more_bytes := coalesce(NEW.size, NEW.reserved, 0);
            more_files := CASE WHEN NEW.refs = 0 THEN 1 ELSE 0 END;
        END IF;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        owner := OLD.user_id;
        IF OLD.state IN (10, 20) THEN
            more_bytes := more_bytes - coalesce(OLD.size, OLD.reserved, 0);
            more_files := more_files - CASE WHEN OLD.refs = 0 THEN 1 ELSE 0 END;
        END IF;
    END IF;
    IF more_bytes <> 0 OR more_files <> 0 THEN
        UPDATE quotas SET bytes = bytes + more_bytes, files = files + more_files WHERE user_id = owner;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER quotas_blob AFTER DELETE OR UPDATE OR INSERT ON blobs FOR EACH ROW EXECUTE FUNCTION quotas_blob();
CREATE FUNCTION quotas_file() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE quotas SET files = files + 1 WHERE user_id = NEW.user_id;
        INSERT INTO usage_days (user_id, day, jobs, jobs_gone, files, files_gone, bytes, bytes_gone)
        VALUES (NEW.user_id, NEW.created_us / 86400000000, 0, 0, 1, 0, NEW.size, 0)
        ON CONFLICT (user_id, day) DO UPDATE SET files = usage_days.files + 1,
            bytes = usage_days.bytes + excluded.bytes;
    ELSE
        UPDATE quotas SET files = files - 1 WHERE user_id = OLD.user_id;
        UPDATE usage_days SET files_gone = files_gone + 1, bytes_gone = bytes_gone + OLD.size
        WHERE user_id = OLD.user_id AND day = OLD.created_us / 86400000000;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER quotas_file AFTER DELETE OR INSERT ON files FOR EACH ROW EXECUTE FUNCTION quotas_file();
CREATE FUNCTION quotas_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO usage_days (user_id, day, jobs, jobs_gone, files, files_gone, bytes, bytes_gone)
        VALUES (NEW.user_id, NEW.created_us / 86400000000, 1, 0, 0, 0, 0, 0)
        ON CONFLICT (user_id, day) DO UPDATE SET jobs = usage_days.jobs + 1;
    ELSE
        UPDATE usage_days SET jobs_gone = jobs_gone + 1
        WHERE user_id = OLD.user_id AND day = OLD.created_us / 86400000000;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER quotas_job AFTER DELETE OR INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION quotas_job();
