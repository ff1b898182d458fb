/* SPDX-License-Identifier: MIT */
#include "store/watch_reading.h"
#include "store/watch_rights.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILTER_MAX = 65536, PIECE = 128, SCAN_MAX = 8192 };

static const struct vs_word nouns[] = {{0, "user"},  {1, "job"},    {2, "video"},       {3, "file"}, {4, "grant"},
                                       {5, "key"},   {6, "login"},  {7, "setting"},     {8, "app"},  {9, "quota"},
                                       {10, "link"}, {11, "alert"}, {12, "collection"}, {0, NULL}};

/* --- what is asked for -------------------------------------------------------------------------------------------- */

static int place_of(const struct vs_word *words, const char *name) {
    for (int i = 0; words[i].name; i++)
        if (strcmp(words[i].name, name) == 0)
            return i;
    return -1;
}

static int add_word(const struct vs_word *words, const char *key, const json_t *value, uint32_t *bits,
                    vidstore_error **e) {
    const char *name = json_string_value(value);
    int at = name ? place_of(words, name) : -1;
    if (!name)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, key, "%s is neither a word nor a list of words",
                           key);
    if (at < 0)
        return vs_fail(e, VIDSTORE_INVALID, key, "there is no %s \"%.40s\"", key, name);
    *bits |= 1u << at;
    return 0;
}

static int take_words(const struct vs_word *words, const char *key, const json_t *value, uint32_t *bits,
                      vidstore_error **e) {
    size_t i;
    json_t *item;
    int r = 0;
    if (!json_is_array(value))
        return add_word(words, key, value, bits, e);
    if (!json_array_size(value))
        return vs_fail(e, VIDSTORE_INVALID, key, "%s is an empty list", key);
    json_array_foreach(value, i, item) if (!r) r = add_word(words, key, item, bits, e);
    return r;
}

static int take_id(const char *key, const json_t *value, int *has, struct vs_uuid *id, vidstore_error **e) {
    if (!json_is_string(value))
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, key, "%s is no text", key);
    *has = 1;
    return vs_uuid_parse(json_string_value(value), key, id, e);
}

static int add_name(struct vs_watch_filter *filter, json_t *value, vidstore_error **e) {
    const char *name = json_string_value(value);
    if (!name || !*name)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "name",
                           "name is neither a name nor a list of names");
    int r = vs_check_text(name, "name", VS_FEED_NAME - 1, e);
    return r ? r : json_array_append(filter->names, value) ? vs_fail_nomem(e) : 0;
}

static int take_names(struct vs_watch_filter *filter, json_t *value, vidstore_error **e) {
    size_t i;
    json_t *item;
    int r = 0;
    filter->names = json_array();
    if (!filter->names)
        return vs_fail_nomem(e);
    if (!json_is_array(value))
        return add_name(filter, value, e);
    if (!json_array_size(value))
        return vs_fail(e, VIDSTORE_INVALID, "name", "name is an empty list");
    json_array_foreach(value, i, item) if (!r) r = add_name(filter, item, e);
    return r;
}

static int take_key(struct vs_watch_filter *filter, const char *key, json_t *value, vidstore_error **e) {
    if (json_is_null(value))
        return 0;
    if (strcmp(key, "noun") == 0)
        return take_words(nouns, "noun", value, &filter->nouns, e);
    if (strcmp(key, "kind") == 0)
        return take_words(vs_feed_kinds, "kind", value, &filter->kinds, e);
    if (strcmp(key, "user_id") == 0)
        return take_id("user_id", value, &filter->has_owner, &filter->owner, e);
    if (strcmp(key, "id") == 0)
        return take_id("id", value, &filter->has_object, &filter->object, e);
    if (strcmp(key, "name") == 0)
        return take_names(filter, value, e);
    return vs_fail(e, VIDSTORE_INVALID, "filter", "the filter knows noun, kind, name, user_id and id, not \"%.40s\"",
                   key);
}

