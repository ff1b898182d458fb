/* SPDX-License-Identifier: MIT */
/* Making error objects. A function that fails ends with `return vs_fail(e, CODE, field, "…")`. */
#ifndef VS_UTIL_ERROR_H
#define VS_UTIL_ERROR_H

#include "vidstore/error.h"

/* Sets *e (when e is not NULL) to a new error and returns code. field may be NULL. One line, no function name, no full
 * stop. An error that stands in *e already is freed and replaced. Out of memory never allocates: a static error stands
 * in. */
int vs_fail(vidstore_error **e, int code, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with a subcode (VIDSTORE_SUB_…). */
int vs_fail_sub(vidstore_error **e, int code, int32_t subcode, const char *field, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* From errno: FULL, NOMEM, READONLY, NOT_FOUND or IO, with strerror as the cause. what: "write the upload". */
int vs_fail_errno(vidstore_error **e, int errnum, const char *field, const char *what);
int vs_fail_nomem(vidstore_error **e);

/* Adds detail to the error just made, if there is one. */
void vs_error_set_cause(vidstore_error **e, const char *cause);
void vs_error_set_retry(vidstore_error **e, int64_t retry_after_ms);
void vs_error_clear(vidstore_error **e);
/* Another handle on the same error; NULL gives NULL. */
vidstore_error *vs_error_ref(const vidstore_error *error);

static inline void vs_error_cleanup(vidstore_error **e) {
    vidstore_error_free(*e);
}
#define vs_autoerror __attribute__((cleanup(vs_error_cleanup)))

#endif
