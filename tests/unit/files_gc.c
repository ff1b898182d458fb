/* SPDX-License-Identifier: MIT */
/* The clean-up of files and bytes, with a clock that the test moves; and what is left by those who died. */
#include "files/blob_repo.h"
#include "files/files.h"
#include "files/upload.h"
#include "moved_clock.h"
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define HOUR_US INT64_C(3600000000)
#define DAY_US  (24 * HOUR_US)

/* As must(), for functions that leave it to their caller to have no error yet. */
#define works(call)                                                                                                    \
    do {                                                                                                               \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        int status_ = (call);                                                                                          \
        succeeds(#call, status_, e_);                                                                                  \
    } while (0)

static int parts, blobs;

static int count_entry(const char *path, const struct stat *st, int type, struct FTW *where) {
    (void)st, (void)where;
    if (type == FTW_F && strstr(path, "/library.vidstore/tmp/"))
        parts++;
    if (type == FTW_F && strstr(path, "/library.vidstore/blobs/") && strlen(strrchr(path, '/') + 1) == 32)
        blobs++;
    return 0;
}

static void on_disk(int want_parts, int want_blobs) {
    parts = blobs = 0;
    ck_assert_int_eq(nftw(place, count_entry, 16, FTW_PHYS), 0);
    ck_assert_int_eq(parts, want_parts);
    ck_assert_int_eq(blobs, want_blobs);
}

static vidstore_upload *upload(const char *name, const char *data, int seal) {
    vidstore_upload *up = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, name);
    must(vidstore_upload_open(sys, p, &up, e));
    must(vidstore_upload_write(up, data, (int64_t)strlen(data), e));
    if (seal)
        must(vidstore_upload_seal(up, (int64_t)strlen(data), e));
    vidstore_file_params_free(p);
    return up;
}

static struct id store_file(const char *name, const char *data) {
    vidstore_upload *up = upload(name, data, 1);
    vidstore_file *file = NULL;
    must(vidstore_upload_publish(sys, up, &file, e));
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    vidstore_upload_free(up);
    return id;
}

static struct vs_files_gc clean(int dry_run) {
    struct vs_files_gc did;
    struct vs_files_gc_options options = {.dry_run = dry_run};
    works(vs_files_gc(sys, &options, &did, e));
    ck_assert_int_eq(did.more, 0);
    return did;
}

static struct vs_files_check examine(void) {
    struct vs_files_check found;
    struct vs_files_gc_options options = {0};
    works(vs_files_check(sys, &options, &found, e));
    ck_assert_int_eq(found.more, 0);
    return found;
}

static void expire_at(struct id id, int64_t us) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_EXPIRES_US, us);
    must(vidstore_file_update(sys, id.text, p, NULL, e));
    vidstore_file_params_free(p);
}

static int exists(struct id id) {
    int32_t there = -1;
    must(vidstore_file_exists(sys, id.text, &there, e));
    return there;
}

START_TEST(what_is_over_is_removed_then_purged_then_deleted) {
    struct id soon = store_file("soon", "soon"), later = store_file("later", "later"), ever = store_file("e", "ever");
    expire_at(soon, moved_now() + HOUR_US);
    expire_at(later, moved_now() + 2 * HOUR_US);
    ck_assert_int_eq(clean(0).expired, 0);
    ahead = HOUR_US + 1000000;
    ck_assert_int_eq(clean(1).expired, 1);
    ck_assert_int_eq(clean(1).expired, 1); /* only counted */
    ck_assert(!exists(soon));              /* but nobody reads it any more */
    ck_assert_int_eq(clean(0).expired, 1);
    ck_assert(!exists(soon) && exists(later) && exists(ever));
    ck_assert_int_eq(events("action = file_deleted and actor = \"system\" and actor_name = upkeep"), 1);
    ck_assert_int_eq(clean(0).expired, 0);
    on_disk(0, 3);
    ahead += 30 * DAY_US; /* retention.removed_days */
    struct vs_files_gc did = clean(0);
    ck_assert_int_eq(did.purged, 1);
    ck_assert_int_eq(did.expired, 1);
    ck_assert_int_eq(did.deleted, 0); /* not yet: retention.blob_grace_ms */
    on_disk(0, 3);
    ahead += 2 * HOUR_US;
    did = clean(1);
    ck_assert_int_eq(did.deleted, 1);
    on_disk(0, 3);
    did = clean(0);
    ck_assert_int_eq(did.deleted, 1);
    ck_assert_int_eq(did.bytes, 4);
    on_disk(0, 2);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_restore(sys, soon.text, NULL, e));
    ck_assert(exists(ever));
    ck_assert_int_eq(examine().blobs, 2);
}
END_TEST