int vs_watch_filter_make(const char *json, struct vs_watch_filter *ret, vidstore_error **e) {
    vs_autojson *object = NULL;
    const char *key;
    json_t *value;
    *ret = (struct vs_watch_filter){0};
    int r = json ? vs_check_text(json, "filter", FILTER_MAX, e) : 0;
    if (!r && json)
        r = vs_json_parse(json, strlen(json), FILTER_MAX, "filter", &object, e);
    if (!r && json && !json_is_object(object))
        r = vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, "filter", "the filter is no JSON object");
    if (r || !json)
        return r;
    json_object_foreach(object, key, value) if (!r) r = take_key(ret, key, value, e);
    return r;
}

void vs_watch_filter_free(struct vs_watch_filter *filter) {
    json_decref(filter->names);
    filter->names = NULL;
}

/* Any thread may ask: it counts no references. */
static int is_named(const struct vs_watch_filter *filter, const char *name) {
    size_t i;
    json_t *item;
    json_array_foreach(filter->names, i, item) if (strcmp(json_string_value(item), name) == 0) return 1;
    return 0;
}

int vs_watch_filter_match(const struct vs_watch_filter *filter, const struct vs_feed_entry *entry) {
    if (filter->has_owner && !vs_uuid_equal(&filter->owner, &entry->owner))
        return 0;
    if (filter->has_object && !vs_uuid_equal(&filter->object, &entry->object))
        return 0;
    if (filter->names && !is_named(filter, entry->name))
        return 0;
    if (filter->nouns) {
        int at = place_of(nouns, entry->noun);
        if (at < 0 || !(filter->nouns & 1u << at))
            return 0;
    }
    if (filter->kinds) {
        const char *name = vs_word_name(vs_feed_kinds, entry->kind);
        int at = name ? place_of(vs_feed_kinds, name) : -1;
        return at >= 0 && (filter->kinds & 1u << at);
    }
    return 1;
}

/* --- positions -----------------------------------------------------------------------------------------------------
 */

struct place {
    struct vs_watch_reading *reading;
    struct vs_feed_span span;
};

static int place_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct place *place = arg;
    int r = vs_watch_is_guest(conn, place->reading->session, &place->reading->guest, e);
    return r ? r : vs_feed_span(conn, &place->span, e);
}

static int is_known(const struct vs_watch_reading *reading, const struct vs_feed_span *span) {
    return reading->epoch == span->epoch && reading->seq >= span->floor && reading->seq <= span->last;
}

static int format_place(struct vs_watch_reading *reading, vidstore_error **e) {
    return vs_watch_position_format(reading->session->store->seal, VS_WATCH_READER, reading->epoch, reading->seq,
                                    reading->position, e);
}

int vs_watch_locate(struct vs_watch_reading *reading, const char *position, vidstore_error **e) {
    struct place place = {.reading = reading};
    const struct vs_feed_span *span = &place.span;
    int start = position && strcmp(position, "start") == 0;
    int r = position ? vs_check_text(position, "position", VS_WATCH_POSITION - 1, e) : 0;
    if (!r)
        r = vs_session_read(reading->session, place_op, &place, e);
    if (!r && position && !start)
        r = vs_watch_position_parse(reading->session->store->seal, position, &reading->epoch, &reading->seq, e);
    if (r)
        return r;
    if (!position || start) {
        reading->epoch = span->epoch;
        reading->seq = start ? span->floor : span->last;
    }
    return is_known(reading, span) ? format_place(reading, e) : vs_watch_resync(e);
}

/* --- reading -------------------------------------------------------------------------------------------------------
 */

int vs_watch_may(vidstore_session *session, vidstore_error **e) {
    const struct vs_uuid *me = session->actor.kind == VS_ACTOR_ANONYMOUS ? NULL : &session->actor.user;
    return vs_session_may(session, "feed", VS_LIST, NULL, me, 0, e);
}

