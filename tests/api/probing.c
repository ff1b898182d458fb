/* SPDX-License-Identifier: MIT */
/* Probing many at once, and the same bytes once. */
#include "harness.h"
#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>

static struct id add_video(vidstore_session *s, const char *title) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

static struct id put(vidstore_session *s, const char *path, const char *video) {
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, video);
    must(vidstore_file_put_path(s, path, p, &file, e));
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_params_free(p);
    vidstore_file_free(file);
    return id;
}

static int has_fact(struct id id, const char *fact) {
    vidstore_text *facts = NULL;
    must(vidstore_video_facts(sys, id.text, &facts, e));
    int found = strstr(vidstore_text_data(facts), fact) != NULL;
    vidstore_text_free(facts);
    return found;
}

/* A WAV of so many samples of silence: media that needs nobody to make it. */
static const char *silence(const char *name, int samples) {
    static char path[160];
    char head[45] = "RIFF....WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data....";
    int size = samples * 2, all = size + 36;
    memcpy(head + 4, &all, 4);
    memcpy(head + 40, &size, 4);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    ck_assert_uint_eq(fwrite(head, 1, 44, f), 44);
    for (int i = 0; i < size; i++)
        fputc(0, f);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

static const char *words(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    ck_assert_int_ge(fputs("It was the best of times, it was the worst of times.\n", f), 0);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

/* --- the same bytes ----------------------------------------------------------------------------------------------- */

START_TEST(the_same_bytes_once) {
    struct id a = add_video(sys, "a"), b = add_video(sys, "b");
    vidstore_video *video = NULL;
    const char *path = silence("same.wav", 8000);
    put(sys, path, a.text);
    struct id twin = put(sys, path, b.text);
    must(vidstore_video_probe(sys, a.text, NULL, e));
    ck_assert(!has_fact(a, "\"reused\""));
    must(vidstore_video_probe(sys, b.text, &video, e));
    ck_assert(has_fact(b, "\"reused\":true"));
    ck_assert(has_fact(b, "\"bytes_read\":0"));
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_MEDIA_KIND), "audio");
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_PROBED_FILE_ID), twin.text);
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_SAMPLE_RATE), 8000);
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_SIZE), 16044);
    vidstore_video_free(video);
}
END_TEST

START_TEST(what_no_longer_answers) {
    struct id a = add_video(sys, "a");
    const char *const ids[] = {a.text};
    put(sys, silence("same.wav", 8000), a.text);
    must(vidstore_video_probe(sys, a.text, NULL, e));
    must(vidstore_video_probe(sys, a.text, NULL, e));
    ck_assert(has_fact(a, "\"reused\":true"));
    must(vidstore_video_probe_many(sys, ids, 1, VIDSTORE_PROBE_ANEW, NULL, e));
    ck_assert(!has_fact(a, "\"reused\""));
    /* other limits, other answers */
    must(vidstore_setting_set(sys, "probe.max_bytes", "131072", e));
    must(vidstore_video_probe(sys, a.text, NULL, e));
    ck_assert(!has_fact(a, "\"reused\""));
    must(vidstore_video_probe_many(sys, ids, 1, VIDSTORE_PROBE_NO_DECODE, NULL, e));
    ck_assert(!has_fact(a, "\"reused\""));
    /* an answer of a process for this file alone is good enough for everybody */
    must(vidstore_video_probe_many(sys, ids, 1, VIDSTORE_PROBE_NO_DECODE | VIDSTORE_PROBE_WARM, NULL, e));
    ck_assert(has_fact(a, "\"reused\":true") && has_fact(a, "\"isolation\":\"fork"));
    /* one that had read other files before answers for nobody who wants one for each */
    put(sys, silence("other.wav", 4000), a.text);
    must(vidstore_video_probe_many(sys, ids, 1, VIDSTORE_PROBE_WARM, NULL, e));
    ck_assert(has_fact(a, "\"isolation\":\"warm"));
    must(vidstore_video_probe_many(sys, ids, 1, VIDSTORE_PROBE_WARM, NULL, e));
    ck_assert(has_fact(a, "\"reused\":true") && has_fact(a, "\"isolation\":\"warm"));
    must(vidstore_video_probe(sys, a.text, NULL, e));
    ck_assert(!has_fact(a, "\"reused\"") && has_fact(a, "\"isolation\":\"fork"));
}
END_TEST

/* Of a closed store. */
static int64_t remembered(void) {
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;
    char path[200];
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM probes", -1, &q, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(q), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return count;
}

