/* SPDX-License-Identifier: MIT */
#include "util/error.h"
#include "util/alloc.h"
#include "util/handle.h"
#include "util/quarantine.h"
#include "util/utf8.h"
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct vidstore_error {
    uint32_t magic;
    atomic_int refs; /* 0: static, never freed */
    int32_t code, subcode;
    int64_t retry_after_ms;
    char *cause; /* NULL: none */
    char *field; /* inside the block; NULL: none */
    char message[];
};

/* Reporting that memory has run out must not need memory; nor must that an outcome is unknown, which is never told as a
 * plain failure. */
static struct vidstore_error nomem = {.magic = VS_MAGIC_ERROR, .code = VIDSTORE_NOMEM},
                             unknown = {.magic = VS_MAGIC_ERROR, .code = VIDSTORE_UNKNOWN_OUTCOME};

static int is_fixed(const vidstore_error *error) {
    return error == &nomem || error == &unknown;
}

static const struct {
    int32_t code;
    const char *name;
} names[] = {
    {VIDSTORE_OK, "OK"},
    {VIDSTORE_MISUSE, "MISUSE"},
    {VIDSTORE_STATE, "STATE"},
    {VIDSTORE_INVALID, "INVALID"},
    {VIDSTORE_NOT_FOUND, "NOT_FOUND"},
    {VIDSTORE_EXISTS, "EXISTS"},
    {VIDSTORE_CONFLICT, "CONFLICT"},
    {VIDSTORE_UNAUTHENTICATED, "UNAUTHENTICATED"},
    {VIDSTORE_FORBIDDEN, "FORBIDDEN"},
    {VIDSTORE_QUOTA, "QUOTA"},
    {VIDSTORE_THROTTLED, "THROTTLED"},
    {VIDSTORE_BUSY, "BUSY"},
    {VIDSTORE_RETRY, "RETRY"},
    {VIDSTORE_TIMEOUT, "TIMEOUT"},
    {VIDSTORE_CANCELLED, "CANCELLED"},
    {VIDSTORE_LEASE_LOST, "LEASE_LOST"},
    {VIDSTORE_TXN_EXPIRED, "TXN_EXPIRED"},
    {VIDSTORE_ABORTED, "ABORTED"},
    {VIDSTORE_NOMEM, "NOMEM"},
    {VIDSTORE_IO, "IO"},
    {VIDSTORE_FULL, "FULL"},
    {VIDSTORE_CORRUPT, "CORRUPT"},
    {VIDSTORE_READONLY, "READONLY"},
    {VIDSTORE_UNAVAILABLE, "UNAVAILABLE"},
    {VIDSTORE_UNKNOWN_OUTCOME, "UNKNOWN_OUTCOME"},
    {VIDSTORE_SCHEMA, "SCHEMA"},
    {VIDSTORE_UNSUPPORTED, "UNSUPPORTED"},
    {VIDSTORE_MEDIA, "MEDIA"},
    {VIDSTORE_FORKED, "FORKED"},
    {VIDSTORE_RESYNC, "RESYNC"},
    {VIDSTORE_INTERNAL, "INTERNAL"},
};

const char *vidstore_status_name(vidstore_status code) {
    for (size_t i = 0; i < VS_COUNT(names); i++)
        if (names[i].code == code)
            return names[i].name;
    return "UNKNOWN";
}

/* One line of UTF-8, whatever was quoted in it and wherever it was cut. */
static void tidy(char *message) {
    for (char *at = message; *at;) {
        size_t n = vs_utf8_sequence(at, strlen(at));
        if (!n || (unsigned char)*at < 0x20 || *at == 0x7F)
            *at = n ? ' ' : '?';
        at += n ? n : 1;
    }
}

static vidstore_error *make(int code, int32_t subcode, const char *field, const char *format, va_list args) {
    char message[1024];
    vsnprintf(message, sizeof message, format, args);
    tidy(message);
    size_t message_len = strlen(message), field_len = field ? strlen(field) : 0;
    vidstore_error *error = vs_malloc(sizeof *error + message_len + 1 + field_len + 1);
    if (!error)
        return code == VIDSTORE_UNKNOWN_OUTCOME ? &unknown : &nomem;
    *error = (struct vidstore_error){.magic = VS_MAGIC_ERROR, .code = code, .subcode = subcode};
    atomic_init(&error->refs, 1);
    memcpy(error->message, message, message_len + 1);
    if (field) {
        error->field = error->message + message_len + 1;
        memcpy(error->field, field, field_len + 1);
    }
    return error;
}

