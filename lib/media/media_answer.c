/* SPDX-License-Identifier: MIT */
/* Reading what the probing process says. A hostile file may have taken it over, so nothing is believed: every text is
 * UTF-8 and short, every list short, every index in range, every value of its kind, or the whole answer is refused. */
#include "media/media_fields.h"
#include "media/media_internal.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include "util/utf8.h"
#include <string.h>

static int refuse(const char *name, vidstore_error **e) {
    return vs_fail(e, VIDSTORE_INVALID, name, "the answer's %s is not acceptable", name);
}

static int is_word(const char *s, size_t size, const struct vs_media_field *f) {
    if (size == 0 || size > (size_t)f->max)
        return 0;
    for (size_t i = 0; i < size; i++) {
        char c = s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-+,", c)))
            return 0;
    }
    for (const char *const *w = f->words; w; w++) {
        if (!*w)
            return 0;
        if (strcmp(*w, s) == 0)
            return 1;
    }
    return 1;
}

static int read_text(const json_t *value, const struct vs_media_field *f, char **ret, vidstore_error **e) {
    const char *s = json_string_value(value);
    size_t size = json_string_length(value);
    if (!s || strlen(s) != size || size > (size_t)f->max || !vs_utf8_valid(s, size) ||
        (f->kind == VS_MEDIA_WORD && !is_word(s, size, f)))
        return refuse(f->name, e);
    *ret = vs_strdup(s);
    return *ret ? 0 : vs_fail_nomem(e);
}

static int read_words(const json_t *value, const struct vs_media_field *f, char **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    if (!json_is_array(value) || json_array_size(value) > 32)
        return refuse(f->name, e);
    vs_buf_str(&b, "");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *s = json_string_value(json_array_get(value, i));
        if (!s || !is_word(s, strlen(s), f))
            return refuse(f->name, e);
        vs_buf_str(&b, i ? " " : "");
        vs_buf_str(&b, s);
    }
    if (b.failed)
        return vs_fail_nomem(e);
    *ret = VS_TAKE(b.data);
    return 0;
}

static int read_numbers(const json_t *value, const struct vs_media_field *f, char **ret, vidstore_error **e) {
    vs_autobuf b = {0};
    if (!json_is_array(value) || json_array_size(value) > (size_t)f->max)
        return refuse(f->name, e);
    vs_buf_str(&b, "");
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *number = json_array_get(value, i);
        if (!json_is_integer(number))
            return refuse(f->name, e);
        vs_buf_str(&b, i ? " " : "");
        vs_buf_int(&b, json_integer_value(number));
    }
    if (b.failed)
        return vs_fail_nomem(e);
    *ret = VS_TAKE(b.data);
    return 0;
}

/* A number out of bounds is what a damaged file says of itself: not known. One that is no integer is a lie. */
static int read_int(const json_t *value, const struct vs_media_field *f, int64_t *ret) {
    int64_t number = json_integer_value(value);
    *ret = number >= f->min && number <= f->max ? number : VS_MEDIA_UNKNOWN;
    return json_is_integer(value);
}

static int read_ratio(const json_t *value, const struct vs_media_field *f, int64_t ret[2]) {
    if (!json_is_array(value) || json_array_size(value) != 2 || !read_int(json_array_get(value, 0), f, &ret[0]) ||
        !read_int(json_array_get(value, 1), f, &ret[1]))
        return 0;
    if (ret[0] == VS_MEDIA_UNKNOWN || ret[1] == VS_MEDIA_UNKNOWN)
        ret[0] = ret[1] = VS_MEDIA_UNKNOWN;
    return 1;
}

static int read_field(const json_t *value, const struct vs_media_field *f, void *record, vidstore_error **e) {
    int ok = 1;
    switch (f->kind) {
    case VS_MEDIA_WORD:
    case VS_MEDIA_TEXT:
        return read_text(value, f, vs_media_text_at(record, f), e);
    case VS_MEDIA_WORDS:
        return read_words(value, f, vs_media_text_at(record, f), e);
    case VS_MEDIA_NUMBERS:
        return read_numbers(value, f, vs_media_text_at(record, f), e);
    case VS_MEDIA_INT:
        ok = read_int(value, f, vs_media_int_at(record, f));
        break;
    case VS_MEDIA_RATIO:
        ok = read_ratio(value, f, vs_media_int_at(record, f));
        break;
    case VS_MEDIA_FLAG:
        ok = json_is_boolean(value);
        *vs_media_int_at(record, f) = json_is_true(value);
        break;
    }
    return ok ? 0 : refuse(f->name, e);
}