static void throw_away(struct id file) {
    must(vidstore_file_remove(sys, file.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_purge(sys, file.text, e));
    must(vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_ALL, NULL, e));
}

/* What was found goes with the last of the bytes. */
START_TEST(nothing_is_left_of_it) {
    struct id user = add_user("one", VIDSTORE_ROLE_USER);
    vidstore_session *s = session_of(user);
    struct id mine = add_video(s, "mine"), others = add_video(sys, "others");
    const char *path = silence("same.wav", 8000);
    must(vidstore_setting_set(sys, "retention.blob_grace_ms", "0", e));
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, mine.text);
    vidstore_file_params_set_text(p, VIDSTORE_FILE_USER_ID, user.text);
    must(vidstore_file_put_path(sys, path, p, &file, e));
    vidstore_file_params_free(p);
    struct id one = id_of(vidstore_file_id(file)), two = put(sys, path, others.text);
    vidstore_file_free(file);
    must(vidstore_video_probe(sys, others.text, NULL, e));
    must(vidstore_video_probe(s, mine.text, NULL, e));
    ck_assert(has_fact(mine, "\"reused\":true"));
    /* the facts alone cross over */
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_video_probe(s, others.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_get(s, two.text, NULL, e));
    vidstore_session_free(s);
    throw_away(two);
    close_store();
    ck_assert_int_eq(remembered(), 1); /* the other one has them still */
    open_store();
    throw_away(one);
    close_store();
    ck_assert_int_eq(remembered(), 0);
    open_store();
}
END_TEST

/* --- many --------------------------------------------------------------------------------------------------------- */

enum { MANY = 80 };

START_TEST(one_failure_hurts_none) {
    static struct id ids[MANY];
    const char *texts[MANY];
    struct id nobody = id_of("00000000-0000-7000-8000-000000000000");
    vidstore_page *page = NULL;
    for (int i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d", i);
        ids[i] = i == 70 ? nobody : add_video(sys, name);
        texts[i] = i == 71 ? "no id" : ids[i].text;
        if (i % 10 == 3)
            put(sys, words(name), ids[i].text);
        else if (i != 70 && i % 10 != 4)
            put(sys, silence(name, 100 + i), ids[i].text);
    }
    must(vidstore_video_probe_many(sys, texts, MANY, 0, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), MANY);
    for (int i = 0; i < MANY; i++) {
        const vidstore_video *video = vidstore_page_video(page, i);
        vidstore_status wanted = i == 70       ? VIDSTORE_NOT_FOUND
                                 : i == 71     ? VIDSTORE_INVALID
                                 : i % 10 == 3 ? VIDSTORE_MEDIA
                                 : i % 10 == 4 ? VIDSTORE_NOT_FOUND
                                               : VIDSTORE_OK;
        ck_assert_msg(vidstore_page_status(page, i) == wanted, "%d: %s", i,
                      vidstore_status_name(vidstore_page_status(page, i)));
        ck_assert_int_eq(video != NULL, wanted == VIDSTORE_OK);
        if (video) {
            ck_assert_str_eq(vidstore_video_id(video), texts[i]);
            ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_SIZE), 44 + 2 * (100 + i));
        }
    }
    vidstore_page_free(page);
    ck_assert(has_fact(ids[3], "\"status\":\"not_media\""));
    ck_assert(has_fact(ids[13], "\"reused\":true")); /* the same words, in the same call */
}
END_TEST

