/* SPDX-License-Identifier: MIT */
/* The public functions that every noun has and that differ in the name only. A noun's _api.c says
 *     VS_RECORD_API(user, user)  VS_PARAMS_API(user)
 * and the map test sees to it that header and library agree. */
#ifndef VS_RECORD_RECORD_API_H
#define VS_RECORD_RECORD_API_H

#include "record/page.h"
#include "record/params.h"

int vs_record_json_text(const struct vs_record *record, const struct vs_noun *noun, vidstore_text **ret,
                        vidstore_error **e);
struct vs_record *vs_record_ref(const struct vs_record *record, const struct vs_noun *noun);

#define VS_RECORD_API(noun_, prefix_)                                                                                  \
    const char *vidstore_##prefix_##_text(const vidstore_##prefix_ *record, int32_t field) {                           \
        return vs_record_text((const struct vs_record *)record, field);                                                \
    }                                                                                                                  \
    int64_t vidstore_##prefix_##_int64(const vidstore_##prefix_ *record, int32_t field) {                              \
        return vs_record_int((const struct vs_record *)record, field);                                                 \
    }                                                                                                                  \
    int32_t vidstore_##prefix_##_is_null(const vidstore_##prefix_ *record, int32_t field) {                            \
        return vs_record_is_null((const struct vs_record *)record, field);                                             \
    }                                                                                                                  \
    vidstore_status vidstore_##prefix_##_json(const vidstore_##prefix_ *record, vidstore_text **ret_json,              \
                                              vidstore_error **reterr) {                                               \
        return vs_record_json_text((const struct vs_record *)record, &vs_##noun_##_noun, ret_json, reterr);            \
    }                                                                                                                  \
    vidstore_##prefix_ *vidstore_##prefix_##_ref(const vidstore_##prefix_ *record) {                                   \
        return (vidstore_##prefix_ *)vs_record_ref((const struct vs_record *)record, &vs_##noun_##_noun);              \
    }                                                                                                                  \
    void vidstore_##prefix_##_free(vidstore_##prefix_ *record) {                                                       \
        if (vs_record_is((struct vs_record *)record, &vs_##noun_##_noun))                                              \
            vs_record_free((struct vs_record *)record);                                                                \
    }                                                                                                                  \
    const vidstore_##prefix_ *vidstore_page_##prefix_(const vidstore_page *page, int64_t index) {                      \
        return (const vidstore_##prefix_ *)vs_page_record(page, &vs_##noun_##_noun, index);                            \
    }

#define VS_PARAMS_API(noun_)                                                                                           \
    vidstore_##noun_##_params *vidstore_##noun_##_params_new(void) {                                                   \
        return (vidstore_##noun_##_params *)vs_params_new(&vs_##noun_##_noun);                                         \
    }                                                                                                                  \
    void vidstore_##noun_##_params_free(vidstore_##noun_##_params *params) {                                           \
        if (vs_params_is((struct vs_params *)params, &vs_##noun_##_noun))                                              \
            vs_params_free((struct vs_params *)params);                                                                \
    }                                                                                                                  \
    void vidstore_##noun_##_params_set_text(vidstore_##noun_##_params *params, int32_t field, const char *value) {     \
        vs_params_set_text((struct vs_params *)params, &vs_##noun_##_noun, field, value);                              \
    }                                                                                                                  \
    void vidstore_##noun_##_params_set_int64(vidstore_##noun_##_params *params, int32_t field, int64_t value) {        \
        vs_params_set_int((struct vs_params *)params, &vs_##noun_##_noun, field, value);                               \
    }                                                                                                                  \
    void vidstore_##noun_##_params_clear(vidstore_##noun_##_params *params, int32_t field) {                           \
        vs_params_clear((struct vs_params *)params, &vs_##noun_##_noun, field);                                        \
    }                                                                                                                  \
    void vidstore_##noun_##_params_set_json(vidstore_##noun_##_params *params, const char *json) {                     \
        vs_params_set_json((struct vs_params *)params, &vs_##noun_##_noun, json);                                      \
    }                                                                                                                  \
    void vidstore_##noun_##_params_expect_version(vidstore_##noun_##_params *params, int64_t version) {                \
        vs_params_expect_version((struct vs_params *)params, &vs_##noun_##_noun, version);                             \
    }

/* A named getter: VS_GETTER(user, id, const char *, text, VIDSTORE_USER_ID) */
#define VS_GETTER_TEXT(noun_, name_, field_)                                                                           \
    const char *vidstore_##noun_##_##name_(const vidstore_##noun_ *record) {                                           \
        return vs_record_text((const struct vs_record *)record, field_);                                               \
    }
#define VS_GETTER_INT64(noun_, name_, field_)                                                                          \
    int64_t vidstore_##noun_##_##name_(const vidstore_##noun_ *record) {                                               \
        return vs_record_int((const struct vs_record *)record, field_);                                                \
    }
#define VS_GETTER_ENUM(noun_, name_, field_)                                                                           \
    int32_t vidstore_##noun_##_##name_(const vidstore_##noun_ *record) {                                               \
        int64_t value = vs_record_int((const struct vs_record *)record, field_);                                       \
        return value == INT64_MIN ? -1 : (int32_t)value;                                                               \
    }

#endif
