/* SPDX-License-Identifier: MIT */
/* The tests of the public calls in another form: with VIDSTORE_TEST_FORM=call each call that a test makes goes through
 * vidstore_call_start() and back. The linker puts the wrappers that form.py writes between test and library. What has
 * no such form goes on directly: calls inside a transaction, on the handle of a lease or an upload, with NULL where
 * text must be, with text that JSON can't carry, and on a session that another thread is using. */
#ifndef TESTS_API_FORM_H
#define TESTS_API_FORM_H

#include <jansson.h>
#include <vidstore/vidstore.h>

/* One call on its way. */
struct form {
    vidstore_session *session;
    json_t *args;
    int unfit; /* it has no such form after all */
    vidstore_queue *queue;
    vidstore_result *result;
};

struct form_field {
    int32_t id;
    const char *name;
    int json; /* its text is JSON itself */
};

/* 0: this call is made directly. */
int form_begin(struct form *f, vidstore_session *session);
void form_text(struct form *f, const char *name, const char *value, int nullable);
void form_number(struct form *f, const char *name, int64_t value, int may_be_null);
void form_object(struct form *f, const char *name, const void *params_or_query, const char *kind);
void form_texts(struct form *f, const char *name, const char *const *values, int64_t count);
void form_objects(struct form *f, const char *name, const void *const *params, int64_t count, const char *kind);
/* Makes the call. 0: it is unfit, and is to be made directly. */
int form_run(struct form *f, const char *name, vidstore_status *ret, vidstore_error **reterr);
void *form_take(struct form *f, const char *type, int wanted);
int64_t form_value(struct form *f);
void form_end(struct form *f);

/* What sessions belong to, and which of them are in a transaction. */
void form_session_of(vidstore_session *session, vidstore *store, vidstore_session *like);
void form_session_gone(vidstore_session *session);
void form_depth(vidstore_session *session, int by);
void form_committed(vidstore_session *session, vidstore_status r); /* an inner level that failed is still open */
/* Cancels what runs for the session in the background. */
void form_interrupt(vidstore_session *session);

/* Params and queries as JSON, recorded while they are set. */
void form_new(const void *object, const char *kind); /* kind: static, such as vidstore_job_params */
/* What is set as if it were of another kind is beyond JSON. */
void form_kind(const void *object, const char *kind);
void form_gone(const void *object);
/* value: stolen; NULL: it can't be carried. */
void form_set(const void *object, const struct form_field *fields, int32_t field, json_t *value);
void form_set_text(const void *object, const struct form_field *fields, int32_t field, const char *value);
void form_set_named(const void *object, const char *name, json_t *value);
void form_set_json(const void *object, const char *json);
void form_bind(const void *query, int32_t number, json_t *value);
void form_break(const void *object);

/* The status of a call, which fails the test when the call's documentation does not name it. codes: " A B "; "": any.
 */
vidstore_status form_declared(const char *name, const char *codes, vidstore_status status);

#endif