/* The code to return: that of the error, which is NOMEM where there was no memory for it. */
static int put(vidstore_error **e, int code, int32_t subcode, const char *field, const char *format, va_list args) {
    if (!e)
        return code;
    vidstore_error *before = *e;
    *e = make(code, subcode, field, format, args);
    vidstore_error_free(before);
    return (*e)->code;
}

int vs_fail(vidstore_error **e, int code, const char *field, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int r = put(e, code, VIDSTORE_SUB_NONE, field, format, args);
    va_end(args);
    return r;
}

int vs_fail_sub(vidstore_error **e, int code, int32_t subcode, const char *field, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int r = put(e, code, subcode, field, format, args);
    va_end(args);
    return r;
}

int vs_fail_nomem(vidstore_error **e) {
    if (e) {
        vidstore_error_free(*e);
        *e = &nomem;
    }
    return VIDSTORE_NOMEM;
}

static int code_of(int errnum) {
    switch (errnum) {
    case ENOMEM:
        return VIDSTORE_NOMEM;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return VIDSTORE_FULL;
    case EROFS:
        return VIDSTORE_READONLY;
    case ENOENT:
        return VIDSTORE_NOT_FOUND;
    case EEXIST:
        return VIDSTORE_EXISTS;
    case EMFILE:
    case ENFILE:
    case EAGAIN:
        return VIDSTORE_UNAVAILABLE;
    default:
        return VIDSTORE_IO;
    }
}

int vs_fail_errno(vidstore_error **e, int errnum, const char *field, const char *what) {
    char text[128];
    const char *words = strerror_r(errnum, text, sizeof text);
    int r = vs_fail(e, code_of(errnum), field, "can't %s: %s", what, words);
    vs_error_set_cause(e, words);
    return r;
}

void vs_error_set_cause(vidstore_error **e, const char *cause) {
    if (!e || !*e || is_fixed(*e) || !cause)
        return;
    vs_free((*e)->cause);
    (*e)->cause = vs_strdup(cause); /* only detail: an error without it is still an error */
    if ((*e)->cause)
        tidy((*e)->cause);
}

void vs_error_set_retry(vidstore_error **e, int64_t retry_after_ms) {
    if (e && *e && !is_fixed(*e))
        (*e)->retry_after_ms = retry_after_ms;
}

void vs_error_clear(vidstore_error **e) {
    if (!e)
        return;
    vidstore_error_free(*e);
    *e = NULL;
}

vidstore_error *vs_error_ref(const vidstore_error *error) {
    vidstore_error *own = (vidstore_error *)error;
    if (own && !is_fixed(own))
        atomic_fetch_add_explicit(&own->refs, 1, memory_order_relaxed);
    return own;
}

static int is_error(const vidstore_error *error) {
    return error && error->magic == VS_MAGIC_ERROR;
}

vidstore_status vidstore_error_code(const vidstore_error *error) {
    return is_error(error) ? error->code : error ? VIDSTORE_MISUSE : VIDSTORE_OK;
}

int32_t vidstore_error_subcode(const vidstore_error *error) {
    return is_error(error) ? error->subcode : VIDSTORE_SUB_NONE;
}

const char *vidstore_error_message(const vidstore_error *error) {
    if (is_fixed(error))
        return error == &nomem ? "out of memory" : "the change may or may not have happened; out of memory";
    return is_error(error) ? error->message : error ? "this is no error, or one that has been freed" : "";
}

const char *vidstore_error_field(const vidstore_error *error) {
    return is_error(error) ? error->field : NULL;
}

int32_t vidstore_error_retryable(const vidstore_error *error) {
    switch (vidstore_error_code(error)) {
    case VIDSTORE_BUSY:
    case VIDSTORE_RETRY:
    case VIDSTORE_TIMEOUT:
    case VIDSTORE_THROTTLED:
    case VIDSTORE_UNAVAILABLE:
    case VIDSTORE_TXN_EXPIRED:
    case VIDSTORE_NOMEM:
        return 1;
    default:
        return 0;
    }
}

int64_t vidstore_error_retry_after_ms(const vidstore_error *error) {
    return is_error(error) ? error->retry_after_ms : 0;
}

const char *vidstore_error_cause(const vidstore_error *error) {
    return is_error(error) ? error->cause : NULL;
}

void vidstore_error_free(vidstore_error *error) {
    if (!is_error(error) || is_fixed(error) || atomic_fetch_sub_explicit(&error->refs, 1, memory_order_acq_rel) != 1)
        return;
    vs_free(error->cause);
    vs_quarantine(error, sizeof *error);
}
