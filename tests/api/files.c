/* SPDX-License-Identifier: MIT */
/* Files: taking in, reading, checking, changing, removing. */
#include "files.h"

/* ---- taking in ---- */

START_TEST(a_path_is_copied) {
    vidstore_file *file = NULL;
    char other[160], fifo[160], link[160];
    write_source("movie", 5);
    must(vidstore_file_put_path(sys, source, NULL, &file, e));
    ck_assert_str_eq(vidstore_file_name(file), "clip.mp4");
    ck_assert_str_eq(vidstore_file_content_type(file), "video/mp4");
    ck_assert_int_eq(vidstore_file_size(file), 5);
    struct id id = take_id(file);
    ck_assert_int_eq(unlink(source), 0);
    holds(sys, id, "movie");
    refused(VIDSTORE_NOT_FOUND, "path", vidstore_file_put_path(sys, source, NULL, &file, e));
    ck_assert_ptr_null(file);
    refused(VIDSTORE_INVALID, "path", vidstore_file_put_path(sys, folder, NULL, NULL, e));
    refused(VIDSTORE_INVALID, "path", vidstore_file_put_path(sys, "", NULL, NULL, e));
    refused(VIDSTORE_MISUSE, "path", vidstore_file_put_path(sys, NULL, NULL, NULL, e));
    refused(VIDSTORE_INVALID, "path", vidstore_file_put_path(sys, "/dev/zero", NULL, NULL, e));
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    refused(VIDSTORE_INVALID, "path", vidstore_file_put_path(sys, fifo, NULL, NULL, e));
    snprintf(other, sizeof other, "%s/bad\xff", folder);
    ck_assert_int_eq(close(open(other, O_CREAT | O_WRONLY, 0600)), 0);
    refused(VIDSTORE_INVALID, "name", vidstore_file_put_path(sys, other, NULL, NULL, e));
    snprintf(link, sizeof link, "%s/link.txt", folder);
    write_source("movie", 5);
    ck_assert_int_eq(symlink(source, link), 0);
    must(vidstore_file_put_path(sys, link, NULL, &file, e));
    ck_assert_str_eq(vidstore_file_name(file), "link.txt");
    vidstore_file_free(file);
    char *longest = malloc(5001);
    memset(longest, 'a', 5000);
    longest[5000] = '\0';
    refused(VIDSTORE_INVALID, "path", vidstore_file_put_path(sys, longest, NULL, NULL, e));
    free(longest);
    ck_assert_int_eq(count(sys), 2);
}
END_TEST

START_TEST(a_wrong_checksum_takes_nothing_in) {
    vidstore_file_params *p =
        params(VIDSTORE_FILE_SHA256, "0000000000000000000000000000000000000000000000000000000000000000");
    write_source("movie", 5);
    refused(VIDSTORE_INVALID, "sha256", vidstore_file_put_path(sys, source, p, NULL, e));
    ck_assert_int_eq(count(sys), 0);
    vidstore_file_params_free(p);
}
END_TEST

START_TEST(a_descriptor_is_copied_from_its_start) {
    vidstore_file *file = NULL;
    vidstore_file_params *p = params(VIDSTORE_FILE_NAME, "fd");
    write_source("0123456789", 10);
    int fd = open(source, O_RDONLY);
    ck_assert_int_eq(lseek(fd, 4, SEEK_SET), 4);
    must(vidstore_file_put_fd(sys, fd, INT64_MIN, p, &file, e));
    ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 4); /* as it was */
    holds(sys, take_id(file), "0123456789");
    refused(VIDSTORE_INVALID, "size", vidstore_file_put_fd(sys, fd, 9, p, NULL, e));
    refused(VIDSTORE_INVALID, "size", vidstore_file_put_fd(sys, fd, 11, p, NULL, e));
    refused(VIDSTORE_INVALID, "size", vidstore_file_put_fd(sys, fd, -1, p, NULL, e));
    refused(VIDSTORE_INVALID, "name", vidstore_file_put_fd(sys, fd, 10, NULL, NULL, e));
    must(vidstore_file_put_fd(sys, fd, 10, p, NULL, e));
    close(fd);
    refused(VIDSTORE_INVALID, "fd", vidstore_file_put_fd(sys, fd, 10, p, NULL, e));
    refused(VIDSTORE_INVALID, "fd", vidstore_file_put_fd(sys, -1, 10, p, NULL, e));
    fd = open(source, O_WRONLY);
    refused(VIDSTORE_INVALID, "fd", vidstore_file_put_fd(sys, fd, 10, p, NULL, e));
    close(fd);
    fd = open(folder, O_RDONLY);
    refused(VIDSTORE_INVALID, "fd", vidstore_file_put_fd(sys, fd, 10, p, NULL, e));
    close(fd);
    vidstore_file_params_free(p);
}
END_TEST

