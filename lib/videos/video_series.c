/* SPDX-License-Identifier: MIT */
/* A series as it must be known before its episodes are merged. */
#include "store/crud_api.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include "videos/videos.h"
#include "vidstore/query.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { VIDEOS_MAX = 10000, GAPS_MAX = 10000 };

/* What must be the same for streams to be joined as they are. */
static const struct {
    const char *name;
    int32_t fields[2]; /* the second completes the first: width and height, rate and scale */
    const char *between;
    uint32_t follows; /* the rows, a bit each, that it is made of: it differs only where those are the same */
} compared[] = {
    {"resolution", {VIDSTORE_VIDEO_WIDTH, VIDSTORE_VIDEO_HEIGHT}, "x", 0},
    {"rotation", {VIDSTORE_VIDEO_ROTATION, 0}, "", 0},
    {"display_size", {VIDSTORE_VIDEO_DISPLAY_WIDTH, VIDSTORE_VIDEO_DISPLAY_HEIGHT}, "x", 1u << 0 | 1u << 1},
    {"codec", {VIDSTORE_VIDEO_CODEC, 0}, "", 0},
    {"profile", {VIDSTORE_VIDEO_PROFILE, 0}, "", 0},
    {"pix_fmt", {VIDSTORE_VIDEO_PIX_FMT, 0}, "", 0},
    {"bit_depth", {VIDSTORE_VIDEO_BIT_DEPTH, 0}, "", 0},
    {"hdr", {VIDSTORE_VIDEO_HDR, 0}, "", 0},
    {"frame_rate", {VIDSTORE_VIDEO_FPS_NUM, VIDSTORE_VIDEO_FPS_DEN}, "/", 0},
    {"audio_codec", {VIDSTORE_VIDEO_AUDIO_CODEC, 0}, "", 0},
    {"audio_streams", {VIDSTORE_VIDEO_AUDIO_STREAMS, 0}, "", 0},
    {"audio_channels", {VIDSTORE_VIDEO_AUDIO_CHANNELS, 0}, "", 0},
    {"audio_layout", {VIDSTORE_VIDEO_AUDIO_LAYOUT, 0}, "", 0},
    {"sample_rate", {VIDSTORE_VIDEO_SAMPLE_RATE, 0}, "", 0},
};

struct series {
    vidstore_session *session;
    const char *series, *season;
    struct vs_record **videos;
    size_t count;
};

static void clear(struct series *s) {
    for (size_t i = 0; i < s->count; i++)
        vs_record_free(s->videos[i]);
    s->count = 0;
}

static int compile(const struct series *s, struct vs_compiled *ret, vidstore_error **e) {
    const struct {
        int32_t field;
        const char *test, *text;
    } tests[] = {{VIDSTORE_VIDEO_SERIES, "series = ", s->series}, {VIDSTORE_VIDEO_SEASON, "season = ", s->season}};
    int r = vs_crud_compile(s->session, &vs_video_noun, NULL, ret, e);
    for (size_t i = 0; !r && i < VS_COUNT(tests); i++) {
        if (!tests[i].text)
            continue;
        struct vs_value value = {.text = tests[i].text, .len = (uint32_t)strlen(tests[i].text), .set = VS_VALUE_SET};
        r = vs_compiled_and(ret, tests[i].test, vs_field_by_id(&vs_video_noun, tests[i].field), value, e);
    }
    return r;
}

static int read_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct series *s = arg;
    vs_autocompiled c = {0};
    vs_scratch scratch;
    vs_autostmt *rows = NULL;
    clear(s);
    int r = compile(s, &c, e);
    if (!r)
        r = vs_compiled_stmt(&c, conn, VS_STMT_VIDEO_LIST, VIDEOS_MAX, VS_PIECEWISE, scratch, &rows, e);
    while (!r && (r = vs_step(rows, e)) == VS_ROW) {
        vs_autoblock *block = vs_block_new(vs_video_noun.columns * sizeof(struct vs_value) + 1024);
        r = block ? vs_record_decode(block, &vs_video_noun, rows, &s->videos[s->count], e) : vs_fail_nomem(e);
        if (!r) {
            s->count++;
            VS_TAKE(block); /* the record's own */
        }
    }
    return r;
}

static int compare_texts(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "");
}

/* By season, then by number; what has none comes last. */
static int by_episode(const void *a, const void *b) {
    const struct vs_record *x = *(struct vs_record *const *)a, *y = *(struct vs_record *const *)b;
    int c = compare_texts(vs_record_text(x, VIDSTORE_VIDEO_SEASON), vs_record_text(y, VIDSTORE_VIDEO_SEASON));
    uint64_t m = (uint64_t)vs_record_int(x, VIDSTORE_VIDEO_EPISODE),
             n = (uint64_t)vs_record_int(y, VIDSTORE_VIDEO_EPISODE);
    if (!c && m != n) /* INT64_MIN, no number, is the largest without its sign */
        c = m < n ? -1 : 1;
    return c ? c : (x->seq > y->seq) - (x->seq < y->seq);
}

