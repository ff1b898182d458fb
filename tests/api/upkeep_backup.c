/* SPDX-License-Identifier: MIT */
/* Backup, restore and diagnosis. */
#include "upkeep_backup.h"

/* --- backup --------------------------------------------------------------------------------------------------- */

START_TEST(a_backup_opens_by_itself) {
    vidstore_text *report = NULL;
    struct id file = put_file(sys, 100000, NULL, NULL), job = add_job();
    char path[256];
    must(vidstore_backup(sys, backup_place, 0, &report, e));
    ck_assert_int_eq(number(report, "blobs"), 1);
    ck_assert_int_eq(number(report, "bytes"), 100000);
    ck_assert_int_eq(number(report, "files"), 1);
    ck_assert_int_eq(number(report, "jobs"), 1);
    ck_assert_int_eq(number(report, "gone"), 0);
    vidstore_text_free(report);
    ck_assert_int_eq(events("action = backup"), 1);
    struct stat st;
    ck_assert_int_eq(stat(backup_place, &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(entries(folder), 2); /* nothing beside store and backup */
    ck_assert_int_eq(entries(backup_place), 4);
    path_in(backup_place, file, path, sizeof path);
    ck_assert_int_eq(access(path, R_OK), 0);
    close_store();
    snprintf(place, sizeof place, "%s/backup", folder);
    open_store();
    must(vidstore_file_verify(sys, file.text, NULL, e));
    must(vidstore_job_get(sys, job.text, NULL, e));
}
END_TEST

START_TEST(a_backup_is_a_copy_and_no_link) {
    struct id file = put_file(sys, 1000, NULL, NULL);
    char mine[256], theirs[256];
    struct stat a, b;
    backup();
    path_of(file, mine, sizeof mine);
    path_in(backup_place, file, theirs, sizeof theirs);
    ck_assert_int_eq(stat(mine, &a), 0);
    ck_assert_int_eq(stat(theirs, &b), 0);
    ck_assert(a.st_ino != b.st_ino && a.st_nlink == 1 && b.st_nlink == 1);
}
END_TEST

START_TEST(a_backup_goes_where_nothing_is) {
    vidstore_text *report = (vidstore_text *)-1;
    char path[160];
    put_file(sys, 10, NULL, NULL);
    ck_assert_int_eq(mkdir(backup_place, 0755), 0);
    backup(); /* an empty directory will do */
    refused(VIDSTORE_EXISTS, "directory", vidstore_backup(sys, backup_place, 0, &report, e));
    ck_assert_ptr_null(report);
    snprintf(path, sizeof path, "%s/store.db", backup_place);
    refused(VIDSTORE_EXISTS, "directory", vidstore_backup(sys, path, 0, NULL, e));
    snprintf(path, sizeof path, "%s/none/backup", folder);
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, path, 0, NULL, e));
    snprintf(path, sizeof path, "%s/blobs/backup", place);
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, path, 0, NULL, e));
    refused(VIDSTORE_EXISTS, "directory", vidstore_backup(sys, place, 0, NULL, e));
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, "", 0, NULL, e));
    refused(VIDSTORE_MISUSE, "directory", vidstore_backup(sys, NULL, 0, NULL, e));
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, "..", 0, NULL, e));
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, "/", 0, NULL, e));
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, "bad \xff name", 0, NULL, e));
    snprintf(path, sizeof path, "%s/link", folder);
    ck_assert_int_eq(symlink(folder, path), 0);
    refused(VIDSTORE_EXISTS, "directory", vidstore_backup(sys, path, 0, NULL, e));
    snprintf(path, sizeof path, "%s/third///", folder);
    must(vidstore_backup(sys, path, 0, NULL, e));
    refused(VIDSTORE_INVALID, "flags", vidstore_backup(sys, restored, 2, NULL, e));
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, NULL, vidstore_backup(sys, restored, 0, NULL, e));
    must(vidstore_rollback(sys, e));
    ck_assert_int_eq(entries(folder), 4); /* the store, the link and two backups */
    ck_assert_int_eq(events("action = backup"), 2);
}
END_TEST

/* Neither through a link to the store, nor when that was named otherwise. */
START_TEST(a_backup_never_lies_in_the_store) {
    char link[sizeof place], path[160];
    snprintf(link, sizeof link, "%s/other", folder);
    ck_assert_int_eq(symlink(place, link), 0);
    snprintf(path, sizeof path, "%s/backup", link);
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, path, 0, NULL, e));
    close_store();
    char real[sizeof place];
    memcpy(real, place, sizeof place);
    snprintf(place, sizeof place, "%s", link);
    open_store();
    snprintf(path, sizeof path, "%s/backup", real);
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, path, 0, NULL, e));
    snprintf(path, sizeof path, "%s/backup", link);
    refused(VIDSTORE_INVALID, "directory", vidstore_backup(sys, path, 0, NULL, e));
    ck_assert_int_eq(entries(real), entries(link));
    ck_assert(is_not_there(path));
}
END_TEST

