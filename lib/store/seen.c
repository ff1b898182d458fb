/* SPDX-License-Identifier: MIT */
#include "store/seen.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include <stdio.h>
#include <string.h>

enum { ENTRIES = 4096, FULL = 3072, STRIKES = 1024, STRIKE_WAYS = 4, MINUTE_US = 60000000 };

struct entry {
    struct vs_uuid id;
    int64_t us, count; /* count 0: free */
    enum vs_seen_kind kind;
    char ip[46];
};

struct strike {
    uint64_t what;
    int64_t since_us, count, before;
};

struct seen {
    struct vs_db *db;
    pthread_mutex_t lock;
    int64_t oldest_us; /* monotonic: when the first of these was noted */
    int used, writing;
    uint64_t salt; /* so that nobody can choose what pushes what out */
    struct entry entries[ENTRIES];
    struct strike strikes[STRIKES];
};

static void write_all(struct seen *seen, const struct vs_call *call);

static void stop(void *state) {
    struct seen *seen = state;
    struct vs_call call = {vs_mono_us() + 2000000, NULL};
    write_all(seen, &call);
    pthread_mutex_destroy(&seen->lock);
    vs_free(seen);
}

static int start(struct vidstore *store, void **ret, vidstore_error **e) {
    struct seen *seen = vs_calloc(1, sizeof *seen);
    (void)e;
    if (!seen)
        return VIDSTORE_NOMEM;
    seen->db = store->db;
    if (vs_random(&seen->salt, sizeof seen->salt))
        seen->salt = (uint64_t)vs_mono_us();
    pthread_mutex_init(&seen->lock, NULL);
    *ret = seen;
    return 0;
}

/* Without memory nothing is noted; that is no reason to fail a call. */
static struct seen *of(struct vidstore *store) {
    void *seen = NULL;
    return vs_store_service(store, VS_SLOT_SEEN, start, stop, &seen, NULL) ? NULL : seen;
}

/* The place of an id: its own, or the free one where it belongs. The table is never full. */
static struct entry *find(struct seen *seen, enum vs_seen_kind kind, const struct vs_uuid *id) {
    uint32_t at;
    memcpy(&at, id->b + 12, sizeof at);
    for (;; at++) {
        struct entry *entry = &seen->entries[at % ENTRIES];
        if (!entry->count || (entry->kind == kind && vs_uuid_equal(&entry->id, id)))
            return entry;
    }
}

void vs_seen_note(struct vidstore *store, enum vs_seen_kind kind, const struct vs_uuid *id, const char *ip,
                  int64_t now_us) {
    struct seen *seen = vs_db_read_only(store->db) ? NULL : of(store);
    if (!seen)
        return;
    pthread_mutex_lock(&seen->lock);
    struct entry *entry = find(seen, kind, id);
    if (entry->count || seen->used < FULL) {
        seen->oldest_us = seen->used ? seen->oldest_us : vs_mono_us();
        seen->used += !entry->count;
        entry->id = *id;
        entry->kind = kind;
        entry->count++;
        entry->us = now_us > entry->us ? now_us : entry->us;
        snprintf(entry->ip, sizeof entry->ip, "%s", ip ? ip : "");
    }
    pthread_mutex_unlock(&seen->lock);
}

int64_t vs_seen_last(struct vidstore *store, enum vs_seen_kind kind, const struct vs_uuid *id) {
    struct seen *seen = of(store);
    int64_t last = INT64_MIN;
    if (!seen)
        return last;
    pthread_mutex_lock(&seen->lock);
    struct entry *entry = find(seen, kind, id);
    if (entry->count)
        last = entry->us;
    pthread_mutex_unlock(&seen->lock);
    return last;
}

struct batch {
    struct entry *list;
    int count;
};

