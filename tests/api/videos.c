/* SPDX-License-Identifier: MIT */
/* Videos: records, states, what hangs on them, and probing real and hostile files. */
#include "harness.h"
#include "skip.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <vidstore/query.h>

static vidstore_video_params *params(const char *title) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    return p;
}

static struct id add_video(vidstore_session *s, const char *title) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = params(title);
    must(vidstore_video_create(s, p, &video, e));
    struct id id = id_of(vidstore_video_id(video));
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    return id;
}

static vidstore_status set_text(vidstore_session *s, const char *id, int32_t field, const char *value,
                                vidstore_video **ret, vidstore_error **e) {
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, field, value);
    vidstore_status status = vidstore_video_update(s, id, p, ret, e);
    vidstore_video_params_free(p);
    return status;
}

static struct id put(vidstore_session *s, const char *path, const char *video) {
    vidstore_file *file = NULL;
    vidstore_file_params *p = vidstore_file_params_new();
    vidstore_file_params_set_text(p, VIDSTORE_FILE_NAME, "clip.bin");
    vidstore_file_params_set_text(p, VIDSTORE_FILE_VIDEO_ID, video);
    must(vidstore_file_put_path(s, path, p, &file, e));
    struct id id = id_of(vidstore_file_id(file));
    vidstore_file_params_free(p);
    vidstore_file_free(file);
    return id;
}

/* --- records
 * ------------------------------------------------------------------------------------------------------------ */

