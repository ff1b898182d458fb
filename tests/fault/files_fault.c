/* SPDX-License-Identifier: MIT */
/* Calls on files with their first allocation failing, then their second, and so on until they need no more. Whatever
 * fails says NOMEM and hands out nothing; the bytes that it leaves behind are known to a row, and the clean-up finds
 * them. */
#include "../api/harness.h"
#include "fault.h"
#include "files/files.h"
#include <fcntl.h>

enum { MOST_ALLOCATIONS = 20000 };

typedef vidstore_status operation(vidstore_error **reterr);

static char source[128], target[128];
static struct id kept, removed;

static int64_t count_files(void) {
    int64_t count = -1;
    must(vidstore_file_count(sys, NULL, &count, e));
    return count;
}

static void sweep(operation *run) {
    for (long nth = 1;; nth++) {
        int64_t before = count_files();
        vidstore_error *error = NULL;
        ck_assert_int_lt(nth, MOST_ALLOCATIONS);
        fault_arm(nth);
        vidstore_status status = run(&error);
        int hit = fault_disarm();
        if (status == VIDSTORE_OK) {
            ck_assert_ptr_null(error);
            if (!hit) {
                ck_assert_msg(nth > 1, "nothing was allocated: the operation does nothing");
                return;
            }
            continue; /* one that it can do without */
        }
        ck_assert_msg(status == VIDSTORE_NOMEM, "allocation %ld: %s: %s", nth, vidstore_status_name(status),
                      vidstore_error_message(error));
        ck_assert_int_eq(vidstore_error_code(error), status);
        vidstore_error_free(error);
        ck_assert_msg(count_files() == before, "allocation %ld: something was left behind", nth);
    }
}

/* What must be NULL after a failure is given back on success. */
#define DONE(status, result, free)                                                                                     \
    do {                                                                                                               \
        ck_assert_msg(((status) == VIDSTORE_OK) == ((result) != NULL), "status and result disagree");                  \
        free(result);                                                                                                  \
        return status;                                                                                                 \
    } while (0)

static vidstore_status put(vidstore_error **reterr) {
    vidstore_file *file = NULL;
    vidstore_status status = vidstore_file_put_path(sys, source, NULL, &file, reterr);
    DONE(status, file, vidstore_file_free);
}

/* The source has 19 bytes; the upload has its first five already, or as many. */
static vidstore_status copy_rest(vidstore_upload *up, vidstore_error **reterr) {
    int64_t left = -1;
    int fd = open(source, O_PATH | O_CLOEXEC);
    vidstore_status status = vidstore_upload_copy(up, fd, INT64_MAX, &left, reterr);
    close(fd);
    return status;
}

static vidstore_status resume(vidstore_error **reterr) {
    vidstore_upload *up = NULL;
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    char id[37] = "";
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a.mp4");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_METADATA, "{\"a\":1}");
    vidstore_status status = vidstore_upload_open(sys, p, &up, reterr);
    vidstore_file_params_free(p);
    if (!status) {
        snprintf(id, sizeof id, "%s", vidstore_upload_id(up));
        status = vidstore_upload_write(up, "bytes", 5, reterr);
        vidstore_upload_free(up);
        up = NULL;
    }
    if (!status)
        status = vidstore_upload_resume(sys, id, &up, reterr);
    if (!status)
        status = copy_rest(up, reterr);
    if (!status)
        status = vidstore_upload_seal(up, 19, reterr);
    if (!status)
        status = vidstore_upload_publish(sys, up, &file, reterr);
    vidstore_upload_free(up);
    DONE(status, file, vidstore_file_free);
}

static vidstore_status give_up(vidstore_error **reterr) {
    vidstore_upload *up = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "a.mp4");
    vidstore_status status = vidstore_upload_open(sys, p, &up, reterr);
    vidstore_file_params_free(p);
    if (!status)
        status = vidstore_upload_abort(up, reterr);
    vidstore_upload_free(up);
    return status;
}

