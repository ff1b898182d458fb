/* SPDX-License-Identifier: MIT */
/* What people type: what becomes of it, and that no text at all makes the index complain. Facts, on videos in memory.
 */
#include "record/search.h"
#include "store/crud.h"
#include "util/alloc.h"
#include "util/error.h"
#include "videos/videos.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <vidstore/vidstore.h>

#define M  "\xEE\x80\x80"
#define EQ "\xEE\x80\x81"

static vidstore *store;
static vidstore_session *sys;

#define must(call)                                                                                                     \
    do {                                                                                                               \
        vidstore_error *e_ = NULL, **e = &e_;                                                                          \
        int rc_ = (call);                                                                                              \
        ck_assert_msg(rc_ == 0, "%s: %s: %s (%s)", #call, vidstore_status_name(rc_), vidstore_error_message(e_),       \
                      vidstore_error_cause(e_));                                                                       \
    } while (0)

static void begin(void) {
    must(vidstore_open(":memory:", NULL, &store, e));
    must(vidstore_session_system(store, "test", &sys, e));
}

static void end(void) {
    vidstore_session_free(sys);
    vidstore_close(store);
}

/* --- what becomes of a text ----------------------------------------------------------------------------------- */

static const struct {
    const char *text, *match, *where; /* match NULL: refused */
} typed[] = {
    {"cat", "(\"cat\")", ""},
    {"Cat DOG", "(\"cat\") AND (\"dog\")", ""},
    {"\"Season One\"", "(\"season one\")", ""},
    {"\"Season One", "(\"season one\")", ""},
    {"\"Season O\"*", "(\"season o\" *)", ""},
    {"s\xC3\xA9"
     "as*",
     "(\"seas\" *)", ""},
    {"*", NULL, NULL},
    {"S01.E02", "(\"s01 e02\")", ""},
    {"cat -dog", "((\"cat\")) NOT (\"dog\")", ""},
    {"-dog -\"a b\"", "(\"" M "\") NOT (\"dog\" OR \"a b\")", ""},
    {"NOT dog", "(\"" M "\") NOT (\"dog\")", ""},
    {"cat OR dog bird", "(\"cat\" OR \"dog\") AND (\"bird\")", ""},
    {"cat AND dog", "(\"cat\") AND (\"dog\")", ""},
    {"OR cat OR", "(\"cat\")", ""},
    {"- cat", "(\"cat\")", ""},
    {"--cat", "(\"" M "\") NOT (\"cat\")", ""},
    {"http://a.b/c", "(\"http a b c\")", ""},
    {"nothing:cat", "(\"nothing cat\")", ""},
    {"title:", "(\"title\")", ""},
    {"12:30", "(\"12 30\")", ""},
    {"NEAR(a b)", "(\"near a\") AND (\"b\")", ""},
    {"{title} : x", "(\"title\") AND (\"x\")", ""},
    {"marks:x", "(\"marks x\")", ""},
    {"\xEE\x80\x80x", "(\"x\")", ""},
    {"title:cat", "((title_words : \"cat\"))", ""},
    {"TITLE:\"a cat\"", "((title_words : \"a cat\"))", ""},
    {"title:cat*,dog", "((title_words : \"cat\" * OR title_words : \"dog\"))", ""},
    {"tag:new", "((tag_words : \"new\"))", ""},
    {"codec:HEVC", "((\"" M "3074" EQ "hevc\"))", ""},
    {"codec:hevc,av1", "((\"" M "3074" EQ "hevc\" OR \"" M "3074" EQ "av1\"))", ""},
    {"codec:h26*", "((\"" M "3074" EQ "h26\" *))", ""},
    {"codec=hevc", "((\"" M "3074" EQ "hevc\"))", ""},
    {"-codec:hevc", "(\"" M "\") NOT ((\"" M "3074" EQ "hevc\"))", ""},
    {"codec!=hevc", "(\"" M "\") NOT ((\"" M "3074" EQ "hevc\"))", ""},
    {"codec:h265", "((\"" M "3074" EQ "hevc\"))", ""},
    {"audio_layout:\"5.1(side)\"", "((\"" M "3085" EQ "5" EQ "1" EQ "side" EQ "\"))", ""},
    {"hdr:none", "((\"" M "3081" EQ "sdr\"))", ""},
    {"episode:3", "\"" M "\"", "((episode >= $1 AND episode <= $2))"},
    {"-episode:3", "\"" M "\"", "((NOT ((episode >= $1 AND episode <= $2)) OR episode IS NULL))"},
    {"episode:3,5..", NULL, "((episode >= $1 AND episode <= $2) OR episode >= $3)"},
    {"episode:any", NULL, "((episode IS NOT NULL))"},
    {"title:none", NULL, "((title IS NULL))"},
    {"-title:none", NULL, "((NOT (title IS NULL)))"},
    {"download_state:failed", NULL, "((download_state = 40))"},
    {"download_state:none", NULL, "((download_state = 0))"},
    {"download_state:any", NULL, "((download_state IS NOT NULL))"},
    {"media_kind:none", "((\"" M "3064" EQ "none\"))", ""},
    {"codec:hevc OR cat", "((\"" M "3074" EQ "hevc\") OR \"cat\")", ""},
    {"-cat dog OR bird", "((\"dog\" OR \"bird\")) NOT (\"cat\")", ""},
    {"cat download_state:failed", "(\"cat\")", "((download_state = 40))"},
    {"created:2026", NULL, "(((created_us >= $1 AND created_us <= $2)))"},
    {"url:\"https://a/b\"", NULL, "((url = $1))"},
};

