/* SPDX-License-Identifier: MIT */
/* Reading: by id, by page, and opening a store. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { READS = 20000, PAGES = 2000, PAGE = 50, OPENS = 100, BULK = 1000 };

/* Videos of the system, as the library writes them; then copies of the last one with other ids, in one transaction. */
static void fill(const char *dir, int64_t count) {
    vidstore *store = open_store(dir);
    vidstore_session *session = system_session(store);
    vidstore_error *error = NULL;
    vidstore_video_params *params = vidstore_video_params_new();
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TITLE, "A title of an ordinary length");
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_URL, "https://media.example.org/season-1/episode-01.mkv");
    vidstore_video_params_set_int64(params, VIDSTORE_VIDEO_EPISODE, 1);
    must(vidstore_video_create(session, params, NULL, &error), error, "create");
    vidstore_video_params_free(params);
    vidstore_session_free(session);
    vidstore_close(store);
    add_copies(dir, "videos", "1", count - 1);
}

/* Ids from all over the table. */
static char (*some_ids(const char *dir, int count))[37] {
    char(*ids)[37] = calloc((size_t)count, sizeof *ids);
    sqlite3 *db = open_raw(dir);
    sqlite3_stmt *s =
        prepare(db, "SELECT lower(hex(id)) FROM videos WHERE seq = 1 + ? % (SELECT max(seq) FROM videos)");
    for (int i = 0; i < count; i++) {
        sqlite3_bind_int64(s, 1, (int64_t)i * 7919);
        must_sql(sqlite3_step(s), db, "ids");
        const char *h = (const char *)sqlite3_column_text(s, 0);
        snprintf(ids[i], 37, "%.8s-%.4s-%.4s-%.4s-%.12s", h, h + 8, h + 12, h + 16, h + 20);
        sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    return ids;
}

static int from_hex(const char *text, uint8_t id[16]) {
    for (int i = 0; i < 16; text++)
        if (*text != '-') {
            unsigned byte;
            if (sscanf(text, "%2x", &byte) != 1)
                return -1;
            id[i++] = (uint8_t)byte;
            text++;
        }
    return 0;
}

static double raw_reads(sqlite3 *db, sqlite3_stmt *s, char (*ids)[37], int count) {
    double start = now_s();
    for (int i = 0; i < count; i++) {
        uint8_t id[16];
        from_hex(ids[i], id);
        sqlite3_bind_blob(s, 1, id, 16, SQLITE_STATIC);
        if (sqlite3_step(s) != SQLITE_ROW)
            must_sql(SQLITE_ERROR, db, "read");
        read_row(s);
        sqlite3_reset(s);
    }
    return count / (now_s() - start);
}

static double our_reads(vidstore_session *session, char (*ids)[37], int count) {
    vidstore_error *error = NULL;
    double start = now_s();
    for (int i = 0; i < count; i++) {
        vidstore_video *video = NULL;
        must(vidstore_video_get(session, ids[i], &video, &error), error, "get");
        vidstore_video_free(video);
    }
    return count / (now_s() - start);
}

static void run_get(const char *scratch, report_fn *report) {
    const char *dir = path(scratch, "get");
    char(*ids)[37], store_dir[4096];
    snprintf(store_dir, sizeof store_dir, "%s", dir);
    fill(store_dir, 100000);
    ids = some_ids(store_dir, READS);
    sqlite3 *db = open_raw(store_dir);
    sqlite3_stmt *s = prepare(db, "SELECT * FROM videos WHERE id = ?");
    vidstore *store = open_store(store_dir);
    vidstore_session *session = system_session(store);
    vidstore_error *error = NULL;
    /* The least that a cache of records would have to read at each hit, to know that it is still right. */
    sqlite3_stmt *check = prepare(db, "SELECT version FROM videos WHERE id = ?");
    double ours[ROUNDS], inside[ROUNDS], snapshot[ROUNDS], raw[ROUNDS], raw_inside[ROUNDS], checks[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        raw[i] = raw_reads(db, s, ids, READS);
        checks[i] = raw_reads(db, check, ids, READS);
        ours[i] = our_reads(session, ids, READS);
        must_sql(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), db, "begin");
        raw_inside[i] = raw_reads(db, s, ids, READS);
        must_sql(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), db, "commit");
        must(vidstore_begin(session, 0, &error), error, "begin");
        inside[i] = our_reads(session, ids, READS);
        must(vidstore_commit(session, &error), error, "commit");
        must(vidstore_snapshot_begin(session, 60000, &error), error, "snapshot");
        snapshot[i] = our_reads(session, ids, READS);
        must(vidstore_snapshot_end(session, &error), error, "end");
    }
    double a = median(ours, ROUNDS), b = median(raw, ROUNDS), c = median(inside, ROUNDS),
           d = median(raw_inside, ROUNDS);
    report(&(struct result){"get", "reads/s", a, b, a / b, 0.5, 0});
    double f = median(snapshot, ROUNDS), g = median(checks, ROUNDS);
    report(&(struct result){"get-in-transaction", "reads/s", c, d, c / d, 0.75, 0});
    report(&(struct result){"get-in-snapshot", "reads/s", f, d, f / d, 0.75, 0});
    report(&(struct result){"get-to-version-check", "reads/s", a, g, a / g, 0.5, 0});
    sqlite3_finalize(check);
    vidstore_session_free(session);
    vidstore_close(store);
    sqlite3_finalize(s);
    sqlite3_close(db);
    free(ids);
}