/* More than a batch of them: the next batch begins within the same time. */
START_TEST(hundreds_of_files_of_one_time_go_in_one_run) {
    enum { FILES = 200 };
    int64_t at = moved_now() + HOUR_US;
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_EXPIRES_US, at);
    for (int i = 0; i < FILES; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        struct id id = store_file(name, "same");
        must(vidstore_file_update(sys, id.text, p, &file, e));
        ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), at);
        vidstore_file_free(file);
    }
    vidstore_file_params_free(p);
    ahead = 2 * HOUR_US;
    ck_assert_int_eq(clean(1).expired, FILES);
    ck_assert_int_eq(clean(0).expired, FILES);
    ck_assert_int_eq(clean(0).expired, 0);
    ahead += 400 * DAY_US;
    ck_assert_int_eq(clean(0).purged, FILES);
}
END_TEST

START_TEST(bytes_go_with_the_last_file) {
    struct id one = store_file("one", "same"), two = store_file("two", "same");
    struct id *both[] = {&one, &two};
    ahead = 2 * HOUR_US;
    clean(0); /* the second copy */
    on_disk(0, 1);
    for (int i = 0; i < 2; i++) {
        must(vidstore_file_remove(sys, both[i]->text, VIDSTORE_REMOVE_RESTRICT, e));
        must(vidstore_file_purge(sys, both[i]->text, e));
        ahead += 2 * HOUR_US;
        ck_assert_int_eq(clean(0).deleted, i);
        on_disk(0, 1 - i);
    }
}
END_TEST

START_TEST(unfinished_uploads_go_when_their_time_is_over) {
    vidstore_upload *left = upload("left", "abc", 0), *alive = upload("alive", "abcd", 0);
    vidstore_upload *sealed = upload("sealed", "abcde", 1);
    struct id first = id_of(vidstore_upload_id(left));
    vidstore_upload_free(left);
    ahead = 23 * HOUR_US; /* upload.keep_ms is a day */
    ck_assert_int_eq(clean(0).uploads, 0);
    on_disk(2, 1);
    ahead = 25 * HOUR_US;
    ck_assert_int_eq(clean(1).uploads, 2);
    ck_assert_int_eq(clean(0).uploads, 1); /* those that somebody has are in work, however long ago */
    on_disk(1, 1);
    refused(VIDSTORE_NOT_FOUND, "upload_id", vidstore_upload_resume(sys, first.text, &left, e));
    first = id_of(vidstore_upload_id(sealed));
    vidstore_upload_free(sealed);
    must(vidstore_upload_resume(sys, first.text, &sealed, e));
    ahead += 25 * HOUR_US;
    ck_assert_int_eq(clean(0).uploads, 0);
    vidstore_upload_free(sealed);
    ck_assert_int_eq(clean(1).uploads, 2);
    ck_assert_int_eq(clean(0).uploads, 1);
    refused(VIDSTORE_STATE, "upload_id", vidstore_upload_resume(sys, first.text, &left, e));
    must(vidstore_upload_write(alive, "e", 1, e));
    must(vidstore_upload_seal(alive, 5, e));
    must(vidstore_upload_publish(sys, alive, NULL, e));
    ahead += 2 * HOUR_US;
    ck_assert_int_eq(clean(0).deleted, 1);
    on_disk(0, 1);
    vidstore_upload_free(alive);
}
END_TEST

/* A worker probes what it has sealed before it publishes it, for as long as that takes. */
START_TEST(what_somebody_has_sealed_waits_for_him) {
    struct vs_files_gc did;
    struct vs_files_gc_options options = {.all = 1};
    vidstore_upload *on_record = upload("x", "abc", 1), *off_record = upload("y", "abcd", 0);
    vidstore_file *file = NULL;
    works(vs_upload_seal_bytes(sys, off_record, 4, e));
    works(vs_files_gc(sys, &options, &did, e));
    ck_assert_int_eq(did.uploads + did.deleted, 0);
    vidstore_upload *both[] = {on_record, off_record};
    for (int i = 0; i < 2; i++) {
        must(vidstore_upload_publish(sys, both[i], &file, e));
        must(vidstore_file_verify(sys, vidstore_file_id(file), NULL, e));
        vidstore_file_free(file);
        vidstore_upload_free(both[i]);
    }
}
END_TEST