static void put_text(struct vs_buf *b, const char *text) {
    if (text)
        vs_json_string(b, text, strlen(text));
    else
        vs_buf_str(b, "null");
}

static void put_number(struct vs_buf *b, int64_t number) {
    if (number == INT64_MIN)
        vs_buf_str(b, "null");
    else
        vs_buf_int(b, number);
}

static void put_episodes(struct vs_buf *b, struct vs_record *const *videos, size_t count) {
    for (size_t i = 0; i < count; i++) {
        vs_buf_str(b, i ? ",{\"episode\":" : "{\"episode\":");
        put_number(b, vs_record_int(videos[i], VIDSTORE_VIDEO_EPISODE));
        vs_buf_str(b, ",\"id\":");
        put_text(b, vs_record_text(videos[i], VIDSTORE_VIDEO_ID));
        vs_buf_str(b, ",\"title\":");
        put_text(b, vs_record_text(videos[i], VIDSTORE_VIDEO_TITLE));
        vs_buf_char(b, '}');
    }
}

/* Numbers between the first and the last that nobody has, or that two have. */
static void put_gaps(struct vs_buf *b, struct vs_record *const *videos, size_t count, int doubled) {
    int put = 0;
    for (size_t i = 1; i < count; i++) {
        int64_t before = vs_record_int(videos[i - 1], VIDSTORE_VIDEO_EPISODE),
                now = vs_record_int(videos[i], VIDSTORE_VIDEO_EPISODE);
        if (now == INT64_MIN)
            break;
        int64_t first = doubled ? now : before + 1, end = doubled ? now + (now == before) : now;
        if (doubled && i > 1 && vs_record_int(videos[i - 2], VIDSTORE_VIDEO_EPISODE) == now)
            continue;
        for (int64_t n = first; n < end && put < GAPS_MAX; n++) {
            vs_buf_str(b, put++ ? "," : "");
            vs_buf_int(b, n);
        }
    }
}

static int is_probed(const struct vs_record *video) {
    return !vs_record_is_null(video, VIDSTORE_VIDEO_PROBED_US);
}

static void put_unprobed(struct vs_buf *b, struct vs_record *const *videos, size_t count) {
    int put = 0;
    for (size_t i = 0; i < count; i++)
        if (!is_probed(videos[i])) {
            vs_buf_str(b, put++ ? "," : "");
            put_text(b, vs_record_text(videos[i], VIDSTORE_VIDEO_ID));
        }
}

struct sample {
    char value[160];
    int64_t episode;
    size_t times; /* how many have this value */
};

/* Returns how many bytes the value has. */
static size_t value_of(const struct vs_record *video, size_t which, char *value, size_t size) {
    size_t used = 0;
    *value = 0;
    for (int i = 0; i < 2 && compared[which].fields[i]; i++) {
        int32_t field = compared[which].fields[i];
        const char *text = vs_record_text(video, field), *between = i ? compared[which].between : "";
        int64_t number = vs_record_int(video, field);
        if (text)
            used += (size_t)snprintf(value + used, size - used, "%s%s", between, text);
        else if (number != INT64_MIN)
            used += (size_t)snprintf(value + used, size - used, "%s%" PRId64, between, number);
    }
    return used;
}

/* The values of the probed ones in these rows, a bit each. How many there are. */
static size_t take_samples(struct vs_record *const *videos, size_t count, uint32_t rows, struct sample *samples) {
    size_t probed = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_probed(videos[i]))
            continue;
        struct sample *sample = &samples[probed++];
        size_t used = 0;
        for (size_t which = 0; which < VS_COUNT(compared); which++) {
            if (!(rows & 1u << which))
                continue;
            if (used)
                sample->value[used++] = ' ';
            used += value_of(videos[i], which, sample->value + used, sizeof sample->value - used);
        }
        sample->times = 0;
        sample->episode = vs_record_int(videos[i], VIDSTORE_VIDEO_EPISODE);
    }
    return probed;
}

static int by_value(const void *a, const void *b) {
    const struct sample *x = a, *y = b;
    if (x->times != y->times)
        return x->times < y->times ? 1 : -1;
    int c = strcmp(x->value, y->value);
    return c ? c : (x->episode > y->episode) - (x->episode < y->episode);
}

static size_t count_values(struct sample *samples, size_t count) {
    size_t values = count > 0;
    qsort(samples, count, sizeof *samples, by_value); /* all times are 0: by value */
    for (size_t i = 1; i < count; i++)
        values += strcmp(samples[i].value, samples[i - 1].value) != 0;
    return values;
}

