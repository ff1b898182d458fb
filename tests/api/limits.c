/* SPDX-License-Identifier: MIT */
/* The limits that vidstore-limits(7) promises, in its order and its words, each with what lies on the edge and what
 * lies one past it. tests/lint/limits.py sees to it that page and table are the same. */
#include "work.h"

/* --- texts and values ------------------------------------------------------------------------------------------- */

/* `size` characters of one kind; static. */
static char *text_of(char c, size_t size) {
    static char buffer[1100000];
    ck_assert_uint_lt(size, sizeof buffer);
    memset(buffer, c, size);
    buffer[size] = '\0';
    return buffer;
}

/* Creates a video with one text field; 0, or the status, with the field in `named` and the subcode in *ret_sub. */
static int32_t subcode;

static vidstore_status create(vidstore_video_params *p) {
    vidstore_error *error = NULL;
    vidstore_status status = vidstore_video_create(sys, p, NULL, &error);
    subcode = vidstore_error_subcode(error);
    snprintf(named, sizeof named, "%s", error && vidstore_error_field(error) ? vidstore_error_field(error) : "");
    vidstore_error_free(error);
    vidstore_video_params_free(p);
    return status;
}

static vidstore_status with_text(int32_t field, const char *value) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, field, value);
    return create(p);
}

static vidstore_status with_int(int32_t field, int64_t value) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_int64(p, field, value);
    return create(p);
}

static vidstore_status with_json(const char *json) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_json(p, json);
    return create(p);
}

#define accepted(call) ck_assert_int_eq(call, VIDSTORE_OK)
#define refused_as(sub, field, call)                                                                                   \
    do {                                                                                                               \
        ck_assert_int_eq(call, VIDSTORE_INVALID);                                                                      \
        ck_assert_str_eq(named, field);                                                                                \
        ck_assert_int_eq(subcode, sub);                                                                                \
    } while (0)

static void text(void) {
    accepted(with_text(VIDSTORE_VIDEO_TITLE, "\xF0\x9F\x8E\xAC"));
    refused_as(VIDSTORE_SUB_UTF8, "title", with_text(VIDSTORE_VIDEO_TITLE, "\xF0\x9F\x8E"));
    ck_assert_int_eq(with_json("{\"title\": \"a\\u0000b\"}"), VIDSTORE_INVALID);
}

static void text_of_a_field(void) {
    accepted(with_text(VIDSTORE_VIDEO_TITLE, text_of('a', 500)));
    refused_as(VIDSTORE_SUB_TOO_LONG, "title", with_text(VIDSTORE_VIDEO_TITLE, text_of('a', 501)));
}

static void name_of_a_session(void) {
    vidstore_session *s = NULL;
    refused(VIDSTORE_INVALID, "name", vidstore_session_system(store, "", &s, e));
    must(vidstore_session_system(store, "a", &s, e));
    vidstore_session_free(s);
    must(vidstore_session_system(store, text_of('a', 100), &s, e));
    vidstore_session_free(s);
    refused(VIDSTORE_INVALID, "name", vidstore_session_system(store, text_of('a', 101), &s, e));
}

static void number_of_a_field(void) {
    accepted(with_int(VIDSTORE_VIDEO_EPISODE, 0));
    accepted(with_int(VIDSTORE_VIDEO_EPISODE, 1000000));
    refused_as(VIDSTORE_SUB_RANGE, "episode", with_int(VIDSTORE_VIDEO_EPISODE, 1000001));
    refused_as(VIDSTORE_SUB_RANGE, "episode", with_int(VIDSTORE_VIDEO_EPISODE, -1));
}

static void time_of_a_field(void) {
    const int64_t last = INT64_C(253402300800000000);
    accepted(with_int(VIDSTORE_VIDEO_DOWNLOAD_STARTED_US, 0));
    accepted(with_int(VIDSTORE_VIDEO_DOWNLOAD_STARTED_US, last));
    refused_as(VIDSTORE_SUB_RANGE, "download_started", with_int(VIDSTORE_VIDEO_DOWNLOAD_STARTED_US, last + 1));
    refused_as(VIDSTORE_SUB_RANGE, "download_started", with_int(VIDSTORE_VIDEO_DOWNLOAD_STARTED_US, -1));
}

static void id(void) {
    accepted(with_text(VIDSTORE_VIDEO_ID, "01234567-89ab-4def-8123-456789abcdef"));
    refused_as(VIDSTORE_SUB_SYNTAX, "id", with_text(VIDSTORE_VIDEO_ID, "01234567-89ab-4def-8123-456789abcde"));
    refused_as(VIDSTORE_SUB_SYNTAX, "id", with_text(VIDSTORE_VIDEO_ID, "01234567-89ab-4def-8123-456789abcdef0"));
    refused_as(VIDSTORE_SUB_SYNTAX, "id", with_text(VIDSTORE_VIDEO_ID, "0123456789ab4def8123456789abcdef"));
}

