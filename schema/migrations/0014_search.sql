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
CREATE VIRTUAL TABLE users_search USING fts5(title_words, series_words, file_words, tag_words, more_words,
    marks, tokenize='ascii', prefix='1 2 3 4', columnsize=0);
CREATE VIRTUAL TABLE jobs_search USING fts5(title_words, series_words, file_words, tag_words, more_words,
    marks, tokenize='ascii', prefix='1 2 3 4', columnsize=0);
CREATE VIRTUAL TABLE videos_search USING fts5(title_words, series_words, file_words, tag_words, more_words,
    marks, tokenize='ascii', prefix='1 2 3 4', columnsize=0);
CREATE VIRTUAL TABLE files_search USING fts5(title_words, series_words, file_words, tag_words, more_words,
    marks, tokenize='ascii', prefix='1 2 3 4', columnsize=0);
CREATE VIRTUAL TABLE audit_events_search USING fts5(title_words, series_words, file_words, tag_words, more_words,
    marks, tokenize='ascii', prefix='1 2 3 4', columnsize=0);
-- @postgres
CREATE TABLE users_search (
    rowid {int} PRIMARY KEY REFERENCES users(seq) ON DELETE CASCADE,
    title_words {text} NOT NULL,
    series_words {text} NOT NULL,
    file_words {text} NOT NULL,
    tag_words {text} NOT NULL,
    more_words {text} NOT NULL,
    marks {text} NOT NULL,
    words tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple'::regconfig, title_words), 'A')
        || setweight(to_tsvector('simple'::regconfig, series_words || ' ' || file_words), 'B')
        || setweight(to_tsvector('simple'::regconfig, tag_words), 'C')
        || to_tsvector('simple'::regconfig, more_words || ' ' || marks)) STORED
) {strict};
CREATE INDEX users_search_words ON users_search USING GIN (words);
CREATE FUNCTION users_search(query TEXT, rank_by TEXT DEFAULT '') RETURNS TABLE(rowid BIGINT, rank REAL)
LANGUAGE sql STABLE
AS 'SELECT s.rowid, CASE WHEN rank_by = '''' THEN 0 ELSE - ts_rank(s.words, query::tsquery) END
FROM users_search AS s
WHERE s.words @@ query::tsquery';
CREATE TABLE jobs_search (
    rowid {int} PRIMARY KEY REFERENCES jobs(seq) ON DELETE CASCADE,
    title_words {text} NOT NULL,
    series_words {text} NOT NULL,
    file_words {text} NOT NULL,
    tag_words {text} NOT NULL,
    more_words {text} NOT NULL,
    marks {text} NOT NULL,
    words tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple'::regconfig, title_words), 'A')
        || setweight(to_tsvector('simple'::regconfig, series_words || ' ' || file_words), 'B')
        || setweight(to_tsvector('simple'::regconfig, tag_words), 'C')
        || to_tsvector('simple'::regconfig, more_words || ' ' || marks)) STORED
) {strict};
CREATE INDEX jobs_search_words ON jobs_search USING GIN (words);
CREATE FUNCTION jobs_search(query TEXT, rank_by TEXT DEFAULT '') RETURNS TABLE(rowid BIGINT, rank REAL)
LANGUAGE sql STABLE
AS 'SELECT s.rowid, CASE WHEN rank_by = '''' THEN 0 ELSE - ts_rank(s.words, query::tsquery) END
FROM jobs_search AS s
WHERE s.words @@ query::tsquery';
CREATE TABLE videos_search (
    rowid {int} PRIMARY KEY REFERENCES videos(seq) ON DELETE CASCADE,
    title_words {text} NOT NULL,
    series_words {text} NOT NULL,
    file_words {text} NOT NULL,
    tag_words {text} NOT NULL,
    more_words {text} NOT NULL,
    marks {text} NOT NULL,
    words tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple'::regconfig, title_words), 'A')
        || setweight(to_tsvector('simple'::regconfig, series_words || ' ' || file_words), 'B')
        || setweight(to_tsvector('simple'::regconfig, tag_words), 'C')
        || to_tsvector('simple'::regconfig, more_words || ' ' || marks)) STORED
) {strict};
CREATE INDEX videos_search_words ON videos_search USING GIN (words);
CREATE FUNCTION videos_search(query TEXT, rank_by TEXT DEFAULT '') RETURNS TABLE(rowid BIGINT, rank REAL)
LANGUAGE sql STABLE
AS 'SELECT s.rowid, CASE WHEN rank_by = '''' THEN 0 ELSE - ts_rank(s.words, query::tsquery) END
FROM videos_search AS s
WHERE s.words @@ query::tsquery';
CREATE TABLE files_search (
    rowid {int} PRIMARY KEY REFERENCES files(seq) ON DELETE CASCADE,
    title_words {text} NOT NULL,
    series_words {text} NOT NULL,
    file_words {text} NOT NULL,
    tag_words {text} NOT NULL,
    more_words {text} NOT NULL,
    marks {text} NOT NULL,
    words tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple'::regconfig, title_words), 'A')
        || setweight(to_tsvector('simple'::regconfig, series_words || ' ' || file_words), 'B')
        || setweight(to_tsvector('simple'::regconfig, tag_words), 'C')
        || to_tsvector('simple'::regconfig, more_words || ' ' || marks)) STORED
) {strict};
CREATE INDEX files_search_words ON files_search USING GIN (words);
CREATE FUNCTION files_search(query TEXT, rank_by TEXT DEFAULT '') RETURNS TABLE(rowid BIGINT, rank REAL)
LANGUAGE sql STABLE
AS 'SELECT s.rowid, CASE WHEN rank_by = '''' THEN 0 ELSE - ts_rank(s.words, query::tsquery) END
FROM files_search AS s
WHERE s.words @@ query::tsquery';
CREATE TABLE audit_events_search (
    rowid {int} PRIMARY KEY REFERENCES audit_events(seq) ON DELETE CASCADE,
    title_words {text} NOT NULL,
    series_words {text} NOT NULL,
    file_words {text} NOT NULL,
    tag_words {text} NOT NULL,
    more_words {text} NOT NULL,
    marks {text} NOT NULL,
    words tsvector GENERATED ALWAYS AS (setweight(to_tsvector('simple'::regconfig, title_words), 'A')
        || setweight(to_tsvector('simple'::regconfig, series_words || ' ' || file_words), 'B')
        || setweight(to_tsvector('simple'::regconfig, tag_words), 'C')
        || to_tsvector('simple'::regconfig, more_words || ' ' || marks)) STORED
) {strict};
CREATE INDEX audit_events_search_words ON audit_events_search USING GIN (words);
CREATE FUNCTION audit_events_search(query TEXT, rank_by TEXT DEFAULT '') RETURNS TABLE(rowid BIGINT, rank REAL)
LANGUAGE sql STABLE
AS 'SELECT s.rowid, CASE WHEN rank_by = '''' THEN 0 ELSE - ts_rank(s.words, query::tsquery) END
FROM audit_events_search AS s
WHERE s.words @@ query::tsquery';
