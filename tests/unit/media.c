/* SPDX-License-Identifier: MIT */
/* Probing: facts of honest files, refusal of hostile ones, limits. */
#include "media_harness.h"
#include "skip.h"

/* ---- the clips ---- */

#define SCREEN "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2"
#define TONE   "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=2"
#define H264   "-c:v libx264 -preset ultrafast -pix_fmt yuv420p"

static void make_clips(void) {
    static const char chapters[] = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=1000\ntitle=One\n"
                                   "[CHAPTER]\nTIMEBASE=1/1000\nSTART=1000\nEND=2000\ntitle=Zw\xC3\xB6lf\n";
    write_file("chapters.txt", chapters, sizeof chapters - 1, 0);
    make(SCREEN " " TONE " -shortest " H264 " -c:a aac -ac 2 -metadata title='A \"film\"' -metadata:s:a language=ger "
                "-metadata creation_time=2024-05-01T12:30:00Z a.mp4");
    make("-i a.mp4 -c copy -movflags +faststart fast.mp4");
    make("-i a.mp4 -c copy -movflags +frag_keyframe+empty_moov frag.mp4");
    make("-i a.mp4 -c copy -metadata:s:v rotate=90 turned.mp4");
    make("-i a.mp4 -i chapters.txt -map_metadata 1 -c copy chapters.mkv");
    make(SCREEN " " TONE " -shortest -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus v.mkv");
    make(SCREEN " -c:v libvpx -deadline realtime -cpu-used 8 v.webm");
    make(SCREEN " -c:v libvpx -deadline realtime -cpu-used 8 -f webm pipe:1 > live.webm");
    make(SCREEN " " TONE " -shortest -c:v mpeg2video -c:a mp2 m.ts");
    make(SCREEN " " TONE " -shortest -c:v mpeg4 -c:a mp3 m.avi");
    make(SCREEN " -vf setsar=4/3 -c:v mpeg4 wide.mp4");
    make(TONE " -c:a mp3 m.mp3");
    make("-i a.mp4 -frames:v 1 still.png");
    make("-i a.mp4 -i still.png -map 0:a -map 1:v -c copy -disposition:v attached_pic cover.m4a");
    make("-i m.mp3 -map 0:a -map 0:a -map 0:a -map 0:a -map 0:a -map 0:a -c copy many.mka");
    make(SCREEN " -frames:v 5 -pix_fmt yuv420p10le -c:v libx265 -x265-params log-level=none:colorprim=bt2020:"
                "transfer=smpte2084:colormatrix=bt2020nc:max-cll=1000,400 hdr.mkv");
}

static void set_up_clips(void) {
    static int done;
    set_up_files();
    if (!done && have_ffmpeg())
        make_clips();
    done = 1;
}

/* ---- facts ---- */

static void about_two_seconds(const struct vs_probe *p, const char *source) {
    ck_assert_int_ge(p->duration_us, 1900000);
    ck_assert_int_le(p->duration_us, 2200000);
    ck_assert_str_eq(p->duration_source, source);
}

START_TEST(an_mp4) {
    vs_autoprobe *p = probe("a.mp4");
    ck_assert_str_eq(p->status, "ok");
    ck_assert_str_eq(p->format, "mp4");
    ck_assert_str_eq(p->major_brand, "isom");
    ck_assert_str_eq(p->media_kind, "video");
    ck_assert_str_eq(p->title, "A \"film\"");
    ck_assert_int_eq(p->created_us, INT64_C(1714566600000000));
    ck_assert_int_eq(p->faststart, 0);
    ck_assert_int_eq(p->fragmented, 0);
    ck_assert_int_eq(p->n_video, 1);
    ck_assert_int_eq(p->n_audio, 1);
    about_two_seconds(p, "header");
    ck_assert_uint_eq(p->n_streams, 2);
    const struct vs_probe_stream *v = &p->streams[p->main_video], *a = &p->streams[p->main_audio];
    ck_assert_str_eq(v->codec, "h264");
    ck_assert_str_eq(v->pix_fmt, "yuv420p");
    ck_assert_str_eq(v->scan, "progressive");
    ck_assert_str_eq(v->disposition, "default");
    ck_assert_int_eq(v->width, 320);
    ck_assert_int_eq(v->height, 240);
    ck_assert_int_eq(v->bit_depth, 8);
    ck_assert_int_eq(v->nb_frames, 50);
    ck_assert_int_eq(v->avg_rate_num, 25);
    ck_assert_int_eq(v->avg_rate_den, 1);
    ck_assert_int_eq(v->rotation, 0);
    ck_assert_int_eq(v->flip, 0);
    ck_assert_ptr_null(v->language);
    ck_assert_ptr_null(v->hdr);
    ck_assert_str_eq(a->codec, "aac");
    ck_assert_str_eq(a->language_raw, "ger");
    ck_assert_str_eq(a->language, "de");
    ck_assert_str_eq(a->layout, "stereo");
    ck_assert_int_eq(a->channels, 2);
    ck_assert_int_eq(a->sample_rate, 48000);
    ck_assert_int_eq(a->width, VS_MEDIA_UNKNOWN);
    ck_assert_ptr_nonnull(strstr(p->prober, "libavformat"));
    ck_assert_ptr_nonnull(strstr(p->isolation, "seccomp"));
    ck_assert_int_gt(p->bytes_read, 0);
    ck_assert_int_gt(p->elapsed_us, 0);
}
END_TEST