START_TEST(what_many_refuse) {
    struct id a = add_video(sys, "a"), user = add_user("prying", VIDSTORE_ROLE_VIEWER);
    const char *const ids[] = {a.text};
    vidstore_page *page = NULL;
    vidstore_text *json = NULL;
    put(sys, silence("a.wav", 10), a.text);
    must(vidstore_video_probe_many(sys, NULL, 0, 0, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 0);
    vidstore_page_free(page);
    refused(VIDSTORE_MISUSE, "ids", vidstore_video_probe_many(sys, NULL, 1, 0, &page, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_video_probe_many(sys, ids, 1, 8, &page, e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, NULL, vidstore_video_probe_many(sys, ids, 1, 0, &page, e));
    must(vidstore_rollback(sys, e));
    ck_assert_ptr_null(page);
    /* for somebody else it is not there */
    vidstore_session *s = session_of(user);
    must(vidstore_video_probe_many(s, ids, 1, 0, &page, e));
    ck_assert_int_eq(vidstore_page_status(page, 0), VIDSTORE_NOT_FOUND);
    vidstore_page_free(page);
    char path[160];
    snprintf(path, sizeof path, "%s/a.wav", folder);
    const char *const paths[] = {path};
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_media_probe_many(s, paths, 1, 0, &json, e));
    ck_assert_ptr_null(json);
    vidstore_session_free(s);
    refused(VIDSTORE_MISUSE, "paths", vidstore_media_probe_many(sys, NULL, 1, 0, &json, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_media_probe_many(sys, paths, 1, 4, &json, e));
}
END_TEST

START_TEST(many_paths) {
    static char names[40][160];
    const char *paths[40];
    vidstore_text *json = NULL;
    for (int i = 0; i < 40; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        snprintf(names[i], sizeof names[i], "%s", i == 7 ? "/nowhere/at/all" : i == 8 ? folder : silence(name, 50 + i));
        paths[i] = names[i];
    }
    must(vidstore_media_probe_many(sys, paths, 40, VIDSTORE_PROBE_WARM, &json, e));
    const char *at = vidstore_text_data(json);
    ck_assert_int_eq(at[0], '[');
    for (int i = 0; i < 40; i++) {
        char size[32];
        snprintf(size, sizeof size, "\"size\":%d,", 44 + 2 * (50 + i));
        const char *next = strstr(at, i == 7   ? "{\"error\":{\"code\":\"NOT_FOUND\""
                                      : i == 8 ? "{\"error\":{\"code\":\"INVALID\""
                                               : size);
        ck_assert_msg(next != NULL, "%d is not where it should be", i);
        at = next + 1;
    }
    vidstore_text_free(json);
}
END_TEST

/* --- by bad luck -------------------------------------------------------------------------------------------------- */

/* A helper process that is a child of another; 0 when there is none. */
static pid_t helper_under(pid_t wanted) {
    DIR *d = opendir("/proc");
    pid_t found = 0;
    for (struct dirent *entry; !found && (entry = readdir(d));) {
        char at[300], name[64] = "", state = 0;
        int parent = 0;
        snprintf(at, sizeof at, "/proc/%s/stat", entry->d_name);
        FILE *f = atoi(entry->d_name) > 0 ? fopen(at, "re") : NULL;
        if (f && fscanf(f, "%*d (%63[^)]) %c %d", name, &state, &parent) == 3 && parent == wanted &&
            !strchr("ZT", state) && strcmp(name, "vidstore-probe") == 0)
            found = atoi(entry->d_name);
        if (f)
            fclose(f);
    }
    closedir(d);
    return found;
}

static atomic_int loaded;

/* What a machine under load does to those who read files. */
static void *stop_readers(void *arg) {
    pid_t helper = helper_under(getpid()), reader = 0;
    while (loaded)
        if ((reader = helper_under(helper)))
            kill(reader, SIGSTOP);
    return arg;
}

static void is_a_second_of_silence(struct id id) {
    vidstore_video *video = NULL;
    must(vidstore_video_get(sys, id.text, &video, e));
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_PROBE_STATUS), "ok");
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_AUDIO_CODEC), "pcm_s16le");
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_DURATION_US), 1000000);
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_STREAMS), 1);
    ck_assert(has_fact(id, "\"duration_us\":1000000"));
    vidstore_video_free(video);
}

static vidstore_status probe_anew(const char *const *ids) {
    vidstore_page *page = NULL;
    must(vidstore_video_probe_many(sys, ids, 1, VIDSTORE_PROBE_ANEW, &page, e));
    vidstore_status status = vidstore_page_status(page, 0);
    const char *says = status ? vidstore_error_message(vidstore_page_error(page, 0)) : "";
    ck_assert_msg(!status || strstr(says, "what an earlier probe found stays"), "%s", says);
    vidstore_page_free(page);
    return status;
}

