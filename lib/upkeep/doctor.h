/* SPDX-License-Identifier: MIT */
/* An examination of a store: checks that each leave a finding. */
#ifndef VS_UPKEEP_DOCTOR_H
#define VS_UPKEEP_DOCTOR_H

#include "store/session.h"
#include "util/buf.h"

enum vs_verdict { VS_VERDICT_OK, VS_VERDICT_WARNING, VS_VERDICT_BAD };

struct vs_exam {
    vidstore_session *session;
    int full;
    enum vs_verdict verdict; /* the worst so far */
    const char *check;       /* the one under way */
    int count;
    struct vs_buf found; /* of JSON objects */
};

/* Leaves a finding of the check under way. */
void vs_exam_find(struct vs_exam *x, enum vs_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct vs_exam_check {
    const char *name;
    /* Leaves one finding, or fails: that is a bad finding too, unless it only says that the call can't go on. */
    int (*run)(struct vs_exam *x, vidstore_error **e);
};
extern const struct vs_exam_check vs_exam_checks[]; /* ends with name NULL */

#endif
