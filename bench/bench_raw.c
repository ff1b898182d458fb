/* SPDX-License-Identifier: MIT */
#include "bench_raw.h"
#include <string.h>

vidstore_job_params *sample_job(void) {
    vidstore_job_params *params = vidstore_job_params_new();
    vidstore_job_params_set_text(params, VIDSTORE_JOB_KIND, "encode");
    vidstore_job_params_set_text(
        params, VIDSTORE_JOB_REQUEST,
        "{\"preset\":\"medium\",\"crf\":23,\"audio\":\"copy\",\"note\":\"an ordinary request\"}");
    vidstore_job_params_set_text(params, VIDSTORE_JOB_SEASON, "Season 1");
    return params;
}

struct raw raw_open(const char *dir) {
    struct raw r = {.db = open_raw(dir)};
    char *job = insert_sql(r.db, "jobs"), *event = insert_sql(r.db, "audit_events");
    r.job = first_row(r.db, "jobs", "state = 20");
    r.event = first_row(r.db, "audit_events", "noun = 'job'");
    r.words = first_row(r.db, "jobs_search", "rowid > 0");
    r.begin = prepare(r.db, "BEGIN IMMEDIATE");
    r.commit = prepare(r.db, "COMMIT");
    r.insert_job = prepare(r.db, job);
    r.insert_event = prepare(r.db, event);
    r.count = prepare(r.db, "INSERT INTO job_counts (user_id, state, jobs) VALUES (?, ?, ?) ON CONFLICT (user_id, "
                            "state) DO UPDATE SET jobs = jobs + excluded.jobs");
    r.last = prepare(r.db, "SELECT max(position) + 1, chain, hash FROM audit_events WHERE chain = 2");
    r.note = prepare(r.db, "INSERT INTO search_notes (place) VALUES (2 * 281474976710656 + ?)");
    r.noted = prepare(r.db, "DELETE FROM search_notes WHERE place = 2 * 281474976710656 + ?");
    r.index = prepare(r.db, "INSERT INTO jobs_search (title_words, series_words, season_words, file_words, tag_words, "
                            "more_words, marks, rowid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (int i = 0; i < r.event.count; i++)
        r.position = strcmp(r.event.names[i], "position") == 0 ? i + 1 : r.position;
    sqlite3_free(job);
    sqlite3_free(event);
    return r;
}

void raw_close(struct raw *r) {
    sqlite3_stmt *all[] = {r->begin, r->commit, r->insert_job, r->insert_event, r->count,
                           r->last,  r->note,   r->noted,      r->index};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sqlite3_finalize(all[i]);
    free_row(&r->job);
    free_row(&r->event);
    free_row(&r->words);
    sqlite3_close(r->db);
}

void raw_count(struct raw *r, int state, int by) {
    static const uint8_t nil[16];
    sqlite3_bind_blob(r->count, 1, nil, 16, SQLITE_STATIC);
    sqlite3_bind_int(r->count, 2, state);
    sqlite3_bind_int(r->count, 3, by);
    run_stmt(r->db, r->count);
}

void raw_event(struct raw *r) {
    uint8_t id[16];
    id_bytes(id);
    bind_row(r->insert_event, &r->event, id);
    if (sqlite3_step(r->last) == SQLITE_ROW)
        sqlite3_bind_int64(r->insert_event, r->position, sqlite3_column_int64(r->last, 0));
    sqlite3_reset(r->last);
    run_stmt(r->db, r->insert_event);
}

static void run_with(struct raw *r, sqlite3_stmt *s, int at, int64_t value) {
    sqlite3_bind_int64(s, at, value);
    run_stmt(r->db, s);
}

static void raw_note(struct raw *r, int64_t seq) {
    run_with(r, r->note, 1, seq);
    r->notes[r->n_notes++] = seq;
    if (r->n_notes < RAW_NOTES)
        return;
    bind_row(r->index, &r->words, NULL);
    while (r->n_notes) {
        int64_t noted = r->notes[--r->n_notes];
        run_with(r, r->index, r->words.count + 1, noted);
        run_with(r, r->noted, 1, noted);
    }
}

void raw_job(struct raw *r) {
    uint8_t id[16];
    id_bytes(id);
    bind_row(r->insert_job, &r->job, id);
    run_stmt(r->db, r->insert_job);
    raw_note(r, sqlite3_last_insert_rowid(r->db));
    raw_count(r, 20, 1);
}

void raw_submit(struct raw *r) {
    run_stmt(r->db, r->begin);
    raw_job(r);
    raw_event(r);
    run_stmt(r->db, r->commit);
}