START_TEST(becomes) {
    vs_autocompiled c = {.noun = &vs_video_noun};
    vs_autobuf match = {0};
    vidstore_error *e = NULL;
    int r = vs_search_compile(typed[_i].text, &c, &e);
    if (!typed[_i].match && !typed[_i].where) {
        ck_assert_int_eq(r, VIDSTORE_INVALID);
        ck_assert_str_eq(vidstore_error_field(e), "search");
        vidstore_error_free(e);
        return;
    }
    ck_assert_msg(r == 0, "%s: %s", typed[_i].text, vidstore_error_message(e));
    ck_assert_int_eq(vs_search_match(&c, 0, &match, NULL), 0);
    if (typed[_i].match)
        ck_assert_msg(strcmp(match.data, typed[_i].match) == 0, "%s became %s", typed[_i].text, match.data);
    ck_assert_msg(strstr(c.where.data ? c.where.data : "", typed[_i].where) != NULL, "%s became %s", typed[_i].text,
                  c.where.data);
}
END_TEST

static const char *const bad[] = {"duration:abc",
                                  "duration:10x",
                                  "duration:..",
                                  "created:2026-13",
                                  "episode:>a",
                                  "episode:1..x",
                                  "codec>hevc",
                                  "download_state:gone",

                                  "id:zzz",
                                  "duration:>1..2",
                                  "url:a*",
                                  "codec:hevc,any",
                                  "\"\" -- !! **",
                                  "episode:99999999999999999999",
                                  "created:2026-02-32",
                                  "duration:9999999999h",
                                  "download_state:>failed",
                                  "a OR episode:3",
                                  "episode:3 OR a",
                                  "a episode:3 OR b",
                                  "a OR -b c",
                                  "a OR NOT b",
                                  "a -b OR c",
                                  "a OR codec!=h264",
                                  "tags:none",
                                  "metadata:any",
                                  "processing_state:\"\""};

START_TEST(is_refused) {
    vs_autocompiled c = {.noun = &vs_video_noun};
    vidstore_error *e = NULL;
    int r = vs_search_compile(bad[_i], &c, &e);
    ck_assert_msg(r == VIDSTORE_INVALID, "%s gave %s", bad[_i], vidstore_status_name(r));
    ck_assert_str_eq(vidstore_error_field(e), "search");
    ck_assert_msg(!strstr(vidstore_error_message(e), "filter"), "%s", vidstore_error_message(e)); /* nobody gave one */
    vidstore_error_free(e);
}
END_TEST