START_TEST(layouts_of_mp4) {
    vs_autoprobe *fast = probe("fast.mp4");
    ck_assert_int_eq(fast->faststart, 1);
    ck_assert_int_eq(fast->fragmented, 0);
    vs_autoprobe *fragmented = probe("frag.mp4");
    ck_assert_int_eq(fragmented->fragmented, 1);
    about_two_seconds(fragmented, "stream");
}
END_TEST

START_TEST(a_turned_picture) {
    vs_autoprobe *p = probe("turned.mp4");
    const struct vs_probe_stream *v = &p->streams[p->main_video];
    ck_assert_int_eq(v->width, 320);
    ck_assert_int_eq(v->rotation, 270);
    ck_assert_int_eq(v->display_width, 240);
    ck_assert_int_eq(v->display_height, 320);
}
END_TEST

START_TEST(a_wide_pixel) {
    vs_autoprobe *p = probe("wide.mp4");
    const struct vs_probe_stream *v = &p->streams[p->main_video];
    ck_assert_int_eq(v->sar_num, 4);
    ck_assert_int_eq(v->sar_den, 3);
    ck_assert_int_eq(v->display_width, 427);
    ck_assert_int_eq(v->display_height, 240);
}
END_TEST

START_TEST(other_containers) {
    static const struct {
        const char *name, *format, *codec, *source;
    } files[] = {{"v.mkv", "matroska", "vp9", "header"},
                 {"v.webm", "webm", "vp8", "header"},
                 {"live.webm", "webm", "vp8", "scan"},
                 {"m.ts", "mpegts", "mpeg2video", "pts"},
                 {"m.avi", "avi", "mpeg4", "stream"}};
    const size_t i = (size_t)_i;
    vs_autoprobe *p = probe(files[i].name);
    ck_assert_str_eq(p->status, "ok");
    ck_assert_str_eq(p->format, files[i].format);
    ck_assert_str_eq(p->streams[p->main_video].codec, files[i].codec);
    ck_assert_int_eq(p->streams[p->main_video].width, 320);
    ck_assert_int_eq(p->faststart, VS_MEDIA_UNKNOWN);
    about_two_seconds(p, files[i].source);
}
END_TEST