static void field(void) {
    ck_assert_int_eq(with_text(9999, "x"), VIDSTORE_INVALID);
    ck_assert_int_eq(subcode, VIDSTORE_SUB_UNKNOWN_FIELD);
    ck_assert_int_eq(with_json("{\"nothing\": 1}"), VIDSTORE_INVALID);
    ck_assert_int_eq(subcode, VIDSTORE_SUB_UNKNOWN_FIELD);
}

static void flags(void) {
    refused(VIDSTORE_INVALID, "flags", vidstore_maintain(sys, 100, 4, NULL, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_backup(sys, "/tmp/nothing-of-this-name", 2, NULL, e));
    must(vidstore_maintain(sys, 100, 3, NULL, e));
}

static void json_of_params(void) {
    char *json = text_of(' ', 1048576);
    json[0] = '{', json[1048575] = '}';
    accepted(with_json(json));
    json = text_of(' ', 1048577);
    json[0] = '{', json[1048576] = '}';
    refused_as(VIDSTORE_SUB_TOO_LONG, "json", with_json(json));
    ck_assert_int_eq(with_json("{\"title\": \"a\", \"title\": \"b\"}"), VIDSTORE_INVALID);
}

static void password(void) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, "12345678901", e));
    must(vidstore_user_set_password(sys, ann.text, "123456789012", e));
    must(vidstore_user_set_password(sys, ann.text, text_of('a', 1024), e));
    refused(VIDSTORE_INVALID, "password", vidstore_user_set_password(sys, ann.text, text_of('a', 1025), e));
}

static void origin_fact(int32_t fact, const char *name, size_t most) {
    vidstore_session *s = NULL;
    for (size_t more = 0; more < 2; more++) {
        vidstore_origin *o = vidstore_origin_new();
        vidstore_origin_set_text(o, fact, text_of('1', most + more));
        if (more)
            refused(VIDSTORE_INVALID, name, vidstore_session_anonymous(store, o, &s, e));
        else
            must(vidstore_session_anonymous(store, o, &s, e));
        vidstore_origin_free(o);
        vidstore_session_free(s);
    }
}

static void ip(void) {
    origin_fact(VIDSTORE_ORIGIN_IP, "ip", 45);
}

static void user_agent(void) {
    origin_fact(VIDSTORE_ORIGIN_USER_AGENT, "user_agent", 512);
}

static void request_id_and_device(void) {
    origin_fact(VIDSTORE_ORIGIN_REQUEST_ID, "request_id", 128);
    origin_fact(VIDSTORE_ORIGIN_DEVICE, "device", 128);
}

/* --- queries ---------------------------------------------------------------------------------------------------- */

static vidstore_status count_with(const char *filter) {
    vidstore_query *q = vidstore_query_new();
    vidstore_error *error = NULL;
    int64_t count = 0;
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    vidstore_status status = vidstore_query_filter(q, filter, &error);
    if (!status)
        status = vidstore_video_count(sys, q, &count, &error);
    snprintf(named, sizeof named, "%s", error && vidstore_error_field(error) ? vidstore_error_field(error) : "");
    vidstore_error_free(error);
    vidstore_query_free(q);
    return status;
}

/* `first`, then `again` so many times, then `last`; static. */
static const char *repeated(const char *first, const char *again, int times, const char *last) {
    static char buffer[70000];
    char *at = buffer + sprintf(buffer, "%s", first);
    while (times-- > 0)
        at += sprintf(at, "%s", again);
    sprintf(at, "%s", last);
    return buffer;
}

static void filter(void) {
    char nested[200] = "";
    accepted(count_with(text_of(' ', 65536)));
    ck_assert_int_eq(count_with(text_of(' ', 65537)), VIDSTORE_INVALID);
    accepted(count_with(repeated("episode in (1", ",1", 63, ")")));
    ck_assert_int_eq(count_with(repeated("episode in (1", ",1", 64, ")")), VIDSTORE_INVALID);
    accepted(count_with(repeated("url is null", " or url is null", 255, "")));
    ck_assert_int_eq(count_with(repeated("url is null", " or url is null", 256, "")), VIDSTORE_INVALID);
    for (int depth = 32; depth <= 33; depth++) {
        memset(nested, '(', (size_t)depth);
        strcpy(nested + depth, "url is null");
        memset(nested + strlen(nested), ')', (size_t)depth);
        nested[2 * depth + 11] = '\0';
        ck_assert_int_eq(count_with(nested), depth == 32 ? VIDSTORE_OK : VIDSTORE_INVALID);
    }
    ck_assert_str_eq(named, "filter");
}

