/* SPDX-License-Identifier: MIT */
/* Calls by name: what they take, give and refuse; and batches. */
#include "harness.h"
#include <fcntl.h>
#include <unistd.h>

static struct id ann;
static vidstore_session *as_ann;

static void start(void) {
    begin();
    ann = add_user("ann", VIDSTORE_ROLE_USER);
    as_ann = session_of(ann);
}

static void stop(void) {
    vidstore_session_free(as_ann);
    end();
}

/* The result of a call, until the next one. */
static const char *call_as(vidstore_session *session, const char *name, const char *args) {
    static char kept[1 << 16];
    vidstore_text *text = NULL;
    must(vidstore_call(session, name, args, &text, e));
    snprintf(kept, sizeof kept, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
    return kept;
}

static const char *call(const char *name, const char *args) {
    return call_as(sys, name, args);
}

static void refuse(vidstore_status code, const char *field, const char *name, const char *args) {
    vidstore_text *text = (vidstore_text *)-1;
    refused(code, field, vidstore_call(sys, name, args, &text, e));
    ck_assert_ptr_null(text);
}

/* The text behind "key":" in a JSON text. */
static const char *text_of(const char *json, const char *key) {
    static char kept[4][256];
    static int turn;
    char look[80];
    snprintf(look, sizeof look, "\"%s\":\"", key);
    const char *at = strstr(json, look);
    ck_assert_msg(at != NULL, "no %s in %s", key, json);
    at += strlen(look);
    char *to = kept[turn = (turn + 1) % 4];
    snprintf(to, sizeof kept[0], "%.*s", (int)strcspn(at, "\""), at);
    return to;
}

static const char *fmt(const char *format, const char *a, const char *b) {
    static char kept[4][1024];
    static int turn;
    char *to = kept[turn = (turn + 1) % 4];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(to, sizeof kept[0], format, a, b);
#pragma GCC diagnostic pop
    return to;
}

START_TEST(a_record_goes_in_and_comes_out) {
    const char *job = call("job.submit", "{\"params\": {\"kind\": \"download_only\", \"priority\": \"high\"}}");
    ck_assert_ptr_nonnull(strstr(job, "\"priority\":\"high\""));
    const char *id = text_of(job, "id");
    ck_assert_str_eq(text_of(call("job.get", fmt("{\"id\": \"%s\"}", id, "")), "id"), id);
    ck_assert_str_eq(call("job.exists", fmt("{\"id\": \"%s\"}", id, "")), "true");
    ck_assert_str_eq(call("job.count", NULL), "1");
    ck_assert_str_eq(call("job.remove", fmt("{\"id\": \"%s\", \"mode\": \"cascade\"}", id, "")), "null");
    ck_assert_str_eq(call("job.count", "{\"query\": {\"flags\": [\"only_deleted\"]}}"), "1");
}
END_TEST

START_TEST(params_alone_need_no_name) {
    ck_assert_str_eq(text_of(call("job.submit", "{\"kind\": \"x\", \"season\": \"One\"}"), "season"), "One");
    ck_assert_ptr_nonnull(strstr(call("job.list", "{\"filter\": \"season = $1\", \"binds\": [\"One\"], "
                                                  "\"flags\": \"scan\"}"),
                                 "\"season\":\"One\""));
}
END_TEST

START_TEST(pages_go_on_by_their_cursor) {
    for (int i = 0; i < 3; i++)
        call("job.submit", "{\"kind\": \"x\"}");
    const char *cursor = text_of(call("job.list", "{\"limit\": 2}"), "cursor");
    const char *rest = call("job.list", fmt("{\"limit\": 2, \"cursor\": \"%s\"}", cursor, ""));
    ck_assert_ptr_nonnull(strstr(rest, "\"cursor\":null"));
}
END_TEST

START_TEST(a_change_may_demand_a_version) {
    const char *id = text_of(call("job.submit", "{\"kind\": \"x\"}"), "id");
    call("job.update", fmt("{\"id\": \"%s\", \"params\": {\"season\": \"A\", \"expect_version\": 1}}", id, ""));
    refuse(VIDSTORE_CONFLICT, NULL, "job.update",
           fmt("{\"id\": \"%s\", \"params\": {\"season\": \"B\", \"expect_version\": 1}}", id, ""));
}
END_TEST

START_TEST(what_is_wrong_is_named) {
    refuse(VIDSTORE_NOT_FOUND, "name", "job.fly", NULL);
    refuse(VIDSTORE_NOT_FOUND, "name", "", NULL);
    refused(VIDSTORE_MISUSE, "name", vidstore_call(sys, NULL, NULL, NULL, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_call(NULL, "job.count", NULL, NULL, e));
    refuse(VIDSTORE_INVALID, "args", "job.get", "{");
    refuse(VIDSTORE_INVALID, "args", "job.get", "[]");
    refuse(VIDSTORE_INVALID, "args", "job.get", "{\"id\": 1, \"id\": 2}");
    refuse(VIDSTORE_INVALID, "id", "job.get", "{}");
    refuse(VIDSTORE_INVALID, "id", "job.get", "{\"id\": 7}");
    refuse(VIDSTORE_INVALID, "id", "job.get", "{\"id\": null}");
    refuse(VIDSTORE_INVALID, "id", "job.get", "{\"id\": \"7\"}");
    refuse(VIDSTORE_INVALID, "colour", "job.get", "{\"id\": \"7\", \"colour\": 1}");
    refuse(VIDSTORE_INVALID, "mode", "job.remove", fmt("{\"id\": \"%s\", \"mode\": \"gently\"}", ann.text, ""));
    refuse(VIDSTORE_INVALID, "mode", "job.remove", fmt("{\"id\": \"%s\", \"mode\": 4294967296}", ann.text, ""));
    refuse(VIDSTORE_INVALID, "flags", "backup", "{\"directory\": \"/x\", \"flags\": -1}");
    refuse(VIDSTORE_INVALID, "flags", "job.list", "{\"query\": {\"flags\": [\"all\"]}}");
    refuse(VIDSTORE_INVALID, "limits", "job.list", "{\"query\": {\"limits\": 1}}");
    refuse(VIDSTORE_INVALID, "limit", "job.list", "{\"query\": {\"limit\": \"9\"}}");
    refuse(VIDSTORE_INVALID, "limit", "job.list", "{\"query\": {\"limit\": 1001}}");
    refuse(VIDSTORE_INVALID, "filter", "job.list", "{\"query\": {\"filter\": \"state =\"}}");
    refuse(VIDSTORE_INVALID, "binds", "job.list", "{\"query\": {\"binds\": [1.5]}}");
    refuse(VIDSTORE_INVALID, "query", "job.list", "{\"query\": 5}");
    refuse(VIDSTORE_INVALID, "seson", "job.submit", "{\"params\": {\"kind\": \"x\", \"seson\": \"1\"}}");
    refuse(VIDSTORE_INVALID, "params", "job.submit", "{\"params\": \"x\"}");
    refuse(VIDSTORE_INVALID, "expect_version", "job.submit", "{\"params\": {\"expect_version\": \"1\"}}");
    refuse(VIDSTORE_INVALID, "fd", "audit.export", "{\"fd\": 99999}");
    refuse(VIDSTORE_INVALID, "budget_ms", "maintain", "{}");
}
END_TEST

START_TEST(rights_are_those_of_the_session) {
    vidstore_text *text = NULL;
    refused(VIDSTORE_FORBIDDEN, NULL,
            vidstore_call(as_ann, "setting.set", "{\"name\": \"fetch.tries\", \"value\": \"3\"}", &text, e));
    ck_assert_str_eq(call("setting.set", "{\"name\": \"fetch.tries\", \"value\": \"3\"}"), "null");
    ck_assert_str_eq(call("setting.get", "{\"name\": \"fetch.tries\"}"), "\"3\"");
    const char *job = call_as(as_ann, "job.submit", "{\"kind\": \"x\"}");
    ck_assert_str_eq(text_of(job, "user_id"), ann.text);
}
END_TEST

START_TEST(many_at_once) {
    const char *two = call("job.bulk_create", "{\"params\": [{\"kind\": \"a\"}, {\"kind\": \"b\"}]}");
    char first[40], second[40];
    snprintf(first, sizeof first, "%s", text_of(two, "id"));
    snprintf(second, sizeof second, "%s", text_of(strstr(two, "},{"), "id"));
    char args[512];
    snprintf(args, sizeof args,
             "{\"ids\": [\"%s\", \"%s\"], \"params\": [{\"season\": \"S\"}, {\"season\": 5}], \"flags\": \"each\"}",
             first, second);
    const char *page = call("job.bulk_update", args);
    ck_assert_ptr_nonnull(strstr(page, "\"season\":\"S\""));
    ck_assert_ptr_nonnull(strstr(page, "\"errors\":[null,{\"code\":\"INVALID\""));
    snprintf(args, sizeof args, "{\"ids\": [\"%s\"], \"params\": [{\"season\": \"S\"}, {\"season\": \"T\"}]}", first);
    refuse(VIDSTORE_INVALID, "params", "job.bulk_update", args);
    ck_assert_str_eq(call("job.bulk_create", "{\"params\": []}"), "{\"items\":[],\"cursor\":null}");
}
END_TEST

START_TEST(it_is_part_of_the_transaction) {
    call("begin", NULL);
    call("job.submit", "{\"kind\": \"x\"}");
    call("rollback", NULL);
    ck_assert_str_eq(call("job.count", NULL), "0");
    call("begin", "{}");
    call("job.submit", "{\"kind\": \"x\"}");
    call("commit", NULL);
    ck_assert_str_eq(call("job.count", NULL), "1");
    refuse(VIDSTORE_STATE, NULL, "commit", NULL);
}
END_TEST

START_TEST(a_lease_crosses_by_its_token) {
    ck_assert_str_eq(call("job.claim", NULL), "null");
    call_as(as_ann, "job.submit", "{\"kind\": \"x\"}");
    char token[80];
    snprintf(token, sizeof token, "%s", text_of(call("job.claim", "{\"kinds\": \"x\"}"), "token"));
    call("lease.progress",
         fmt("{\"lease\": \"%s\", \"stage\": \"downloading\", \"done\": 1, \"total\": 4}", token, ""));
    ck_assert_str_eq(call("lease.signals", fmt("{\"lease\": \"%s\"}", token, "")), "[]");
    ck_assert_str_eq(text_of(call("lease.job", fmt("{\"lease\": \"%s\"}", token, "")), "kind"), "x");
    call("lease.checkpoint", fmt("{\"lease\": \"%s\", \"data\": {\"base64\": \"AP8B\"}}", token, ""));
    ck_assert_str_eq(call("lease.checkpoint_get", fmt("{\"lease\": \"%s\"}", token, "")), "{\"base64\":\"AP8B\"}");
    const char *video = call("video.create", fmt("{\"lease\": \"%s\", \"params\": {\"title\": \"T\"}}", token, ""));
    ck_assert_str_eq(text_of(video, "user_id"), ann.text);
    vidstore_text *text = NULL;
    refused(VIDSTORE_FORBIDDEN, NULL,
            vidstore_call(as_ann, "lease.finish", fmt("{\"lease\": \"%s\"}", token, ""), &text, e));
    refuse(VIDSTORE_INVALID, "lease", "begin", fmt("{\"lease\": \"%s\"}", token, ""));
    refuse(VIDSTORE_INVALID, "lease", "lease.finish", NULL);
    call("lease.finish", fmt("{\"lease\": \"%s\", \"result_json\": {\"ok\": true}}", token, ""));
    refuse(VIDSTORE_LEASE_LOST, NULL, "lease.finish", fmt("{\"lease\": \"%s\"}", token, ""));
    refuse(VIDSTORE_LEASE_LOST, NULL, "video.create", fmt("{\"lease\": \"%s\", \"params\": {}}", token, ""));
    ck_assert_ptr_nonnull(strstr(call("job.list", NULL), "\"state\":\"completed\""));
}
END_TEST

START_TEST(closing_lets_go_of_leases) {
    call("job.submit", "{\"kind\": \"x\"}");
    char token[80];
    snprintf(token, sizeof token, "%s", text_of(call("job.claim", NULL), "token"));
    vidstore_session_free(as_ann);
    as_ann = NULL;
    close_store();
    open_store(); /* another one attaches to what is still held */
    call("lease.release", fmt("{\"lease\": \"%s\"}", token, ""));
}
END_TEST

START_TEST(files_cross_by_path_and_descriptor) {
    char path[128];
    snprintf(path, sizeof path, "%s/in.bin", folder);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs("some bytes", file);
    fclose(file);
    const char *made = call("file.put_path", fmt("{\"path\": \"%s\"}", path, ""));
    char id[40];
    snprintf(id, sizeof id, "%s", text_of(made, "id"));
    ck_assert_str_eq(text_of(made, "name"), "in.bin");
    file = fopen(path, "r");
    char args[200];
    snprintf(args, sizeof args, "{\"fd\": %d, \"params\": {\"name\": \"again.bin\"}}", fileno(file));
    ck_assert_str_eq(text_of(call("file.put_fd", args), "name"), "again.bin");
    fclose(file);
    ck_assert_int_eq(*call("file.path", fmt("{\"id\": \"%s\"}", id, "")), '"');
    call("file.verify", fmt("{\"id\": \"%s\"}", id, ""));
    char out[128];
    snprintf(out, sizeof out, "%s/out.bin", folder);
    call("file.save", fmt("{\"id\": \"%s\", \"path\": \"%s\"}", id, out));
    ck_assert_int_eq(access(out, R_OK), 0);
}
END_TEST

/* A number is any descriptor of the host's, of whatever it has open. */
START_TEST(a_user_can_t_name_a_descriptor) {
    char args[300], path[128], bytes[12] = "";
    snprintf(path, sizeof path, "%s/secret", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "host secret", 11), 11);
    const char *video = text_of(call("video.create", "{\"params\": {\"url\": \"https://example.org/v\"}}"), "id");
    const char *wanted[][2] = {
        {"audit.export", "{\"fd\": %d}"},
        {"file.put_fd", "{\"fd\": %d, \"params\": {\"name\": \"loot\"}}"},
        {"media.probe_fd", "{\"fd\": %d}"},
        {"video.probe_fd", fmt("{\"fd\": %%d, \"id\": \"%s\"}", video, "")},
    };
    vidstore_queue *queue = NULL;
    must(vidstore_queue_new(store, 0, &queue, e));
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(args, sizeof args, wanted[i][1], fd);
#pragma GCC diagnostic pop
        refused(VIDSTORE_FORBIDDEN, "fd", vidstore_call(as_ann, wanted[i][0], args, NULL, e));
        refused(VIDSTORE_FORBIDDEN, "fd", vidstore_call_start(as_ann, queue, 0, wanted[i][0], args, NULL, e));
    }
    ck_assert_int_eq(vidstore_queue_count(queue), 0);
    vidstore_queue_free(queue);
    ck_assert_int_eq(pread(fd, bytes, 11, 0), 11);
    ck_assert_str_eq(bytes, "host secret");
    ck_assert_str_eq(call("file.count", NULL), "0");
    const char *mine =
        fmt("{\"filter\": \"user_id = $1 and action = access_denied\", \"binds\": [\"%s\"]}", ann.text, "");
    ck_assert_ptr_nonnull(strstr(call("audit.list", mine), "access_denied"));
    snprintf(args, sizeof args, "{\"fd\": %d}", fd);
    call("audit.export", args); /* the system may */
    close(fd);
}
END_TEST