static void put_pipe(const char *data, int64_t size, int32_t wanted, int32_t sub) {
    int ends[2];
    vidstore_file *file = NULL;
    vidstore_error *error = NULL;
    vidstore_file_params *p = params(VIDSTORE_FILE_NAME, "pipe");
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], data, strlen(data)), (ssize_t)strlen(data));
    close(ends[1]);
    ck_assert_int_eq(vidstore_file_put_fd(sys, ends[0], size, p, &file, &error), wanted);
    ck_assert_int_eq(vidstore_error_subcode(error), sub);
    if (!wanted)
        holds(sys, take_id(file), data);
    else if (wanted == VIDSTORE_INVALID)
        ck_assert_str_eq(vidstore_error_field(error), "size");
    vidstore_error_free(error);
    close(ends[0]);
    vidstore_file_params_free(p);
}

START_TEST(a_pipe_must_have_as_much_as_was_said) {
    put_pipe("0123456789", 10, VIDSTORE_OK, 0);
    put_pipe("", 0, VIDSTORE_OK, 0);
    put_pipe("0123456789", 11, VIDSTORE_INVALID, VIDSTORE_SUB_TRUNCATED);
    put_pipe("0123456789", 9, VIDSTORE_INVALID, VIDSTORE_SUB_TOO_LARGE);
    put_pipe("0123456789", INT64_MIN, VIDSTORE_INVALID, 0);
    put_pipe("0123456789", -2, VIDSTORE_INVALID, VIDSTORE_SUB_RANGE);
    put_pipe("0123456789", INT64_MAX, VIDSTORE_FULL, 0);
    ck_assert_int_eq(count(sys), 2);
}
END_TEST

START_TEST(a_socket_is_read_no_further) {
    int ends[2];
    char rest[8];
    vidstore_file *file = NULL;
    vidstore_file_params *p = params(VIDSTORE_FILE_NAME, "socket");
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    ck_assert_int_eq(write(ends[1], "bodynext", 8), 8);
    must(vidstore_file_put_fd(sys, ends[0], 4, p, &file, e));
    holds(sys, take_id(file), "body");
    ck_assert_int_eq(read(ends[0], rest, sizeof rest), 4);
    close(ends[0]);
    close(ends[1]);
    vidstore_file_params_free(p);
}
END_TEST

static void *interrupt_soon(void *arg) {
    sleep_ms(300);
    vidstore_interrupt(arg);
    return NULL;
}

START_TEST(a_stream_that_says_nothing_can_be_left) {
    int ends[2];
    pthread_t thread;
    vidstore_file_params *p = params(VIDSTORE_FILE_NAME, "silent");
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_soon, sys), 0);
    int64_t start = now_ms();
    refused(VIDSTORE_CANCELLED, NULL, vidstore_file_put_fd(sys, ends[0], 10, p, NULL, e));
    ck_assert_int_lt(now_ms() - start, 5000);
    pthread_join(thread, NULL);
    must(vidstore_session_set_deadline(sys, 200, e));
    refused(VIDSTORE_TIMEOUT, NULL, vidstore_file_put_fd(sys, ends[0], 10, p, NULL, e));
    must(vidstore_session_set_deadline(sys, INT64_MIN, e));
    ck_assert_int_eq(count(sys), 0);
    close(ends[0]);
    close(ends[1]);
    vidstore_file_params_free(p);
}
END_TEST