/* Running out of time says nothing of the bytes: what is known of them stays, and the next probe may find it. */
START_TEST(out_of_time) {
    struct id known = add_video(sys, "known"), fresh = add_video(sys, "fresh"), changed = add_video(sys, "changed");
    const char *const ids[] = {known.text};
    const char *path = silence("second.wav", 8000);
    pthread_t thread;
    vidstore_video *video = NULL;
    vidstore_status many = 0, one = 0, first = 0, other = 0;
    put(sys, path, known.text);
    must(vidstore_video_probe(sys, known.text, NULL, e));
    must(vidstore_video_probe_path(sys, changed.text, silence("before.wav", 4000), NULL, e));
    int64_t probed = events("action = video_probed");
    must(vidstore_setting_set(sys, "probe.deadline_ms", "100", e));
    path = silence("second.wav", 8000);
    atomic_store(&loaded, 1);
    pthread_create(&thread, NULL, stop_readers, NULL);
    for (int i = 0; i < 50 && !many; i++)
        many = probe_anew(ids);
    for (int i = 0; i < 50 && !one; i++)
        one = vidstore_video_probe_path(sys, known.text, path, NULL, NULL);
    for (int i = 0; i < 50 && !first; i++)
        first = vidstore_video_probe_path(sys, fresh.text, path, NULL, NULL);
    for (int i = 0; i < 50 && !other; i++)
        other = vidstore_video_probe_path(sys, changed.text, path, NULL, NULL);
    atomic_store(&loaded, 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(many, VIDSTORE_TIMEOUT);
    ck_assert_int_eq(one, VIDSTORE_TIMEOUT);
    ck_assert_int_eq(first, VIDSTORE_TIMEOUT);
    ck_assert_int_eq(other, VIDSTORE_TIMEOUT);
    is_a_second_of_silence(known);
    ck_assert_int_ge(events("action = video_probed"), probed + 2);
    /* where nothing is known of the bytes, it is on record that they were looked at */
    must(vidstore_video_get(sys, fresh.text, &video, e));
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_PROBE_STATUS), "limit_time");
    vidstore_video_free(video);
    must(vidstore_video_get(sys, changed.text, &video, e));
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_PROBE_STATUS), "limit_time");
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_DURATION_US), INT64_MIN);
    vidstore_video_free(video);
}
END_TEST

static void *interrupt_soon(void *arg) {
    struct timespec wait = {.tv_nsec = 30000000};
    nanosleep(&wait, NULL);
    for (int i = 0; i < 60; i++) { /* one that comes before the call begins is lost */
        vidstore_interrupt(arg);
        wait.tv_nsec = 5000000;
        nanosleep(&wait, NULL);
    }
    return NULL;
}

/* An interrupt ends it soon, and what was done by then is kept. */
START_TEST(interrupted) {
    static char name[160];
    const char *paths[1000];
    vidstore_text *json = NULL;
    vidstore_error *error = NULL;
    vidstore_session *s = NULL;
    pthread_t thread;
    must(vidstore_session_system(store, "test", &s, e));
    snprintf(name, sizeof name, "%s", silence("one", 10));
    for (int i = 0; i < 1000; i++)
        paths[i] = name;
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_soon, s), 0);
    vidstore_status status = vidstore_media_probe_many(s, paths, 1000, 0, &json, &error);
    ck_assert_msg(status == VIDSTORE_CANCELLED, "%s: %s", vidstore_status_name(status), vidstore_error_message(error));
    ck_assert_ptr_null(json);
    pthread_join(thread, NULL);
    vidstore_error_free(error);
    vidstore_session_free(s);
}
END_TEST

START_TEST(in_the_background) {
    struct id a = add_video(sys, "a");
    const char *const ids[] = {a.text};
    vidstore_queue *queue = NULL;
    vidstore_result *result = NULL;
    vidstore_page *page = NULL;
    int64_t op = 0;
    put(sys, silence("a.wav", 10), a.text);
    must(vidstore_queue_new(store, 0, &queue, e));
    must(vidstore_video_probe_many_start(sys, queue, 1, ids, 1, 0, &op, e));
    must(vidstore_queue_wait(queue, 20000, &result, e));
    ck_assert_ptr_nonnull(result);
    page = vidstore_result_take(result, "vidstore_page");
    ck_assert_str_eq(vidstore_video_id(vidstore_page_video(page, 0)), a.text);
    vidstore_page_free(page);
    vidstore_result_free(result);
    vidstore_queue_free(queue);
}
END_TEST

Suite *probing_suite(void);
Suite *probing_suite(void) {
    Suite *suite = suite_create("probing");
    TCase *tests = tcase_create("probing");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, the_same_bytes_once);
    tcase_add_test(tests, what_no_longer_answers);
    tcase_add_test(tests, nothing_is_left_of_it);
    tcase_add_test(tests, one_failure_hurts_none);
    tcase_add_test(tests, what_many_refuse);
    tcase_add_test(tests, many_paths);
    tcase_add_test(tests, interrupted);
    tcase_add_test(tests, in_the_background);
    tcase_add_test(tests, out_of_time);
    suite_add_tcase(suite, tests);
    return suite;
}