START_TEST(life_of_a_record) {
    vidstore_video *video = NULL, *same = NULL;
    vidstore_video_params *p = params("One");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_URL, "https://example.org/a.mp4");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TAGS, "[\"a\",\"b\"]");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_EXTERNAL_ID, "x");
    vidstore_video_params_set_int64(p, VIDSTORE_VIDEO_EPISODE, 7);
    must(vidstore_video_create(sys, p, &video, e));
    ck_assert_str_eq(vidstore_video_title(video), "One");
    ck_assert_int_eq(vidstore_video_episode(video), 7);
    ck_assert_int_eq(vidstore_video_width(video), INT64_MIN);
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_DOWNLOAD_STATE), "pending");
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_PROCESSING_STATE), "none");
    must(vidstore_video_get_external(sys, NULL, "x", &same, e));
    ck_assert_str_eq(vidstore_video_id(same), vidstore_video_id(video));
    vidstore_video_free(same);
    refused(VIDSTORE_EXISTS, "external_id", vidstore_video_create(sys, p, &same, e));
    const char *id = vidstore_video_id(video);
    must(vidstore_video_remove(sys, id, VIDSTORE_REMOVE_RESTRICT, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_video_get_external(sys, NULL, "x", &same, e));
    refused(VIDSTORE_NOT_FOUND, "id", set_text(sys, id, VIDSTORE_VIDEO_TITLE, "Two", NULL, e));
    must(vidstore_video_create(sys, p, &same, e)); /* the outside id is free again … */
    refused(VIDSTORE_EXISTS, "external_id", vidstore_video_restore(sys, id, NULL, e)); /* … and then it is not */
    must(vidstore_video_remove(sys, vidstore_video_id(same), VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_video_purge(sys, vidstore_video_id(same), e));
    vidstore_video_free(same);
    must(vidstore_video_restore(sys, id, &same, e));
    ck_assert_int_eq(vidstore_video_is_null(same, VIDSTORE_VIDEO_DELETED_US), 1);
    ck_assert_int_eq(vidstore_video_is_null(same, VIDSTORE_VIDEO_REMOVAL_ID), 1);
    ck_assert_int_eq(vidstore_video_version(same), 3);
    refused(VIDSTORE_STATE, "id", vidstore_video_restore(sys, id, NULL, e));
    refused(VIDSTORE_STATE, "id", vidstore_video_purge(sys, id, e));
    ck_assert_int_eq(events("action in (video_created, video_deleted, video_restored, video_purged)"), 6);
    vidstore_video_params_free(p);
    vidstore_video_free(video);
    vidstore_video_free(same);
}
END_TEST

START_TEST(values) {
    static const struct {
        int32_t field;
        const char *value;
        vidstore_status status;
        const char *named;
    } rows[] = {
        {VIDSTORE_VIDEO_URL, "https://example.org/", VIDSTORE_OK, NULL},
        {VIDSTORE_VIDEO_URL, "/srv/a.mp4", VIDSTORE_OK, NULL}, /* the system may */
        {VIDSTORE_VIDEO_URL, "ftp://example.org/", VIDSTORE_INVALID, "url"},
        {VIDSTORE_VIDEO_URL, "file:///etc/passwd", VIDSTORE_INVALID, "url"},
        {VIDSTORE_VIDEO_URL, "https://", VIDSTORE_INVALID, "url"},
        {VIDSTORE_VIDEO_URL, "", VIDSTORE_INVALID, "url"},
        {VIDSTORE_VIDEO_URL, "https://example.org/\r\nX: y", VIDSTORE_INVALID, "url"},
        {VIDSTORE_VIDEO_FILE_NAME, "a.mp4", VIDSTORE_OK, NULL},
        {VIDSTORE_VIDEO_FILE_NAME, "../a", VIDSTORE_INVALID, "file_name"},
        {VIDSTORE_VIDEO_FILE_NAME, "..", VIDSTORE_INVALID, "file_name"},
        {VIDSTORE_VIDEO_FILE_NAME, "", VIDSTORE_INVALID, "file_name"},
        {VIDSTORE_VIDEO_TAGS, "{}", VIDSTORE_INVALID, "tags"},
        {VIDSTORE_VIDEO_DOWNLOAD_STATE, "active", VIDSTORE_OK, NULL},
        {VIDSTORE_VIDEO_DOWNLOAD_STATE, "nothing", VIDSTORE_INVALID, "download_state"},
        {VIDSTORE_VIDEO_CODEC, "h264", VIDSTORE_INVALID, "codec"}, /* found by probing, never said */
        {VIDSTORE_VIDEO_JOB_ID, "0190f5fe-7c00-7a00-8abc-012345678901", VIDSTORE_INVALID,
         "job_id"}, /* at creation only */
    };
    struct id id = add_video(sys, "x");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        vidstore_error *error = NULL;
        vidstore_status status = set_text(sys, id.text, rows[i].field, rows[i].value, NULL, &error);
        if (rows[i].status == VIDSTORE_OK)
            succeeds(rows[i].value, status, error);
        else
            fails(rows[i].value, rows[i].status, rows[i].named, status, error);
    }
    vidstore_video_params *p = params("y");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_JOB_ID, "0190f5fe-7c00-7a00-8abc-012345678901");
    refused(VIDSTORE_NOT_FOUND, "job_id", vidstore_video_create(sys, p, NULL, e));
    vidstore_video_params_free(p);
}
END_TEST

START_TEST(states_leave_their_marks) {
    struct id id = add_video(sys, "x");
    vidstore_video *video = NULL;
    must(set_text(sys, id.text, VIDSTORE_VIDEO_DOWNLOAD_STATE, "active", &video, e));
    ck_assert_int_eq(vidstore_video_is_null(video, VIDSTORE_VIDEO_DOWNLOAD_STARTED_US), 0);
    vidstore_video_free(video);
    must(set_text(sys, id.text, VIDSTORE_VIDEO_DOWNLOAD_STATE, "failed", &video, e));
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_DOWNLOAD_RETRIES), 1);
    vidstore_video_free(video);
    must(set_text(sys, id.text, VIDSTORE_VIDEO_DOWNLOAD_ERROR, "it broke", NULL, e));
    must(set_text(sys, id.text, VIDSTORE_VIDEO_DOWNLOAD_STATE, "completed", &video, e));
    ck_assert_int_eq(vidstore_video_is_null(video, VIDSTORE_VIDEO_DOWNLOAD_COMPLETED_US), 0);
    ck_assert_int_eq(vidstore_video_is_null(video, VIDSTORE_VIDEO_DOWNLOAD_ERROR), 1);
    vidstore_video_free(video);
}
END_TEST

