/* SPDX-License-Identifier: MIT */
/* How many videos of each kind a query finds: one walk over what it finds, counted here, so that all facets together
 * cost what one would. */
#include "store/crud_api.h"
#include "util/alloc.h"
#include "util/error.h"
#include "util/json.h"
#include "videos/videos.h"
#include "vidstore/query.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { FACETS = 14, VALUES_MAX = 1024, SHOWN = 50, COUNTED_MAX = 100000 };

/* In the order of the columns of video_facets. */
static const int32_t fields[FACETS] = {
    VIDSTORE_VIDEO_CODEC,
    VIDSTORE_VIDEO_RESOLUTION,
    VIDSTORE_VIDEO_HDR,
    VIDSTORE_VIDEO_LANGUAGE,
    VIDSTORE_VIDEO_YEAR,
    VIDSTORE_VIDEO_FORMAT,
    VIDSTORE_VIDEO_AUDIO_CODEC,
    VIDSTORE_VIDEO_MEDIA_KIND,
    VIDSTORE_VIDEO_RATE_MODE,
    VIDSTORE_VIDEO_SCAN,
    VIDSTORE_VIDEO_BIT_DEPTH,
    VIDSTORE_VIDEO_AUDIO_LAYOUT,
    VIDSTORE_VIDEO_AUDIO_LANGUAGES,
    VIDSTORE_VIDEO_SUBTITLE_LANGUAGES,
};

struct value {
    char text[68]; /* the longest of these columns has 64 bytes */
    int64_t count;
    int known;
};

struct facet {
    const struct vs_field *field;
    struct value *values;
    int count;
};

struct facets {
    vidstore_session *session;
    struct vs_compiled *query;
    struct facet all[FACETS];
    int64_t counted;
    int capped;
};

static void clear(struct facets *f) {
    for (int i = 0; i < FACETS; i++) {
        vs_free(f->all[i].values);
        f->all[i] = (struct facet){vs_field_by_id(&vs_video_noun, fields[i]), NULL, 0};
    }
    f->counted = 0;
    f->capped = 0;
}

/* The place of a value; values that are met often move to the front. NULL: there are too many of them. */
static struct value *place(struct facet *facet, const char *text, size_t len) {
    int known = text != NULL;
    len = len < sizeof facet->values->text ? len : sizeof facet->values->text - 1;
    for (int i = 0; i < facet->count; i++) {
        struct value *value = &facet->values[i];
        if (value->known != known || (known && (strncmp(value->text, text, len) != 0 || value->text[len])))
            continue;
        if (i && value->count > facet->values[i - 1].count) {
            struct value swap = *value;
            *value = facet->values[i - 1];
            facet->values[--i] = swap;
        }
        return &facet->values[i];
    }
    if (facet->count == VALUES_MAX)
        return NULL;
    struct value *value = &facet->values[facet->count++];
    *value = (struct value){.known = known};
    if (known)
        memcpy(value->text, text, len);
    return value;
}

static void count_value(struct facet *facet, const char *text, size_t len) {
    struct value *value = place(facet, text, len);
    if (value)
        value->count++;
}

static int count_row(struct facets *f, struct vs_stmt *s, vidstore_error **e) {
    for (int i = 0; i < FACETS; i++) {
        struct facet *facet = &f->all[i];
        int is_number = facet->field->type == VS_INT;
        char number[24];
        size_t len = 0;
        if (!facet->values && !(facet->values = vs_calloc(VALUES_MAX, sizeof *facet->values)))
            return vs_fail_nomem(e);
        const char *text = is_number ? NULL : vs_col_text(s, i, &len);
        if (is_number && !vs_col_null(s, i)) {
            len = (size_t)snprintf(number, sizeof number, "%" PRId64, vs_col_int(s, i));
            text = number;
        }
        if (!text || !(facet->field->use & VS_MANY)) {
            count_value(facet, text, len);
            continue;
        }
        for (size_t at = 0, n; at < len; at += n + 1) {
            n = strcspn(text + at, " ");
            count_value(facet, text + at, n);
        }
    }
    f->counted++;
    return 0;
}

static int facets_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct facets *f = arg;
    struct vs_compiled *c = f->query;
    vs_scratch scratch;
    vs_autostmt *s = NULL;
    clear(f);
    int64_t most = c->flags & VIDSTORE_QUERY_EXACT_COUNT ? INT64_MAX - 1 : COUNTED_MAX;
    int r = vs_compiled_stmt(c, conn, c->matched ? VS_STMT_VIDEO_SEARCH_FACETS : VS_STMT_VIDEO_FACETS, most + 1,
                             VS_PIECEWISE, scratch, &s, e);
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        r = 0;
        if (f->counted == most) {
            f->capped = 1;
            break;
        }
        r = count_row(f, s, e);
    }
    return r;
}

static int by_count(const void *a, const void *b) {
    const struct value *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return x->known != y->known ? y->known - x->known : strcmp(x->text, y->text);
}

static void put(struct facets *f, struct vs_buf *b) {
    vs_buf_fmt(b, "{\"counted\":%" PRId64 ",\"capped\":%s,\"facets\":{", f->counted, f->capped ? "true" : "false");
    for (int i = 0; i < FACETS; i++) {
        struct facet *facet = &f->all[i];
        vs_buf_fmt(b, "%s\"%s\":[", i ? "," : "", facet->field->name);
        if (facet->count)
            qsort(facet->values, (size_t)facet->count, sizeof *facet->values, by_count);
        for (int k = 0; k < facet->count && k < SHOWN; k++) {
            const struct value *value = &facet->values[k];
            vs_buf_str(b, k ? ",{\"value\":" : "{\"value\":");
            if (!value->known)
                vs_buf_str(b, "null");
            else if (facet->field->type == VS_INT)
                vs_buf_str(b, value->text);
            else
                vs_json_string(b, value->text, strlen(value->text));
            vs_buf_fmt(b, ",\"count\":%" PRId64 "}", value->count);
        }
        vs_buf_char(b, ']');
    }
    vs_buf_str(b, "}}");
}

vidstore_status vidstore_video_facets(vidstore_session *session, const vidstore_query *query, vidstore_text **ret_json,
                                      vidstore_error **reterr) {
    VS_ENTER(session, ret_json, reterr);
    vs_autobuf b = {0};
    vs_autocompiled compiled = {0};
    struct facets f = {.session = session, .query = &compiled};
    int r = vs_crud_compile(session, &vs_video_noun, (const struct vs_query *)query, &compiled, reterr);
    compiled.sort = NULL;
    if (!r)
        r = vs_crud_settle(session, &compiled, reterr);
    if (!r)
        r = vs_session_read(session, facets_op, &f, reterr);
    if (!r) {
        put(&f, &b);
        r = vs_buf_to_text(&b, ret_json, reterr);
    }
    clear(&f);
    vidstore_text_free(vs_unwanted_);
    return r;
}
