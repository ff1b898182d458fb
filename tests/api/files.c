/* SPDX-License-Identifier: MIT */
/* Files: taking in, reading, checking, changing, removing. */
#include "harness.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/socket.h>

static char source[128]; /* a file of the host */

static void write_source(const void *data, size_t size) {
    snprintf(source, sizeof source, "%s/clip.mp4", folder);
    FILE *f = fopen(source, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

static vidstore_file_params *params(int32_t field, const char *value) {
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, field, value);
    return p;
}

static struct id take_id(vidstore_file *file) {
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_free(file);
    return id;
}

/* A file of these bytes, with one value set (field 0: none). */
static struct id put_with(vidstore_session *s, const char *data, int32_t field, const char *value) {
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    if (field)
        vidstore_file_params_set_text(p, field, value);
    write_source(data, strlen(data));
    if (!field || field != VIDSTORE_FILE_NAME)
        vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "clip.mp4");
    int fd = open(source, O_RDONLY);
    must(vidstore_file_put_fd(s, fd, INT64_MIN, p, &file, e)); /* a path is not for everybody */
    close(fd);
    vidstore_file_params_free(p);
    return take_id(file);
}

static struct id put(vidstore_session *s, const char *data) {
    return put_with(s, data, 0, NULL);
}

static void holds(vidstore_session *s, struct id id, const char *data) {
    vidstore_reader *reader = NULL;
    int64_t got = -1, size = (int64_t)strlen(data);
    char bytes[4096];
    must(vidstore_file_open(s, id.text, &reader, e));
    must(vidstore_reader_read(reader, 0, bytes, sizeof bytes, &got, e));
    ck_assert_int_eq(got, size);
    ck_assert_int_eq(memcmp(bytes, data, (size_t)size), 0);
    vidstore_reader_free(reader);
}

static vidstore_file *get(struct id id) {
    vidstore_file *file = NULL;
    must(vidstore_file_get(sys, id.text, &file, e));
    return file;
}

static int64_t count(vidstore_session *s) {
    int64_t n = -1;
    must(vidstore_file_count(s, NULL, &n, e));
    return n;
}

/* Where the bytes lie. */
static void path_of(struct id id, char ret[512]) {
    vidstore_text *text = NULL;
    must(vidstore_file_path(sys, id.text, &text, e));
    snprintf(ret, 512, "%s", vidstore_text_data(text));
    vidstore_text_free(text);
}

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

START_TEST(a_removed_file_gives_up_its_external_id) {
    struct id first = put_with(sys, "one", VIDSTORE_FILE_EXTERNAL_ID, "x");
    must(vidstore_file_remove(sys, first.text, VIDSTORE_REMOVE_RESTRICT, e));
    struct id second = put_with(sys, "two", VIDSTORE_FILE_EXTERNAL_ID, "x");
    refused(VIDSTORE_EXISTS, "external_id", vidstore_file_restore(sys, first.text, NULL, e));
    must(vidstore_file_remove(sys, second.text, VIDSTORE_REMOVE_RESTRICT, e));
    vidstore_file *file = NULL;
    must(vidstore_file_restore(sys, first.text, NULL, e));
    must(vidstore_file_get_external(sys, NULL, "x", &file, e));
    ck_assert_str_eq(vidstore_file_id(file), first.text);
    vidstore_file_free(file);
}
END_TEST

/* ---- reading ---- */

