/* SPDX-License-Identifier: MIT */
#include "form.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two tables behind one lock: sessions, and objects that are being filled. Tests hold few of each. */
struct known {
    struct known *next;
    const void *key;
    vidstore *store;
    int depth, busy, broken;
    vidstore_queue *queue;
    int64_t op;
    json_t *values;
    const char *kind; /* of what is being filled */
};

static struct known *all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct known *find(const void *key) {
    struct known *at = all;
    while (at && at->key != key)
        at = at->next;
    return at;
}

static struct known *add(const void *key) {
    struct known *made = find(key);
    if (!made) {
        made = calloc(1, sizeof *made);
        if (!made)
            abort();
        made->next = all;
        all = made;
    }
    made->key = key;
    return made;
}

static void drop(const void *key) {
    vidstore_queue *queue = NULL;
    pthread_mutex_lock(&lock);
    struct known **at = &all;
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    struct known *gone = *at;
    if (gone)
        *at = gone->next;
    pthread_mutex_unlock(&lock);
    if (gone) {
        queue = gone->queue;
        json_decref(gone->values);
    }
    free(gone);
    vidstore_queue_free(queue);
}

static int by_name(void) {
    const char *form = getenv("VIDSTORE_TEST_FORM");
    return form && strcmp(form, "call") == 0;
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

void form_session_of(vidstore_session *session, vidstore *store, vidstore_session *like) {
    if (!session || !by_name())
        return;
    pthread_mutex_lock(&lock);
    struct known *same = like ? find(like) : NULL;
    struct known *known = add(session);
    known->store = same ? same->store : store;
    known->depth = 0;
    known->busy = 0;
    pthread_mutex_unlock(&lock);
}

void form_session_gone(vidstore_session *session) {
    if (session)
        drop(session);
}

void form_depth(vidstore_session *session, int by) {
    pthread_mutex_lock(&lock);
    struct known *known = find(session);
    if (known)
        known->depth = known->depth + by < 0 ? 0 : known->depth + by;
    pthread_mutex_unlock(&lock);
}

void form_committed(vidstore_session *session, vidstore_status r) {
    pthread_mutex_lock(&lock);
    const struct known *known = find(session);
    int inner = known && known->depth > 1;
    pthread_mutex_unlock(&lock);
    form_depth(session, r && inner ? 0 : -1);
}

void form_interrupt(vidstore_session *session) {
    pthread_mutex_lock(&lock);
    struct known *known = find(session);
    if (known && known->op)
        vidstore_queue_cancel(known->queue, known->op, NULL);
    pthread_mutex_unlock(&lock);
}

/* --- one call ----------------------------------------------------------------------------------------------------- */

/* Whoever is in a transaction must not wait for what waits for its end; and to refuse that is up to the direct call. */
static int in_transaction(void) {
    for (const struct known *at = all; at; at = at->next)
        if (at->depth)
            return 1;
    return 0;
}

int form_begin(struct form *f, vidstore_session *session) {
    vidstore_queue *queue = NULL;
    *f = (struct form){.session = session};
    if (!session || !by_name())
        return 0;
    pthread_mutex_lock(&lock);
    struct known *known = find(session);
    if (known && known->store && !in_transaction() && !known->busy) {
        /* A store that was closed has none to give: the call says what it says. */
        if (known->queue || !vidstore_queue_new(known->store, 1, &known->queue, NULL))
            known->busy = 1;
        queue = known->busy ? known->queue : NULL;
    }
    pthread_mutex_unlock(&lock);
    if (!queue)
        return 0;
    f->args = json_object();
    f->queue = queue;
    return 1;
}

static void put(struct form *f, const char *name, json_t *value) {
    if (!value || json_object_set_new(f->args, name, value))
        f->unfit = 1;
}

void form_text(struct form *f, const char *name, const char *value, int nullable) {
    if (value)
        put(f, name, json_string(value)); /* NULL when it is no UTF-8 */
    else if (!nullable)
        f->unfit = 1;
}

void form_number(struct form *f, const char *name, int64_t value, int may_be_null) {
    if (strcmp(name, "fd") == 0 && vidstore_session_role(f->session) != VIDSTORE_ROLE_ADMIN)
        f->unfit = 1; /* by name that is not for everybody */
    if (value != INT64_MIN || !may_be_null)
        put(f, name, json_integer(value));
}

static json_t *recorded(const void *object, const char *kind) {
    pthread_mutex_lock(&lock);
    struct known *known = find(object);
    json_t *values = known && !known->broken && known->values && strcmp(known->kind, kind) == 0
                         ? json_deep_copy(known->values)
                         : NULL;
    pthread_mutex_unlock(&lock);
    return values;
}

void form_object(struct form *f, const char *name, const void *object, const char *kind) {
    if (object)
        put(f, name, recorded(object, kind));
}

void form_texts(struct form *f, const char *name, const char *const *values, int64_t count) {
    json_t *list = json_array();
    if (!values || count < 0 || count > 10000)
        f->unfit = 1;
    for (int64_t i = 0; !f->unfit && i < count; i++)
        if (!values[i] || json_array_append_new(list, json_string(values[i])))
            f->unfit = 1;
    put(f, name, list);
}

void form_objects(struct form *f, const char *name, const void *const *params, int64_t count, const char *kind) {
    json_t *list = json_array();
    if (!params || count < 0 || count > 10000)
        f->unfit = 1;
    for (int64_t i = 0; !f->unfit && i < count; i++)
        if (!params[i] || json_array_append_new(list, recorded(params[i], kind)))
            f->unfit = 1;
    put(f, name, list);
}

static void note_op(struct form *f, int64_t op) {
    pthread_mutex_lock(&lock);
    struct known *known = find(f->session);
    if (known)
        known->op = op;
    pthread_mutex_unlock(&lock);
}

int form_run(struct form *f, const char *name, vidstore_status *ret, vidstore_error **reterr) {
    char *args = f->unfit ? NULL : json_dumps(f->args, 0);
    if (!args)
        return 0;
    int64_t op = 0;
    *ret = vidstore_call_start(f->session, f->queue, 1, name, args, &op, reterr);
    free(args);
    if (*ret)
        return 1;
    note_op(f, op);
    while (!f->result && !*ret)
        *ret = vidstore_queue_wait(f->queue, 60000, &f->result, reterr);
    note_op(f, 0);
    if (*ret)
        return 1;
    *ret = vidstore_result_status(f->result);
    if (*ret && reterr)
        *reterr = vidstore_result_take(f->result, "vidstore_error");
    return 1;
}

void *form_take(struct form *f, const char *type, int wanted) {
    return f->result && wanted ? vidstore_result_take(f->result, type) : NULL;
}

int64_t form_value(struct form *f) {
    vidstore_text *text = NULL;
    int64_t value = 0;
    if (f->result && !vidstore_result_json(f->result, &text, NULL)) {
        const char *data = vidstore_text_data(text);
        value = strcmp(data, "true") == 0 ? 1 : strcmp(data, "null") == 0 ? INT64_MIN : strtoll(data, NULL, 10);
    }
    vidstore_text_free(text);
    return value;
}

void form_end(struct form *f) {
    pthread_mutex_lock(&lock);
    struct known *known = f->args ? find(f->session) : NULL;
    if (known)
        known->busy = 0;
    pthread_mutex_unlock(&lock);
    json_decref(f->args);
    vidstore_result_free(f->result);
}

/* --- objects that are being filled -------------------------------------------------------------------------------- */

void form_new(const void *object, const char *kind) {
    if (!object || !by_name())
        return;
    pthread_mutex_lock(&lock);
    struct known *known = add(object);
    json_decref(known->values);
    known->values = json_object();
    known->kind = kind;
    known->broken = 0;
    pthread_mutex_unlock(&lock);
}

void form_kind(const void *object, const char *kind) {
    pthread_mutex_lock(&lock);
    struct known *known = find(object);
    if (known && (!known->kind || strcmp(known->kind, kind) != 0))
        known->broken = 1;
    pthread_mutex_unlock(&lock);
}

void form_gone(const void *object) {
    if (object)
        drop(object);
}

void form_break(const void *object) {
    pthread_mutex_lock(&lock);
    struct known *known = find(object);
    if (known)
        known->broken = 1;
    pthread_mutex_unlock(&lock);
}

void form_set_named(const void *object, const char *name, json_t *value) {
    pthread_mutex_lock(&lock);
    struct known *known = find(object);
    /* The first bad value counts, of all that were ever set: a field that is set twice has no such form. */
    if (known && (!name || !value || json_object_get(known->values, name) ||
                  json_object_set_new(known->values, name, json_incref(value))))
        known->broken = 1;
    pthread_mutex_unlock(&lock);
    json_decref(value);
}

void form_set(const void *object, const struct form_field *fields, int32_t field, json_t *value) {
    while (fields->name && fields->id != field)
        fields++;
    form_set_named(object, fields->name, value);
}

/* JSON that reads back to the letter: its spaces are kept when it is set as text. */
static json_t *exactly(const char *text) {
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    char *again = value ? json_dumps(value, JSON_COMPACT) : NULL;
    if (!again || strcmp(again, text) != 0) {
        json_decref(value);
        value = NULL;
    }
    free(again);
    return value;
}

void form_set_text(const void *object, const struct form_field *fields, int32_t field, const char *value) {
    const struct form_field *at = fields;
    while (at->name && at->id != field)
        at++;
    json_t *text = !value ? json_null() : at->json ? exactly(value) : json_string(value);
    form_set(object, fields, field, text);
}

void form_set_json(const void *object, const char *json) {
    json_t *values = json ? json_loads(json, JSON_REJECT_DUPLICATES, NULL) : NULL;
    const char *name;
    json_t *value;
    if (!json_is_object(values) || json_object_get(values, "expect_version"))
        form_break(object);
    else
        json_object_foreach(values, name, value) form_set_named(object, name, json_incref(value));
    json_decref(values);
}

void form_bind(const void *query, int32_t number, json_t *value) {
    pthread_mutex_lock(&lock);
    struct known *known = find(query);
    json_t *binds = known ? json_object_get(known->values, "binds") : NULL;
    if (known && !binds) {
        binds = json_array();
        json_object_set_new(known->values, "binds", binds);
    }
    if (known && (!value || number < 1 || number > 32))
        known->broken = 1;
    while (known && !known->broken && json_array_size(binds) < (size_t)number)
        json_array_append_new(binds, json_null());
    if (known && !known->broken)
        json_array_set(binds, (size_t)number - 1, value);
    pthread_mutex_unlock(&lock);
    json_decref(value);
}

vidstore_status form_declared(const char *name, const char *codes, vidstore_status status) {
    char word[40];
    snprintf(word, sizeof word, " %s ", vidstore_status_name(status));
    if (status && *codes && !strstr(codes, word)) {
        fprintf(stderr, "%s() gave %s, which its documentation does not name\n", name, vidstore_status_name(status));
        abort();
    }
    return status;
}
