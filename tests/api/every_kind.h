/* SPDX-License-Identifier: MIT */
/* An object of each kind that a host can hold, made anew whenever one is asked for, and whether a store was written to.
 * Included by every_call.c, after the table of functions. */
#ifndef TESTS_API_EVERY_KIND_H
#define TESTS_API_EVERY_KIND_H

#include "harness.h"
#include <sqlite3.h>

#define PASSWORD "correct horse battery"

/* The kinds that come from a record of the store, with what each is made of; the later ones name the earlier. */
static struct record {
    const char *type, *create, *json;
    struct id id;
} records[] = {
    {"vidstore_user", "vidstore_user_create", "{\"username\":\"ann\"}", {""}},
    {"vidstore_video", "vidstore_video_create", "{\"title\":\"a\"}", {""}},
    {"vidstore_job", "vidstore_job_submit", "{\"kind\":\"other\"}", {""}},
    {"vidstore_collection", "vidstore_collection_create", "{\"name\":\"c\"}", {""}},
    {"vidstore_file", "vidstore_file_put_path", "{\"name\":\"f\",\"access\":\"restricted\"}", {""}},
    {"vidstore_key", "vidstore_key_create", "{\"name\":\"k\",\"scopes\":\"read\",\"user_id\":\"USER\"}", {""}},
    {"vidstore_grant",
     "vidstore_grant_create",
     "{\"noun\":\"video\",\"object_id\":\"VIDEO\",\"subject_id\":\"USER\",\"reach\":\"read\"}",
     {""}},
    {"vidstore_link", "vidstore_link_create", "{\"file_id\":\"FILE\"}", {""}},
    {"vidstore_login", NULL, NULL, {""}},
    {"vidstore_audit_event", NULL, NULL, {""}},
};
enum { RECORDS = sizeof records / sizeof *records, USER = 0, VIDEO = 1, A_FILE = 4, LOGIN = 8, EVENT = 9 };

static const struct function *named_function(const char *name) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}

static const struct function *function_of(const char *type, const char *verb) {
    char name[80];
    snprintf(name, sizeof name, "%s_%s", type, verb);
    return named_function(name);
}

/* The id of a record, which is freed. */
static struct id id_from(const char *type, void *record) {
    union arg a[1] = {{.pointer = record}};
    struct id id = id_of(function_of(type, "id")->run(a).pointer);
    function_of(type, "free")->run(a);
    return id;
}

/* The JSON of a record, with the ids of earlier ones in place of USER, VIDEO and FILE. */
static void write_json(const char *form, char *json, size_t size) {
    static const struct {
        const char *word;
        int record;
    } words[] = {{"USER", USER}, {"VIDEO", VIDEO}, {"FILE", A_FILE}};
    size_t at = 0;
    while (*form) {
        size_t i = 0;
        while (i < 3 && strncmp(form, words[i].word, strlen(words[i].word)) != 0)
            i++;
        int written = i < 3 ? snprintf(json + at, size - at, "%s", records[words[i].record].id.text)
                            : snprintf(json + at, size - at, "%c", *form);
        form += i < 3 ? strlen(words[i].word) : 1;
        at += (size_t)written;
        ck_assert_uint_lt(at, size);
    }
}

/* Calls what makes a record: the session first, then these two, and what is returned goes where it belongs. */
static void create(struct record *record) {
    char json[300], path[120], params_type[40], token[256];
    vidstore_error *e = NULL;
    const struct function *f = named_function(record->create);
    union arg a[MOST_PARAMS] = {{0}};
    void *made = NULL;
    snprintf(path, sizeof path, "%s/bytes", folder);
    snprintf(params_type, sizeof params_type, "%s_params", record->type);
    write_json(record->json, json, sizeof json);
    union arg params[2] = {function_of(params_type, "new")->run(a), {.pointer = json}};
    function_of(params_type, "set_json")->run(params);
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->params[i].name, "session") == 0)
            a[i].pointer = sys;
        else if (strcmp(f->params[i].name, "params") == 0)
            a[i].pointer = params[0].pointer;
        else if (f->params[i].role == PATH)
            a[i].pointer = path;
        else if (f->params[i].role == RET_HANDLE)
            a[i].pointer = &made;
        else if (f->params[i].role == RET_NEEDED)
            a[i].pointer = token;
        else if (f->params[i].role == ERROR)
            a[i].pointer = &e;
        else if (strcmp(f->params[i].name, "token_size") == 0)
            a[i].number = sizeof token;
    succeeds(record->create, (vidstore_status)f->run(a).number, e);
    function_of(params_type, "free")->run(params);
    record->id = id_from(record->type, made);
}