/* --- batches ------------------------------------------------------------------------------------------------------ */

static const char *batch(const char *items, uint32_t flags) {
    static char kept[1 << 16];
    vidstore_text *text = NULL;
    must(vidstore_batch(sys, items, flags, &text, e));
    snprintf(kept, sizeof kept, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
    return kept;
}

#define SUBMIT(kind) "{\"name\": \"job.submit\", \"args\": {\"kind\": \"" kind "\"}}"

START_TEST(a_batch_is_one_commit) {
    const char *out = batch("[" SUBMIT("a") ", " SUBMIT("b") ", {\"name\": \"job.count\"}]", VIDSTORE_BULK_ATOMIC);
    ck_assert_ptr_nonnull(strstr(out, "{\"status\":\"OK\",\"result\":2}]"));
    refused(VIDSTORE_INVALID, "items[1].id",
            vidstore_batch(sys, "[" SUBMIT("c") ", {\"name\": \"job.get\", \"args\": {}}]", 0, NULL, e));
    refused(VIDSTORE_INVALID, "items[1].kind", vidstore_batch(sys, "[" SUBMIT("c") ", " SUBMIT("") "]", 0, NULL, e));
    ck_assert_str_eq(call("job.count", NULL), "2");
    ck_assert_str_eq(batch("[]", 0), "[]");
}
END_TEST

START_TEST(each_item_may_fail_alone) {
    const char *out =
        batch("[" SUBMIT("a") ", " SUBMIT("") ", {\"name\": \"no.such\"}, 5, " SUBMIT("b") "]", VIDSTORE_BULK_EACH);
    ck_assert_ptr_nonnull(strstr(out, "{\"status\":\"INVALID\",\"error\":{\"code\":\"INVALID\""));
    ck_assert_ptr_nonnull(strstr(out, "{\"status\":\"NOT_FOUND\",\"error\":{"));
    ck_assert_str_eq(call("job.count", NULL), "2");
}
END_TEST

START_TEST(a_batch_takes_short_calls_only) {
    refused(VIDSTORE_UNSUPPORTED, "items[0].name", vidstore_batch(sys, "[{\"name\": \"commit\"}]", 0, NULL, e));
    refused(VIDSTORE_UNSUPPORTED, "items[0].name", vidstore_batch(sys, "[{\"name\": \"job.claim\"}]", 0, NULL, e));
    refused(VIDSTORE_UNSUPPORTED, "items[0].name",
            vidstore_batch(sys, "[{\"name\": \"batch\", \"args\": {\"items_json\": []}}]", 0, NULL, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_batch(sys, "[]", 2, NULL, e));
    refused(VIDSTORE_INVALID, "items_json", vidstore_batch(sys, "{}", 0, NULL, e));
    refused(VIDSTORE_MISUSE, "items_json", vidstore_batch(sys, NULL, 0, NULL, e));
    refused(VIDSTORE_MISUSE, "session", vidstore_batch(NULL, "[]", 0, NULL, e));
    refused(VIDSTORE_INVALID, "items[0].nam", vidstore_batch(sys, "[{\"nam\": \"x\"}]", 0, NULL, e));
}
END_TEST

START_TEST(a_batch_inside_a_transaction_is_part_of_it) {
    must(vidstore_begin(sys, 0, e));
    batch("[" SUBMIT("a") "]", 0);
    must(vidstore_rollback(sys, e));
    ck_assert_str_eq(call("job.count", NULL), "0");
    ck_assert_ptr_nonnull(strstr(call("batch", "{\"items_json\": [" SUBMIT("a") "]}"), "\"OK\""));
    ck_assert_str_eq(call("job.count", NULL), "1");
}
END_TEST

Suite *call_suite(void) {
    Suite *s = suite_create("call");
    TCase *c = tcase_create("by name");
    tcase_add_checked_fixture(c, start, stop);
    tcase_add_test(c, a_record_goes_in_and_comes_out);
    tcase_add_test(c, params_alone_need_no_name);
    tcase_add_test(c, pages_go_on_by_their_cursor);
    tcase_add_test(c, a_change_may_demand_a_version);
    tcase_add_test(c, what_is_wrong_is_named);
    tcase_add_test(c, rights_are_those_of_the_session);
    tcase_add_test(c, many_at_once);
    tcase_add_test(c, it_is_part_of_the_transaction);
    tcase_add_test(c, a_lease_crosses_by_its_token);
    tcase_add_test(c, closing_lets_go_of_leases);
    tcase_add_test(c, files_cross_by_path_and_descriptor);
    tcase_add_test(c, a_user_can_t_name_a_descriptor);
    tcase_add_test(c, a_batch_is_one_commit);
    tcase_add_test(c, each_item_may_fail_alone);
    tcase_add_test(c, a_batch_takes_short_calls_only);
    tcase_add_test(c, a_batch_inside_a_transaction_is_part_of_it);
    suite_add_tcase(s, c);
    return s;
}
