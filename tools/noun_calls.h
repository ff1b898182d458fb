/* SPDX-License-Identifier: MIT */
/* The calls of a noun behind one shape. */
#ifndef TOOLS_NOUN_CALLS_H
#define TOOLS_NOUN_CALLS_H

#include "noun.h"

/* Handles are opaque pointers of different types: these give them one. */
#define READING(noun, getter, prefix, lister)                                                                          \
    static vidstore_status noun##_get(vidstore_session *session, const char *id, void **ret,                           \
                                      vidstore_error **reterr) {                                                       \
        prefix *record = NULL;                                                                                         \
        vidstore_status status = getter(session, id, &record, reterr);                                                 \
        *ret = record;                                                                                                 \
        return status;                                                                                                 \
    }                                                                                                                  \
    static const void *noun##_item(const vidstore_page *page, int64_t index) {                                         \
        return lister(page, index);                                                                                    \
    }                                                                                                                  \
    static const char *noun##_text(const void *record, int32_t field) {                                                \
        return prefix##_text(record, field);                                                                           \
    }                                                                                                                  \
    static int64_t noun##_number(const void *record, int32_t field) {                                                  \
        return prefix##_int64(record, field);                                                                          \
    }                                                                                                                  \
    static vidstore_status noun##_json(const void *record, vidstore_text **ret, vidstore_error **reterr) {             \
        return prefix##_json(record, ret, reterr);                                                                     \
    }                                                                                                                  \
    static void noun##_free(void *record) {                                                                            \
        prefix##_free(record);                                                                                         \
    }

#define RESTORING(noun)                                                                                                \
    static vidstore_status noun##_restore(vidstore_session *session, const char *id, void **ret,                       \
                                          vidstore_error **reterr) {                                                   \
        vidstore_##noun *record = NULL;                                                                                \
        vidstore_status status = vidstore_##noun##_restore(session, id, &record, reterr);                              \
        *ret = record;                                                                                                 \
        return status;                                                                                                 \
    }

#define CALLS(noun)                                                                                                    \
    .get = noun##_get, .item = noun##_item, .text = noun##_text, .number = noun##_number, .json = noun##_json,         \
    .free = noun##_free

#endif