START_TEST(ranges_are_read) {
    struct id id = put(sys, "0123456789");
    vidstore_reader *r = NULL;
    char b[32] = "";
    int64_t got = -1;
    must(vidstore_file_open(sys, id.text, &r, e));
    ck_assert_int_eq(vidstore_reader_size(r), 10);
    must(vidstore_reader_read(r, 3, b, 4, &got, e));
    ck_assert_int_eq(got, 4);
    ck_assert_int_eq(memcmp(b, "3456", 4), 0);
    must(vidstore_reader_read(r, 8, b, 30, &got, e));
    ck_assert_int_eq(got, 2);
    must(vidstore_reader_read(r, 10, b, 30, &got, e));
    ck_assert_int_eq(got, 0);
    must(vidstore_reader_read(r, INT64_MAX, b, INT64_MAX, &got, e));
    ck_assert_int_eq(got, 0);
    must(vidstore_reader_read(r, 0, NULL, 0, &got, e));
    must(vidstore_reader_read(r, 0, b, 1, NULL, e));
    refused(VIDSTORE_INVALID, "offset", vidstore_reader_read(r, -1, b, 1, &got, e));
    refused(VIDSTORE_INVALID, "size", vidstore_reader_read(r, 0, b, -1, &got, e));
    refused(VIDSTORE_MISUSE, "buffer", vidstore_reader_read(r, 0, NULL, 1, &got, e));
    refused(VIDSTORE_MISUSE, "reader", vidstore_reader_read(NULL, 0, b, 1, &got, e));
    ck_assert_int_ge(vidstore_reader_fd(r), 0);
    ck_assert_int_eq(vidstore_reader_fd(NULL), -1);
    ck_assert_int_eq(vidstore_reader_size(NULL), 0);
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_purge(sys, id.text, e));
    must(vidstore_reader_read(r, 0, b, 10, &got, e)); /* whatever becomes of the record */
    ck_assert_int_eq(got, 10);
    vidstore_reader *none = NULL;
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_open(sys, id.text, &none, e));
    close_store();
    must(vidstore_reader_read(r, 0, b, 10, &got, e)); /* and of the store's handle */
    vidstore_reader_free(r);
    vidstore_reader_free(NULL);
    open_store();
}
END_TEST

START_TEST(who_may_read) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER), ben = add_user("ben", VIDSTORE_ROLE_USER);
    struct id root = add_user("root", VIDSTORE_ROLE_ADMIN);
    vidstore_session *owner = session_of(anna), *other = session_of(ben), *admin = session_of(root), *nobody = NULL;
    must(vidstore_session_anonymous(store, NULL, &nobody, e));
    static const char *const levels[] = {"private", "restricted", "authenticated", "public"};
    for (int i = 0; i < 4; i++) {
        struct id id = put_with(owner, levels[i], VIDSTORE_FILE_ACCESS, levels[i]);
        vidstore_session *all[] = {owner, admin, other, nobody};
        int may[] = {1, 1, i >= 2, i == 3};
        for (int k = 0; k < 4; k++) {
            vidstore_reader *r = NULL;
            vidstore_text *path = NULL;
            vidstore_file *file = NULL;
            if (may[k]) {
                holds(all[k], id, levels[i]);
                must(vidstore_file_get(all[k], id.text, &file, e));
                vidstore_file_free(file);
                continue;
            }
            refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_open(all[k], id.text, &r, e));
            refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_path(all[k], id.text, &path, e));
            refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_get(all[k], id.text, &file, e));
            refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_save(all[k], id.text, "/tmp/never", e));
        }
        int may_not = i >= 2 ? VIDSTORE_FORBIDDEN : VIDSTORE_NOT_FOUND;
        refused(may_not, NULL, vidstore_file_verify(other, id.text, NULL, e));
        refused(may_not, NULL, vidstore_file_remove(other, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    }
    ck_assert_int_eq(count(owner), 4);
    ck_assert_int_eq(count(other), 2);  /* those for all who have logged in, and the public one */
    ck_assert_int_eq(count(nobody), 1); /* the public one */
    ck_assert_int_eq(count(admin), 4);
    vidstore_session_free(owner);
    vidstore_session_free(other);
    vidstore_session_free(admin);
    vidstore_session_free(nobody);
}
END_TEST