START_TEST(rights) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER), bob = add_user("bob", VIDSTORE_ROLE_VIEWER);
    vidstore_session *a = session_of(ann), *b = session_of(bob);
    struct id hers = add_video(a, "hers");
    int64_t count = -1;
    vidstore_video_params *p = params("x");
    refused(VIDSTORE_FORBIDDEN, NULL, vidstore_video_create(b, p, NULL, e)); /* viewers view */
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_video_get(b, hers.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_video_facts(b, hers.text, NULL, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_video_remove(b, hers.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_video_count(b, NULL, &count, e));
    ck_assert_int_eq(count, 0);
    must(vidstore_video_count(a, NULL, &count, e));
    ck_assert_int_eq(count, 1);
    refused(VIDSTORE_FORBIDDEN, "url", set_text(a, hers.text, VIDSTORE_VIDEO_URL, "/etc/passwd", NULL, e));
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_USER_ID, bob.text);
    refused(VIDSTORE_FORBIDDEN, "user_id", vidstore_video_create(a, p, NULL, e)); /* nobody gives to another */
    must(vidstore_video_create(sys, p, NULL, e));
    must(vidstore_video_count(b, NULL, &count, e));
    ck_assert_int_eq(count, 1);
    vidstore_video_params_free(p);
    p = params("mine");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_ID, hers.text); /* an id of hers is no key to it */
    refused(VIDSTORE_CONFLICT, "id", vidstore_video_create(sys, p, NULL, e));
    vidstore_video_params_free(p);
    vidstore_session_free(a);
    vidstore_session_free(b);
}
END_TEST

START_TEST(for_nobody) {
    struct id ann = add_user("ann", VIDSTORE_ROLE_USER);
    vidstore_video_params *p = params("x");
    vidstore_video *video = NULL;
    const vidstore_video_params *const *in = (const vidstore_video_params *const *)&p;
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_USER_ID, "11111111-2222-4333-8444-555555555555");
    refused(VIDSTORE_INVALID, "user_id", vidstore_video_create(sys, p, NULL, e));
    refused(VIDSTORE_INVALID, "items[0].user_id",
            vidstore_video_bulk_create(sys, in, 1, VIDSTORE_BULK_ATOMIC, NULL, e));
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_ID, "11111111-2222-4333-8444-666666666666");
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_USER_ID, ann.text);
    must(vidstore_video_create(sys, p, NULL, e));
    must(vidstore_user_remove(sys, ann.text, VIDSTORE_REMOVE_CASCADE, e));
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_ID, "11111111-2222-4333-8444-777777777777");
    refused(VIDSTORE_INVALID, "user_id", vidstore_video_create(sys, p, NULL, e)); /* not there any more */
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_USER_ID, "00000000-0000-0000-0000-000000000000");
    must(vidstore_video_create(sys, p, &video, e)); /* the system's own */
    vidstore_video_free(video);
    vidstore_video_params_free(p);
}
END_TEST

START_TEST(in_bulk) {
    vidstore_video_params *list[3] = {params("a"), params("b"), params("c")};
    const vidstore_video_params *const *in = (const vidstore_video_params *const *)list;
    vidstore_page *page = NULL;
    vidstore_video_params_set_text(list[1], VIDSTORE_VIDEO_FILE_NAME, "a/b");
    refused(VIDSTORE_INVALID, "items[1].file_name",
            vidstore_video_bulk_create(sys, in, 3, VIDSTORE_BULK_ATOMIC, &page, e));
    must(vidstore_video_bulk_create(sys, in, 3, VIDSTORE_BULK_EACH, &page, e));
    ck_assert_int_eq(vidstore_page_status(page, 1), VIDSTORE_INVALID);
    ck_assert_str_eq(vidstore_video_title(vidstore_page_video(page, 2)), "c");
    vidstore_page_free(page);
    for (int i = 0; i < 3; i++)
        vidstore_video_params_free(list[i]);
}
END_TEST

/* --- files of a video
 * -------------------------------------------------------------------------------------------------------- */