static vidstore_status verify(vidstore_error **reterr) {
    vidstore_file *file = NULL;
    vidstore_status status = vidstore_file_verify(sys, kept.text, &file, reterr);
    DONE(status, file, vidstore_file_free);
}

static vidstore_status verify_all(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_file_verify_all(sys, 0, 60000, &text, reterr);
    DONE(status, text, vidstore_text_free);
}

static vidstore_status save(vidstore_error **reterr) {
    vidstore_status status = vidstore_file_save(sys, kept.text, target, reterr);
    ck_assert_msg((status == VIDSTORE_OK) == (access(target, F_OK) == 0), "status and copy disagree");
    unlink(target);
    return status;
}

static vidstore_status path(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_file_path(sys, kept.text, &text, reterr);
    DONE(status, text, vidstore_text_free);
}

static vidstore_status duplicates(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_file_duplicates(sys, NULL, &text, reterr);
    DONE(status, text, vidstore_text_free);
}

static vidstore_status video_duplicates(vidstore_error **reterr) {
    vidstore_text *text = NULL;
    vidstore_status status = vidstore_video_duplicates(sys, NULL, &text, reterr);
    DONE(status, text, vidstore_text_free);
}

static vidstore_status restore(vidstore_error **reterr) {
    vidstore_file *file = NULL;
    vidstore_status status = vidstore_file_restore(sys, removed.text, &file, reterr);
    while (status == VIDSTORE_OK && vidstore_file_remove(sys, removed.text, VIDSTORE_REMOVE_RESTRICT, NULL))
        continue; /* the failing allocation may be one of this call's */
    DONE(status, file, vidstore_file_free);
}

static vidstore_status clean(vidstore_error **reterr) {
    struct vs_files_gc did;
    struct vs_files_gc_options options = {.all = 1};
    return vs_files_gc(sys, &options, &did, reterr);
}

static vidstore_status examine(vidstore_error **reterr) {
    struct vs_files_check found;
    struct vs_files_gc_options options = {0};
    return vs_files_check(sys, &options, &found, reterr);
}

static void start(void) {
    vidstore_file *file = NULL;
    begin();
    snprintf(source, sizeof source, "%s/source.mp4", folder);
    snprintf(target, sizeof target, "%s/target.mp4", folder);
    FILE *f = fopen(source, "w");
    ck_assert_ptr_nonnull(f);
    fputs("the bytes of a film", f);
    fclose(f);
    struct id *ids[] = {&kept, &removed};
    for (int i = 0; i < 2; i++) {
        must(vidstore_file_put_path(sys, source, NULL, &file, e));
        *ids[i] = id_of(vidstore_file_id(file));
        vidstore_file_free(file);
    }
    must(vidstore_file_remove(sys, removed.text, VIDSTORE_REMOVE_RESTRICT, e));
}

/* After all of it record and disk are at one. */
static void stop(void) {
    struct vs_files_gc did;
    struct vs_files_check found;
    struct vs_files_gc_options options = {.all = 1};
    vidstore_error *error = NULL;
    ck_assert_int_eq(vs_files_gc(sys, &options, &did, &error), 0);
    ck_assert_int_eq(vs_files_check(sys, &options, &found, &error), 0);
    ck_assert_int_eq(found.missing + found.wrong_size + found.unknown + found.stray_parts, 0);
    end();
}

static operation *const operations[] = {put,  resume,     give_up,          verify,  verify_all, save,
                                        path, duplicates, video_duplicates, restore, clean,      examine};

START_TEST(memory_runs_out_anywhere) {
    sweep(operations[_i]);
}
END_TEST

Suite *files_fault_suite(void) {
    Suite *s = suite_create("files_fault");
    TCase *t = tcase_create("memory");
    tcase_add_checked_fixture(t, start, stop);
    tcase_add_loop_test(t, memory_runs_out_anywhere, 0, (int)(sizeof operations / sizeof *operations));
    suite_add_tcase(s, t);
    return s;
}