static void json_in_a_field(void) {
    char json[200];
    for (int depth = 64; depth <= 65; depth++) { /* with the object around it */
        char *at = json + sprintf(json, "{\"a\":");
        memset(at, '[', (size_t)depth - 1);
        memset(at + depth - 1, ']', (size_t)depth - 1);
        strcpy(at + 2 * (depth - 1), "}");
        vidstore_status status = with_text(VIDSTORE_VIDEO_METADATA, json);
        ck_assert_int_eq(status, depth == 64 ? VIDSTORE_OK : VIDSTORE_INVALID);
    }
    ck_assert_str_eq(named, "metadata");
    ck_assert_int_eq(subcode, VIDSTORE_SUB_SYNTAX);
    accepted(with_text(VIDSTORE_VIDEO_TAGS, "[\"a b\"]"));
    refused_as(VIDSTORE_SUB_SYNTAX, "tags", with_text(VIDSTORE_VIDEO_TAGS, "[\"a\\u0007\"]"));
}

static vidstore_status searched(const char *text) {
    vidstore_query *q = vidstore_query_new();
    vidstore_error *error = NULL;
    vidstore_status status = vidstore_query_search(q, text, &error);
    if (!status)
        status = vidstore_video_count(sys, q, &(int64_t){0}, &error);
    if (status)
        ck_assert_str_eq(vidstore_error_field(error), "search");
    vidstore_error_free(error);
    vidstore_query_free(q);
    return status;
}

/* A video whose tags are that many words and one more; how many have the last. */
static int64_t found_behind(int words) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_query *q = vidstore_query_new();
    char tags[16384] = "[\"";
    int64_t count = -1;
    size_t len = strlen(tags);
    for (int i = 0; i < words; i++)
        len += (size_t)snprintf(tags + len, sizeof tags - len, "a ");
    snprintf(tags + len, sizeof tags - len, "zebra%d\"]", words);
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TAGS, tags);
    must(vidstore_video_create(sys, p, NULL, e));
    snprintf(tags, sizeof tags, "zebra%d", words);
    must(vidstore_query_search(q, tags, e));
    must(vidstore_video_count(sys, q, &count, e));
    vidstore_query_free(q);
    vidstore_video_params_free(p);
    return count;
}

static void words_of_a_record(void) {
    ck_assert_int_eq(found_behind(4095), 1);
    ck_assert_int_eq(found_behind(4096), 0);
}

static void search_text(void) {
    accepted(searched(text_of('a', 4096)));
    ck_assert_int_eq(searched(text_of('a', 4097)), VIDSTORE_INVALID);
    accepted(searched(repeated("a", " a", 63, "")));
    ck_assert_int_eq(searched(repeated("a", " a", 64, "")), VIDSTORE_INVALID);
    accepted(searched(repeated("\xE6\x9D\xB1\xE6\x9D\xB1", " \xE6\x9D\xB1\xE6\x9D\xB1", 63, "")));
    ck_assert_int_eq(searched(repeated("\xE6\x9D\xB1\xE6\x9D\xB1\xE6\x9D\xB1", " \xE6\x9D\xB1\xE6\x9D\xB1", 63, "")),
                     VIDSTORE_INVALID);
}

static vidstore_status bound(int32_t number, size_t size) {
    char expression[40];
    vidstore_query *q = vidstore_query_new();
    vidstore_error *error = NULL;
    int64_t count = 0;
    snprintf(expression, sizeof expression, "title = $%d", (int)(number > 0 && number <= 32 ? number : 1));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_query_filter(q, expression, e));
    vidstore_query_bind_text(q, number, text_of('a', size));
    vidstore_status status = vidstore_video_count(sys, q, &count, &error);
    vidstore_error_free(error);
    vidstore_query_free(q);
    return status;
}

static void value(void) {
    accepted(bound(1, 4096));
    ck_assert_int_eq(bound(1, 4097), VIDSTORE_INVALID);
    accepted(bound(32, 1));
    ck_assert_int_eq(bound(33, 1), VIDSTORE_INVALID);
    ck_assert_int_eq(bound(0, 1), VIDSTORE_INVALID);
}