/* The default deadline is none for what takes as long as the disk does. */
START_TEST(a_backup_takes_its_time) {
    int64_t ms = 1500;
    pthread_t thread;
    put_file(sys, 1000, NULL, NULL);
    close_store();
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_READERS, 1);
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_DEADLINE_MS, 500);
    must(vidstore_open(place, p, &store, e));
    vidstore_open_params_free(p);
    must(vidstore_session_system(store, "test", &sys, e));
    ck_assert_int_eq(pthread_create(&thread, NULL, read_for, &ms), 0);
    sleep_ms(100);
    must(vidstore_session_set_deadline(sys, 200, e));
    refused(VIDSTORE_BUSY, NULL, vidstore_backup(sys, backup_place, 0, NULL, e));
    must(vidstore_session_set_deadline(sys, INT64_MIN, e));
    backup();
    pthread_join(thread, NULL);
}
END_TEST

START_TEST(only_admins_back_up) {
    vidstore_session *user = session_of(add_user("lena", VIDSTORE_ROLE_USER));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_backup(user, backup_place, 0, NULL, e));
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_doctor(user, 0, NULL, e));
    ck_assert_int_eq(events("action = access_denied and noun = store"), 1); /* the same again is counted */
    ck_assert(is_not_there(backup_place));
    vidstore_session_free(user);
}
END_TEST

START_TEST(a_failed_backup_leaves_nothing) {
    char path[256];
    put_file(sys, 5000, NULL, NULL);
    struct id file = put_file(sys, 6000, NULL, NULL);
    path_of(file, path, sizeof path);
    ck_assert_int_eq(chmod(path, 0600), 0);
    damage(path, 3000);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_backup(sys, backup_place, 0, NULL, e));
    ck_assert_int_eq(unlink(path), 0);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_backup(sys, backup_place, 0, NULL, e));
    must(vidstore_session_set_deadline(sys, 1, e));
    vidstore_status status = vidstore_backup(sys, backup_place, 0, NULL, NULL);
    ck_assert_int_ne(status, VIDSTORE_OK);
    must(vidstore_session_set_deadline(sys, INT64_MIN, e));
    ck_assert_int_eq(entries(folder), 1);
    ck_assert_int_eq(events("action = backup"), 0);
}
END_TEST

/* A lost one and a damaged one: named in the refusal, left out when that is wished, from the copy and from a copy of
 * it. */
START_TEST(what_is_damaged_can_be_left_out) {
    char path[256], list[128];
    vidstore_text *report = NULL;
    struct id good = put_file(sys, 5000, NULL, NULL), cut = put_file(sys, 6000, NULL, NULL),
              gone = put_file(sys, 7000, NULL, NULL);
    path_of(cut, path, sizeof path);
    ck_assert_int_eq(chmod(path, 0600), 0);
    damage(path, 3000);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_backup(sys, backup_place, 0, NULL, e));
    ck_assert_ptr_nonnull(strstr(said, cut.text));
    path_of(gone, path, sizeof path);
    ck_assert_int_eq(unlink(path), 0);
    must(vidstore_backup(sys, backup_place, VIDSTORE_BACKUP_SKIP_DAMAGED, &report, e));
    ck_assert_int_eq(number(report, "blobs"), 1);
    ck_assert_int_eq(number(report, "files"), 1);
    ck_assert_int_eq(number(report, "gone"), 0);
    snprintf(list, sizeof list, "\"files\":[\"%s\"],\"reason\":\"its bytes are not", cut.text);
    ck_assert_msg(says(report, list), "%s", vidstore_text_data(report));
    snprintf(list, sizeof list, "\"files\":[\"%s\"],\"reason\":\"its bytes are missing\"", gone.text);
    ck_assert_msg(says(report, list), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
    path_in(backup_place, good, path, sizeof path);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(truncate(path, 4999), 0);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_restore(backup_place, restored, 0, NULL, e));
    ck_assert_ptr_nonnull(strstr(said, good.text));
    must(vidstore_restore(backup_place, restored, VIDSTORE_BACKUP_SKIP_DAMAGED, &report, e));
    snprintf(list, sizeof list, "\"lost\":[{\"blob\":");
    ck_assert(says(report, list) && says(report, good.text));
    ck_assert_int_eq(number(report, "files"), 0);
    vidstore_text_free(report);
    close_store();
    snprintf(place, sizeof place, "%s/restored", folder);
    open_store();
    must(vidstore_doctor(sys, 1, &report, e));
    ck_assert_msg(!says(report, "\"bad\""), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_file_verify(sys, gone.text, NULL, e));
}
END_TEST