/* An upload uses its session between the calls of the host, of which one may have been interrupted. */
START_TEST(an_upload_is_not_interrupted_by_what_is_over) {
    vidstore_upload *up = upload("x", "abc", 0);
    atomic_store(&sys->interrupt, 1);
    must(vidstore_upload_seal(up, 3, e));
    ck_assert_int_eq(atomic_load(&sys->interrupt), 0);
    vs_session_doom(sys);
    vidstore_session *lent = vs_session_lend(sys);
    ck_assert_int_eq(atomic_load(&lent->interrupt), 1);
    vs_session_leave(&lent);
    vidstore_upload_free(up);
}
END_TEST

static struct id purged_file(const char *name, const char *data, char path[PATH_MAX]) {
    struct id id = store_file(name, data);
    vidstore_text *text = NULL;
    must(vidstore_file_path(sys, id.text, &text, e));
    snprintf(path, PATH_MAX, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_purge(sys, id.text, e));
    return id;
}

/* The others go, and each that can't go keeps its row until it can. */
START_TEST(bytes_that_cant_be_deleted_keep_nothing_else) {
    enum { FILES = 5, STUCK = 1, STUCK_PART = 3 };
    static const char *const data[FILES] = {"a", "ab", "abc", "abcd", "abcde"};
    struct vs_files_gc_options options = {.all = 1};
    struct vs_files_gc did;
    char paths[FILES][PATH_MAX], part[PATH_MAX];
    for (int i = 0; i < FILES; i++)
        purged_file(data[i], data[i], paths[i]);
    ck_assert_int_eq(unlink(paths[STUCK]), 0);
    ck_assert_int_eq(mkdir(paths[STUCK], 0700), 0);
    snprintf(part, sizeof part, "%.80s/tmp/%.32s.part", place, strrchr(paths[STUCK_PART], '/') + 1);
    ck_assert_int_eq(mkdir(part, 0700), 0);
    for (int again = 0; again < 2; again++) {
        works(vs_files_gc(sys, &options, &did, e));
        ck_assert_int_eq(did.deleted, again ? 0 : FILES - 2);
        ck_assert_int_eq(did.failed, 2);
        ck_assert_int_ne(did.why[0], '\0');
        on_disk(0, 1);
    }
    vidstore_text *report = NULL;
    must(vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_ALL, &report, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), "\"checkpoint\":{"));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(report), "\"undeleted\":{\"blobs\":2,\"why\":\""));
    vidstore_text_free(report);
    ck_assert_int_eq(rmdir(paths[STUCK]) + rmdir(part), 0);
    works(vs_files_gc(sys, &options, &did, e));
    ck_assert_int_eq(did.deleted, 2);
    ck_assert_int_eq(did.failed, 0);
    on_disk(0, 0);
    must(vidstore_maintain(sys, 5000, VIDSTORE_MAINTAIN_ALL, &report, e));
    ck_assert_ptr_null(strstr(vidstore_text_data(report), "undeleted"));
    vidstore_text_free(report);
    ck_assert_int_eq(examine().blobs, 0);
}
END_TEST

START_TEST(all_does_not_wait) {
    struct vs_files_gc did;
    struct vs_files_gc_options options = {.all = 1};
    vidstore_upload_free(upload("left", "abc", 0));
    vidstore_upload_free(upload("sealed", "abc", 1));
    works(vs_files_gc(sys, &options, &did, e));
    ck_assert_int_eq(did.uploads, 2);
    on_disk(0, 0);
}
END_TEST

START_TEST(a_deadline_leaves_the_rest) {
    struct vs_files_gc did;
    struct vs_files_gc_options options = {.all = 1, .deadline_us = 1};
    vidstore_upload_free(upload("left", "abc", 0));
    works(vs_files_gc(sys, &options, &did, e));
    ck_assert_int_eq(did.more, 1);
    ck_assert_int_eq(did.uploads, 0);
    on_disk(1, 0);
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, NULL, vs_files_gc(sys, &options, &did, e));
    must(vidstore_rollback(sys, e));
}
END_TEST

