/* SPDX-License-Identifier: MIT */
/* Keeping what a probe found: a video with all its streams and tags, and the same bytes again. */
#include "bench.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VIDEOS = 200, ROWS_MAX = 32 };

static char file_id[37];

static int make_clip(const char *file) {
    char command[9000];
    snprintf(command, sizeof command,
             "ffmpeg -v error -y -f lavfi -i testsrc2=s=640x360:d=2 -f lavfi -i sine=d=2 -map 0 -map 1 -map 1 -c:v "
             "libx264 -c:a aac -metadata title=Title -metadata artist=Artist -metadata comment=Comment '%s'",
             file);
    int failed = system(command);
    if (failed)
        fprintf(stderr, "bench: ffmpeg is needed for probed\n");
    return failed;
}

static void put_clip(vidstore_session *session, const char *clip) {
    vidstore_error *error = NULL;
    vidstore_file *file = NULL;
    must(vidstore_file_put_path(session, clip, NULL, &file, &error), error, "put");
    snprintf(file_id, sizeof file_id, "%s", vidstore_file_id(file));
    vidstore_file_free(file);
}

/* A record, and into it what is known of the bytes: two commits. */
static void add_probed(vidstore_session *session) {
    vidstore_error *error = NULL;
    vidstore_video *video = NULL;
    vidstore_video_params *params = vidstore_video_params_new();
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_TITLE, "A title of an ordinary length");
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_SOURCE_FILE_ID, file_id);
    must(vidstore_video_create(session, params, &video, &error), error, "create");
    must(vidstore_video_probe(session, vidstore_video_id(video), NULL, &error), error, "probe");
    vidstore_video_params_free(params);
    vidstore_video_free(video);
}

/* The same by hand. */
struct hand {
    sqlite3 *db;
    struct row video, created, probed, rows[ROWS_MAX];
    sqlite3_stmt *begin, *commit, *insert_video, *insert_event, *last, *update, *insert[ROWS_MAX];
    int count, position;
};

static void take_rows(struct hand *h, const char *table) {
    char where[160];
    char *sql =
        sqlite3_mprintf("SELECT count(*) FROM %s WHERE video_id = (SELECT max(video_id) FROM %s)", table, table);
    sqlite3_stmt *s = prepare(h->db, sql);
    int count = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int(s, 0) : 0;
    sqlite3_finalize(s);
    sqlite3_free(sql);
    sql = insert_sql(h->db, table);
    for (int i = 0; i < count && h->count < ROWS_MAX; i++, h->count++) {
        snprintf(where, sizeof where, "video_id = (SELECT max(video_id) FROM %s) ORDER BY seq LIMIT 1 OFFSET %d --",
                 table, i);
        h->rows[h->count] = first_row(h->db, table, where);
        h->insert[h->count] = prepare(h->db, sql);
    }
    sqlite3_free(sql);
}

static struct hand hand_open(const char *dir) {
    struct hand h = {.db = open_raw(dir)};
    char *video = insert_sql(h.db, "videos"), *event = insert_sql(h.db, "audit_events");
    h.video = first_row(h.db, "videos", "facts IS NOT NULL");
    h.created = first_row(h.db, "audit_events", "noun = 'video' ORDER BY seq");
    h.probed = first_row(h.db, "audit_events", "noun = 'video' ORDER BY seq DESC");
    h.begin = prepare(h.db, "BEGIN IMMEDIATE");
    h.commit = prepare(h.db, "COMMIT");
    h.insert_video = prepare(h.db, video);
    h.insert_event = prepare(h.db, event);
    h.last = prepare(h.db, "SELECT max(position) + 1 FROM audit_events WHERE chain = 2");
    h.update = prepare(h.db, "UPDATE videos SET version = 2, updated_us = ?, probed_us = ?, facts = ? WHERE id = ?");
    take_rows(&h, "video_streams");
    take_rows(&h, "video_tags");
    for (int i = 0; i < h.created.count; i++)
        h.position = strcmp(h.created.names[i], "position") == 0 ? i + 1 : h.position;
    sqlite3_free(video);
    sqlite3_free(event);
    return h;
}

static void hand_close(struct hand *h) {
    sqlite3_stmt *all[] = {h->begin, h->commit, h->insert_video, h->insert_event, h->last, h->update};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sqlite3_finalize(all[i]);
    for (int i = 0; i < h->count; i++) {
        sqlite3_finalize(h->insert[i]);
        free_row(&h->rows[i]);
    }
    free_row(&h->video);
    free_row(&h->created);
    free_row(&h->probed);
    sqlite3_close(h->db);
}