static const struct {
    const char *text;
    int64_t low, high;
} values[] = {
    {"duration:90", 90000000, 90999999},
    {"duration:10m", 600000000, 659999999},
    {"duration:1h30m", 5400000000, 5459999999},
    {"duration:1.5h", 5400000000, 5759999999},
    {"duration:10m..2h", 600000000, 10799999999},
    {"duration:..500ms", INT64_MIN, 500999},
    {"duration>10m", 660000000, INT64_MAX},
    {"duration:>=10m", 600000000, INT64_MAX},
    {"duration<10m", INT64_MIN, 599999999},
    {"duration:<=10m", INT64_MIN, 659999999},
    {"size:1.5G", 1500000000, 1500000000},
    {"size:1Ki..2Mi", 1024, 2097152},
    {"height:1080p", 1080, 1080},
    {"created:1970-01-02", 86400000000, 172799999999},
    {"created:1970-01", 0, 2678399999999},
    {"created:1970", 0, 31535999999999},
    {"created:1970-01-01T00:01", 60000000, 119999999},
};

START_TEST(means) {
    vs_autocompiled c = {.noun = &vs_video_noun};
    vidstore_error *e = NULL;
    int r = vs_search_compile(values[_i].text, &c, &e);
    ck_assert_msg(r == 0, "%s: %s", values[_i].text, vidstore_error_message(e));
    int64_t low = values[_i].low, high = values[_i].high;
    int at = 0;
    if (low != INT64_MIN)
        ck_assert_msg(c.terms[at].value.i == low, "%s: from %lld", values[_i].text, (long long)c.terms[at].value.i);
    at += low != INT64_MIN;
    if (high != INT64_MAX)
        ck_assert_msg(c.terms[at].value.i == high, "%s: to %lld", values[_i].text, (long long)c.terms[at].value.i);
    at += high != INT64_MAX;
    ck_assert_int_eq(c.count, at);
}
END_TEST

/* --- facts ----------------------------------------------------------------------------------------------------------
 */

struct fact_sheet {
    const char *codec, *hdr, *language;
    int64_t duration, height;
    const char *subtitles;
    int64_t fps, faststart;
    const char *sounds;
};

static int set_facts(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct fact_sheet *f = arg;
    vs_change_set_int(c, VIDSTORE_VIDEO_DURATION_US, f->duration);
    vs_change_set_int(c, VIDSTORE_VIDEO_HEIGHT, f->height);
    vs_change_set_int(c, VIDSTORE_VIDEO_FPS_MILLI, f->fps);
    vs_change_set_int(c, VIDSTORE_VIDEO_FASTSTART, f->faststart);
    int r = vs_change_set_text(c, VIDSTORE_VIDEO_CODEC, f->codec, e);
    r = r ? r : vs_change_set_text(c, VIDSTORE_VIDEO_SUBTITLE_LANGUAGES, f->subtitles, e);
    r = r ? r : vs_change_set_text(c, VIDSTORE_VIDEO_AUDIO_LANGUAGES, f->sounds, e);
    r = r ? r : vs_change_set_text(c, VIDSTORE_VIDEO_LANGUAGE, f->language, e);
    return r ? r : vs_change_set_text(c, VIDSTORE_VIDEO_HDR, f->hdr, e);
}

struct touch {
    struct vs_uuid id;
    const struct fact_sheet *facts;
};

static int touch_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct touch *t = arg;
    return vs_crud_touch(conn, sys, &vs_video_noun, &t->id, 0, set_facts, (void *)(uintptr_t)t->facts, NULL, e);
}

static void add_video(const char *title, const struct fact_sheet *facts) {
    vidstore_video *video = NULL;
    vidstore_video_params *p = vidstore_video_params_new();
    vidstore_video_params_set_text(p, VIDSTORE_VIDEO_TITLE, title);
    must(vidstore_video_create(sys, p, &video, e));
    struct touch t = {.facts = facts};
    vs_uuid_parse(vidstore_video_id(video), NULL, &t.id, NULL);
    must(vs_session_write(sys, touch_op, &t, e));
    vidstore_video_params_free(p);
    vidstore_video_free(video);
}