START_TEST(handing_out_is_on_record) {
    struct id id = put(sys, "abc");
    char path[512];
    vidstore_file *file = get(id);
    ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_LAST_ACCESS_US));
    vidstore_file_free(file);
    holds(sys, id, "abc");
    path_of(id, path);
    ck_assert_int_eq(events("action = file_downloaded"), 2);
    file = get(id);
    ck_assert_int_gt(vidstore_file_int64(file, VIDSTORE_FILE_LAST_ACCESS_US), 0);
    ck_assert_int_eq(vidstore_file_version(file), 1);
    vidstore_file_free(file);
}
END_TEST

START_TEST(a_store_that_is_only_read_gives_files) {
    struct id id = put(sys, "abc");
    vidstore_open_params *p = vidstore_open_params_new();
    vidstore_reader *r = NULL;
    vidstore_file_params *fp = params(VIDSTORE_FILE_NAME, "x");
    close_store();
    vidstore_open_params_set_int64(p, VIDSTORE_OPEN_READ_ONLY, 1);
    must(vidstore_open(place, p, &store, e));
    must(vidstore_session_system(store, "reader", &sys, e));
    holds(sys, id, "abc");
    refused(VIDSTORE_READONLY, NULL, vidstore_file_put_path(sys, source, NULL, NULL, e));
    refused(VIDSTORE_READONLY, NULL, vidstore_file_verify(sys, id.text, NULL, e));
    refused(VIDSTORE_READONLY, NULL, vidstore_file_update(sys, id.text, fp, NULL, e));
    vidstore_reader_free(r);
    vidstore_file_params_free(fp);
    vidstore_open_params_free(p);
}
END_TEST

static void flip(const char *path, off_t at) {
    char byte;
    ck_assert_int_eq(chmod(path, 0600), 0);
    int fd = open(path, O_RDWR);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 4;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

START_TEST(a_copy_is_saved_whole_or_not_at_all) {
    struct id id = put(sys, "0123456789");
    char target[160], path[512], bytes[16] = "";
    snprintf(target, sizeof target, "%s/copy", folder);
    must(vidstore_file_save(sys, id.text, target, e));
    FILE *f = fopen(target, "r");
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, f), 10);
    fclose(f);
    ck_assert_int_eq(memcmp(bytes, "0123456789", 10), 0);
    refused(VIDSTORE_EXISTS, "path", vidstore_file_save(sys, id.text, target, e));
    refused(VIDSTORE_INVALID, "path", vidstore_file_save(sys, id.text, "", e));
    refused(VIDSTORE_MISUSE, "path", vidstore_file_save(sys, id.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, "path", vidstore_file_save(sys, id.text, "/tmp/no/such/folder/x", e));
    refused(VIDSTORE_INVALID, "id", vidstore_file_save(sys, "x", target, e));
    unlink(target);
    path_of(id, path);
    flip(path, 5);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_file_save(sys, id.text, target, e));
    ck_assert_int_ne(access(target, F_OK), 0);
    ck_assert_int_eq(truncate(path, 4), 0);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_file_save(sys, id.text, target, e));
    ck_assert_int_ne(access(target, F_OK), 0);
}
END_TEST

static void is_corrupt(struct id id, int32_t sub) {
    vidstore_error *error = NULL;
    vidstore_file *file = (vidstore_file *)-1;
    ck_assert_int_eq(vidstore_file_verify(sys, id.text, &file, &error), VIDSTORE_CORRUPT);
    ck_assert_int_eq(vidstore_error_subcode(error), sub);
    ck_assert_ptr_null(file);
    vidstore_error_free(error);
}