static void list_of(int64_t limit, int64_t wanted) {
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    if (limit != INT64_MIN)
        vidstore_query_limit(q, limit);
    if (wanted < 0)
        refused(VIDSTORE_INVALID, "limit", vidstore_video_list(sys, q, &page, e));
    else
        must(vidstore_video_list(sys, q, &page, e));
    ck_assert_int_eq(page ? vidstore_page_count(page) : -1, wanted);
    vidstore_page_free(page);
    vidstore_query_free(q);
}

/* So many videos, each commit within the time of one write on a slow machine too. */
static void add_videos(int count, const char *metadata) {
    vidstore_video_params *p = vidstore_video_params_new();
    const vidstore_video_params **all = calloc((size_t)count, sizeof(void *));
    if (metadata)
        vidstore_video_params_set_text(p, VIDSTORE_VIDEO_METADATA, metadata);
    for (int i = 0; i < count; i++)
        all[i] = p;
    for (int done = 0, n; done < count; done += n) {
        n = count - done < 100 ? count - done : 100;
        must(vidstore_video_bulk_create(sys, all, n, VIDSTORE_BULK_ATOMIC, NULL, e));
    }
    vidstore_video_params_free(p);
    free(all);
}

static void page(void) {
    add_videos(1001, NULL);
    list_of(1, 1);
    list_of(1000, 1000);
    list_of(INT64_MIN, 100);
    list_of(0, -1);
    list_of(1001, -1);
    list_of(INT64_MAX, -1);
}

/* No page grows without end, though it has few records: what is left comes with the next ones. */
static void page_in_bytes(void) {
    enum { RECORDS = 300, EACH = 65536 };
    char *metadata = text_of('a', EACH), cursor[512] = "";
    memcpy(metadata, "{\"a\":\"", 6);
    memcpy(metadata + EACH - 2, "\"}", 2);
    add_videos(RECORDS, metadata);
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1000);
    int64_t sum = 0, pages = 0;
    do {
        vidstore_page *page = NULL;
        vidstore_query_cursor(q, *cursor ? cursor : NULL);
        must(vidstore_video_list(sys, q, &page, e));
        int64_t bytes = vidstore_page_count(page) * EACH;
        ck_assert_int_gt(bytes, 0);
        ck_assert_int_le(bytes, (16 << 20) + 2 * EACH);
        const char *next = vidstore_page_cursor(page);
        ck_assert_msg(!next || bytes > 12 << 20, "a page that is not the last has %lld bytes", (long long)bytes);
        snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        sum += vidstore_page_count(page);
        pages++;
        vidstore_page_free(page);
    } while (*cursor);
    ck_assert_int_eq(sum, RECORDS);
    ck_assert_int_eq(pages, 2);
    vidstore_query_free(q);
}

static void count_of_all(void) {
    int64_t count = 0;
    vidstore_query *q = vidstore_query_new();
    for (int i = 0; i < 10; i++)
        add_videos(1000, NULL);
    must(vidstore_video_count(sys, q, &count, e));
    ck_assert_int_eq(count, 10000);
    add_videos(1, NULL);
    must(vidstore_video_count(sys, q, &count, e));
    ck_assert_int_eq(count, 10000);
    vidstore_query_flags(q, VIDSTORE_QUERY_EXACT_COUNT);
    must(vidstore_video_count(sys, q, &count, e));
    ck_assert_int_eq(count, 10001);
    vidstore_query_free(q);
}

static void no_index(void) {
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "download_path = \"x\"", e));
    refused(VIDSTORE_UNSUPPORTED, NULL, vidstore_video_list(sys, q, NULL, e));
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_video_list(sys, q, NULL, e));
    vidstore_query_free(q);
}

static void looks(void) {
    static const char *paths[1001];
    vidstore_text *json = NULL;
    char path[160];
    snprintf(path, sizeof path, "%s/nothing", folder);
    for (int i = 0; i < 1001; i++)
        paths[i] = path;
    must(vidstore_media_probe_many(sys, paths, 0, 0, &json, e));
    ck_assert_str_eq(vidstore_text_data(json), "[]");
    vidstore_text_free(json);
    must(vidstore_media_probe_many(sys, paths, 1000, 0, &json, e));
    vidstore_text_free(json);
    refused(VIDSTORE_INVALID, "count", vidstore_media_probe_many(sys, paths, 1001, 0, &json, e));
    refused(VIDSTORE_INVALID, "count", vidstore_media_probe_many(sys, paths, -1, 0, &json, e));
    static const char *ids[10001];
    for (int i = 0; i < 10001; i++)
        ids[i] = "00000000-0000-7000-8000-000000000000";
    must(vidstore_video_probe_many(sys, ids, 10000, 0, NULL, e));
    refused(VIDSTORE_INVALID, "count", vidstore_video_probe_many(sys, ids, 10001, 0, NULL, e));
}