static void add_three(void) {
    static const struct fact_sheet sheets[] = {{"h264", "sdr", "de", 600000000, 1080, "en de-AT", 25000, 1, "de ja"},
                                               {"hevc", "hdr10", "en", 5400000000, 2160, "den", 23976, 0, "ja"},
                                               {"hevc", "sdr", "pt-BR", 1000000, 480, NULL, 59940, INT64_MIN, NULL}};
    static const char *const titles[] = {"One cat", "Two cats", "Three dogs"};
    for (int i = 0; i < 3; i++)
        add_video(titles[i], &sheets[i]);
}

/* The titles that a filter and a search find, first letters only; "!" and the code when refused. */
static const char *found(const char *filter, const char *search) {
    static char out[64];
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    int64_t count = -1;
    size_t n = 0;
    vidstore_error *error = NULL;
    must(vidstore_query_filter(q, filter, e));
    must(vidstore_query_search(q, search, e));
    int r = vidstore_video_list(sys, q, &page, &error);
    if (r) {
        snprintf(out, sizeof out, "!%s", vidstore_status_name(r));
        vidstore_error_free(error);
    } else {
        for (int64_t i = 0; i < vidstore_page_count(page); i++)
            out[n++] = vidstore_video_title(vidstore_page_video(page, i))[0];
        out[n] = 0;
        must(vidstore_video_count(sys, q, &count, e));
        ck_assert_int_eq(count, (int64_t)n);
    }
    vidstore_page_free(page);
    vidstore_query_free(q);
    return out;
}

START_TEST(facts_serve_filters) {
    add_three();
    /* newest first: Three, Two, One */
    ck_assert_str_eq(found("codec = hevc", NULL), "TT");
    ck_assert_str_eq(found("codec in (h264, hevc)", NULL), "TTO");
    ck_assert_str_eq(found("codec = hevc and hdr = sdr", NULL), "T");
    ck_assert_str_eq(found("height >= 1080", NULL), "TO");
    ck_assert_str_eq(found("height = 480", NULL), "T");
    ck_assert_str_eq(found("height = 481", NULL), "");
    ck_assert_str_eq(found("duration > 1000000 and duration < 5400000000", NULL), "O");
    ck_assert_str_eq(found("duration > 9 and duration < 3", NULL), "");
    ck_assert_str_eq(found("codec = h264 and (hdr = sdr or hdr = hlg)", NULL), "O");
    ck_assert_str_eq(found("(hdr = hlg or hdr = sdr) and codec = h264", NULL), "O");
    /* what need not hold narrows nothing */
    ck_assert_str_eq(found("codec = h264 or codec = hevc", NULL), "!UNSUPPORTED");
    ck_assert_str_eq(found("not codec = h264", NULL), "!UNSUPPORTED");
    ck_assert_str_eq(found("codec != h264", NULL), "!UNSUPPORTED");
    ck_assert_str_eq(found("codec = h264 or codec = hevc", "cat* OR dogs"), "TTO");
}
END_TEST

START_TEST(facts_serve_searches) {
    add_three();
    ck_assert_str_eq(found(NULL, "codec:hevc"), "TT");
    ck_assert_str_eq(found(NULL, "codec:hevc hdr:any"), "T");
    ck_assert_str_eq(found(NULL, "cat*"), "TO");
    ck_assert_str_eq(found(NULL, "cat* -codec:h264"), "T");
    ck_assert_str_eq(found(NULL, "language:pt"), ""); /* the column's own value is whole */
    ck_assert_str_eq(found(NULL, "lang:pt-br"), "T");
    ck_assert_str_eq(found(NULL, "duration:1m..2h"), "TO");
    ck_assert_str_eq(found(NULL, "height:2160p"), "T");
    ck_assert_str_eq(found("codec = hevc", "-cats"), "T");
    ck_assert_str_eq(found("hdr = hdr10", "two"), "T");
    ck_assert_str_eq(found("hdr = hdr10", "one"), "");
}
END_TEST

static void expect_json(vidstore_text *text, const char *part) {
    ck_assert_msg(strstr(vidstore_text_data(text), part) != NULL, "no %s in %s", part, vidstore_text_data(text));
}