START_TEST(sound_alone) {
    vs_autoprobe *p = probe("m.mp3");
    ck_assert_str_eq(p->media_kind, "audio");
    ck_assert_str_eq(p->format, "mp3");
    ck_assert_int_eq(p->main_video, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p->main_audio, 0);
    vs_autoprobe *cover = probe("cover.m4a");
    ck_assert_str_eq(cover->media_kind, "audio");
    ck_assert_int_eq(cover->n_video, 1);
    ck_assert_int_eq(cover->main_video, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(cover->streams[1].is_picture, 1);
    ck_assert_ptr_nonnull(strstr(cover->streams[1].disposition, "attached_pic"));
}
END_TEST

START_TEST(chapters) {
    vs_autoprobe *p = probe("chapters.mkv");
    ck_assert_uint_eq(p->n_chapters, 2);
    ck_assert_int_eq(p->chapters[1].start_us, 1000000);
    ck_assert_int_eq(p->chapters[1].end_us, 2000000);
    ck_assert_str_eq(p->chapters[1].title, "Zw\xC3\xB6lf");
}
END_TEST

START_TEST(high_dynamic_range) {
    vs_autoprobe *p = probe("hdr.mkv");
    const struct vs_probe_stream *v = &p->streams[p->main_video];
    ck_assert_str_eq(v->codec, "hevc");
    ck_assert_str_eq(v->transfer, "pq");
    ck_assert_str_eq(v->primaries, "bt2020");
    ck_assert_str_eq(v->hdr, "hdr10");
    ck_assert_int_eq(v->bit_depth, 10);
    ck_assert_int_eq(v->max_cll, 1000);
    ck_assert_int_eq(v->max_fall, 400);
    /* the light level stands in the bitstream alone */
    vs_autoprobe *shallow = probe_limited("hdr.mkv", &(struct vs_probe_limits){.skip_decode = 1});
    ck_assert_int_eq(shallow->streams[0].max_cll, VS_MEDIA_UNKNOWN);
}
END_TEST

START_TEST(as_json) {
    vs_autoprobe *p = probe("a.mp4");
    vs_autojson *j = NULL;
    ck_assert_int_eq(vs_probe_to_json(p, &j, NULL), 0);
    ck_assert_str_eq(json_string_value(json_object_get(j, "format")), "mp4");
    ck_assert_ptr_null(json_object_get(j, "limited_by"));
    const json_t *v = json_array_get(json_object_get(j, "streams"), 0);
    ck_assert_int_eq(json_integer_value(json_array_get(json_object_get(v, "avg_rate"), 0)), 25);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(v, "disposition"), 0)), "default");
    ck_assert(json_is_false(json_object_get(j, "faststart")));
    ck_assert_uint_eq(json_array_size(json_object_get(j, "tags")), p->n_tags);
}
END_TEST

/* ---- files that are not what they seem ---- */

START_TEST(not_media) {
    static const char *const names[] = {"hls.mp4",  "concat.mp4", "sdp.mp4",   "dash.mp4",
                                        "text.mp4", "noise.bin",  "zeros.bin", "disguised.mp4"};
    expect_status(names[_i], "not_media");
}
END_TEST

START_TEST(an_empty_file) {
    expect_status("empty.mp4", "empty");
}
END_TEST

START_TEST(cut_files) {
    struct vs_probe_limits none = {0};
    copy_file("a.mp4", "cut.mp4", 20000, 0);
    expect_status("cut.mp4", "truncated");
    /* with the index in front the facts are all there */
    copy_file("fast.mp4", "cutfast.mp4", -5000, 0);
    vs_autoprobe *p = probe_limited("cutfast.mp4", &none);
    ck_assert_str_eq(p->status, "truncated");
    about_two_seconds(p, "header");
    copy_file("v.mkv", "cut.mkv", -5000, 0);
    expect_status("cut.mkv", "truncated");
    copy_file("m.avi", "cut.avi", -5000, 0);
    expect_status("cut.avi", "truncated");
}
END_TEST

START_TEST(a_still) {
    vs_autoprobe *p = probe("still.png");
    ck_assert_str_eq(p->status, "unsupported");
    ck_assert_str_eq(p->media_kind, "image");
}
END_TEST

START_TEST(a_gigabyte_of_nothing) {
    static const char *const names[][2] = {{"m.mp3", "hole.mp3"}, {"m.avi", "hole.avi"}, {"m.ts", "hole.ts"}};
    copy_file(names[_i][0], names[_i][1], 0, INT64_C(1) << 30);
    int64_t began = vs_mono_us();
    vs_autoprobe *p = probe(names[_i][1]);
    ck_assert_int_lt(vs_mono_us() - began, 3000000 * patience());
    ck_assert_int_le(p->bytes_read, (64 << 20) + 65536);
    ck_assert_str_ne(p->status, "crashed");
}
END_TEST