START_TEST(hundreds_of_uploads_go_in_one_run) {
    struct vs_files_gc did;
    struct vs_files_gc_options options = {.all = 1};
    for (int i = 0; i < 150; i++)
        vidstore_upload_free(upload("left", "abc", i % 2));
    works(vs_files_gc(sys, &options, &did, e));
    ck_assert_int_eq(did.uploads, 150);
    on_disk(0, 0);
    ck_assert_int_eq(examine().stray_parts, 0);
}
END_TEST

struct reboot {
    vidstore_upload *upload;
    int64_t synced;
};

static int reboot_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct reboot *reboot = arg;
    struct vs_blob_row row = reboot->upload->row;
    snprintf(row.boot, sizeof row.boot, "another start");
    return vs_blob_repo_touch(conn, &row, moved_now(), reboot->synced, NULL, e);
}

START_TEST(a_restart_of_the_machine_leaves_what_was_synced) {
    vidstore_upload *up = upload("x", "0123456789", 0);
    struct reboot reboot = {up, 4};
    works(vs_session_write(sys, reboot_op, &reboot, e));
    struct id id = id_of(vidstore_upload_id(up));
    vidstore_upload_free(up);
    must(vidstore_upload_resume(sys, id.text, &up, e));
    ck_assert_int_eq(vidstore_upload_size(up), 4);
    must(vidstore_upload_write(up, "x", 1, e));
    vidstore_upload_free(up);
    must(vidstore_upload_resume(sys, id.text, &up, e)); /* the same start now */
    ck_assert_int_eq(vidstore_upload_size(up), 5);
    must(vidstore_upload_seal(up, 5, e));
    vidstore_file *file = NULL;
    must(vidstore_upload_publish(sys, up, &file, e));
    must(vidstore_file_verify(sys, vidstore_file_id(file), NULL, e));
    vidstore_file_free(file);
    vidstore_upload_free(up);
}
END_TEST

START_TEST(bytes_that_were_sealed_off_the_record_are_adopted) {
    vidstore_upload *up = upload("x", "0123456789", 0);
    struct id id = id_of(vidstore_upload_id(up));
    works(vs_upload_seal_bytes(sys, up, 10, e));
    vidstore_upload_free(up); /* killed before the row could say so */
    must(vidstore_upload_resume(sys, id.text, &up, e));
    ck_assert_int_eq(vidstore_upload_size(up), 10);
    vidstore_file *file = NULL;
    must(vidstore_upload_publish(sys, up, &file, e));
    must(vidstore_file_verify(sys, vidstore_file_id(file), NULL, e));
    vidstore_file_free(file);
    vidstore_upload_free(up);
    vidstore_upload *lost = upload("y", "abc", 0);
    works(vs_upload_seal_bytes(sys, lost, 3, e));
    vidstore_upload_free(lost);
    on_disk(0, 2);
    ahead = 25 * HOUR_US;
    ck_assert_int_eq(clean(0).uploads, 1);
    on_disk(0, 1);
}
END_TEST

/* Between its two steps the first one was taken for dead: it comes too late, and takes nothing along. */
START_TEST(who_seals_too_late_deletes_nothing) {
    vidstore_upload *late = upload("x", "0123456789", 0), *next = NULL;
    vidstore_file *file = NULL;
    works(vs_upload_seal_bytes(sys, late, 10, e));
    must(vidstore_upload_resume(sys, vidstore_upload_id(late), &next, e));
    ck_assert_int_eq(vidstore_upload_size(next), 10);
    refused(VIDSTORE_STATE, "upload", vidstore_upload_seal(late, 10, e));
    refused(VIDSTORE_STATE, "upload", vidstore_upload_abort(late, e));
    on_disk(0, 1);
    must(vidstore_upload_publish(sys, next, &file, e));
    must(vidstore_file_verify(sys, vidstore_file_id(file), NULL, e));
    vidstore_file_free(file);
    vidstore_upload_free(late);
    vidstore_upload_free(next);
}
END_TEST