static void make_records(void) {
    char path[120];
    char token[256];
    vidstore_login *login = NULL;
    vidstore_page *page = NULL;
    snprintf(path, sizeof path, "%s/bytes", folder);
    FILE *bytes = fopen(path, "w");
    fputs("bytes", bytes);
    fclose(bytes);
    for (int i = 0; i < RECORDS; i++)
        if (records[i].create)
            create(&records[i]);
    must(vidstore_user_set_password(sys, records[USER].id.text, PASSWORD, e));
    must(vidstore_login_create(store, "ann", PASSWORD, NULL, 0, NULL, &login, token, sizeof token, e));
    records[LOGIN].id = id_from("vidstore_login", login);
    must(vidstore_audit_list(sys, NULL, &page, e));
    records[EVENT].id = id_of(vidstore_audit_event_text(vidstore_page_audit_event(page, 0), VIDSTORE_AUDIT_ID));
    vidstore_page_free(page);
}

static vidstore_lease *a_lease(void) {
    vidstore_lease *lease = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_json(p, "{\"kind\":\"work\"}");
    must(vidstore_job_submit(sys, p, NULL, e));
    vidstore_job_params_free(p);
    must(vidstore_job_claim(sys, "work", 0, &lease, e));
    return lease;
}

static vidstore_upload *an_upload(void) {
    vidstore_upload *upload = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_json(p, "{\"name\":\"u\"}");
    must(vidstore_upload_open(sys, p, &upload, e));
    vidstore_file_params_free(p);
    return upload;
}

static vidstore_result *a_result(void) {
    vidstore_queue *queue = NULL;
    vidstore_result *result = NULL;
    must(vidstore_queue_new(store, 0, &queue, e));
    must(vidstore_call_start(sys, queue, 0, "user.count", "{}", NULL, e));
    must(vidstore_queue_wait(queue, 60000, &result, e));
    vidstore_queue_free(queue);
    return result;
}

/* What neither new() nor get() gives. NULL: another kind. */
static void *opened(const char *type) {
    union {
        vidstore *store;
        vidstore_session *session;
        vidstore_queue *queue;
        vidstore_watch *watch;
        vidstore_reader *reader;
        vidstore_text *text;
        vidstore_page *page;
        vidstore_error *error;
        void *any;
    } it = {.any = NULL};
    if (strcmp(type, "vidstore") == 0)
        must(vidstore_open(":memory:", NULL, &it.store, e));
    else if (strcmp(type, "vidstore_session") == 0)
        must(vidstore_session_system(store, "every", &it.session, e));
    else if (strcmp(type, "vidstore_queue") == 0)
        must(vidstore_queue_new(store, 0, &it.queue, e));
    else if (strcmp(type, "vidstore_watch") == 0)
        must(vidstore_watch_open(sys, NULL, NULL, &it.watch, e));
    else if (strcmp(type, "vidstore_reader") == 0)
        must(vidstore_file_open(sys, records[A_FILE].id.text, &it.reader, e));
    else if (strcmp(type, "vidstore_text") == 0)
        must(vidstore_stats(sys, &it.text, e));
    else if (strcmp(type, "vidstore_page") == 0)
        must(vidstore_user_list(sys, NULL, &it.page, e));
    else if (strcmp(type, "vidstore_error") == 0)
        ck_assert_int_eq(vidstore_user_get(sys, "x", NULL, &it.error), VIDSTORE_INVALID);
    return it.any;
}

/* A new object of this kind. */
static void *made(const char *type) {
    union arg a[MOST_PARAMS] = {{.pointer = sys}};
    void *record = NULL;
    if (function_of(type, "new") && function_of(type, "new")->count == 0)
        return function_of(type, "new")->run(a).pointer;
    for (int i = 0; i < RECORDS; i++)
        if (strcmp(records[i].type, type) == 0) {
            a[1].pointer = records[i].id.text;
            a[2].pointer = &record;
            const char *get = i == EVENT ? "vidstore_audit_get" : NULL;
            ck_assert_int_eq((get ? named_function(get) : function_of(type, "get"))->run(a).number, VIDSTORE_OK);
            return record;
        }
    return strcmp(type, "vidstore_lease") == 0    ? (void *)a_lease()
           : strcmp(type, "vidstore_upload") == 0 ? (void *)an_upload()
           : strcmp(type, "vidstore_result") == 0 ? (void *)a_result()
                                                  : opened(type);
}

static void unmake(const char *type, void *object) {
    union arg a[1] = {{.pointer = object}};
    (strcmp(type, "vidstore") == 0 ? named_function("vidstore_close") : function_of(type, "free"))->run(a);
}

/* --- what was written --------------------------------------------------------------------------------------------- */

static sqlite3 *watcher; /* of the same store */
static int64_t seen;

/* A number that is another one after any commit of somebody else's. */
static int64_t commits(void) {
    sqlite3_stmt *statement = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(watcher, "PRAGMA data_version", -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    int64_t version = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

/* Whether anything was committed since it was last asked. */
static int written(void) {
    int64_t now = commits();
    int is_new = now != seen;
    seen = now;
    return is_new;
}

#endif