static void bulk(void) {
    enum { MOST = 10000 };
    vidstore_video_params *p = vidstore_video_params_new();
    const vidstore_video_params **all = calloc(MOST + 1, sizeof(void *));
    for (int i = 0; i <= MOST; i++)
        all[i] = p;
    must(vidstore_video_bulk_create(sys, all, 0, VIDSTORE_BULK_ATOMIC, NULL, e));
    /* So many are looked at, and the first of them is found wrong; a slow machine may need too long to write them. */
    vidstore_video_params_set_int64(p, VIDSTORE_VIDEO_EPISODE, -1);
    refused(VIDSTORE_INVALID, "items[0].episode",
            vidstore_video_bulk_create(sys, all, MOST, VIDSTORE_BULK_ATOMIC, NULL, e));
    refused(VIDSTORE_INVALID, "count", vidstore_video_bulk_create(sys, all, MOST + 1, VIDSTORE_BULK_ATOMIC, NULL, e));
    refused(VIDSTORE_INVALID, "count", vidstore_video_bulk_create(sys, all, -1, VIDSTORE_BULK_ATOMIC, NULL, e));
    ck_assert_int_eq(count_videos(), 0);
    vidstore_video_params_free(p);
    free(all);
}

/* --- jobs ------------------------------------------------------------------------------------------------------- */

static void sources(void) {
    for (int count = 1000; count <= 1001; count++) {
        char *json = malloc(40000), *at = json;
        at += sprintf(at, "{\"kind\": \"x\", \"sources\": [{\"path\": \"/a\"}");
        for (int i = 1; i < count; i++)
            at += sprintf(at, ", {\"path\": \"/a\"}");
        strcpy(at, "]}");
        if (count == 1000)
            submit(sys, json);
        else
            refuse_submit(VIDSTORE_INVALID, "sources", json);
        free(json);
    }
}

static void checkpoint(void) {
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    must(vidstore_lease_checkpoint(lease, text_of('a', 1048576), 1048576, e));
    refused(VIDSTORE_INVALID, NULL, vidstore_lease_checkpoint(lease, text_of('a', 1048577), 1048577, e));
    finish(lease);
}

static void message(void) {
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    refused(VIDSTORE_INVALID, "message", vidstore_lease_fail(lease, text_of('a', 4097), 0, e));
    give_up(lease, text_of('a', 4096));
}

static void attempts(void) {
    struct id job = submit(sys, "{\"kind\": \"x\"}");
    ck_assert_int_eq(job_int(job, VIDSTORE_JOB_MAX_ATTEMPTS), 4);
    submit(sys, "{\"kind\": \"x\", \"max_attempts\": 1}");
    submit(sys, "{\"kind\": \"x\", \"max_attempts\": 1000}");
    refuse_submit(VIDSTORE_INVALID, "max_attempts", "{\"kind\": \"x\", \"max_attempts\": 0}");
    refuse_submit(VIDSTORE_INVALID, "max_attempts", "{\"kind\": \"x\", \"max_attempts\": 1001}");
}

static void result(void) {
    submit(sys, "{\"kind\": \"x\"}");
    vidstore_lease *lease = claim("x");
    char *json = text_of(' ', 65537);
    json[0] = '{', json[65536] = '}';
    refused(VIDSTORE_INVALID, "result_json", vidstore_lease_finish(lease, json, e));
    json = text_of(' ', 65536);
    json[0] = '{', json[65535] = '}';
    must(vidstore_lease_finish(lease, json, e));
    vidstore_lease_free(lease);
}

/* --- times and sizes of calls ------------------------------------------------------------------------------------ */

static void deadline(void) {
    must(vidstore_session_set_deadline(sys, 1, e));
    must(vidstore_session_set_deadline(sys, 86400000, e));
    refused(VIDSTORE_INVALID, "deadline_ms", vidstore_session_set_deadline(sys, 0, e));
    refused(VIDSTORE_INVALID, "deadline_ms", vidstore_session_set_deadline(sys, 86400001, e));
}

static void option(int32_t number, const char *name, int64_t least, int64_t most) {
    const int64_t values[] = {least, most, least - 1, most + 1};
    close_store();
    for (int i = 0; i < 4; i++) {
        vidstore_open_params *p = vidstore_open_params_new();
        vidstore_open_params_set_int64(p, number, values[i]);
        if (i < 2)
            must(vidstore_open(place, p, &store, e));
        else
            refused(VIDSTORE_INVALID, name, vidstore_open(place, p, &store, e));
        vidstore_open_params_free(p);
        vidstore_close(store);
    }
    open_store();
}