START_TEST(damage_is_found) {
    struct id id = put(sys, "0123456789");
    vidstore_file *file = NULL;
    vidstore_reader *r = NULL;
    char path[512], b[16];
    int64_t got = -1;
    must(vidstore_file_verify(sys, id.text, &file, e));
    ck_assert_int_gt(vidstore_file_int64(file, VIDSTORE_FILE_VERIFIED_US), 0);
    vidstore_file_free(file);
    ck_assert_int_eq(events("action = file_verified and success = true"), 1);
    path_of(id, path);
    flip(path, 3);
    is_corrupt(id, VIDSTORE_SUB_CHECKSUM);
    ck_assert_int_eq(events("action = file_verified and success = false"), 1);
    struct id again = put(sys, "0123456789"); /* damaged bytes are no twins */
    holds(sys, again, "0123456789");
    must(vidstore_file_verify(sys, again.text, NULL, e));
    flip(path, 3);
    must(vidstore_file_verify(sys, id.text, NULL, e)); /* whole again */
    ck_assert_int_eq(truncate(path, 4), 0);
    is_corrupt(id, VIDSTORE_SUB_TRUNCATED);
    must(vidstore_file_open(sys, id.text, &r, e));
    refused(VIDSTORE_CORRUPT, NULL, vidstore_reader_read(r, 0, b, sizeof b, &got, e));
    ck_assert_int_eq(got, 4); /* what there is */
    vidstore_reader_free(r);
    ck_assert_int_eq(unlink(path), 0);
    is_corrupt(id, VIDSTORE_SUB_TRUNCATED);
    refused(VIDSTORE_CORRUPT, NULL, vidstore_file_open(sys, id.text, &r, e));
    ck_assert_ptr_null(r);
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_verify(sys, "018f0000-0000-7000-8000-00000000abcd", NULL, e));
}
END_TEST

/* ---- the record ---- */

static void update(struct id id, int32_t field, const char *value, vidstore_file **ret) {
    vidstore_file_params *p = params(field, value);
    must(vidstore_file_update(sys, id.text, p, ret, e));
    vidstore_file_params_free(p);
}

static void refuse_update(struct id id, int32_t field, const char *value, int32_t code, const char *name) {
    vidstore_file_params *p = params(field, value);
    refused(code, name, vidstore_file_update(sys, id.text, p, NULL, e));
    vidstore_file_params_free(p);
}

#define HOUR_US INT64_C(3600000000)

START_TEST(a_record_is_changed) {
    struct id id = put(sys, "abc");
    vidstore_file *file = NULL;
    update(id, VIDSTORE_FILE_NAME, "new.SRT", &file);
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_EXTENSION), "srt");
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_ORIGINAL_NAME), "clip.mp4");
    ck_assert_int_eq(vidstore_file_version(file), 2);
    vidstore_file_free(file);
    update(id, VIDSTORE_FILE_CATEGORY, "temporary", &file);
    int64_t left =
        vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US) - vidstore_file_int64(file, VIDSTORE_FILE_UPDATED_US);
    ck_assert_int_eq(left, 24 * HOUR_US);
    vidstore_file_free(file);
    must(vidstore_setting_set(sys, "file.processed_hours", "2", e));
    update(id, VIDSTORE_FILE_CATEGORY, "processed", &file);
    left = vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US) - vidstore_file_int64(file, VIDSTORE_FILE_UPDATED_US);
    ck_assert_int_eq(left, 2 * HOUR_US);
    vidstore_file_free(file);
    update(id, VIDSTORE_FILE_CATEGORY, "permanent", &file);
    ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_EXPIRES_US));
    vidstore_file_free(file);
    refuse_update(id, VIDSTORE_FILE_NAME, "a/b", VIDSTORE_INVALID, "name");
    refuse_update(id, VIDSTORE_FILE_NAME, NULL, VIDSTORE_INVALID, "name");
    refuse_update(id, VIDSTORE_FILE_TYPE, "film", VIDSTORE_INVALID, "type");
    refuse_update(id, VIDSTORE_FILE_CONTENT_TYPE, "nonsense", VIDSTORE_INVALID, "content_type");
    refuse_update(id, VIDSTORE_FILE_JOB_ID, "018f0000-0000-7000-8000-00000000abcd", VIDSTORE_INVALID, "job_id");
    refuse_update(id, VIDSTORE_FILE_SHA256, "00", VIDSTORE_INVALID, "sha256");
    refuse_update(id, VIDSTORE_FILE_SHA256, "0000000000000000000000000000000000000000000000000000000000000000",
                  VIDSTORE_INVALID, "sha256");
    refuse_update(id, VIDSTORE_FILE_STORAGE_KEY, "../../etc/passwd", VIDSTORE_INVALID, "storage_key");
    vidstore_file_params *p = params(VIDSTORE_FILE_STAGE, "cut");
    vidstore_file_params_expect_version(p, 1);
    refused(VIDSTORE_CONFLICT, "version", vidstore_file_update(sys, id.text, p, NULL, e));
    vidstore_file_params_free(p);
    ck_assert_int_eq(events("action = file_updated"), 4);
}
END_TEST