static int render(struct vs_watch_reading *reading, const struct vs_feed_entry *entry, int64_t nth,
                  vidstore_error **e) {
    char position[VS_WATCH_POSITION], object[VS_UUID_TEXT], owner[VS_UUID_TEXT];
    const char *kind = vs_word_name(vs_feed_kinds, entry->kind);
    const char *state = entry->state == INT64_MIN ? NULL : vs_word_name(vs_job_states, entry->state);
    int r = vs_watch_position_format(reading->session->store->seal, VS_WATCH_EVENT, reading->epoch, entry->seq,
                                     position, e);
    if (r)
        return r;
    vs_uuid_format(&entry->object, object);
    vs_uuid_format(&entry->owner, owner);
    vs_buf_fmt(&reading->json,
               "%s{\"position\":\"%s\",\"kind\":\"%s\",\"noun\":\"%s\",\"id\":\"%s\",\"user_id\":\"%s\","
               "\"version\":%" PRId64 ",\"at\":%" PRId64,
               nth ? "," : "", position, kind ? kind : "unknown", entry->noun, object, owner, entry->version,
               entry->at_us);
    if (state)
        vs_buf_fmt(&reading->json, ",\"state\":\"%s\"", state);
    if (*entry->name) {
        vs_buf_str(&reading->json, ",\"name\":");
        vs_json_string(&reading->json, entry->name, strlen(entry->name));
    }
    vs_buf_char(&reading->json, '}');
    return 0;
}

static int check_span(struct vs_conn *conn, struct vs_watch_reading *reading, vidstore_error **e) {
    struct vs_feed_span span;
    int r = vs_feed_span(conn, &span, e);
    if (r)
        return r;
    if (is_known(reading, &span))
        return 0;
    reading->epoch = span.epoch;
    reading->seq = span.last;
    r = format_place(reading, e);
    return r ? r : vs_watch_resync(e);
}

/* Takes what fits from one piece; reading->more when the answer is full. */
static int take_piece(struct vs_conn *conn, struct vs_watch_reading *reading, const struct vs_feed_entry *piece,
                      int64_t count, int64_t *given, vidstore_error **e) {
    for (int64_t i = 0; i < count; i++) {
        int wanted = vs_watch_filter_match(reading->filter, &piece[i]);
        int r = wanted ? vs_watch_may_see(conn, reading->session, &piece[i], reading->guest, &wanted, e) : 0;
        reading->more = !r && wanted && *given == reading->max;
        if (r || reading->more)
            return r;
        if (wanted && (r = render(reading, &piece[i], (*given)++, e)))
            return r;
        reading->seq = piece[i].seq;
    }
    return 0;
}

static int read_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct vs_watch_reading *reading = arg;
    vs_autofree struct vs_feed_entry *piece = vs_reallocarray(NULL, PIECE, sizeof *piece);
    int64_t count = PIECE, scanned = 0, given = 0;
    int r = piece ? 0 : vs_fail_nomem(e);
    if (!r)
        r = check_span(conn, reading, e);
    if (!r)
        r = vs_watch_is_guest(conn, reading->session, &reading->guest, e);
    reading->more = 0;
    vs_buf_str(&reading->json, "{\"events\":[");
    while (!r && !reading->more && count == PIECE) {
        r = vs_feed_page(conn, reading->seq, PIECE, piece, &count, e);
        if (!r)
            r = take_piece(conn, reading, piece, count, &given, e);
        scanned += count;
        reading->more |= count == PIECE && scanned >= SCAN_MAX;
    }
    if (!r)
        r = format_place(reading, e);
    if (r)
        return r;
    vs_buf_fmt(&reading->json, "],\"position\":\"%s\",\"more\":%s}", reading->position,
               reading->more ? "true" : "false");
    return reading->json.failed ? vs_fail_nomem(e) : 0;
}

int vs_watch_read(struct vs_watch_reading *reading, vidstore_error **e) {
    if (reading->max < 1 || reading->max > VS_WATCH_MAX)
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE, "max", "max is not between 1 and %d", VS_WATCH_MAX);
    return vs_session_read(reading->session, read_op, reading, e);
}