START_TEST(an_upload_is_found_by_its_source) {
    struct vs_upload_source source = {"https://example.com/a", "\"v1\"", 100}, back;
    struct vs_params *p = vs_params_new(&vs_file_noun);
    struct vs_uuid nobody = {{0}}, video = {{1}}, found;
    vidstore_upload *up = NULL;
    vs_params_set_text(p, &vs_file_noun, VIDSTORE_FILE_NAME, "a");
    works(vs_upload_open(sys, p, 100, &source, &up, e));
    works(vs_upload_write(sys, up, "0123", 4, e));
    source.validator = "\"v2\"";
    source.size = INT64_MIN;
    works(vs_upload_set_source(sys, up, &source, e));
    works(vs_upload_truncate(sys, up, 2, e));
    refused(VIDSTORE_INVALID, "size", vs_upload_truncate(sys, up, 3, e));
    vidstore_upload_free(up);
    refused(VIDSTORE_NOT_FOUND, "url", vs_upload_find_source(sys, &nobody, "https://example.com/b", NULL, &found, e));
    refused(VIDSTORE_NOT_FOUND, "url", vs_upload_find_source(sys, &nobody, source.url, &video, &found, e));
    refused(VIDSTORE_NOT_FOUND, "url", vs_upload_find_source(sys, &video, source.url, NULL, &found, e));
    works(vs_upload_find_source(sys, &nobody, source.url, NULL, &found, e));
    works(vs_upload_resume(sys, &found, &up, e));
    back = vs_upload_source(up);
    ck_assert_str_eq(back.url, source.url);
    ck_assert_str_eq(back.validator, "\"v2\"");
    ck_assert_int_eq(back.size, INT64_MIN);
    ck_assert_int_eq(vidstore_upload_size(up), 2);
    works(vs_upload_abort(sys, up, e));
    vidstore_upload_free(up);
    vs_params_free(p);
}
END_TEST