/* One of several words, numbers with a point, yes and no. */
START_TEST(more_facts_serve) {
    add_three();
    ck_assert_str_eq(found("subtitle_languages = en", NULL), "O");
    ck_assert_str_eq(found("subtitle_languages = EN", NULL), "O");
    ck_assert_str_eq(found("subtitle_languages = den", NULL), "T");
    ck_assert_str_eq(found("subtitle_languages in (de-at, den)", NULL), "TO");
    ck_assert_str_eq(found("subtitle_languages = e", NULL), "");
    ck_assert_str_eq(found("codec = hevc and subtitle_languages != en", NULL), "T");
    ck_assert_str_eq(found("codec = hevc and subtitle_languages not in (en, den)", NULL), "");
    ck_assert_str_eq(found("subtitle_languages = \"%\"", NULL), "");
    ck_assert_str_eq(found(NULL, "subtitle:de"), "O");
    ck_assert_str_eq(found(NULL, "subtitles:den,en"), "TO");
    ck_assert_str_eq(found(NULL, "subtitle:none"), "T");
    ck_assert_str_eq(found(NULL, "-subtitle:en"), "TT");
    ck_assert_str_eq(found(NULL, "fps:25"), "O");
    ck_assert_str_eq(found(NULL, "fps:23.97"), "T");
    ck_assert_str_eq(found(NULL, "fps:23"), "T");
    ck_assert_str_eq(found(NULL, "fps:>50"), "T");
    ck_assert_str_eq(found(NULL, "fps_milli:25000"), "O");
    ck_assert_str_eq(found(NULL, "fps_milli:25"), "");
    ck_assert_str_eq(found(NULL, "FPS_MILLI:20000..30000"), "TO");
    ck_assert_str_eq(found(NULL, "fps:20..30"), "TO");
    ck_assert_str_eq(found("fps_milli >= 25000 and faststart = true", NULL), "O");
    ck_assert_str_eq(found(NULL, "faststart:no"), "T");
    ck_assert_str_eq(found("faststart = false", NULL), "T");
}
END_TEST

static const char *const no_comparisons[] = {
    "subtitle_languages < en", "subtitle_languages = ", "subtitle_languages in (en", "subtitle_languages in en"};

START_TEST(words_are_only_compared_whole) {
    vidstore_query *q = vidstore_query_new();
    vidstore_page *page = NULL;
    vidstore_error *error = NULL;
    if (!vidstore_query_filter(q, no_comparisons[_i], &error))
        ck_assert_int_eq(vidstore_video_list(sys, q, &page, &error), VIDSTORE_INVALID);
    ck_assert_str_eq(vidstore_error_field(error), "filter");
    vidstore_error_free(error);
    vidstore_query_free(q);
}
END_TEST

START_TEST(facets_are_counted) {
    vidstore_text *text = NULL;
    add_three();
    must(vidstore_video_facets(sys, NULL, &text, e));
    expect_json(text, "{\"counted\":3,\"capped\":false,");
    expect_json(text, "\"codec\":[{\"value\":\"hevc\",\"count\":2},{\"value\":\"h264\",\"count\":1}]");
    expect_json(text, "\"year\":[{\"value\":null,\"count\":3}]");
    expect_json(text, "\"audio_languages\":[{\"value\":\"ja\",\"count\":2},{\"value\":\"de\",\"count\":1},"
                      "{\"value\":null,\"count\":1}]");
    expect_json(text, "\"subtitle_languages\":[{\"value\":\"de-AT\",\"count\":1},{\"value\":\"den\",\"count\":1},"
                      "{\"value\":\"en\",\"count\":1},{\"value\":null,\"count\":1}]");
    vidstore_text_free(text);
    vidstore_query *q = vidstore_query_new();
    must(vidstore_query_search(q, "hdr:none -one", e));
    must(vidstore_video_facets(sys, q, &text, e));
    expect_json(text, "\"codec\":[{\"value\":\"hevc\",\"count\":1}]");
    vidstore_text_free(text);
    must(vidstore_query_filter(q, "title ~ dogs", e)); /* counting reads what it counts: no index is asked for */
    must(vidstore_video_facets(sys, q, &text, e));
    expect_json(text, "\"counted\":1,");
    vidstore_text_free(text);
    vidstore_query_free(q);
}
END_TEST

