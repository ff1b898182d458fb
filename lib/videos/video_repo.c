/* SPDX-License-Identifier: MIT */
#include "videos/video_repo.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/error.h"
#include <stdio.h>
#include <string.h>

static int owner_of(struct vs_conn *conn, enum vs_stmt_id id, const struct vs_uuid *object, struct vs_uuid *ret,
                    vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, id, &s, e, vs_id(object));
    if (r == VS_ROW)
        vs_col_uuid(s, 0, ret);
    return r;
}

int vs_video_repo_job_owner(struct vs_conn *conn, const struct vs_uuid *job, struct vs_uuid *ret, vidstore_error **e) {
    return owner_of(conn, VS_STMT_VIDEO_JOB_OWNER, job, ret, e);
}

int vs_video_repo_file_owner(struct vs_conn *conn, const struct vs_uuid *file, struct vs_uuid *ret,
                             vidstore_error **e) {
    return owner_of(conn, VS_STMT_VIDEO_FILE_OWNER, file, ret, e);
}

int vs_video_repo_has_files(struct vs_conn *conn, const struct vs_uuid *video, int64_t *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_VIDEO_HAS_FILES, &s, e, vs_id(video));
    *ret = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

static int stamp_removal(struct vs_conn *conn, enum vs_stmt_id id, const struct vs_uuid *video,
                         const struct vs_uuid *removal, int64_t now_us, vidstore_error **e) {
    return vs_exec(conn, id, NULL, e, vs_int(now_us), vs_id(removal), vs_id(video));
}

int vs_video_repo_remove_files(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_uuid *removal,
                               int64_t now_us, vidstore_error **e) {
    return stamp_removal(conn, VS_STMT_VIDEO_REMOVE_FILES, video, removal, now_us, e);
}

static int stamp(struct vs_conn *conn, enum vs_stmt_id id, int64_t now_us, const struct vs_uuid *which,
                 vidstore_error **e) {
    return vs_exec(conn, id, NULL, e, vs_int(now_us), vs_id(which));
}

int vs_video_repo_detach_files(struct vs_conn *conn, const struct vs_uuid *video, int64_t now_us, vidstore_error **e) {
    return stamp(conn, VS_STMT_VIDEO_DETACH_FILES, now_us, video, e);
}

int vs_video_repo_restore_files(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_uuid *removal,
                                int64_t now_us, vidstore_error **e) {
    return stamp_removal(conn, VS_STMT_VIDEO_RESTORE_FILES, video, removal, now_us, e);
}

int vs_video_repo_file(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_uuid *owner,
                       const struct vs_uuid *file, struct vs_video_bytes *ret, vidstore_error **e) {
    vs_autostmt *s = NULL;
    size_t len = 0;
    int r = vs_stmt(conn, file ? VS_STMT_VIDEO_FILE_OF : VS_STMT_VIDEO_FILE_NEWEST, &s, e);
    if (r)
        return r;
    vs_bind_uuid(s, 1, file ? file : video);
    vs_bind_uuid(s, 2, owner);
    r = vs_row(s, e);
    if (r == VS_DONE)
        return file ? vs_video_repo_file(conn, video, owner, NULL, ret, e)
                    : vs_fail(e, VIDSTORE_NOT_FOUND, "id", "the video has no file");
    if (r < 0)
        return r;
    *ret = (struct vs_video_bytes){.size = vs_col_int(s, 3), .damaged = !vs_col_null(s, 4)};
    vs_col_uuid(s, 0, &ret->file);
    snprintf(ret->key, sizeof ret->key, "%s", vs_col_text(s, 1, NULL));
    const void *sha256 = vs_col_blob(s, 2, &len);
    if (len == sizeof ret->sha256)
        memcpy(ret->sha256, sha256, len);
    else
        ret->damaged = 1; /* nothing that it could be known by */
    return 0;
}

static int clear(struct vs_conn *conn, const struct vs_uuid *video, vidstore_error **e) {
    static const enum vs_stmt_id all[] = {VS_STMT_VIDEO_STREAMS_CLEAR, VS_STMT_VIDEO_CHAPTERS_CLEAR,
                                          VS_STMT_VIDEO_TAGS_CLEAR};
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(all); i++) {
        r = vs_exec(conn, all[i], NULL, e, vs_id(video));
    }
    return r;
}

static int keep_streams(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_probe *probe,
                        const json_t *facts, vidstore_error **e) {
    int r = 0;
    for (size_t i = 0; !r && i < probe->n_streams; i++) {
        const struct vs_probe_stream *stream = &probe->streams[i];
        vs_autobuf json = {0};
        vs_json_dump(&json, json_array_get(json_object_get(facts, "streams"), i));
        r = json.failed ? vs_fail_nomem(e)
                        : vs_exec(conn, VS_STMT_VIDEO_STREAM_ADD, NULL, e, vs_id(video), vs_int((int64_t)i),
                                  vs_text(stream->kind ? stream->kind : "data"), vs_text(stream->codec),
                                  vs_text(stream->language), vs_text_n(json.data, (int64_t)json.len));
    }
    return r;
}