static const char *path_of(const char *name) {
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const void *data, size_t size) {
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(removal_and_its_files) {
    struct id id = add_video(sys, "x");
    int32_t there = -1;
    write_file(path_of("bytes"), "bytes", 5);
    struct id file = put(sys, path_of("bytes"), id.text);
    refused(VIDSTORE_STATE, "id", vidstore_video_remove(sys, id.text, VIDSTORE_REMOVE_RESTRICT, e));
    must(vidstore_video_remove(sys, id.text, VIDSTORE_REMOVE_CASCADE, e));
    must(vidstore_file_exists(sys, file.text, &there, e));
    ck_assert_int_eq(there, 0);
    must(vidstore_video_restore(sys, id.text, NULL, e));
    must(vidstore_file_exists(sys, file.text, &there, e)); /* what went with it comes back with it */
    ck_assert_int_eq(there, 1);
    must(vidstore_video_remove(sys, id.text, VIDSTORE_REMOVE_DETACH, e));
    vidstore_file *kept = NULL;
    must(vidstore_file_get(sys, file.text, &kept, e));
    ck_assert_int_eq(vidstore_file_is_null(kept, VIDSTORE_FILE_VIDEO_ID), 1);
    vidstore_file_free(kept);
    must(vidstore_video_purge(sys, id.text, e));
}
END_TEST

/* --- probing
 * ------------------------------------------------------------------------------------------------------------------ */

static int make_clip(const char *path) {
    char command[512];
    snprintf(command, sizeof command,
             "ffmpeg -v error -f lavfi -i testsrc=size=320x240:rate=25:duration=2 -f lavfi -i sine=duration=2 -c:v "
             "mpeg4 -c:a aac "
             "-metadata title=Clip '%s' </dev/null >/dev/null 2>&1",
             path);
    return system(command) == 0;
}

/* A name without a suffix tells nothing; the bytes do. */
START_TEST(the_probe_types_the_file) {
    char clip[160], plain[160];
    vidstore_file *file = NULL;
    snprintf(clip, sizeof clip, "%s", path_of("clip.mp4"));
    if (!make_clip(clip))
        skip_test("no ffmpeg here");
    snprintf(plain, sizeof plain, "%s", path_of("plain"));
    ck_assert_int_eq(rename(clip, plain), 0);
    struct id id = add_video(sys, "clip"), stored = put(sys, plain, id.text);
    must(vidstore_video_probe(sys, id.text, NULL, e));
    must(vidstore_file_get(sys, stored.text, &file, e));
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_TYPE), "video");
    ck_assert_str_eq(vidstore_file_text(file, VIDSTORE_FILE_CONTENT_TYPE), "video/mp4");
    vidstore_file_free(file);
}
END_TEST

START_TEST(a_real_clip) {
    char clip[160];
    vidstore_video *video = NULL;
    vidstore_text *facts = NULL;
    snprintf(clip, sizeof clip, "%s", path_of("clip.mp4"));
    if (!make_clip(clip))
        skip_test("no ffmpeg here");
    struct id id = add_video(sys, "clip");
    refused(VIDSTORE_NOT_FOUND, "id", vidstore_video_probe(sys, id.text, &video, e)); /* nothing to be probed yet */
    struct id file = put(sys, clip, id.text);
    must(vidstore_video_probe(sys, id.text, &video, e));
    ck_assert_int_eq(vidstore_video_width(video), 320);
    ck_assert_int_eq(vidstore_video_height(video), 240);
    ck_assert_str_eq(vidstore_video_codec(video), "mpeg4");
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_AUDIO_CODEC), "aac");
    ck_assert_int_ge(vidstore_video_duration_us(video), 1900000);
    ck_assert_int_le(vidstore_video_duration_us(video), 2200000);
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_PROBED_FILE_ID), file.text);
    ck_assert_int_eq(vidstore_video_int64(video, VIDSTORE_VIDEO_STREAMS), 2);
    vidstore_video_free(video);
    must(vidstore_video_facts(sys, id.text, &facts, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(facts), "\"streams\":[{"));
    vidstore_text_free(facts);
    struct id other = add_video(sys, "by descriptor");
    int fd = open(clip, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(lseek(fd, 7, SEEK_SET), 7);
    must(vidstore_video_probe_fd(sys, other.text, fd, &video, e));
    ck_assert_int_eq(vidstore_video_width(video), 320);
    ck_assert_int_eq(vidstore_video_is_null(video, VIDSTORE_VIDEO_PROBED_FILE_ID), 1);
    vidstore_video_free(video);
    close(fd);
    ck_assert_int_eq(events("action = video_probed and success = true"), 2);
    vidstore_query *q = vidstore_query_new();
    int64_t count = 0;
    vidstore_query_flags(q, VIDSTORE_QUERY_SCAN);
    must(vidstore_query_filter(q, "codec = mpeg4 and duration > 1000000 and width >= 320", e));
    must(vidstore_video_count(sys, q, &count, e));
    ck_assert_int_eq(count, 2);
    vidstore_query_free(q);
}
END_TEST