START_TEST(classes_of_resolution) {
    ck_assert_ptr_null(vs_video_resolution(0, 100));
    ck_assert_ptr_null(vs_video_resolution(INT64_MIN, INT64_MIN));
    ck_assert_str_eq(vs_video_resolution(1920, 1080), "1080p");
    ck_assert_str_eq(vs_video_resolution(1080, 1920), "1080p"); /* turned */
    ck_assert_str_eq(vs_video_resolution(1920, 800), "1080p");  /* letterboxed */
    ck_assert_str_eq(vs_video_resolution(3840, 1600), "2160p");
    ck_assert_str_eq(vs_video_resolution(720, 576), "576p");
    ck_assert_str_eq(vs_video_resolution(320, 240), "low");
}
END_TEST

struct episode {
    int64_t number;
    int64_t width, height;
    const char *codec;
};

static int set_episode(struct vs_change *c, void *arg, vidstore_error **e) {
    const struct episode *p = arg;
    vs_change_set_int(c, VIDSTORE_VIDEO_PROBED_US, 1);
    vs_change_set_int(c, VIDSTORE_VIDEO_WIDTH, p->width);
    vs_change_set_int(c, VIDSTORE_VIDEO_HEIGHT, p->height);
    return vs_change_set_text(c, VIDSTORE_VIDEO_CODEC, p->codec, e);
}

static struct vs_uuid episode_id;
static int episode_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_crud_touch(conn, sys, &vs_video_noun, &episode_id, 0, set_episode, arg, NULL, e);
}

static void add_episode(const char *season, const struct episode *p) {
    vidstore_video *video = NULL;
    vidstore_video_params *params = vidstore_video_params_new();
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_SERIES, "Harbour");
    vidstore_video_params_set_text(params, VIDSTORE_VIDEO_SEASON, season);
    if (p->number)
        vidstore_video_params_set_int64(params, VIDSTORE_VIDEO_EPISODE, p->number);
    must(vidstore_video_create(sys, params, &video, e));
    vs_uuid_parse(vidstore_video_id(video), NULL, &episode_id, NULL);
    if (p->codec)
        must(vs_session_write(sys, episode_op, (void *)(uintptr_t)p, e));
    vidstore_video_params_free(params);
    vidstore_video_free(video);
}

START_TEST(a_series_is_examined) {
    static const struct episode first[] = {{5, 1920, 1080, "h264"}, {1, 1920, 1080, "h264"}, {2, 1280, 720, "h264"},
                                           {2, 1920, 1080, "h264"}, {0, 1920, 1080, "hevc"}, {7, 0, 0, NULL}};
    static const struct episode second[] = {{1, 640, 480, "h264"}, {2, 640, 480, "h264"}};
    vidstore_text *text = NULL;
    for (size_t i = 0; i < VS_COUNT(first); i++)
        add_episode("1", &first[i]);
    for (size_t i = 0; i < VS_COUNT(second); i++)
        add_episode("2", &second[i]);
    must(vidstore_video_series(sys, "Harbour", NULL, &text, e));
    expect_json(text, "{\"series\":\"Harbour\",\"seasons\":[{\"season\":\"1\",");
    expect_json(text, "\"missing\":[3,4,6],\"doubled\":[2],");
    expect_json(text, "\"resolution\":[{\"value\":\"1920x1080\",\"episodes\":[null,1,2,5]},"
                      "{\"value\":\"1280x720\",\"episodes\":[2]}]");
    expect_json(text, "\"codec\":[{\"value\":\"h264\",\"episodes\":[1,2,2,5]},"
                      "{\"value\":\"hevc\",\"episodes\":[null]}]},\"uniform\":false}");
    expect_json(text, "\"missing\":[],\"doubled\":[],\"unprobed\":[],\"differ\":{},\"uniform\":true}]}");
    vidstore_text_free(text);
    must(vidstore_video_series(sys, "Harbour", "2", &text, e));
    ck_assert_ptr_null(strstr(vidstore_text_data(text), "\"season\":\"1\""));
    vidstore_text_free(text);
    vidstore_error *error = NULL;
    ck_assert_int_eq(vidstore_video_series(sys, "Nothing", NULL, &text, &error), VIDSTORE_NOT_FOUND);
    vidstore_error_free(error);
}
END_TEST