static void transaction(void) {
    option(VIDSTORE_OPEN_TXN_MAX_AGE_MS, "txn_max_age_ms", 10, 600000);
}

static void snapshot(void) {
    must(vidstore_snapshot_begin(sys, 1, e));
    must(vidstore_snapshot_end(sys, e));
    must(vidstore_snapshot_begin(sys, 60000, e));
    must(vidstore_snapshot_end(sys, e));
    refused(VIDSTORE_INVALID, "max_age_ms", vidstore_snapshot_begin(sys, 0, e));
    refused(VIDSTORE_INVALID, "max_age_ms", vidstore_snapshot_begin(sys, 60001, e));
}

static void operations_of_a_queue(void) {
    static const int64_t fine[] = {0, 1, 65536}, bad[] = {-1, 65537, INT64_MAX, INT64_MIN};
    vidstore_queue *queue = NULL;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        must(vidstore_queue_new(store, fine[i], &queue, e));
        vidstore_queue_free(queue);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(VIDSTORE_INVALID, "limit", vidstore_queue_new(store, bad[i], &queue, e));
    int64_t op = 0;
    must(vidstore_queue_new(store, 2, &queue, e));
    for (int i = 0; i < 2; i++)
        must(vidstore_call_start(sys, queue, i, "user.count", "{}", &op, e));
    refused(VIDSTORE_BUSY, NULL, vidstore_call_start(sys, queue, 2, "user.count", "{}", &op, e));
    vidstore_queue_free(queue);
}

static void changes_at_once(void) {
    vidstore_watch *watch = NULL;
    vidstore_text *text = NULL;
    int32_t ready = -1;
    must(vidstore_watch_open(sys, NULL, NULL, &watch, e));
    static const int64_t fine[] = {1, 1000}, bad[] = {0, -1, 1001, INT64_MAX};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        must(vidstore_watch_next(watch, fine[i], &text, e));
        vidstore_text_free(text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refused(VIDSTORE_INVALID, "max", vidstore_watch_next(watch, bad[i], &text, e));
    must(vidstore_watch_wait(watch, 0, &ready, e));
    refused(VIDSTORE_INVALID, "wait_ms", vidstore_watch_wait(watch, -1, &ready, e));
    refused(VIDSTORE_INVALID, "wait_ms", vidstore_watch_wait(watch, INT64_C(86400001), &ready, e));
    vidstore_watch_free(watch);
}

static void keys_of_a_user(void) {
    struct id user = add_user("keys", VIDSTORE_ROLE_USER);
    vidstore_key_params *p = vidstore_key_params_new();
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_key_params_set_text(p, VIDSTORE_KEY_NAME, "k");
    vidstore_key_params_set_text(p, VIDSTORE_KEY_USER_ID, user.text);
    for (int i = 0; i < 50; i++)
        must(vidstore_key_create(sys, p, NULL, token, sizeof token, e));
    refused(VIDSTORE_QUOTA, "user_id", vidstore_key_create(sys, p, NULL, token, sizeof token, e));
    vidstore_key_params_free(p);
}

static void readers(void) {
    option(VIDSTORE_OPEN_READERS, "readers", 1, 64);
}

static void keys_of_a_path(void) {
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "metadata.a = 1", e));
    must(vidstore_query_filter(q, "metadata.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p = 1", e));
    refused(VIDSTORE_INVALID, "filter", vidstore_query_filter(q, "metadata.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q = 1", e));
    refused(VIDSTORE_INVALID, "filter", vidstore_query_filter(q, "metadata. = 1", e));
    vidstore_query_free(q);
}

static vidstore_status link_that_ends(int64_t in_us, int64_t *ret_us) {
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_link *link = NULL;
    vidstore_upload *upload = NULL;
    vidstore_file *file = NULL;
    vidstore_file_params *f = vidstore_file_params_new();
    vidstore_link_params *p = vidstore_link_params_new();
    vidstore_file_params_set_text(f, VIDSTORE_FILE_NAME, "a");
    vidstore_file_params_set_int64(f, VIDSTORE_FILE_ACCESS, VIDSTORE_ACCESS_RESTRICTED);
    must(vidstore_upload_open(sys, f, &upload, e));
    must(vidstore_upload_seal(upload, 0, e));
    must(vidstore_upload_publish(sys, upload, &file, e));
    int64_t now_us = (int64_t)time(NULL) * 1000000;
    vidstore_link_params_set_text(p, VIDSTORE_LINK_FILE_ID, vidstore_file_id(file));
    if (in_us)
        vidstore_link_params_set_int64(p, VIDSTORE_LINK_EXPIRES_US, now_us + in_us);
    vidstore_status status = vidstore_link_create(sys, p, &link, token, sizeof token, NULL);
    *ret_us = link ? vidstore_link_expires_us(link) - now_us : 0;
    vidstore_link_free(link);
    vidstore_link_params_free(p);
    vidstore_file_params_free(f);
    vidstore_file_free(file);
    vidstore_upload_free(upload);
    return status;
}