START_TEST(categories_and_given_times_expire) {
    vidstore_file_params *p = params(VIDSTORE_FILE_CATEGORY, "archive");
    vidstore_file *file = NULL;
    write_source("x", 1);
    must(vidstore_file_put_path(sys, source, p, &file, e));
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US),
                     vidstore_file_created_us(file) + 8760 * HOUR_US);
    vidstore_file_free(file);
    vidstore_file_params_clear(p, VIDSTORE_FILE_EXPIRES_US);
    must(vidstore_file_put_path(sys, source, p, &file, e));
    ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_EXPIRES_US));
    vidstore_file_free(file);
    vidstore_file_params_set_int64(p, VIDSTORE_FILE_EXPIRES_US, 1);
    must(vidstore_file_put_path(sys, source, p, &file, e));
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), 1);
    struct id id = take_id(file);
    vidstore_file_params_free(p);
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_restore(sys, id.text, &file, e)); /* with a new life, or it would go again at once */
    ck_assert_int_gt(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), vidstore_file_created_us(file));
    int64_t expires = vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US);
    vidstore_file_free(file);
    file = get(id);
    ck_assert_int_eq(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US), expires);
    vidstore_file_free(file);
}
END_TEST

/* Or the next clean-up would take them again. */
START_TEST(files_that_come_back_with_a_job_have_a_new_life) {
    for (int with_video = 0; with_video < 2; with_video++) {
        vidstore_job_params *jp = vidstore_job_params_new();
        vidstore_video_params *vp = vidstore_video_params_new();
        vidstore_job *job = NULL;
        vidstore_video *video = NULL;
        vidstore_file *file = NULL;
        vidstore_job_params_set_text(jp, VIDSTORE_JOB_KIND, "x");
        must(vidstore_job_submit(sys, jp, &job, e));
        must(vidstore_video_create(sys, vp, &video, e));
        vidstore_file_params *p = params(VIDSTORE_FILE_CATEGORY, "temporary");
        if (with_video)
            vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, vidstore_video_id(video));
        else
            vidstore_file_params_set_text(p, VIDSTORE_FILE_JOB_ID, vidstore_job_id(job));
        vidstore_file_params_set_int64(p, VIDSTORE_FILE_EXPIRES_US, 1);
        write_source("x", 1);
        must(vidstore_file_put_path(sys, source, p, &file, e));
        struct id id = take_id(file);
        if (with_video) {
            must(vidstore_video_remove(sys, vidstore_video_id(video), VIDSTORE_REMOVE_CASCADE, e));
            must(vidstore_video_restore(sys, vidstore_video_id(video), NULL, e));
        } else {
            must(vidstore_job_remove(sys, vidstore_job_id(job), VIDSTORE_REMOVE_CASCADE, e));
            must(vidstore_job_restore(sys, vidstore_job_id(job), NULL, e));
        }
        file = get(id);
        ck_assert_int_gt(vidstore_file_int64(file, VIDSTORE_FILE_EXPIRES_US),
                         vidstore_file_created_us(file) + 23 * HOUR_US);
        vidstore_file_free(file);
        vidstore_file_params_free(p);
        vidstore_job_free(job);
        vidstore_video_free(video);
        vidstore_job_params_free(jp);
        vidstore_video_params_free(vp);
    }
}
END_TEST