/* Not as root, who may read everything. */
START_TEST(an_unreadable_file_is_told) {
    write_source("movie", 5);
    ck_assert_int_eq(chmod(source, 0), 0);
    uid_t user = geteuid();
    if (user == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_file_put_path(sys, source, NULL, NULL, e));
    ck_assert_int_eq(seteuid(user), 0);
    ck_assert_int_eq(chmod(source, 0600), 0);
    must(vidstore_file_put_path(sys, source, NULL, NULL, e));
}
END_TEST

static atomic_int changing;

static void *change_source(void *arg) {
    int fd = open(source, O_WRONLY);
    while (changing)
        ck_assert_int_eq(pwrite(fd, "x", 1, 0), 1);
    close(fd);
    return arg;
}

START_TEST(a_file_that_changes_under_way_is_not_taken_in) {
    pthread_t thread;
    vidstore_error *error = NULL;
    size_t size = 32 << 20;
    char *data = calloc(1, size);
    write_source(data, size);
    free(data);
    changing = 1;
    ck_assert_int_eq(pthread_create(&thread, NULL, change_source, NULL), 0);
    ck_assert_int_eq(vidstore_file_put_path(sys, source, NULL, NULL, &error), VIDSTORE_IO);
    changing = 0;
    pthread_join(thread, NULL);
    ck_assert_int_eq(vidstore_error_subcode(error), VIDSTORE_SUB_CHANGED);
    vidstore_error_free(error);
    ck_assert_int_eq(count(sys), 0);
}
END_TEST

static void *put_many(void *arg) {
    vidstore_session *s = NULL;
    vidstore_file *file = NULL;
    must(vidstore_session_system(store, "thread", &s, e));
    for (int i = 0; i < 5; i++) {
        must(vidstore_file_put_path(s, source, NULL, &file, e));
        must(vidstore_file_verify(s, vidstore_file_id(file), NULL, e));
        vidstore_file_free(file);
    }
    vidstore_session_free(s);
    return arg;
}

START_TEST(eight_threads_put_the_same_at_once) {
    pthread_t threads[8];
    vidstore_page *page = NULL;
    char *data = malloc(3000000);
    memset(data, 'd', 3000000);
    write_source(data, 3000000);
    free(data);
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, put_many, NULL), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    must(vidstore_file_list(sys, NULL, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 40);
    for (int64_t i = 1; i < 40; i++) /* kept once */
        ck_assert_str_eq(vidstore_file_text(vidstore_page_file(page, i), VIDSTORE_FILE_BLOB_ID),
                         vidstore_file_text(vidstore_page_file(page, 0), VIDSTORE_FILE_BLOB_ID));
    vidstore_page_free(page);
}
END_TEST

/* 1 while this process has locks on a file of the store: another one is asked. */
static int has_locks(const char *path) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDWR);
        _exit(fd < 0 || fcntl(fd, F_GETLK, &lock) ? 2 : lock.l_type != F_UNLCK);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status);
}

/* SQLite's locks go when anybody in the process closes a descriptor of its files. */
START_TEST(the_database_is_never_a_source) {
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
    char path[160], link[160];
    vidstore_file_params *p = params(VIDSTORE_FILE_NAME, "x");
    snprintf(link, sizeof link, "%s/link", folder);
    must(vidstore_file_count(sys, NULL, &(int64_t){0}, e));
    int fds[3], locked[3];
    for (int i = 0; i < 3; i++) { /* a host's own descriptors: to be closed when the store is */
        snprintf(path, sizeof path, "%s/%s", place, names[i]);
        fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(fds[i], 0);
        locked[i] = has_locks(path);
    }
    ck_assert(locked[0] && locked[2]);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", place, names[i]);
        refused(VIDSTORE_INVALID, "path", vidstore_file_put_path(sys, path, NULL, NULL, e));
        refused(VIDSTORE_INVALID, "fd", vidstore_file_put_fd(sys, fds[i], INT64_MIN, p, NULL, e));
        ck_assert_int_eq(symlink(path, link), 0);
        refused(VIDSTORE_INVALID, "path", vidstore_file_put_path(sys, link, NULL, NULL, e));
        ck_assert_int_eq(unlink(link), 0);
        ck_assert_int_eq(has_locks(path), locked[i]);
    }
    struct id id = put(sys, "bytes");
    snprintf(path, sizeof path, "%s/store.db-journal", place);
    refused(VIDSTORE_INVALID, "path", vidstore_file_save(sys, id.text, path, e));
    ck_assert_int_ne(access(path, F_OK), 0);
    vidstore_file_params_free(p);
    close_store();
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    open_store();
}
END_TEST