/* What keeps two episodes of the same codec and size from being joined as they are. */
static const struct {
    const char *name;
    int32_t field;
    int64_t value;
    const char *json;
    int32_t follower; /* has the same value because the field has; it is not told a second time */
} apart[] = {
    {"channels", VIDSTORE_VIDEO_AUDIO_CHANNELS, 1, "\"audio_channels\":[{\"value\":\"1\",\"episodes\":[1]}", 0},
    {"sounds", VIDSTORE_VIDEO_AUDIO_STREAMS, 0, "\"audio_streams\":[{\"value\":\"0\",\"episodes\":[1]}", 0},
    {"turned", VIDSTORE_VIDEO_ROTATION, 270,
     "\"rotation\":[{\"value\":\"0\",\"episodes\":[2]},{\"value\":\"270\",\"episodes\":[1]}", 0},
    {"wide", VIDSTORE_VIDEO_DISPLAY_WIDTH, 128, "\"display_size\":[{\"value\":\"128x64\",\"episodes\":[1]}", 0},
    {"depth", VIDSTORE_VIDEO_BIT_DEPTH, 10, "\"bit_depth\":[{\"value\":\"10\",\"episodes\":[1]}", 0},
    {"narrow", VIDSTORE_VIDEO_WIDTH, 32, "\"resolution\":[{\"value\":\"32x64\",\"episodes\":[1]}",
     VIDSTORE_VIDEO_DISPLAY_WIDTH},
};

static const int32_t joined[][2] = {
    {VIDSTORE_VIDEO_PROBED_US, 1},      {VIDSTORE_VIDEO_WIDTH, 64},          {VIDSTORE_VIDEO_HEIGHT, 64},
    {VIDSTORE_VIDEO_DISPLAY_WIDTH, 64}, {VIDSTORE_VIDEO_DISPLAY_HEIGHT, 64}, {VIDSTORE_VIDEO_ROTATION, 0},
    {VIDSTORE_VIDEO_BIT_DEPTH, 8},      {VIDSTORE_VIDEO_AUDIO_STREAMS, 1},   {VIDSTORE_VIDEO_AUDIO_CHANNELS, 2}};

static int set_apart(struct vs_change *c, void *arg, vidstore_error **e) {
    const int *which = arg;
    (void)e;
    for (size_t i = 0; i < VS_COUNT(joined); i++)
        vs_change_set_int(c, joined[i][0], joined[i][1]);
    if (which)
        vs_change_set_int(c, apart[*which].field, apart[*which].value);
    if (which && apart[*which].follower)
        vs_change_set_int(c, apart[*which].follower, apart[*which].value);
    return 0;
}

static int apart_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_crud_touch(conn, sys, &vs_video_noun, &episode_id, 0, set_apart, arg, NULL, e);
}

START_TEST(what_cannot_be_joined) {
    static const struct episode numbers[] = {{1, 0, 0, NULL}, {2, 0, 0, NULL}};
    vidstore_text *text = NULL;
    for (int i = 0; i < 2; i++) {
        add_episode("1", &numbers[i]);
        must(vs_session_write(sys, apart_op, NULL, e));
    }
    must(vidstore_video_series(sys, "Harbour", NULL, &text, e));
    expect_json(text, "\"differ\":{},\"uniform\":true}");
    vidstore_text_free(text);
    add_episode(apart[_i].name, &numbers[0]);
    must(vs_session_write(sys, apart_op, &_i, e));
    add_episode(apart[_i].name, &numbers[1]);
    must(vs_session_write(sys, apart_op, NULL, e));
    must(vidstore_video_series(sys, "Harbour", apart[_i].name, &text, e));
    expect_json(text, apart[_i].json);
    if (apart[_i].follower)
        ck_assert_ptr_null(strstr(vidstore_text_data(text), "display_size"));
    expect_json(text, "\"uniform\":false}");
    vidstore_text_free(text);
}
END_TEST

