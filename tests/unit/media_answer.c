/* SPDX-License-Identifier: MIT */
/* Probing: answers of a helper that lies, because a hostile file has taken it over. */
#include "media/media_internal.h"
#include "util/alloc.h"
#include <check.h>
#include <string.h>

static int read_answer(const char *text) {
    struct vs_probe p;
    vs_media_probe_init(&p);
    int rc = vs_media_answer_read(text, strlen(text), &p, NULL);
    vs_media_probe_clear(&p);
    return rc;
}

#define STREAM "{\"index\":0,\"kind\":\"video\",\"disposition\":[]"

START_TEST(good_answers) {
    static const char *const good[] = {
        "{\"status\":\"ok\"}\n",
        "{\"status\":\"ok\",\"streams\":[],\"chapters\":[],\"tags\":[]}",
        "{\"status\":\"ok\",\"main_video\":0,\"streams\":[" STREAM ",\"rotation\":270,\"sar\":[4,3]}]}",
        "{\"status\":\"ok\",\"something\":{\"new\":1}}",
        "{\"status\":\"ok\",\"tags\":[{\"scope\":\"container\",\"key\":\"k\",\"value\":\"\xE2\x82\xAC\"}]}",
    };
    ck_assert_int_eq(read_answer(good[_i]), 0);
}
END_TEST

static const char *const lies[] = {
    "",
    "\n",
    "{",
    "[]",
    "null",
    "{}",
    "{\"status\":1}",
    "{\"status\":\"fine\"}",
    "{\"status\":\"crashed\"}",
    "{\"status\":\"ok\",\"status\":\"ok\"}",
    "{\"status\":\"ok\"} x",
    "{\"status\":\"ok\",\"duration_us\":9223372036854775808}",
    "{\"status\":\"ok\",\"duration_us\":1.5}",
    "{\"status\":\"ok\",\"duration_us\":\"1\"}",
    "{\"status\":\"ok\",\"format\":\"mp4; drop\"}",
    "{\"status\":\"ok\",\"format\":\"\"}",
    "{\"status\":\"ok\",\"title\":\"a\\u0000b\"}",
    "{\"status\":\"ok\",\"title\":\"\xFF\"}",
    "{\"status\":\"ok\",\"faststart\":1}",
    "{\"status\":\"ok\",\"major_brand\":\"isom5\"}",
    "{\"status\":\"ok\",\"main_video\":0}",
    "{\"status\":\"ok\",\"main_audio\":0,\"streams\":[" STREAM "}]}",
    "{\"status\":\"ok\",\"main_video\":255,\"streams\":[" STREAM "}]}",
    "{\"status\":\"ok\",\"streams\":[{\"index\":-1,\"kind\":\"video\",\"disposition\":[]}]}",
    "{\"status\":\"ok\",\"streams\":{}}",
    "{\"status\":\"ok\",\"streams\":[1]}",
    "{\"status\":\"ok\",\"streams\":[{}]}",
    "{\"status\":\"ok\",\"streams\":[" STREAM "}," STREAM "}]}",
    "{\"status\":\"ok\",\"streams\":[" STREAM ",\"rotation\":45}]}",
    "{\"status\":\"ok\",\"streams\":[" STREAM ",\"sar\":[1,2,3]}]}",
    "{\"status\":\"ok\",\"streams\":[" STREAM ",\"hdr\":\"hdr11\"}]}",
    "{\"status\":\"ok\",\"streams\":[{\"index\":0,\"kind\":\"video\",\"disposition\":[\"a b\"]}]}",
    "{\"status\":\"ok\",\"tags\":[{\"scope\":\"container\",\"key\":\"k\"}]}",
    "{\"status\":\"ok\",\"chapters\":\"none\"}",
};

START_TEST(lying_answers) {
    ck_assert_int_eq(read_answer(lies[_i]), VIDSTORE_INVALID);
}
END_TEST

START_TEST(absurd_numbers) {
    static const char text[] =
        "{\"status\":\"ok\",\"duration_us\":-1,\"bit_rate\":9223372036854775807,\"main_video\":-1,"
        "\"streams\":[" STREAM ",\"width\":0,\"height\":240,\"sar\":[1,0],\"bits\":70000}]}";
    struct vs_probe p;
    vs_media_probe_init(&p);
    ck_assert_int_eq(vs_media_answer_read(text, sizeof text - 1, &p, NULL), 0);
    ck_assert_int_eq(p.duration_us, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.bit_rate, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.main_video, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.streams[0].width, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.streams[0].height, 240);
    ck_assert_int_eq(p.streams[0].sar_num, VS_MEDIA_UNKNOWN);
    ck_assert_int_eq(p.streams[0].bits, VS_MEDIA_UNKNOWN);
    vs_media_probe_clear(&p);
}
END_TEST

START_TEST(answers_without_measure) {
    vs_autobuf b = {0};
    vs_buf_str(&b, "{\"status\":\"ok\",\"chapters\":[{}");
    for (int i = 1; i <= VS_MEDIA_MAX_CHAPTERS; i++)
        vs_buf_str(&b, ",{}");
    vs_buf_str(&b, "]}");
    ck_assert_int_eq(read_answer(b.data), VIDSTORE_INVALID);
    vs_buf_free(&b);
    for (int i = 0; i < 100000; i++)
        vs_buf_char(&b, '[');
    ck_assert_int_eq(read_answer(b.data), VIDSTORE_INVALID);
    vs_buf_free(&b);
    vs_buf_str(&b, "{\"status\":\"ok\",\"title\":\"");
    for (int i = 0; i <= VS_MEDIA_MAX_TITLE; i++)
        vs_buf_char(&b, 'x');
    vs_buf_str(&b, "\"}");
    ck_assert_int_eq(read_answer(b.data), VIDSTORE_INVALID);
}
END_TEST

Suite *media_answer_suite(void);
Suite *media_answer_suite(void) {
    Suite *suite = suite_create("media_answer");
    TCase *c = tcase_create("answers");
    tcase_add_loop_test(c, good_answers, 0, 5);
    tcase_add_loop_test(c, lying_answers, 0, (int)VS_COUNT(lies));
    tcase_add_test(c, absurd_numbers);
    tcase_add_test(c, answers_without_measure);
    suite_add_tcase(suite, c);
    return suite;
}