/* What a killed one left goes, and nothing else goes. */
START_TEST(leftovers_are_swept) {
    static const char *const names[] = {"backup.tmp-0123456789abcdef", "backup.tmp-fedcba9876543210", "backup.tmp-mine",
                                        "other.tmp-0123456789abcdef"};
    char path[160];
    int held = -1;
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        if (i == 1) { /* somebody is still at it */
            held = open(path, O_RDONLY | O_DIRECTORY);
            ck_assert_int_eq(flock(held, LOCK_EX), 0);
        }
    }
    backup();
    close(held);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        ck_assert_int_eq(is_not_there(path), i == 0);
    }
}
END_TEST

static void back_up_slowly(void *arg) {
    vidstore *vs = NULL;
    vidstore_session *session = NULL;
    if (!vidstore_open(place, NULL, &vs, NULL) && !vidstore_session_system(vs, "killed", &session, NULL))
        vidstore_backup(session, arg, 0, NULL, NULL);
}

/* Killed at any moment: the next one leaves itself, and nothing else. */
START_TEST(a_killed_one_is_swept) {
    int left = 0;
    for (int i = 0; i < 4; i++)
        put_file(sys, 8000000, NULL, NULL);
    int before = entries(folder);
    close_store();
    for (int ms = 5; ms < 200 && left < 2; ms += 15) {
        pid_t pid = fork();
        if (pid == 0) {
            back_up_slowly(backup_place);
            _exit(0);
        }
        sleep_ms(ms);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
        if (!is_not_there(backup_place))
            break; /* it was faster */
        left += entries(folder) > before;
    }
    ck_assert_int_gt(left, 0);
    open_store();
    if (is_not_there(backup_place))
        backup();
    ck_assert_int_eq(entries(folder), before + 1);
}
END_TEST

START_TEST(a_store_in_memory_can_be_backed_up) {
    vidstore *memory = NULL;
    vidstore_session *session = NULL;
    must(vidstore_open(":memory:", NULL, &memory, e));
    must(vidstore_session_system(memory, "test", &session, e));
    struct id file = put_file(session, 4000, NULL, NULL);
    must(vidstore_backup(session, backup_place, 0, NULL, e));
    vidstore_session_free(session);
    vidstore_close(memory);
    close_store();
    snprintf(place, sizeof place, "%s/backup", folder);
    open_store();
    must(vidstore_file_verify(sys, file.text, NULL, e));
}
END_TEST

static void *back_up_here(void *arg) {
    vidstore_session *session = NULL;
    (void)arg;
    must(vidstore_session_system(store, "backup", &session, e));
    vidstore_status status = vidstore_backup(session, backup_place, 0, NULL, NULL);
    vidstore_session_free(session);
    return (void *)(intptr_t)status;
}

START_TEST(one_of_several_gets_the_place) {
    pthread_t threads[4];
    int won = 0;
    put_file(sys, 50000, NULL, NULL);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, back_up_here, NULL), 0);
    for (int i = 0; i < 4; i++) {
        void *status;
        pthread_join(threads[i], &status);
        ck_assert((intptr_t)status == VIDSTORE_OK || (intptr_t)status == VIDSTORE_EXISTS);
        won += (intptr_t)status == VIDSTORE_OK;
    }
    ck_assert_int_eq(won, 1);
    ck_assert_int_eq(entries(folder), 2);
    ck_assert_int_eq(events("action = backup"), 1);
    must(vidstore_restore(backup_place, restored, 0, NULL, e));
}
END_TEST

/* Who was turned out since then does not come back with the backup. */
START_TEST(a_restored_store_knows_no_login) {
    vidstore_user_params *p = vidstore_user_params_new();
    vidstore_session *s = NULL;
    vidstore *other = NULL;
    char token[VIDSTORE_TOKEN_SIZE];
    vidstore_user_params_set_json(p, "{\"username\":\"ann\",\"password\":\"a long enough password\"}");
    must(vidstore_user_create(sys, p, NULL, e));
    must(vidstore_login_create(store, "ann", "a long enough password", NULL, 0, NULL, NULL, token, sizeof token, e));
    must(vidstore_session_resume(store, token, NULL, &s, e));
    vidstore_session_free(s);
    must(vidstore_backup(sys, backup_place, 0, NULL, e));
    must(vidstore_restore(backup_place, restored, 0, NULL, e));
    must(vidstore_open(restored, NULL, &other, e));
    refused(VIDSTORE_UNAUTHENTICATED, "token", vidstore_session_resume(other, token, NULL, &s, e));
    vidstore_close(other);
    vidstore_user_params_free(p);
}
END_TEST