static void hand_event(struct hand *h, const struct row *row) {
    uint8_t id[16];
    id_bytes(id);
    bind_row(h->insert_event, row, id);
    if (sqlite3_step(h->last) == SQLITE_ROW)
        sqlite3_bind_int64(h->insert_event, h->position, sqlite3_column_int64(h->last, 0));
    sqlite3_reset(h->last);
    run_stmt(h->db, h->insert_event);
}

static void hand_add(struct hand *h) {
    uint8_t id[16];
    id_bytes(id);
    run_stmt(h->db, h->begin);
    bind_row(h->insert_video, &h->video, id);
    run_stmt(h->db, h->insert_video);
    hand_event(h, &h->created);
    run_stmt(h->db, h->commit);
    run_stmt(h->db, h->begin);
    sqlite3_bind_int64(h->update, 1, (int64_t)(now_s() * 1e6));
    sqlite3_bind_int64(h->update, 2, (int64_t)(now_s() * 1e6));
    sqlite3_bind_blob(h->update, 4, id, 16, SQLITE_STATIC);
    for (int i = 0; i < h->video.count; i++)
        if (strcmp(h->video.names[i], "facts") == 0)
            sqlite3_bind_value(h->update, 3, h->video.values[i]);
    run_stmt(h->db, h->update);
    for (int i = 0; i < h->count; i++) {
        bind_row(h->insert[i], &h->rows[i], id);
        for (int k = 0; k < h->rows[i].count; k++)
            if (strcmp(h->rows[i].names[k], "video_id") == 0)
                sqlite3_bind_blob(h->insert[i], k + 1, id, 16, SQLITE_STATIC);
        run_stmt(h->db, h->insert[i]);
    }
    hand_event(h, &h->probed);
    run_stmt(h->db, h->commit);
}

static void run_insert(vidstore_session *session, const char *dir, report_fn *report) {
    double ours[ROUNDS], raw[ROUNDS];
    add_probed(session);
    struct hand hand = hand_open(dir);
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_s();
        for (int i = 0; i < VIDEOS; i++)
            add_probed(session);
        ours[round] = VIDEOS / (now_s() - start);
        start = now_s();
        for (int i = 0; i < VIDEOS; i++)
            hand_add(&hand);
        raw[round] = VIDEOS / (now_s() - start);
    }
    hand_close(&hand);
    double a = median(ours, ROUNDS), b = median(raw, ROUNDS);
    report(&(struct result){"probed-insert", "videos/s", a, b, a / b, 0.6, 0});
}

/* A record whose bytes are read, and one whose bytes are known. */
static void run_again(vidstore_session *session, report_fn *report) {
    enum { TIMES = 40 };
    double known[TIMES], anew[TIMES];
    vidstore_error *error = NULL;
    vidstore_video *video = NULL;
    vidstore_video_params *params = vidstore_video_params_new();
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_SOURCE_FILE_ID, file_id);
    must(vidstore_video_create(session, params, &video, &error), error, "create");
    const char *const ids[] = {vidstore_video_id(video)};
    for (int i = 0; i < TIMES; i++) {
        double start = now_s();
        must(vidstore_video_probe_many(session, ids, 1, VIDSTORE_PROBE_ANEW, NULL, &error), error, "anew");
        anew[i] = now_s() - start;
        start = now_s();
        must(vidstore_video_probe_many(session, ids, 1, 0, NULL, &error), error, "known");
        known[i] = now_s() - start;
    }
    double a = median(known, TIMES) * 1e3, b = median(anew, TIMES) * 1e3;
    report(&(struct result){"probed-again", "ms", a, b, b / a, 2, 0});
    vidstore_video_params_free(params);
    vidstore_video_free(video);
}

static void run_probed(const char *scratch, report_fn *report) {
    const char *clip = path(scratch, "clip.mkv");
    if (make_clip(clip))
        return;
    char dir[4096];
    snprintf(dir, sizeof dir, "%s", path(scratch, "store"));
    vidstore *store = open_store(dir);
    vidstore_session *session = system_session(store);
    put_clip(session, clip);
    run_insert(session, dir, report);
    run_again(session, report);
    vidstore_session_free(session);
    vidstore_close(store);
}

const struct bench bench_probed[] = {
    {"probed", "keep a probed video with its streams and tags, against the same rows by hand; and the same bytes again",
     run_probed},
    {NULL, NULL, NULL},
};