static void read_the_database(void *id) {
    char database[PATH_MAX];
    snprintf(database, sizeof database, "%s/other", folder);
    must(vidstore_open(database, NULL, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
    strcat(database, "/store.db");
    int fd = open(database, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    refused(VIDSTORE_INVALID, "fd", vidstore_media_probe_fd(sys, fd, 0, NULL, e));
    ck_assert_ptr_nonnull(strstr(said, "store"));
    (void)id;
}

/* A descriptor on anything but a file that was opened for reading, and outside of the store, is refused by name. */
START_TEST(descriptors_that_are_no_files) {
    struct id id = add_video(sys, "by descriptor");
    char database[PATH_MAX];
    int pipes[2];
    snprintf(database, sizeof database, "%s/store.db", place);
    write_file(path_of("text"), "text", 4);
    ck_assert_int_eq(pipe(pipes), 0);
    int fds[] = {pipes[0],
                 open("/dev/zero", O_RDONLY | O_CLOEXEC),
                 open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                 socket(AF_UNIX, SOCK_STREAM, 0),
                 open(path_of("text"), O_PATH | O_CLOEXEC),
                 open(path_of("text"), O_WRONLY | O_CLOEXEC),
                 open(database, O_PATH | O_CLOEXEC)};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        ck_assert_int_ge(fds[i], 0);
        refused(VIDSTORE_INVALID, "fd", vidstore_video_probe_fd(sys, id.text, fds[i], NULL, e));
        refused(VIDSTORE_INVALID, "fd", vidstore_media_probe_fd(sys, fds[i], 0, NULL, e));
        close(fds[i]);
    }
    close(pipes[1]);
    ck_assert_int_eq(events("action = video_probed"), 0);
    in_child(read_the_database, id.text); /* closing it here would drop the locks of this process */
}
END_TEST

/* What is only looked at leaves nothing behind. */
START_TEST(looking_without_keeping) {
    static const char text[] = "It was the best of times, it was the worst of times.\n";
    char path[PATH_MAX];
    vidstore_text *found = (vidstore_text *)-1;
    vidstore_video *video = (vidstore_video *)-1;
    snprintf(path, sizeof path, "%s", path_of("text"));
    write_file(path, text, sizeof text - 1);
    must(vidstore_media_probe_path(sys, path, 0, &found, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(found), "\"status\":\"not_media\""));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(found), "\"isolation\":\"fork rlimits seccomp"));
    vidstore_text_free(found);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    must(vidstore_media_probe_fd(sys, fd, VIDSTORE_PROBE_WARM | VIDSTORE_PROBE_NO_DECODE, &found, e));
    ck_assert_ptr_nonnull(strstr(vidstore_text_data(found), "\"isolation\":\"warm rlimits seccomp"));
    vidstore_text_free(found);
    refused(VIDSTORE_INVALID, "flags", vidstore_media_probe_fd(sys, fd, 4, &found, e));
    ck_assert_ptr_null(found);
    close(fd);
    refused(VIDSTORE_INVALID, "fd", vidstore_media_probe_fd(sys, 1000000, 0, &found, e));
    refused(VIDSTORE_MISUSE, "path", vidstore_media_probe_path(sys, NULL, 0, &found, e));
    refused(VIDSTORE_NOT_FOUND, NULL, vidstore_media_probe_path(sys, "/nowhere/at/all", 0, &found, e));
    /* a path is not for users to name, and a transaction is no place for what takes long */
    struct id user = add_user("prying", VIDSTORE_ROLE_USER), mine;
    vidstore_session *s = session_of(user);
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_media_probe_path(s, path, 0, &found, e));
    mine = add_video(s, "mine");
    refused(VIDSTORE_FORBIDDEN, "path", vidstore_video_probe_path(s, mine.text, path, &video, e));
    ck_assert_ptr_null(video);
    vidstore_session_free(s);
    must(vidstore_begin(sys, 0, e));
    refused(VIDSTORE_STATE, NULL, vidstore_media_probe_path(sys, path, 0, &found, e));
    must(vidstore_rollback(sys, e));
    ck_assert_int_eq(events("action = video_probed"), 0);
    /* kept: the verdict is on record */
    refused(VIDSTORE_MEDIA, NULL, vidstore_video_probe_path(sys, mine.text, path, &video, e));
    must(vidstore_video_get(sys, mine.text, &video, e));
    ck_assert_str_eq(vidstore_video_text(video, VIDSTORE_VIDEO_PROBE_STATUS), "not_media");
    vidstore_video_free(video);
}
END_TEST