START_TEST(files_are_removed_restored_and_ended) {
    struct id id = put(sys, "abc");
    vidstore_file *file = NULL;
    int32_t exists = -1;
    for (int32_t mode = VIDSTORE_REMOVE_RESTRICT; mode <= VIDSTORE_REMOVE_DETACH; mode++) {
        must(vidstore_file_remove(sys, id.text, mode, e));
        must(vidstore_file_exists(sys, id.text, &exists, e));
        ck_assert_int_eq(exists, 0);
        refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_remove(sys, id.text, mode, e));
        must(vidstore_file_restore(sys, id.text, &file, e));
        ck_assert(vidstore_file_is_null(file, VIDSTORE_FILE_DELETED_US));
        vidstore_file_free(file);
        holds(sys, id, "abc");
    }
    refused(VIDSTORE_INVALID, "mode", vidstore_file_remove(sys, id.text, 3, e));
    refused(VIDSTORE_INVALID, "mode", vidstore_file_remove(sys, id.text, -1, e));
    refused(VIDSTORE_STATE, "id", vidstore_file_restore(sys, id.text, NULL, e));
    refused(VIDSTORE_STATE, "id", vidstore_file_purge(sys, id.text, e));
    must(vidstore_file_remove(sys, id.text, VIDSTORE_REMOVE_DETACH, e));
    must(vidstore_file_purge(sys, id.text, e));
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_file_restore(sys, id.text, NULL, e));
    ck_assert_int_eq(events("action = file_deleted"), 4);
    ck_assert_int_eq(events("action = file_restored"), 3);
    ck_assert_int_eq(events("action = file_purged"), 1);
}
END_TEST

static struct id add_video(vidstore_session *s, const char *json) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_json(p, json);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

static int exists(struct id id) {
    int32_t there = -1;
    must(vidstore_file_exists(sys, id.text, &there, e));
    return there;
}

START_TEST(a_video_comes_back_with_its_own_files) {
    vidstore_job *job = NULL;
    vidstore_job_params *p = vidstore_job_params_new();
    vidstore_job_params_set_text(p, VIDSTORE_JOB_KIND, "x");
    must(vidstore_job_submit(sys, p, &job, e));
    vidstore_job_params_free(p);
    struct id videos[2], files[2];
    for (int i = 0; i < 2; i++) {
        char json[160];
        snprintf(json, sizeof json, "{\"title\": \"%d\", \"job_id\": \"%s\"}", i, vidstore_job_id(job));
        videos[i] = add_video(sys, json);
        files[i] = put_with(sys, i ? "one" : "zero", VIDSTORE_FILE_VIDEO_ID, videos[i].text);
    }
    must(vidstore_job_cancel(sys, vidstore_job_id(job), NULL, e));
    must(vidstore_job_remove(sys, vidstore_job_id(job), VIDSTORE_REMOVE_CASCADE, e));
    ck_assert(!exists(files[0]) && !exists(files[1]));
    must(vidstore_video_restore(sys, videos[0].text, NULL, e));
    ck_assert(exists(files[0]) && !exists(files[1]));
    vidstore_job_free(job);
}
END_TEST

/* What a video says of its file may name any file of its owner. */
START_TEST(a_fetch_gives_no_file_of_another_video) {
    char json[512];
    vidstore_file *file = NULL;
    write_source("right", 5);
    struct id other = add_video(sys, "{\"title\": \"other\"}");
    struct id wrong = put_with(sys, "wrong", VIDSTORE_FILE_VIDEO_ID, other.text);
    write_source("right", 5);
    snprintf(json, sizeof json,
             "{\"title\": \"x\", \"url\": \"%s\", \"source_file_id\": \"%s\", \"download_state\": \"completed\"}",
             source, wrong.text);
    struct id video = add_video(sys, json);
    must(vidstore_video_fetch(sys, video.text, &file, e));
    ck_assert_str_ne(vidstore_file_id(file), wrong.text);
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_VIDEO_ID), video.text);
    struct id right = take_id(file);
    holds(sys, right, "right");
    must(vidstore_video_fetch(sys, video.text, &file, e)); /* again: that one */
    ck_assert_str_eq(vidstore_file_id(file), right.text);
    vidstore_file_free(file);
}
END_TEST