static int read_record(const json_t *o, const struct vs_media_fields *fields, void *record, vidstore_error **e) {
    if (!json_is_object(o))
        return refuse("shape", e);
    for (size_t i = 0; i < fields->count; i++) {
        const struct vs_media_field *f = &fields->list[i];
        const json_t *value = f->source == VS_MEDIA_ANSWER ? json_object_get(o, f->name) : NULL;
        int rc = value ? read_field(value, f, record, e) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

struct list {
    const char *name;
    const struct vs_media_fields *fields;
    size_t size, max;
    void **records;
    size_t *count;
};

static int read_list(const json_t *o, const struct list *l, vidstore_error **e) {
    const json_t *array = json_object_get(o, l->name);
    size_t n = json_array_size(array);
    if (!array)
        return 0;
    if (!json_is_array(array) || n > l->max)
        return refuse(l->name, e);
    if (n == 0)
        return 0;
    char *records = vs_calloc(n, l->size);
    if (!records)
        return vs_fail_nomem(e);
    for (size_t i = 0; i < n; i++)
        vs_media_record_init(l->fields, records + i * l->size);
    *l->records = records;
    *l->count = n;
    for (size_t i = 0; i < n; i++) {
        int rc = read_record(json_array_get(array, i), l->fields, records + i * l->size, e);
        if (rc)
            return rc;
    }
    return 0;
}

/* What the bounds of a single value can't say. */
static int check_sense(const struct vs_probe *p, vidstore_error **e) {
    if (!p->status)
        return refuse("status", e);
    for (size_t i = 0; i < p->n_streams; i++) {
        const struct vs_probe_stream *s = &p->streams[i];
        if (s->index != (int64_t)i)
            return refuse("index", e);
        if (!s->kind || !s->disposition)
            return refuse("kind", e);
        if (s->rotation != VS_MEDIA_UNKNOWN && s->rotation % 90 != 0)
            return refuse("rotation", e);
    }
    for (size_t i = 0; i < p->n_tags; i++)
        if (!p->tags[i].scope || !p->tags[i].key || !p->tags[i].value)
            return refuse("tags", e);
    const struct {
        int64_t index;
        const char *kind;
    } mains[] = {{p->main_video, "video"}, {p->main_audio, "audio"}};
    for (size_t i = 0; i < VS_COUNT(mains); i++)
        if (mains[i].index != VS_MEDIA_UNKNOWN &&
            (mains[i].index >= (int64_t)p->n_streams || strcmp(p->streams[mains[i].index].kind, mains[i].kind) != 0))
            return refuse("main stream", e);
    return 0;
}

int vs_media_answer_read(const char *text, size_t size, struct vs_probe *probe, vidstore_error **e) {
    vs_autojson *o = NULL;
    int rc = vs_json_parse(text, size, VS_MEDIA_ANSWER_MAX, "answer", &o, e);
    if (rc)
        return rc;
    const struct list lists[] = {
        {"streams", &vs_media_stream_fields, sizeof *probe->streams, VS_MEDIA_MAX_STREAMS, (void **)&probe->streams,
         &probe->n_streams},
        {"chapters", &vs_media_chapter_fields, sizeof *probe->chapters, VS_MEDIA_MAX_CHAPTERS,
         (void **)&probe->chapters, &probe->n_chapters},
        {"programs", &vs_media_program_fields, sizeof *probe->programs, VS_MEDIA_MAX_PROGRAMS,
         (void **)&probe->programs, &probe->n_program_list},
        {"tags", &vs_media_tag_fields, sizeof *probe->tags, VS_MEDIA_MAX_TAGS, (void **)&probe->tags, &probe->n_tags},
    };
    rc = read_record(o, &vs_media_probe_fields, probe, e);
    for (size_t i = 0; rc == 0 && i < VS_COUNT(lists); i++)
        rc = read_list(o, &lists[i], e);
    return rc ? rc : check_sense(probe, e);
}

int vs_probe_again(const char *json, size_t len, const char *prober, const char *isolation, int64_t size,
                   struct vs_probe **ret, vidstore_error **e) {
    *ret = NULL;
    vs_autoprobe *probe = vs_malloc(sizeof *probe);
    if (!probe)
        return vs_fail_nomem(e);
    vs_media_probe_init(probe);
    int rc = vs_media_answer_read(json, len, probe, e);
    if (rc)
        return rc;
    probe->prober = vs_strdup(prober);
    probe->isolation = vs_strdup(isolation);
    if (!probe->prober || !probe->isolation)
        return vs_fail_nomem(e);
    probe->reused = 1;
    probe->elapsed_us = probe->bytes_read = 0;
    probe->size = size;
    *ret = VS_TAKE(probe);
    return 0;
}