/* --- any text -------------------------------------------------------------------------------------------------------
 */

static uint64_t state;
static uint32_t next(uint32_t below) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(state >> 33) % below;
}

static void type(char *text, size_t size) {
    static const char *const pieces[] = {"cat",
                                         "\"",
                                         "*",
                                         "-",
                                         ":",
                                         "(",
                                         ")",
                                         " ",
                                         "OR",
                                         "AND",
                                         "NOT",
                                         "NEAR",
                                         "title:",
                                         "codec:",
                                         "duration:",
                                         "..",
                                         "hevc",
                                         "10m",
                                         ",",
                                         ">",
                                         "<=",
                                         "^",
                                         "+",
                                         "{",
                                         "}",
                                         "'",
                                         "\\",
                                         "\xC3\xA9",
                                         "\xEE\x80\x80",
                                         "\xEE\x80\x81",
                                         "created:",
                                         "2026",
                                         "-7d",
                                         "any",
                                         "none",
                                         "tags:",
                                         "1",
                                         "%",
                                         "$1",
                                         ";",
                                         "height>",
                                         "\t",
                                         "\xE6\x9D\xB1",
                                         "is",
                                         "null",
                                         "!="};
    size_t used = 0;
    uint32_t n = next(14);
    for (uint32_t i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, size - used, "%s", pieces[next(sizeof pieces / sizeof *pieces)]);
    text[used] = 0;
}

START_TEST(any_text_is_safe) {
    state = 20260101;
    add_three();
    for (int i = 0; i < 6000; i++) {
        char text[512] = "";
        type(text, sizeof text);
        vidstore_query *q = vidstore_query_new();
        vidstore_page *page = NULL;
        vidstore_error *error = NULL;
        must(vidstore_query_search(q, text, e));
        vidstore_query_flags(q, VIDSTORE_QUERY_SCAN | (i % 3 ? 0 : VIDSTORE_QUERY_RANKED));
        int r = vidstore_video_list(sys, q, &page, &error);
        ck_assert_msg(r == 0 || (r == VIDSTORE_INVALID && strcmp(vidstore_error_field(error), "search") == 0),
                      "\"%s\" gave %s: %s (%s)", text, vidstore_status_name(r), vidstore_error_message(error),
                      vidstore_error_cause(error));
        vidstore_error_free(error);
        vidstore_page_free(page);
        vidstore_query_free(q);
    }
}
END_TEST

Suite *search_suite(void);

Suite *search_suite(void) {
    Suite *suite = suite_create("search");
    TCase *texts = tcase_create("texts");
    tcase_add_unchecked_fixture(texts, begin, end);
    tcase_add_loop_test(texts, becomes, 0, VS_COUNT(typed));
    tcase_add_loop_test(texts, is_refused, 0, VS_COUNT(bad));
    tcase_add_loop_test(texts, means, 0, VS_COUNT(values));
    suite_add_tcase(suite, texts);
    TCase *facts = tcase_create("facts");
    tcase_set_timeout(facts, 60);
    tcase_add_checked_fixture(facts, begin, end);
    tcase_add_test(facts, facts_serve_filters);
    tcase_add_test(facts, facts_serve_searches);
    tcase_add_test(facts, more_facts_serve);
    tcase_add_loop_test(facts, words_are_only_compared_whole, 0, sizeof no_comparisons / sizeof *no_comparisons);
    tcase_add_test(facts, facets_are_counted);
    tcase_add_test(facts, classes_of_resolution);
    tcase_add_test(facts, a_series_is_examined);
    tcase_add_loop_test(facts, what_cannot_be_joined, 0, VS_COUNT(apart));
    tcase_add_test(facts, any_text_is_safe);
    suite_add_tcase(suite, facts);
    return suite;
}
