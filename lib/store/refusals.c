/* SPDX-License-Identifier: MIT */
#include "store/refusals.h"
#include "trail/trail.h"
#include "util/alloc.h"
#include "util/buf.h"
#include "util/env.h"
#include "util/error.h"
#include <string.h>
#include <time.h>

enum { ENTRIES_MAX = 1024, OBJECTS_MAX = 24 };
static const int64_t MINUTE_US = 60000000, DELAY_US = 50000, RETRY_US = 1000000, LOOK_US = 1000000;

struct entry {
    struct entry *next;
    struct vs_actor actor;
    struct vs_refusal what;
    int several;      /* stands for all objects that have no entry of their own */
    int told;         /* an event was written */
    int64_t since_us; /* monotonic */
    int64_t untold;   /* how often it came since */
};

struct refusals {
    struct vs_db *db;
    int64_t deadline_ms; /* how long the last writing may take */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct entry *first;
    int count, writing, running, stopping;
    int64_t lost; /* came when the list was full, and not told yet */
    atomic_int interrupt;
    pthread_t thread;
};

/* --- the list, under the lock ------------------------------------------------------------------------------------ */

static void free_entry(struct entry *entry) {
    vs_free(entry->actor.name);
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        vs_free(entry->actor.origin[i]);
    vs_free(entry);
}

static int same_text(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static int same_actor(const struct vs_actor *a, const struct vs_actor *b) {
    return a->kind == b->kind && vs_uuid_equal(&a->user, &b->user) && vs_uuid_equal(&a->credential, &b->credential) &&
           same_text(a->name, b->name) && same_text(a->origin[VS_ORIGIN_IP], b->origin[VS_ORIGIN_IP]);
}

static int same_kind(const struct vs_refusal *a, const struct vs_refusal *b) {
    return a->action == b->action && a->code == b->code && strcmp(a->noun, b->noun) == 0;
}

static int same_object(const struct vs_refusal *a, const struct vs_refusal *b) {
    return a->has_object == b->has_object && vs_uuid_equal(&a->object, &b->object);
}

static int is_over(const struct entry *entry, int64_t now) {
    return entry->told && now - entry->since_us >= MINUTE_US;
}

/* What has nothing left to tell and whose minute is over. Nobody may be writing. */
static void sweep(struct refusals *all, int64_t now) {
    for (struct entry **at = &all->first, *entry; (entry = *at);) {
        if (entry->untold || !is_over(entry, now)) {
            at = &entry->next;
            continue;
        }
        *at = entry->next;
        all->count--;
        free_entry(entry);
    }
}

/* The entry to count a refusal in; NULL: it needs one of its own, for *ret_several objects. */
static struct entry *find(const struct refusals *all, const struct vs_actor *actor, const struct vs_refusal *what,
                          int64_t now, int *ret_several) {
    struct entry *several = NULL;
    int objects = 0;
    for (struct entry *entry = all->first; entry; entry = entry->next) {
        if (is_over(entry, now) || !same_kind(&entry->what, what) || !same_actor(&entry->actor, actor))
            continue;
        if (entry->several)
            several = entry;
        else if (same_object(&entry->what, what))
            return entry;
        else
            objects++;
    }
    *ret_several = objects >= OBJECTS_MAX;
    return *ret_several ? several : NULL;
}

static struct entry *make(const struct vs_actor *actor, const struct vs_refusal *what, int several, int64_t now) {
    struct entry *entry = vs_calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    entry->actor = *actor;
    entry->actor.name = NULL;
    memset(entry->actor.origin, 0, sizeof entry->actor.origin);
    int failed = actor->name && !(entry->actor.name = vs_strdup(actor->name));
    for (int i = 0; i < VS_ORIGIN_FACTS; i++)
        failed |= actor->origin[i] && !(entry->actor.origin[i] = vs_strdup(actor->origin[i]));
    if (failed) {
        free_entry(entry);
        return NULL;
    }
    entry->what = *what;
    entry->several = several;
    entry->since_us = now;
    if (several)
        entry->what.has_object = entry->what.has_owner = 0;
    return entry;
}

/* When there is something to write; INT64_MAX: never. */
static int64_t next_due(const struct refusals *all) {
    int64_t next = INT64_MAX;
    for (const struct entry *entry = all->first; entry; entry = entry->next) {
        int64_t due = entry->since_us + (entry->told ? MINUTE_US : DELAY_US);
        next = entry->untold && due < next ? due : next;
    }
    return next;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

struct taken {
    struct entry *entry; /* stays in the list while it is written; only its count changes */
    int64_t times;
};

struct batch {
    struct taken *list;
    int count;
    int64_t lost; /* told with the first of them */
};

static int batch_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct batch *batch = arg;
    int r = 0;
    for (int i = 0; !r && i < batch->count; i++) {
        const struct entry *entry = batch->list[i].entry;
        const struct vs_refusal *what = &entry->what;
        int64_t more = batch->list[i].times - 1, lost = i ? 0 : batch->lost;
        vs_autobuf details = {0};
        if (more || entry->several || lost)
            vs_buf_fmt(&details, "{\"repeated\":%lld%s", (long long)more, entry->several ? ",\"several\":true" : "");
        if (lost)
            vs_buf_fmt(&details, ",\"unrecorded\":%lld", (long long)lost);
        if (details.len)
            vs_buf_char(&details, '}');
        struct vs_event event = {.action = what->action,
                                 .noun = what->noun,
                                 .object = what->has_object ? &what->object : NULL,
                                 .owner = what->has_owner ? &what->owner : NULL,
                                 .failed = what->code,
                                 .details = details.data};
        r = details.failed ? vs_fail_nomem(e) : vs_trail_append(conn, &entry->actor, &event, e);
    }
    return r;
}

static void take(struct refusals *all, int every, struct batch *batch) {
    int64_t now = vs_mono_us();
    for (struct entry *entry = all->first; entry; entry = entry->next)
        if (entry->untold && (every || !entry->told || is_over(entry, now)))
            batch->list[batch->count++] = (struct taken){entry, entry->untold};
    batch->lost = all->lost;
}

static void settle(struct refusals *all, const struct batch *batch) {
    all->lost -= batch->lost;
    for (int i = 0; i < batch->count; i++) {
        batch->list[i].entry->untold -= batch->list[i].times;
        batch->list[i].entry->told = 1;
    }
}

static void wait_us(struct refusals *all, int64_t us) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t ns = at.tv_nsec + us * 1000;
    at.tv_sec += ns / 1000000000;
    at.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&all->changed, &all->lock, &at);
}