static void write_at(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

START_TEST(record_and_disk_are_compared) {
    struct id whole = store_file("a", "whole"), cut = store_file("b", "cut off"), gone = store_file("c", "gone");
    struct vs_blob_writer *stray = NULL;
    char path[PATH_MAX], key[VS_BLOB_KEY_TEXT];
    vidstore_text *text = NULL;
    (void)whole;
    must(vidstore_file_path(sys, cut.text, &text, e));
    write_at(vidstore_text_data(text), "cut");
    vidstore_text_free(text);
    must(vidstore_file_path(sys, gone.text, &text, e));
    ck_assert_int_eq(unlink(vidstore_text_data(text)), 0);
    vidstore_text_free(text);
    for (int i = 0; i < 2; i++) { /* a sealed blob and a part that no row knows */
        works(vs_blob_key_make(key, e));
        works(vs_blob_writer_create(store->blobs, key, -1, &stray, e));
        works(vs_blob_writer_write(stray, "stray", 5, e));
        if (i == 0)
            works(vs_blob_writer_seal(stray, 5, NULL, e));
        vs_blob_writer_free(stray);
    }
    struct vs_files_check found = examine();
    ck_assert_int_eq(found.blobs, 3);
    ck_assert_int_eq(found.missing, 1);
    ck_assert_str_eq(found.first_missing, gone.text);
    ck_assert_int_eq(found.wrong_size, 1);
    ck_assert_int_eq(found.unknown, 1);
    ck_assert_int_eq(found.unknown_bytes, 5);
    ck_assert_int_eq(found.stray_parts, 1);
    ck_assert_int_eq(found.removed_parts, 0);
    works(vs_blob_path(store->blobs, found.first_unknown, path, sizeof path, e));
    ahead = 25 * HOUR_US;
    ck_assert_int_eq(examine().removed_parts, 1);
    found = examine();
    ck_assert_int_eq(found.stray_parts, 0);
    ck_assert_int_eq(found.unknown, 1); /* sealed bytes are never thrown away unasked */
}
END_TEST

static atomic_int *taken; /* in memory that the victims share */

static void work_for_ever(int seed) {
    static char data[100000];
    char path[128];
    snprintf(path, sizeof path, "%s/source-%d", folder, seed);
    vidstore *mine = NULL;
    vidstore_session *s = NULL;
    must(vidstore_open(place, NULL, &mine, e));
    must(vidstore_session_system(mine, "victim", &s, e));
    for (int i = 0;; i++) {
        vidstore_file *file = NULL;
        struct vs_files_gc did;
        struct vs_files_gc_options options = {.all = 1};
        memset(data, 'a' + i % 26, sizeof data - 1);
        write_at(path, data);
        must(vidstore_file_put_path(s, path, NULL, &file, e));
        atomic_fetch_add(taken, 1);
        if (i % 2) {
            must(vidstore_file_remove(s, vidstore_file_id(file), VIDSTORE_REMOVE_RESTRICT, e));
            must(vidstore_file_purge(s, vidstore_file_id(file), e));
        }
        if (i % 4 == 3)
            works(vs_files_gc(s, &options, &did, e));
        vidstore_file_free(file);
    }
}

START_TEST(whoever_is_killed_leaves_nothing_that_stays) {
    taken = mmap(NULL, sizeof *taken, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(taken, MAP_FAILED);
    close_store();
    for (int round = 0; round < 15; round++) {
        int before = atomic_load(taken);
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            work_for_ever(round);
        for (int i = 0; round % 5 && i < 2000 && atomic_load(taken) == before; i++) /* however slow the machine is */
            sleep_ms(5);
        sleep_ms(round * 31 % 90);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    open_store();
    ahead = 40 * DAY_US;
    clean(0);
    ahead += 2 * HOUR_US;
    clean(0);
    struct vs_files_check found = examine();
    ck_assert_int_eq(found.missing + found.wrong_size + found.unknown + found.stray_parts, 0);
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1000);
    must(vidstore_file_list(sys, q, &page, e));
    ck_assert_int_gt(vidstore_page_count(page), 0);
    for (int64_t i = 0; i < vidstore_page_count(page); i++)
        must(vidstore_file_verify(sys, vidstore_file_id(vidstore_page_file(page, i)), NULL, e));
    vidstore_page_free(page);
    vidstore_query_free(q);
    on_disk(0, (int)found.blobs);
}
END_TEST

static atomic_int working;

static void *put_and_purge(void *arg) {
    vidstore_session *s = NULL;
    must(vidstore_session_system(store, "thread", &s, e));
    for (int i = 0; i < 25; i++) {
        vidstore_file *file = NULL;
        vidstore_error *error = NULL;
        must(vidstore_file_put_path(s, arg, NULL, &file, e));
        must(vidstore_file_verify(s, vidstore_file_id(file), NULL, e));
        must(vidstore_file_remove(s, vidstore_file_id(file), VIDSTORE_REMOVE_RESTRICT, e));
        must(vidstore_file_purge(s, vidstore_file_id(file), e));
        vidstore_error_free(error);
        vidstore_file_free(file);
    }
    vidstore_session_free(s);
    working--;
    return NULL;
}

/* The same bytes come and go in four threads while the clean-up runs as hard as it can: whoever has a file has its
 * bytes. */
START_TEST(the_clean_up_takes_nothing_that_is_wanted) {
    pthread_t threads[4];
    char path[128];
    struct vs_files_gc did;
    snprintf(path, sizeof path, "%s/source", folder);
    write_at(path, "the same bytes for all");
    must(vidstore_setting_set(sys, "retention.blob_grace_ms", "0", e));
    working = 4;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, put_and_purge, path), 0);
    while (working > 0) {
        struct vs_files_gc_options options = {0};
        works(vs_files_gc(sys, &options, &did, e));
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    clean(0);
    on_disk(0, 0);
}
END_TEST

Suite *files_gc_suite(void) {
    Suite *s = suite_create("files_gc");
    TCase *t = tcase_create("clean-up");
    tcase_add_checked_fixture(t, begin_moved, end_moved);
    tcase_add_test(t, what_is_over_is_removed_then_purged_then_deleted);
    tcase_add_test(t, hundreds_of_files_of_one_time_go_in_one_run);
    tcase_add_test(t, bytes_go_with_the_last_file);
    tcase_add_test(t, unfinished_uploads_go_when_their_time_is_over);
    tcase_add_test(t, what_somebody_has_sealed_waits_for_him);
    tcase_add_test(t, bytes_that_cant_be_deleted_keep_nothing_else);
    tcase_add_test(t, an_upload_is_not_interrupted_by_what_is_over);
    tcase_add_test(t, all_does_not_wait);
    tcase_add_test(t, a_deadline_leaves_the_rest);
    tcase_add_test(t, hundreds_of_uploads_go_in_one_run);
    tcase_add_test(t, a_restart_of_the_machine_leaves_what_was_synced);
    tcase_add_test(t, bytes_that_were_sealed_off_the_record_are_adopted);
    tcase_add_test(t, who_seals_too_late_deletes_nothing);
    tcase_add_test(t, an_upload_is_found_by_its_source);
    tcase_add_test(t, record_and_disk_are_compared);
    tcase_add_test(t, whoever_is_killed_leaves_nothing_that_stays);
    tcase_add_test(t, the_clean_up_takes_nothing_that_is_wanted);
    suite_add_tcase(s, t);
    return s;
}