/* Whether a row differs only because those differ that it is made of: that is told once, of them. */
static int only_follows(struct vs_record *const *videos, size_t count, size_t which, struct sample *samples) {
    uint32_t follows = compared[which].follows;
    if (!follows)
        return 0;
    size_t without = count_values(samples, take_samples(videos, count, follows, samples));
    return count_values(samples, take_samples(videos, count, follows | 1u << which, samples)) == without;
}

/* One field in which the probed ones of a season differ; 1 when they do. */
static int put_difference(struct vs_buf *b, size_t which, struct sample *samples, size_t count, int first) {
    qsort(samples, count, sizeof *samples, by_value); /* all times are 0 yet: by value */
    for (size_t i = 0, start = 0; i <= count; i++)
        if (i == count || strcmp(samples[i].value, samples[start].value) != 0) {
            for (size_t k = start; k < i; k++)
                samples[k].times = i - start;
            start = i;
        }
    if (!count || samples[0].times == count)
        return 0;
    qsort(samples, count, sizeof *samples, by_value);
    vs_buf_fmt(b, "%s\"%s\":[", first ? "" : ",", compared[which].name);
    for (size_t i = 0; i < count; i++) {
        int same = i && strcmp(samples[i].value, samples[i - 1].value) == 0;
        if (!same) {
            vs_buf_str(b, i ? "]},{\"value\":" : "{\"value\":");
            put_text(b, *samples[i].value ? samples[i].value : NULL);
            vs_buf_str(b, ",\"episodes\":[");
        }
        vs_buf_str(b, same ? "," : "");
        put_number(b, samples[i].episode);
    }
    vs_buf_str(b, "]}]");
    return 1;
}

static int put_season(struct vs_buf *b, struct vs_record *const *videos, size_t count, vidstore_error **e) {
    vs_autofree struct sample *samples = vs_calloc(count, sizeof *samples);
    int differs = 0;
    size_t probed = 0;
    if (!samples)
        return vs_fail_nomem(e);
    vs_buf_str(b, "{\"season\":");
    put_text(b, vs_record_text(videos[0], VIDSTORE_VIDEO_SEASON));
    vs_buf_str(b, ",\"episodes\":[");
    put_episodes(b, videos, count);
    vs_buf_str(b, "],\"missing\":[");
    put_gaps(b, videos, count, 0);
    vs_buf_str(b, "],\"doubled\":[");
    put_gaps(b, videos, count, 1);
    vs_buf_str(b, "],\"unprobed\":[");
    put_unprobed(b, videos, count);
    vs_buf_str(b, "],\"differ\":{");
    for (size_t which = 0; which < VS_COUNT(compared); which++) {
        if (only_follows(videos, count, which, samples))
            continue;
        probed = take_samples(videos, count, 1u << which, samples);
        differs += put_difference(b, which, samples, probed, !differs);
    }
    vs_buf_fmt(b, "},\"uniform\":%s}", !differs && probed == count ? "true" : "false");
    return 0;
}

static int put_series(const struct series *s, struct vs_buf *b, vidstore_error **e) {
    int r = 0;
    vs_buf_str(b, "{\"series\":");
    put_text(b, s->series);
    vs_buf_str(b, ",\"seasons\":[");
    for (size_t start = 0, i = 1; !r && i <= s->count; i++) {
        if (i < s->count && compare_texts(vs_record_text(s->videos[i], VIDSTORE_VIDEO_SEASON),
                                          vs_record_text(s->videos[start], VIDSTORE_VIDEO_SEASON)) == 0)
            continue;
        vs_buf_str(b, start ? "," : "");
        r = put_season(b, s->videos + start, i - start, e);
        start = i;
    }
    vs_buf_str(b, "]}");
    return r;
}

vidstore_status vidstore_video_series(vidstore_session *session, const char *series, const char *season,
                                      vidstore_text **ret_json, vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    vs_autobuf b = {0};
    struct series s = {session, series, season, NULL, 0};
    int r = vs_check_text(series, "series", 255, reterr);
    if (!r && season)
        r = vs_check_text(season, "season", 255, reterr);
    if (!r && !(s.videos = vs_calloc(VIDEOS_MAX, sizeof(struct vs_record *))))
        r = vs_fail_nomem(reterr);
    if (!r)
        r = vs_session_read(session, read_op, &s, reterr);
    if (!r && !s.count)
        r = vs_fail(reterr, VIDSTORE_NOT_FOUND, "series", "no video is of this series%s", season ? " and season" : "");
    if (!r) {
        qsort(s.videos, s.count, sizeof *s.videos, by_episode);
        r = put_series(&s, &b, reterr);
    }
    if (!r)
        r = vs_buf_to_text(&b, ret_json, reterr);
    clear(&s);
    vs_free(s.videos);
    vidstore_text_free(vs_unwanted_);
    return r;
}