/* One at a time. They are told only when they stand in the store: what can't be written now is tried again. */
static int write_all(struct refusals *all, const struct vs_call *call, int every) {
    int r = 0;
    pthread_mutex_lock(&all->lock);
    while (all->writing && !(r = vs_mono_us() >= call->deadline_us ? VIDSTORE_BUSY : 0))
        wait_us(all, 10000);
    struct batch batch = {NULL, 0, 0};
    if (!r && all->count && !(batch.list = vs_malloc((size_t)all->count * sizeof *batch.list)))
        r = VIDSTORE_NOMEM;
    if (!r && all->count)
        take(all, every, &batch);
    all->writing |= batch.count > 0;
    pthread_mutex_unlock(&all->lock);
    if (batch.count) {
        r = vs_db_write(all->db, call, batch_op, &batch, NULL);
        pthread_mutex_lock(&all->lock);
        if (!r)
            settle(all, &batch);
        all->writing = 0;
        pthread_cond_broadcast(&all->changed);
        pthread_mutex_unlock(&all->lock);
    }
    vs_free(batch.list);
    return r;
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

static void *run(void *arg) {
    struct refusals *all = arg;
    pthread_mutex_lock(&all->lock);
    while (!all->stopping) {
        int64_t now = vs_mono_us(), next = next_due(all);
        if (next == INT64_MAX) {
            pthread_cond_wait(&all->changed, &all->lock);
        } else if (next > now) {
            wait_us(all, next - now < LOOK_US ? next - now : LOOK_US);
        } else {
            struct vs_call call = {.deadline_us = now + all->deadline_ms * 1000,
                                   .interrupt = &all->interrupt,
                                   .what = "the record of what was refused"};
            pthread_mutex_unlock(&all->lock);
            int r = write_all(all, &call, 0);
            pthread_mutex_lock(&all->lock);
            if (r && !all->stopping)
                wait_us(all, RETRY_US);
        }
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

static void stop(void *state) {
    struct refusals *all = state;
    pthread_mutex_lock(&all->lock);
    int running = all->running;
    all->stopping = 1;
    atomic_store(&all->interrupt, 1);
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
    if (running)
        pthread_join(all->thread, NULL);
    struct vs_call call = {.deadline_us = vs_mono_us() + all->deadline_ms * 1000};
    write_all(all, &call, 1);
    for (struct entry *entry = all->first, *next; entry; entry = next) {
        next = entry->next;
        free_entry(entry);
    }
    pthread_cond_destroy(&all->changed);
    pthread_mutex_destroy(&all->lock);
    vs_free(all);
}

static int start(struct vidstore *store, void **ret, vidstore_error **e) {
    pthread_condattr_t attr;
    struct refusals *all = vs_calloc(1, sizeof *all);
    if (!all)
        return vs_fail_nomem(e);
    all->db = store->db;
    all->deadline_ms = store->options.deadline_ms;
    pthread_mutex_init(&all->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&all->changed, &attr);
    pthread_condattr_destroy(&attr);
    *ret = all;
    return 0;
}

/* --- from outside ------------------------------------------------------------------------------------------------ */

/* Without memory nothing is noted; that is no reason to fail a call. */
static struct refusals *of(struct vidstore *store) {
    void *all = NULL;
    return vs_store_service(store, VS_SLOT_REFUSALS, start, stop, &all, NULL) ? NULL : all;
}

int vs_refusals_note(struct vidstore *store, const struct vs_actor *actor, const struct vs_refusal *refusal) {
    struct refusals *all = vs_db_read_only(store->db) ? NULL : of(store);
    int several = 0;
    if (!all)
        return 0;
    int64_t now = vs_mono_us();
    pthread_mutex_lock(&all->lock);
    if (!all->writing)
        sweep(all, now);
    struct entry *entry = find(all, actor, refusal, now, &several);
    if (!entry && all->count < ENTRIES_MAX && (entry = make(actor, refusal, several, now))) {
        entry->next = all->first;
        all->first = entry;
        all->count++;
    }
    if (entry)
        entry->untold++;
    else
        all->lost++;
    if (!all->running && !all->stopping)
        all->running = vs_env()->thread_start(run, all, &all->thread) == 0;
    int alone = !all->running;
    pthread_cond_broadcast(&all->changed);
    pthread_mutex_unlock(&all->lock);
    return alone;
}

int vs_refusals_flush(struct vidstore *store, const struct vs_call *call, int all) {
    pthread_mutex_lock(&store->lock);
    struct refusals *noted = store->services[VS_SLOT_REFUSALS].state;
    pthread_mutex_unlock(&store->lock);
    return noted ? write_all(noted, call, all) : 0;
}