START_TEST(paths_are_for_those_who_may_all) {
    struct id root = add_user("root", VIDSTORE_ROLE_ADMIN), anna = add_user("anna", VIDSTORE_ROLE_USER);
    vidstore_session *admin = session_of(root), *user = session_of(anna), *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    char target[160];
    snprintf(target, sizeof target, "%s/copy", folder);
    struct id id = put_with(user, "hers", VIDSTORE_FILE_ACCESS, "public");
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_file_put_path(user, source, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_file_put_path(user, "/no/such/file", NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_file_save(user, id.text, target, e));
    ck_assert_int_eq(refusals(), 3);
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_file_put_path(nobody, source, NULL, NULL, e));
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_file_save(nobody, id.text, target, e));
    ck_assert_int_ne(access(target, F_OK), 0);
    must(vidstore_file_put_path(admin, source, NULL, NULL, e));
    must(vidstore_file_save(admin, id.text, target, e));
    vidstore_session_free(admin);
    vidstore_session_free(user);
    vidstore_session_free(nobody);
}
END_TEST

static void put_once(void *arg) {
    (void)arg;
    open_store();
    must(vidstore_file_put_path(sys, source, NULL, NULL, e));
}

static void put_for_ever(void) {
    open_store();
    for (;;)
        must(vidstore_file_put_path(sys, source, NULL, NULL, e));
}

START_TEST(a_killed_put_leaves_no_file_without_bytes) {
    char *data = malloc(4 << 20);
    memset(data, 'k', 4 << 20);
    write_source(data, 4 << 20);
    free(data);
    int64_t one = now_ms();
    in_child(put_once, NULL);
    one = now_ms() - one;
    for (int round = 0; round < 12; round++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
            put_for_ever();
        sleep_ms(one + one * (round * 23 % 80) / 40);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    open_store();
    vidstore_page *page = NULL;
    must(vidstore_file_list(sys, NULL, &page, e));
    ck_assert_int_gt(vidstore_page_count(page), 1);
    for (int64_t i = 0; i < vidstore_page_count(page); i++)
        must(vidstore_file_verify(sys, vidstore_file_id(vidstore_page_file(page, i)), NULL, e));
    vidstore_page_free(page);
    close_store();
}
END_TEST

Suite *files_suite(void);

Suite *files_suite(void) {
    Suite *suite = suite_create("files");
    TCase *t = tcase_create("taking in");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, a_path_is_copied);
    tcase_add_test(t, a_wrong_checksum_takes_nothing_in);
    tcase_add_test(t, a_descriptor_is_copied_from_its_start);
    tcase_add_test(t, a_pipe_must_have_as_much_as_was_said);
    tcase_add_test(t, a_socket_is_read_no_further);
    tcase_add_test(t, a_stream_that_says_nothing_can_be_left);
    tcase_add_test(t, an_unreadable_file_is_told);
    tcase_add_test(t, a_file_that_changes_under_way_is_not_taken_in);
    tcase_add_test(t, eight_threads_put_the_same_at_once);
    tcase_add_test(t, the_database_is_never_a_source);
    tcase_add_test(t, paths_are_for_those_who_may_all);
    suite_add_tcase(suite, t);
    t = tcase_create("crash");
    tcase_add_checked_fixture(t, make_folder, remove_folder);
    tcase_add_test(t, a_killed_put_leaves_no_file_without_bytes);
    suite_add_tcase(suite, t);
    return suite;
}