/* --- backup of a store that is in use ------------------------------------------------------------------------- */

enum { WRITERS = 4, MOST = 4000 };

static struct {
    _Atomic int stop, count;
    struct id files[MOST];
} written;

/* Puts files, and purges some of them again, so that bytes go while they are copied. */
static void *write_on(void *arg) {
    vidstore_session *session = NULL;
    unsigned seed = (unsigned)(uintptr_t)arg;
    must(vidstore_session_system(store, "writer", &session, e));
    while (!written.stop && written.count < MOST - WRITERS) {
        struct id file = put_file(session, 1000 + rand_r(&seed) % 30000, NULL, NULL);
        if (rand_r(&seed) % 4) {
            written.files[written.count++] = file;
            continue;
        }
        must(vidstore_file_remove(session, file.text, VIDSTORE_REMOVE_CASCADE, e));
        must(vidstore_file_purge(session, file.text, e));
        must(vidstore_maintain(session, 10, VIDSTORE_MAINTAIN_ALL, NULL, e));
    }
    vidstore_session_free(session);
    return NULL;
}

static void check_restored(int acknowledged) {
    vidstore_page *page = NULL;
    vidstore_text *report = NULL;
    close_store();
    snprintf(place, sizeof place, "%s/restored", folder);
    open_store();
    for (int i = 0; i < acknowledged; i++)
        must(vidstore_file_get(sys, written.files[i].text, NULL, e));
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1000);
    do {
        must(vidstore_file_list(sys, q, &page, e));
        for (int64_t i = 0; i < vidstore_page_count(page); i++)
            must(vidstore_file_verify(sys, vidstore_file_id(vidstore_page_file(page, i)), NULL, e));
        const char *cursor = vidstore_page_cursor(page);
        if (cursor)
            vidstore_query_cursor(q, cursor);
        int more = cursor != NULL;
        vidstore_page_free(page);
        if (!more)
            break;
    } while (1);
    vidstore_query_free(q);
    must(vidstore_doctor(sys, 1, &report, e));
    ck_assert_msg(!says(report, "\"bad\""), "%s", vidstore_text_data(report));
    vidstore_text_free(report);
}

START_TEST(a_backup_is_whole_while_others_write) {
    pthread_t threads[WRITERS];
    vidstore_text *report = NULL;
    must(vidstore_setting_set(sys, "retention.blob_grace_ms", "0", e));
    for (uintptr_t i = 0; i < WRITERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, write_on, (void *)(i + 1)), 0);
    while (written.count < 60)
        sleep_ms(5);
    for (int round = 0; round < 3; round++) {
        int acknowledged = written.count;
        must(vidstore_backup(sys, backup_place, 0, &report, e));
        ck_assert_int_ge(number(report, "files"), acknowledged);
        vidstore_text_free(report);
        if (round == 2) {
            written.stop = 1;
            for (int i = 0; i < WRITERS; i++)
                pthread_join(threads[i], NULL);
            must(vidstore_restore(backup_place, restored, 0, NULL, e));
            check_restored(acknowledged);
        } else {
            ck_assert_int_eq(nftw(backup_place, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
        }
    }
}
END_TEST

Suite *upkeep_backup_suite(void);

Suite *upkeep_backup_suite(void) {
    Suite *suite = suite_create("upkeep_backup");
    TCase *t = tcase_create("backup");
    tcase_add_checked_fixture(t, begin_places, end);
    tcase_add_test(t, a_backup_opens_by_itself);
    tcase_add_test(t, a_restored_store_knows_no_login);
    tcase_add_test(t, a_backup_is_a_copy_and_no_link);
    tcase_add_test(t, a_backup_goes_where_nothing_is);
    tcase_add_test(t, a_backup_never_lies_in_the_store);
    tcase_add_test(t, a_backup_takes_its_time);
    tcase_add_test(t, only_admins_back_up);
    tcase_add_test(t, a_failed_backup_leaves_nothing);
    tcase_add_test(t, what_is_damaged_can_be_left_out);
    tcase_add_test(t, leftovers_are_swept);
    tcase_add_test(t, a_killed_one_is_swept);
    tcase_add_test(t, a_store_in_memory_can_be_backed_up);
    tcase_add_test(t, one_of_several_gets_the_place);
    tcase_add_test(t, a_backup_is_whole_while_others_write);
    suite_add_tcase(suite, t);
    return suite;
}