static int keep_chapters(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_probe *probe,
                         vidstore_error **e) {
    int r = 0;
    for (size_t i = 0; !r && i < probe->n_chapters; i++) {
        r = vs_exec(conn, VS_STMT_VIDEO_CHAPTER_ADD, NULL, e, vs_id(video), vs_int((int64_t)i),
                    vs_int(probe->chapters[i].start_us), vs_int(probe->chapters[i].end_us),
                    vs_text(probe->chapters[i].title));
    }
    return r;
}

static int keep_tags(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_probe *probe,
                     vidstore_error **e) {
    int r = 0;
    for (size_t i = 0; !r && i < probe->n_tags; i++) {
        const struct vs_probe_tag *tag = &probe->tags[i];
        r = vs_exec(conn, VS_STMT_VIDEO_TAG_ADD, NULL, e, vs_id(video), vs_text(tag->scope),
                    vs_int(tag->index == VS_MEDIA_UNKNOWN ? 0 : tag->index), vs_text(tag->key), vs_text(tag->value));
    }
    return r;
}

/* The document without what has rows of its own. */
static int keep_container(struct vs_conn *conn, const struct vs_uuid *video, const json_t *facts, vidstore_error **e) {
    vs_autojson *container = json_copy((json_t *)(uintptr_t)facts);
    vs_autobuf json = {0};
    json_object_del(container, "streams");
    json_object_del(container, "chapters");
    json_object_del(container, "tags");
    vs_json_dump(&json, container);
    return !container || json.failed
               ? vs_fail_nomem(e)
               : vs_exec(conn, VS_STMT_VIDEO_FACTS_SET, NULL, e, vs_text_n(json.data, (int64_t)json.len), vs_id(video));
}

int vs_video_repo_keep(struct vs_conn *conn, const struct vs_uuid *video, const struct vs_probe *probe,
                       const json_t *facts, vidstore_error **e) {
    int r = clear(conn, video, e);
    if (!r)
        r = keep_container(conn, video, facts, e);
    if (!r)
        r = keep_streams(conn, video, probe, facts, e);
    if (!r)
        r = keep_chapters(conn, video, probe, e);
    return r ? r : keep_tags(conn, video, probe, e);
}

static void member(struct vs_buf *b, const char *name, struct vs_stmt *s, int at, int text) {
    size_t len = 0;
    const char *value = text && !vs_col_null(s, at) ? vs_col_text(s, at, &len) : NULL;
    vs_buf_fmt(b, ",\"%s\":", name);
    if (value)
        vs_json_string(b, value, len);
    else if (vs_col_null(s, at))
        vs_buf_str(b, "null");
    else
        vs_buf_int(b, vs_col_int(s, at));
}

static int list(struct vs_conn *conn, enum vs_stmt_id id, const struct vs_uuid *video, const char *name,
                void (*row)(struct vs_buf *b, struct vs_stmt *s), struct vs_buf *b, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_bound(conn, id, &s, e, vs_id(video)), count = 0;
    if (r)
        return r;
    vs_buf_fmt(b, ",\"%s\":[", name);
    while ((r = vs_step(s, e)) == VS_ROW) {
        if (count++)
            vs_buf_char(b, ',');
        row(b, s);
    }
    vs_buf_char(b, ']');
    return r;
}

static void stream_row(struct vs_buf *b, struct vs_stmt *s) {
    size_t len = 0;
    const char *facts = vs_col_text(s, 0, &len);
    vs_buf_add(b, facts, len);
}

static void chapter_row(struct vs_buf *b, struct vs_stmt *s) {
    vs_buf_fmt(b, "{\"index\":%lld", (long long)vs_col_int(s, 0));
    member(b, "start_us", s, 1, 0);
    member(b, "end_us", s, 2, 0);
    member(b, "title", s, 3, 1);
    vs_buf_char(b, '}');
}

static void tag_row(struct vs_buf *b, struct vs_stmt *s) {
    vs_buf_fmt(b, "{\"index\":%lld", (long long)vs_col_int(s, 1));
    member(b, "scope", s, 0, 1);
    member(b, "key", s, 2, 1);
    member(b, "value", s, 3, 1);
    vs_buf_char(b, '}');
}

int vs_video_repo_facts(struct vs_conn *conn, const struct vs_uuid *video, struct vs_buf *b, vidstore_error **e) {
    vs_autostmt *s = NULL;
    size_t len = 0;
    int r = vs_ask(conn, VS_STMT_VIDEO_FACTS_GET, &s, e, vs_id(video));
    if (r < 0)
        return r;
    const char *facts = r == VS_ROW ? vs_col_text(s, 0, &len) : NULL;
    vs_buf_str(b, "{\"container\":");
    vs_buf_add(b, facts ? facts : "null", facts ? len : 4);
    r = list(conn, VS_STMT_VIDEO_STREAM_LIST, video, "streams", stream_row, b, e);
    if (!r)
        r = list(conn, VS_STMT_VIDEO_CHAPTER_LIST, video, "chapters", chapter_row, b, e);
    if (!r)
        r = list(conn, VS_STMT_VIDEO_TAG_LIST, video, "tags", tag_row, b, e);
    vs_buf_char(b, '}');
    return r;
}
