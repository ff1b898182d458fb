/* SPDX-License-Identifier: MIT */
/* The public calls that nouns have alike: each enters the session, calls crud, and drops a result that is not wanted.
 */
#ifndef VS_STORE_CRUD_API_H
#define VS_STORE_CRUD_API_H

#include "store/crud.h"

#define VS_CRUD_API(noun_, create_)                                                                                    \
    vidstore_status vidstore_##noun_##_##create_(vidstore_session *session, const vidstore_##noun_##_params *params,   \
                                                 vidstore_##noun_ **ret, vidstore_error **reterr) {                    \
        VS_ENTER(session, ret, reterr);                                                                                \
        int r = vs_crud_create(session, &vs_##noun_##_rules, (const struct vs_params *)params, NULL,                   \
                               (struct vs_record **)ret, reterr);                                                      \
        vs_record_free((struct vs_record *)vs_unwanted_);                                                              \
        return r;                                                                                                      \
    }                                                                                                                  \
    VS_CRUD_READ_API(noun_)

/* All but create, bulk_create and restore, which not every noun has in this form. */
#define VS_CRUD_READ_API(noun_)                                                                                        \
    VS_CRUD_BASE_API(noun_)                                                                                            \
    VS_CRUD_EXTERNAL_API(noun_)                                                                                        \
    VS_CRUD_UPDATE_API(noun_)

#define VS_CRUD_BASE_API(noun_)                                                                                        \
    VS_CRUD_LOOK_API(noun_)                                                                                            \
    vidstore_status vidstore_##noun_##_remove(vidstore_session *session, const char *id, int32_t mode,                 \
                                              vidstore_error **reterr) {                                               \
        VS_ENTER_VOID(session, reterr);                                                                                \
        return vs_crud_remove(session, &vs_##noun_##_rules, id, mode, reterr);                                         \
    }                                                                                                                  \
    vidstore_status vidstore_##noun_##_purge(vidstore_session *session, const char *id, vidstore_error **reterr) {     \
        VS_ENTER_VOID(session, reterr);                                                                                \
        return vs_crud_purge(session, &vs_##noun_##_rules, id, reterr);                                                \
    }

/* What only reads. */
#define VS_CRUD_LOOK_API(noun_)                                                                                        \
    vidstore_status vidstore_##noun_##_get(vidstore_session *session, const char *id, vidstore_##noun_ **ret,          \
                                           vidstore_error **reterr) {                                                  \
        VS_ENTER(session, ret, reterr);                                                                                \
        int r = vs_crud_get(session, &vs_##noun_##_rules, id, (struct vs_record **)ret, reterr);                       \
        vs_record_free((struct vs_record *)vs_unwanted_);                                                              \
        return r;                                                                                                      \
    }                                                                                                                  \
    vidstore_status vidstore_##noun_##_exists(vidstore_session *session, const char *id, int32_t *ret_exists,          \
                                              vidstore_error **reterr) {                                               \
        VS_ENTER(session, ret_exists, reterr);                                                                         \
        return vs_crud_exists(session, &vs_##noun_##_rules, id, ret_exists, reterr);                                   \
    }                                                                                                                  \
    vidstore_status vidstore_##noun_##_list(vidstore_session *session, const vidstore_query *query,                    \
                                            vidstore_page **ret_page, vidstore_error **reterr) {                       \
        VS_ENTER(session, ret_page, reterr);                                                                           \
        int r = vs_crud_list(session, &vs_##noun_##_noun, query, (struct vs_page **)ret_page, reterr);                 \
        vs_page_free((struct vs_page *)vs_unwanted_);                                                                  \
        return r;                                                                                                      \
    }                                                                                                                  \
    vidstore_status vidstore_##noun_##_count(vidstore_session *session, const vidstore_query *query,                   \
                                             int64_t *ret_count, vidstore_error **reterr) {                            \
        VS_ENTER(session, ret_count, reterr);                                                                          \
        return vs_crud_count(session, &vs_##noun_##_noun, query, ret_count, reterr);                                   \
    }

#define VS_CRUD_EXTERNAL_API(noun_)                                                                                    \
    vidstore_status vidstore_##noun_##_get_external(vidstore_session *session, const char *user_id,                    \
                                                    const char *external_id, vidstore_##noun_ **ret,                   \
                                                    vidstore_error **reterr) {                                         \
        VS_ENTER(session, ret, reterr);                                                                                \
        int r = vs_crud_get_external(session, &vs_##noun_##_rules, user_id, external_id, (struct vs_record **)ret,     \
                                     reterr);                                                                          \
        vs_record_free((struct vs_record *)vs_unwanted_);                                                              \
        return r;                                                                                                      \
    }

#define VS_CRUD_UPDATE_API(noun_)                                                                                      \
    vidstore_status vidstore_##noun_##_update(vidstore_session *session, const char *id,                               \
                                              const vidstore_##noun_##_params *params, vidstore_##noun_ **ret,         \
                                              vidstore_error **reterr) {                                               \
        VS_ENTER(session, ret, reterr);                                                                                \
        int r = vs_crud_update(session, &vs_##noun_##_rules, id, (const struct vs_params *)params, NULL,               \
                               (struct vs_record **)ret, reterr);                                                      \
        vs_record_free((struct vs_record *)vs_unwanted_);                                                              \
        return r;                                                                                                      \
    }                                                                                                                  \
    vidstore_status vidstore_##noun_##_bulk_update(                                                                    \
        vidstore_session *session, const char *const *ids, const vidstore_##noun_##_params *const *params,             \
        int64_t count, uint32_t flags, vidstore_page **ret_page, vidstore_error **reterr) {                            \
        VS_ENTER(session, ret_page, reterr);                                                                           \
        int r = vs_crud_bulk_update(session, &vs_##noun_##_rules, ids, (const struct vs_params *const *)params, count, \
                                    flags, (struct vs_page **)ret_page, reterr);                                       \
        vs_page_free((struct vs_page *)vs_unwanted_);                                                                  \
        return r;                                                                                                      \
    }

#define VS_CRUD_RESTORE_API(noun_)                                                                                     \
    vidstore_status vidstore_##noun_##_restore(vidstore_session *session, const char *id, vidstore_##noun_ **ret,      \
                                               vidstore_error **reterr) {                                              \
        VS_ENTER(session, ret, reterr);                                                                                \
        int r = vs_crud_restore(session, &vs_##noun_##_rules, id, (struct vs_record **)ret, reterr);                   \
        vs_record_free((struct vs_record *)vs_unwanted_);                                                              \
        return r;                                                                                                      \
    }

#define VS_CRUD_BULK_CREATE_API(noun_)                                                                                 \
    vidstore_status vidstore_##noun_##_bulk_create(                                                                    \
        vidstore_session *session, const vidstore_##noun_##_params *const *params, int64_t count, uint32_t flags,      \
        vidstore_page **ret_page, vidstore_error **reterr) {                                                           \
        VS_ENTER(session, ret_page, reterr);                                                                           \
        int r = vs_crud_bulk_create(session, &vs_##noun_##_rules, (const struct vs_params *const *)params, NULL,       \
                                    count, flags, (struct vs_page **)ret_page, reterr);                                \
        vs_page_free((struct vs_page *)vs_unwanted_);                                                                  \
        return r;                                                                                                      \
    }

#endif