static int batch_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const enum vs_stmt_id statements[VS_SEEN_KINDS] = {VS_STMT_KEY_USED, VS_STMT_LOGIN_SEEN};
    const struct batch *batch = arg;
    int r = 0;
    for (int i = 0; !r && i < batch->count; i++) {
        const struct entry *entry = &batch->list[i];
        vs_autostmt *s = NULL;
        r = vs_bound(conn, statements[entry->kind], &s, e, vs_int(entry->us), vs_text(*entry->ip ? entry->ip : NULL));
        if (r)
            return r;
        if (entry->kind == VS_SEEN_KEY)
            vs_bind_int(s, 3, entry->count);
        vs_bind_uuid(s, entry->kind == VS_SEEN_KEY ? 4 : 3, &entry->id);
        r = vs_run(s, NULL, e);
    }
    return r;
}

/* Takes the entries out, and writes them without the lock. What can't be written is lost: it will be noted again. */
static void write_all(struct seen *seen, const struct vs_call *call) {
    pthread_mutex_lock(&seen->lock);
    struct batch batch = {seen->used ? vs_malloc((size_t)seen->used * sizeof(struct entry)) : NULL, 0};
    for (int i = 0; batch.list && i < ENTRIES; i++)
        if (seen->entries[i].count)
            batch.list[batch.count++] = seen->entries[i];
    if (batch.list) {
        memset(seen->entries, 0, sizeof seen->entries);
        seen->used = 0;
    }
    pthread_mutex_unlock(&seen->lock);
    if (batch.count)
        vs_db_write(seen->db, call, batch_op, &batch, NULL);
    vs_free(batch.list);
}

void vs_seen_flush(struct vidstore *store, const struct vs_call *call, int now) {
    struct seen *seen = vs_db_read_only(store->db) ? NULL : of(store);
    if (!seen)
        return;
    pthread_mutex_lock(&seen->lock);
    int due =
        seen->used && !seen->writing && (now || vs_mono_us() - seen->oldest_us >= MINUTE_US || seen->used >= FULL);
    seen->writing = due ? 1 : seen->writing;
    pthread_mutex_unlock(&seen->lock);
    if (!due)
        return;
    write_all(seen, call);
    pthread_mutex_lock(&seen->lock);
    seen->writing = 0;
    pthread_mutex_unlock(&seen->lock);
}

void vs_seen_login(struct vidstore *store, const struct vs_call *call, const struct vs_uuid *id, const char *ip,
                   int64_t last_us, int64_t idle_us, int64_t now_us) {
    int64_t since = now_us - last_us, worth = idle_us / 20 > MINUTE_US ? idle_us / 20 : MINUTE_US;
    if (since > worth)
        vs_seen_note(store, VS_SEEN_LOGIN, id, ip, now_us);
    vs_seen_flush(store, call, since > idle_us / 4);
}

/* FNV-1a: enough to tell a thousand things of one minute apart. */
static uint64_t digest(uint64_t salt, const char *what) {
    uint64_t h = UINT64_C(0xCBF29CE484222325) ^ salt;
    for (; *what; what++)
        h = (h ^ (unsigned char)*what) * UINT64_C(0x100000001B3);
    return h | 1;
}

/* Its own place among a few, or that of the one there whose minute began first: two that meet don't push each other
 * out. */
static struct strike *strike_of(struct seen *seen, uint64_t key) {
    struct strike *oldest = NULL;
    for (int i = 0; i < STRIKE_WAYS; i++) {
        struct strike *strike = &seen->strikes[(key + (uint64_t)i) % STRIKES];
        if (strike->what == key)
            return strike;
        if (!oldest || strike->since_us < oldest->since_us)
            oldest = strike;
    }
    return oldest;
}

int64_t vs_seen_strike(struct vidstore *store, const char *what, int64_t *ret_before) {
    struct seen *seen = of(store);
    int64_t now = vs_mono_us(), count = 1, before = 0;
    if (seen) {
        uint64_t key = digest(seen->salt, what);
        pthread_mutex_lock(&seen->lock);
        struct strike *strike = strike_of(seen, key);
        if (strike->what != key)
            *strike = (struct strike){key, now, 0, 0};
        if (now - strike->since_us >= MINUTE_US)
            *strike = (struct strike){key, now, 0, strike->count};
        count = ++strike->count;
        before = strike->before;
        pthread_mutex_unlock(&seen->lock);
    }
    if (ret_before)
        *ret_before = before;
    return count;
}