static void life_of_a_link(void) {
    const int64_t day_us = INT64_C(86400000000);
    int64_t life_us = 0;
    ck_assert_int_eq(link_that_ends(0, &life_us), VIDSTORE_OK);
    ck_assert(life_us >= 30 * day_us && life_us < 30 * day_us + 5000000);
    ck_assert_int_eq(link_that_ends(366 * day_us, &life_us), VIDSTORE_OK);
    ck_assert_int_eq(link_that_ends(366 * day_us + 60000000, &life_us), VIDSTORE_INVALID);
    ck_assert_int_eq(link_that_ends(-1, &life_us), VIDSTORE_INVALID);
}

static void days_of_usage(void) {
    struct id user = add_user("days", VIDSTORE_ROLE_USER);
    must(vidstore_quota_usage(sys, user.text, 1, NULL, e));
    must(vidstore_quota_usage(sys, user.text, 3660, NULL, e));
    refused(VIDSTORE_INVALID, "days", vidstore_quota_usage(sys, user.text, 0, NULL, e));
    refused(VIDSTORE_INVALID, "days", vidstore_quota_usage(sys, user.text, 3661, NULL, e));
}

static void users_in_a_list(void) {
    must(vidstore_quota_list(sys, NULL, 1, NULL, e));
    must(vidstore_quota_list(sys, NULL, 1000, NULL, e));
    refused(VIDSTORE_INVALID, "limit", vidstore_quota_list(sys, NULL, 0, NULL, e));
    refused(VIDSTORE_INVALID, "limit", vidstore_quota_list(sys, NULL, 1001, NULL, e));
}