static double our_pages(vidstore_session *session, int count) {
    vidstore_error *error = NULL;
    vidstore_query *query = vidstore_query_new();
    vidstore_query_limit(query, PAGE);
    double start = now_s();
    char cursor[256] = "";
    for (int i = 0; i < count; i++) {
        vidstore_page *page = NULL;
        vidstore_query_cursor(query, *cursor ? cursor : NULL);
        must(vidstore_video_list(session, query, &page, &error), error, "list");
        snprintf(cursor, sizeof cursor, "%s", vidstore_page_cursor(page) ? vidstore_page_cursor(page) : "");
        vidstore_page_free(page);
    }
    double rate = count / (now_s() - start);
    vidstore_query_free(query);
    return rate;
}

static double raw_pages(sqlite3 *db, sqlite3_stmt *s, int count) {
    int64_t last = INT64_MAX;
    double start = now_s();
    for (int i = 0; i < count; i++) {
        int rows = 0;
        sqlite3_bind_int64(s, 1, last);
        sqlite3_bind_int(s, 2, PAGE + 1);
        while (sqlite3_step(s) == SQLITE_ROW) {
            last = rows++ < PAGE ? sqlite3_column_int64(s, 0) : last;
            read_row(s);
        }
        must_sql(sqlite3_reset(s), db, "page");
        last = rows > PAGE ? last : INT64_MAX;
    }
    return count / (now_s() - start);
}

/* A store with so many videos, open both ways. */
struct pages {
    char dir[4096];
    sqlite3 *db;
    sqlite3_stmt *raw;
    vidstore *store;
    vidstore_session *session;
};

static void open_pages(struct pages *p, const char *dir, int64_t rows) {
    snprintf(p->dir, sizeof p->dir, "%s", dir);
    fill(p->dir, rows);
    p->db = open_raw(p->dir);
    p->raw = prepare(p->db, "SELECT * FROM videos WHERE deleted_us IS NULL AND seq < ? ORDER BY seq DESC LIMIT ?");
    p->store = open_store(p->dir);
    p->session = system_session(p->store);
}

static void close_pages(struct pages *p) {
    vidstore_session_free(p->session);
    vidstore_close(p->store);
    sqlite3_finalize(p->raw);
    sqlite3_close(p->db);
}

static void run_page(const char *scratch, report_fn *report) {
    struct pages small, large;
    double ours[ROUNDS], raw[ROUNDS], few[ROUNDS];
    open_pages(&small, path(scratch, "small"), 1000);
    open_pages(&large, path(scratch, "large"), 1000000);
    for (int i = 0; i < ROUNDS; i++) {
        raw[i] = raw_pages(large.db, large.raw, PAGES);
        ours[i] = our_pages(large.session, PAGES);
        few[i] = our_pages(small.session, PAGES);
    }
    double a = median(ours, ROUNDS), b = median(raw, ROUNDS), c = median(few, ROUNDS);
    report(&(struct result){"page-1e6", "pages/s", a, b, a / b, 0.7, 0});
    report(&(struct result){"page-1e6-to-1e3", "us/page", 1e6 / a, 1e6 / c, c / a, 1.3, 1});
    close_pages(&small);
    close_pages(&large);
}

static void run_open(const char *scratch, report_fn *report) {
    char dir[4096];
    snprintf(dir, sizeof dir, "%s", path(scratch, "open"));
    fill(dir, 1000);
    double ours[ROUNDS], raw[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        double start = now_s();
        for (int k = 0; k < OPENS; k++) {
            sqlite3 *db = open_raw(dir);
            must_sql(sqlite3_exec(
                         db,
                         "PRAGMA application_id; PRAGMA user_version; SELECT value FROM vs_meta WHERE key = 'instance'",
                         NULL, NULL, NULL),
                     db, "look");
            sqlite3_close(db);
        }
        raw[i] = (now_s() - start) / OPENS * 1e6;
        start = now_s();
        for (int k = 0; k < OPENS; k++)
            vidstore_close(open_store(dir));
        ours[i] = (now_s() - start) / OPENS * 1e6;
    }
    double a = median(ours, ROUNDS), b = median(raw, ROUNDS);
    report(&(struct result){"open", "us", a, b, a / b, 1.5, 1});
}

const struct bench bench_records[] = {
    {"get", "read a video by id, alone and inside a transaction, against a raw indexed read", run_get},
    {"page", "a page of 50 among a million, against the same by hand; and against one among a thousand", run_page},
    {"open", "open and close a current store, against opening its database by hand", run_open},
    {NULL, NULL, NULL},
};
