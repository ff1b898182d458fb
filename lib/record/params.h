/* SPDX-License-Identifier: MIT */
/* Params: values for a record to create or update. The first bad value sticks and is reported by the call that takes
 * them. A params object that could not be allocated is a static one that says NOMEM. */
#ifndef VS_RECORD_PARAMS_H
#define VS_RECORD_PARAMS_H

#include "record/record.h"

enum { VS_PARAM_UNSET = 0, VS_PARAM_VALUE = 1, VS_PARAM_CLEAR = 2 };

struct vs_params {
    uint32_t magic;
    const struct vs_noun *noun; /* NULL: the static one */
    struct vs_block *block;     /* texts; a value set twice leaves its first text there until the end */
    vidstore_error *error;
    int64_t expect_version; /* INT64_MIN: any */
    uint8_t *state;         /* VS_PARAM_…, one a field, virtual ones too */
    struct vs_value *values;
};

struct vs_params *vs_params_new(const struct vs_noun *noun);
int vs_params_is(const struct vs_params *params, const struct vs_noun *noun); /* whatever it points to */
void vs_params_free(struct vs_params *params);
void vs_params_set_text(struct vs_params *params, const struct vs_noun *noun, int32_t field, const char *value);
void vs_params_set_int(struct vs_params *params, const struct vs_noun *noun, int32_t field, int64_t value);
void vs_params_clear(struct vs_params *params, const struct vs_noun *noun, int32_t field);
void vs_params_set_json(struct vs_params *params, const struct vs_noun *noun, const char *json);
void vs_params_expect_version(struct vs_params *params, const struct vs_noun *noun, int64_t version);

/* A copy with the same values, demand and kept error, to be freed on its own; like vs_params_new it never is NULL. */
struct vs_params *vs_params_copy(const struct vs_params *params);

/* What a call does first with params: the right kind, and no error kept. NULL params are fine. */
int vs_params_check(const struct vs_params *params, const struct vs_noun *noun, vidstore_error **e);
/* The state and value of a field (VS_PARAM_UNSET for NULL params). */
int vs_params_get(const struct vs_params *params, int32_t field, const struct vs_value **ret);

#endif