/* Whatever the bytes: an answer in time, the host unharmed, and the record says what came of it. */
START_TEST(hostile_files) {
    static char bytes[200000];
    static const char *const heads[] = {"",
                                        "\0\0\0\x18"
                                        "ftypmp42",
                                        "\x1A\x45\xDF\xA3",
                                        "RIFF\xFF\xFF\xFF\xFF"
                                        "AVI LIST",
                                        "OggS",
                                        "#EXTM3U\nfile:///etc/passwd\n",
                                        "ffconcat version 1.0\nfile /etc/passwd\n",
                                        "<html>"};
    struct id id = add_video(sys, "x");
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        for (size_t n = 0; n < sizeof bytes; n++)
            bytes[n] = (char)random();
        memcpy(bytes, heads[i], i == 1 ? 12 : i == 2 ? 4 : strlen(heads[i]));
        write_file(path_of("hostile"), bytes, i ? sizeof bytes : 0);
        int fd = open(path_of("hostile"), O_RDONLY | O_CLOEXEC);
        vidstore_error *error = NULL;
        vidstore_video *video = NULL;
        vidstore_status status = vidstore_video_probe_fd(sys, id.text, fd, &video, &error);
        ck_assert_msg(status == VIDSTORE_OK || status == VIDSTORE_MEDIA, "file %zu: %s: %s", i,
                      vidstore_status_name(status), vidstore_error_message(error));
        ck_assert_int_eq(vidstore_error_code(error), status);
        vidstore_error_free(error);
        vidstore_video_free(video);
        close(fd);
    }
    int pipes[2];
    ck_assert_int_eq(pipe(pipes), 0);
    vidstore_error *error = NULL;
    vidstore_status status = vidstore_video_probe_fd(sys, id.text, pipes[0], NULL, &error); /* must not wait for it */
    ck_assert_msg(status == VIDSTORE_INVALID, "%s", vidstore_status_name(status));
    vidstore_error_free(error);
    close(pipes[0]);
    close(pipes[1]);
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    refused(VIDSTORE_INVALID, NULL, vidstore_video_probe_fd(sys, id.text, fd, NULL, e));
    close(fd);
    must(set_text(sys, id.text, VIDSTORE_VIDEO_TITLE, "still here", NULL, e));
}
END_TEST

Suite *videos_suite(void);
Suite *videos_suite(void) {
    Suite *suite = suite_create("videos");
    TCase *tests = tcase_create("videos");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, life_of_a_record);
    tcase_add_test(tests, values);
    tcase_add_test(tests, states_leave_their_marks);
    tcase_add_test(tests, rights);
    tcase_add_test(tests, the_probe_types_the_file);
    tcase_add_test(tests, for_nobody);
    tcase_add_test(tests, in_bulk);
    tcase_add_test(tests, removal_and_its_files);
    tcase_add_test(tests, a_real_clip);
    tcase_add_test(tests, looking_without_keeping);
    tcase_add_test(tests, descriptors_that_are_no_files);
    tcase_add_test(tests, hostile_files);
    suite_add_tcase(suite, tests);
    return suite;
}