START_TEST(not_a_file) {
    vidstore_error *e = NULL;
    struct vs_probe *p;
    char path[256];
    snprintf(path, sizeof path, "%s/fifo", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int fds[] = {open(folder, O_RDONLY | O_DIRECTORY), open(path, O_RDONLY | O_NONBLOCK), open("/dev/zero", O_RDONLY)};
    for (size_t i = 0; i < VS_COUNT(fds); i++) {
        ck_assert_int_eq(vs_probe_fd(prober, fds[i], NULL, &p, &e), VIDSTORE_INVALID);
        ck_assert_int_eq(vidstore_error_subcode(e), VIDSTORE_SUB_NOT_A_FILE);
        ck_assert_ptr_null(p);
        close(fds[i]);
    }
    ck_assert_int_lt(vs_probe_fd(prober, -1, NULL, &p, &e), 0);
    vidstore_error_free(e);
}
END_TEST

/* ---- limits ---- */

START_TEST(limits_hold) {
    vs_autoprobe *read = probe_limited("noise.bin", &(struct vs_probe_limits){.max_read = 8192});
    ck_assert_str_eq(read->status, "limit_read");
    vs_autoprobe *late = probe_limited("noise.bin", &(struct vs_probe_limits){.timeout_ms = 1});
    ck_assert_msg(strcmp(late->status, "limit_time") == 0 || strcmp(late->status, "not_media") == 0, "%s",
                  late->status);
    if (!have_ffmpeg())
        skip_test("no ffmpeg here for the rest of it");
    vs_autoprobe *streams = probe_limited("many.mka", &(struct vs_probe_limits){.max_streams = 4});
    ck_assert_str_eq(streams->status, "limit_streams");
    vs_autoprobe *all = probe("many.mka");
    ck_assert_int_eq(all->n_audio, 6);
    vs_autoprobe *part = probe_limited("m.ts", &(struct vs_probe_limits){.max_read = 100000});
    ck_assert_str_eq(part->status, "partial");
    ck_assert_str_eq(part->limited_by, "read");
}
END_TEST

START_TEST(limits_are_checked) {
    static const struct {
        struct vs_probe_limits limits;
        const char *field;
    } bad[] = {
        {{.max_streams = 257}, "max_streams"},
        {{.max_streams = -1}, "max_streams"},
        {{.max_read = -1}, "max_read"},
        {{.timeout_ms = 3600001}, "timeout_ms"},
        {{.timeout_ms = INT64_MAX}, "timeout_ms"},
        {{.wait_ms = -1}, "wait_ms"},
    };
    vidstore_error *e = NULL;
    struct vs_probe *p;
    int fd = open_in_folder("text.mp4", O_RDONLY);
    for (size_t i = 0; i < VS_COUNT(bad); i++) {
        ck_assert_int_eq(vs_probe_fd(prober, fd, &bad[i].limits, &p, &e), VIDSTORE_INVALID);
        ck_assert_str_eq(vidstore_error_field(e), bad[i].field);
    }
    close(fd);
    vidstore_error_free(e);
}
END_TEST

static void add_clip_tests(Suite *suite) {
    TCase *c = new_case(suite, "facts", set_up_clips, NULL);
    tcase_add_test(c, an_mp4);
    tcase_add_test(c, layouts_of_mp4);
    tcase_add_test(c, a_turned_picture);
    tcase_add_test(c, a_wide_pixel);
    tcase_add_loop_test(c, other_containers, 0, 5);
    tcase_add_test(c, sound_alone);
    tcase_add_test(c, chapters);
    tcase_add_test(c, high_dynamic_range);
    tcase_add_test(c, as_json);
    tcase_add_test(c, cut_files);
    tcase_add_test(c, a_still);
    tcase_add_loop_test(c, a_gigabyte_of_nothing, 0, 3);
}

START_TEST(clips) {
    skip_test("no ffmpeg here");
}
END_TEST

Suite *media_suite(void);
Suite *media_suite(void) {
    Suite *suite = suite_create("media");
    if (have_ffmpeg())
        add_clip_tests(suite);
    else
        tcase_add_test(new_case(suite, "clips", set_up_clips, remove_files), clips);
    TCase *c = new_case(suite, "refusals", set_up_clips, remove_files);
    tcase_add_loop_test(c, not_media, 0, 8);
    tcase_add_test(c, an_empty_file);
    tcase_add_test(c, not_a_file);
    tcase_add_test(c, limits_hold);
    tcase_add_test(c, limits_are_checked);
    return suite;
}