START_TEST(files_are_listed_and_changed_in_bulk) {
    struct id ids[3] = {put(sys, "a"), put(sys, "bb"), put(sys, "ccc")};
    vidstore_page *page = NULL;
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_filter(q, "size >= 2 and access = private", e));
    vidstore_query_sort(q, "size asc");
    must(vidstore_file_list(sys, q, &page, e));
    ck_assert_int_eq(vidstore_page_count(page), 2);
    ck_assert_str_eq(vidstore_file_id(vidstore_page_file(page, 0)), ids[1].text);
    vidstore_page_free(page);
    vidstore_query_free(q);
    vidstore_file_params *p[3];
    const char *texts[3] = {ids[0].text, "018f0000-0000-7000-8000-00000000abcd", ids[2].text};
    for (int i = 0; i < 3; i++)
        p[i] = params(VIDSTORE_FILE_ACCESS, "public");
    refused(VIDSTORE_NOT_FOUND, "items[1].id",
            vidstore_file_bulk_update(sys, texts, (const vidstore_file_params *const *)p, 3, VIDSTORE_BULK_ATOMIC,
                                      &page, e));
    must(
        vidstore_file_bulk_update(sys, texts, (const vidstore_file_params *const *)p, 3, VIDSTORE_BULK_EACH, &page, e));
    ck_assert_int_eq(vidstore_page_status(page, 0), VIDSTORE_OK);
    ck_assert_int_eq(vidstore_page_status(page, 1), VIDSTORE_NOT_FOUND);
    ck_assert_int_eq(vidstore_file_access(vidstore_page_file(page, 2)), VIDSTORE_ACCESS_PUBLIC);
    vidstore_page_free(page);
    for (int i = 0; i < 3; i++)
        vidstore_file_params_free(p[i]);
}
END_TEST

START_TEST(duplicates_are_those_that_one_may_see) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER);
    vidstore_session *user = session_of(anna);
    vidstore_text *json = NULL;
    struct id a = put(user, "same bytes"), b = put(user, "same bytes");
    put(sys, "same bytes");
    put(sys, "more of the same bytes, and longer");
    put(sys, "more of the same bytes, and longer");
    put(sys, "alone");
    must(vidstore_file_duplicates(user, NULL, &json, e));
    const char *text = vidstore_text_data(json);
    ck_assert_ptr_nonnull(strstr(text, "\"size\":10,\"count\":2"));
    ck_assert_ptr_nonnull(strstr(text, a.text));
    ck_assert_ptr_nonnull(strstr(text, b.text));
    ck_assert_ptr_null(strstr(text, "},{"));
    vidstore_text_free(json);
    must(vidstore_file_duplicates(sys, NULL, &json, e));
    text = vidstore_text_data(json);
    const char *large = strstr(text, "\"size\":34,\"count\":2"), *small = strstr(text, "\"size\":10,\"count\":3");
    ck_assert(large && small && large < small); /* the largest waste first */
    vidstore_text_free(json);
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1);
    must(vidstore_file_duplicates(sys, q, &json, e));
    ck_assert_ptr_null(strstr(vidstore_text_data(json), "\"size\":10"));
    vidstore_text_free(json);
    vidstore_query_free(q);
    must(vidstore_file_remove(user, a.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_file_duplicates(user, NULL, &json, e));
    ck_assert_str_eq(vidstore_text_data(json), "[]");
    vidstore_text_free(json);
    vidstore_session_free(user);
}
END_TEST