static void upkeep(void) {
    must(vidstore_maintain(sys, 1, 0, NULL, e));
    must(vidstore_maintain(sys, 3600000, 0, NULL, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_maintain(sys, 0, 0, NULL, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_maintain(sys, 3600001, 0, NULL, e));
    must(vidstore_file_verify_all(sys, 0, 86400000, NULL, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_file_verify_all(sys, 0, 0, NULL, e));
    refused(VIDSTORE_INVALID, "budget_ms", vidstore_file_verify_all(sys, 0, 86400001, NULL, e));
}

/* --- the table --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *what, *accepted;
    void (*check)(void); /* NULL: another program does */
    const char *elsewhere;
} limits[] = {
    {"text", "UTF-8, no NUL inside", text, NULL},
    {"text of a field", "its maximum", text_of_a_field, NULL},
    {"name of a system session", "1 to 100 bytes", name_of_a_session, NULL},
    {"number of a field", "0 to its maximum", number_of_a_field, NULL},
    {"time", "the years 1970 to 9999", time_of_a_field, NULL},
    {"id", "any UUID, as 36 characters", id, NULL},
    {"number or name of a field", "those of the noun, for what they may be used", field, NULL},
    {"flags", "the bits that are defined", flags, NULL},
    {"JSON of a params object", "1 MiB, no duplicate or unknown keys", json_of_params, NULL},
    {"password", "as many characters as the setting password.min_length says (12), to 1024 bytes", password, NULL},
    {"peppers of a store", "8, each of 32 bytes, numbered from 1 to 2147483647", NULL,
     "tests/api/accounts.c:peppers_that_are_none"},
    {"blocklist of passwords", "3,000 to 1,000,000 lines of at most 64 bytes, 16 MiB", NULL,
     "tests/api/accounts.c:attack_7_a_list_of_the_hosts"},
    {"IP address of an origin", "IPv4 or IPv6, at most 45 bytes", ip, NULL},
    {"user agent of an origin", "512 bytes", user_agent, NULL},
    {"request id, device of an origin", "128 bytes each", request_id_and_device, NULL},
    {"filter expression", "64 KiB, 256 comparisons, 64 values, nested 32 deep", filter, NULL},
    {"JSON in a field", "arrays and objects nested 64 deep; in an array no text with control characters",
     json_in_a_field, NULL},
    {"search text", "4096 bytes, 64 terms, 128 words; 64 characters of a word count", search_text, NULL},
    {"words indexed of a record", "the first 4096 of each of five columns", words_of_a_record, NULL},
    {"ranked search", "the best of the newest 1000, one page", NULL, "tests/api/search.c:the_best_come_first"},
    {"value bound to a query", "$1 to $32, 4096 bytes each", value, NULL},
    {"page", "1 to 1000 records, default 100", page, NULL},
    {"bytes of a page", "about 16 MiB", page_in_bytes, NULL},
    {"count", "exact up to 10,000, then 10,000", count_of_all, NULL},
    {"query that no index serves", "with VIDSTORE_QUERY_SCAN only", no_index, NULL},
    {"items of a bulk call", "0 to 10,000", bulk, NULL},
    {"sources of a job", "1000", sources, NULL},
    {"checkpoint of a lease", "1 MiB", checkpoint, NULL},
    {"message of a failed attempt", "4096 bytes", message, NULL},
    {"attempts at a job", "1 to 1000, default 4", attempts, NULL},
    {"deadline", "1 ms to 24 h, default 30 s", deadline, NULL},
    {"age of a transaction", "10 ms to 10 min, default 5 s", transaction, NULL},
    {"age of a snapshot", "1 ms to 60 s, default 5 s", snapshot, NULL},
    {"operations of a queue", "1 to 65,536, default 1024; 64 MiB of arguments and results", operations_of_a_queue,
     NULL},
    {"changes read at once", "1 to 1000; waiting for them 0 to 24 h", changes_at_once, NULL},
    {"name in a filter of changes", "1 to 128 bytes", NULL, "tests/api/watch_positions.c:names_have_a_length"},
    {"keys of a user", "50 that count", keys_of_a_user, NULL},
    {"canaries of a store", "1000", NULL, "tests/api/keys_watched.c:group_56_a_thousand_canaries"},
    {"keys of a path into metadata, in a filter", "1 to 16", keys_of_a_path, NULL},
    {"videos of a collection", "10,000", NULL, "tests/api/collections.c:ten_thousand_and_no_more"},
    {"reading connections", "1 to 64, default 4", readers, NULL},
    {"result of a job", "64 KiB of JSON", result, NULL},
    {"life of a link", "to the setting link.max_days (366 days); default link.default_days (30)", life_of_a_link, NULL},
    {"openings of a link", "1 to 1,000,000,000, or any number", NULL, "tests/api/links.c:attack_31_what_it_may_not_be"},
    {"days of usage", "1 to 3660", days_of_usage, NULL},
    {"users in a list of quotas", "1 to 1000", users_in_a_list, NULL},
    {"what a user keeps and does",
     "the settings quota.* or the user's own: bytes, files, jobs at a time and a day; default no limit", NULL,
     "tests/api/quotas.c:sixty_four_at_once_never_get_more"},
    {"budget of upkeep", "1 ms to 1 h; of verifying all files 24 h", upkeep, NULL},
    {"fetching", "the settings fetch.*: a size, a time, a number of tries", NULL,
     "tests/api/fetch.c:too_much_leaves_nothing"},
    {"probing", "the settings probe.*: 64 MiB read, 10 s", NULL, "tests/unit/media.c:limits_hold"},
    {"files looked into by one call", "0 to 1000, and 64 MiB of JSON", looks, NULL},
    {"attempts to log in", "a few at once; then each waits longer", NULL,
     "tests/api/logins_guessed.c:attack_20_waits_and_clocks"},
    {"changed records that are not in the index of words yet", "8191 of a noun", NULL,
     "tests/unit/search_plan.c:facts_need_no_index"},
    {"one write", "5 s of work", NULL, "tests/unit/db_txn.c:a_write_does_not_keep_the_writer"},
    {"disk", "until it is full", NULL, "tests/api/full_disk.c:open_again"},
    {"largest file of the process (RLIMIT_FSIZE)", "as it is set", NULL, "tests/api/full_disk.c:put"},
    {"memory", "until it is out", NULL, "tests/fault/core_fault.c:every_allocation"},
    {"store on a network file system", "with the option only", NULL, "tests/unit/db.c:network_file_systems_are_known"},
    {"media", "any bytes", NULL, "tests/unit/media.c:not_media"},
};
enum { LIMITS = sizeof limits / sizeof *limits };

START_TEST(limit) {
    limits[_i].check();
}
END_TEST

Suite *limits_suite(void) {
    Suite *suite = suite_create("limits");
    TCase *t = tcase_create("limits");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, begin, end);
    for (int i = 0; i < LIMITS;
         i++) /* what has its test elsewhere is no test here; tests/lint/limits.py wants it there */
        if (limits[i].check)
            tcase_add_loop_test(t, limit, i, i + 1);
    suite_add_tcase(suite, t);
    return suite;
}
