-- SPDX-License-Identifier: MIT
-- The words that records are found by, folded by the library (lib/record/search.h), and marks: whose a record is, and
-- its facts. Their rows go with those that they tell of.

-- Records whose words are not indexed yet. To add one row to the index in a commit costs as much as fifty in one, so a
-- change leaves a note here, in its own commit, and the notes are worked off together. The number of a note is what it
-- tells of, its noun (field ids divided by 1000) times 2^48 and the row: a record that changes again needs no second.
CREATE TABLE search_notes (
    place {int} NOT NULL PRIMARY KEY
) {strict};

-- @sqlite
-- each {table}: users, jobs, videos, files, audit_events
CREATE VIRTUAL TABLE {table}_search USING fts5(title_words, series_words, season_words, file_words, tag_words,
    more_words, marks, tokenize='ascii', prefix='1 2 3 4', columnsize=0);
-- Its words, in their order.
CREATE VIRTUAL TABLE {table}_terms USING fts5vocab({table}_search, 'instance');
-- end

-- Jobs (2) go with the job that they hang on: what the index knows of them is dropped by whoever works the note off.
CREATE TRIGGER jobs_search_purged AFTER DELETE ON jobs BEGIN
    INSERT INTO search_notes (place) VALUES (2 * 281474976710656 + OLD.seq) ON CONFLICT (place) DO NOTHING;
END;
-- @postgres
-- each {table}: users, jobs, videos, files, audit_events
CREATE TABLE {table}_search (
    rowid {int} PRIMARY KEY REFERENCES {table}(seq) ON DELETE CASCADE,
    title_words {text} NOT NULL,
    series_words {text} NOT NULL,
    season_words {text} NOT NULL,
    file_words {text} NOT NULL,
    tag_words {text} NOT NULL,
    more_words {text} NOT NULL,
    marks {text} NOT NULL,
    words tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple'::regconfig, title_words), 'A')
        || setweight(to_tsvector('simple'::regconfig, series_words || ' ' || season_words || ' ' || file_words), 'B')
        || setweight(to_tsvector('simple'::regconfig, tag_words), 'C')
        || to_tsvector('simple'::regconfig, more_words || ' ' || marks)) STORED
) {strict};
CREATE INDEX {table}_search_words ON {table}_search USING GIN (words);
CREATE FUNCTION {table}_search(query TEXT, rank_by TEXT DEFAULT '') RETURNS TABLE(rowid BIGINT, rank REAL)
LANGUAGE sql STABLE
AS 'SELECT s.rowid, CASE WHEN rank_by = '''' THEN 0 ELSE - ts_rank(s.words, query::tsquery) END
FROM {table}_search AS s
WHERE s.words @@ query::tsquery';
-- Words are looked up only where a prefix is slow, which it is not here.
CREATE VIEW {table}_terms AS SELECT NULL::{text} AS term WHERE FALSE;
-- end

-- What filters ask of free metadata, as lib/db/sqlite/sqlite_member.c says it: -1, 0 or 1, or NULL when nothing can be
-- said; a list is equal to what is in it.
CREATE FUNCTION vs_order(a JSONB, b JSONB) RETURNS INTEGER LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_typeof(a) IS DISTINCT FROM jsonb_typeof(b) THEN NULL
        WHEN jsonb_typeof(a) = 'number' THEN sign((a #>> '{}')::numeric - (b #>> '{}')::numeric)::integer
        WHEN jsonb_typeof(a) = 'boolean' THEN (a::boolean)::integer - (b::boolean)::integer
        WHEN jsonb_typeof(a) <> 'string' THEN NULL
        WHEN convert_to(a #>> '{}', 'UTF8') < convert_to(b #>> '{}', 'UTF8') THEN -1
        WHEN convert_to(a #>> '{}', 'UTF8') > convert_to(b #>> '{}', 'UTF8') THEN 1 ELSE 0 END $$;
CREATE FUNCTION vs_at(document TEXT, path TEXT) RETURNS JSONB LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    member JSONB := document::jsonb;
    key TEXT;
BEGIN
    FOR key IN SELECT k.value FROM jsonb_array_elements_text(path::jsonb) AS k LOOP
        member := CASE WHEN jsonb_typeof(member) = 'object' THEN member -> key END;
    END LOOP;
    RETURN NULLIF(member, 'null'::jsonb);
END $$;
CREATE FUNCTION vs_compare(document TEXT, path TEXT, value TEXT) RETURNS INTEGER LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN jsonb_typeof(m.at) = 'array'
        THEN (SELECT 0 FROM jsonb_array_elements(m.at) AS item WHERE vs_order(item.value, $3::jsonb) = 0 LIMIT 1)
        ELSE vs_order(m.at, $3::jsonb) END
    FROM (SELECT vs_at(document, path) AS at) AS m $$;
CREATE FUNCTION vs_member(document TEXT, path TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT vs_at(document, path) #>> '{}' $$;