static struct id video_with(vidstore_session *s, const char *title, const char *data) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    put_with(s, data, VIDSTORE_FILE_VIDEO_ID, id.text);
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

START_TEST(videos_with_the_same_bytes) {
    struct id anna = add_user("anna", VIDSTORE_ROLE_USER), bert = add_user("bert", VIDSTORE_ROLE_USER);
    vidstore_session *as_anna = session_of(anna), *as_bert = session_of(bert);
    vidstore_text *json = NULL;
    struct id one = video_with(as_anna, "One \"a\"", "same bytes"), two = video_with(as_anna, "Two", "same bytes");
    put_with(as_anna, "same bytes", VIDSTORE_FILE_VIDEO_ID, two.text); /* twice in one video is no second video */
    put(as_anna, "same bytes");                                        /* nor is a file without one */
    video_with(as_anna, "Three", "others");
    video_with(as_bert, "Four", "same bytes"); /* nor a stranger's */
    must(vidstore_video_duplicates(as_anna, NULL, &json, e));
    char expected[512];
    snprintf(expected, sizeof expected,
             "\"size\":10,\"count\":2,\"user_id\":\"%s\",\"videos\":[{\"id\":\"%s\",\"title\":\"One \\\"a\\\"\"},"
             "{\"id\":\"%s\",\"title\":\"Two\"}]}]",
             anna.text, one.text, two.text);
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(json), expected));
    vidstore_text_free(json);
    must(vidstore_video_duplicates(as_bert, NULL, &json, e));
    ck_assert_str_eq(vidstore_text_data(json), "[]");
    vidstore_text_free(json);
    video_with(as_bert, "Five", "longer bytes than those");
    video_with(as_bert, "Six", "longer bytes than those");
    vidstore_query *q = vidstore_query_new();
    vidstore_query_limit(q, 1);
    must(vidstore_video_duplicates(sys, q, &json, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(json), "\"size\":23,\"count\":2"));
    ck_assert_ptr_null(strstr(vidstore_text_data(json), "\"size\":10"));
    vidstore_text_free(json);
    vidstore_query_free(q);
    must(vidstore_video_remove(as_anna, one.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_video_duplicates(as_anna, NULL, &json, e));
    ck_assert_str_eq(vidstore_text_data(json), "[]");
    vidstore_text_free(json);
    vidstore_session_free(as_anna);
    vidstore_session_free(as_bert);
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

Suite *files_suite(void) {
    Suite *s = suite_create("files");
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
    suite_add_tcase(s, t);
    t = tcase_create("reading");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, ranges_are_read);
    tcase_add_test(t, who_may_read);
    tcase_add_test(t, handing_out_is_on_record);
    tcase_add_test(t, a_store_that_is_only_read_gives_files);
    tcase_add_test(t, a_copy_is_saved_whole_or_not_at_all);
    tcase_add_test(t, damage_is_found);
    suite_add_tcase(s, t);
    t = tcase_create("records");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, a_record_is_changed);
    tcase_add_test(t, categories_and_given_times_expire);
    tcase_add_test(t, files_that_come_back_with_a_job_have_a_new_life);
    tcase_add_test(t, files_are_removed_restored_and_ended);
    tcase_add_test(t, a_removed_file_gives_up_its_external_id);
    tcase_add_test(t, a_video_comes_back_with_its_own_files);
    tcase_add_test(t, a_fetch_gives_no_file_of_another_video);
    tcase_add_test(t, files_are_listed_and_changed_in_bulk);
    tcase_add_test(t, duplicates_are_those_that_one_may_see);
    tcase_add_test(t, videos_with_the_same_bytes);
    suite_add_tcase(s, t);
    t = tcase_create("crash");
    tcase_add_checked_fixture(t, make_folder, remove_folder);
    tcase_add_test(t, a_killed_put_leaves_no_file_without_bytes);
    suite_add_tcase(s, t);
    return s;
}
