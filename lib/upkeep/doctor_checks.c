/* SPDX-License-Identifier: MIT */
/* What is examined, in the order in which a person would ask. */
#include "collections/collections.h"
#include "db/bind.h"
#include "files/files.h"
#include "jobs/jobs.h"
#include "upkeep/doctor.h"
#include "upkeep/doctor_bytes.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#define MIB          (INT64_C(1) << 20)
#define YEAR_2020_US INT64_C(1577836800000000)
#define SKEW_US      INT64_C(5000000) /* how far clocks of processes may differ */

enum { LOG_MIB = 256, ROOM_MIB = 1024, ROOM_PERCENT = 5 };

/* --- the database --------------------------------------------------------------------------------------------- */

static int nothing_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_META_GET, &s, e, vs_text("instance"));
    return r < 0 ? r : 0;
}

static int check_connection(struct vs_exam *x, vidstore_error **e) {
    char holder[128];
    int64_t began = vs_mono_us();
    int r = vs_session_read(x->session, nothing_op, NULL, e);
    if (r)
        return r;
    int64_t took_us = vs_mono_us() - began;
    vs_db_holder(x->session->store->db, holder, sizeof holder);
    vs_exam_find(x, VS_VERDICT_OK, "the database answers in %" PRId64 ".%03" PRId64 " ms%s%s", took_us / 1000,
                 took_us % 1000, *holder ? "; it is being written by " : "", holder);
    return 0;
}

static int check_integrity(struct vs_exam *x, vidstore_error **e) {
    struct vs_call call = vs_session_call(x->session);
    if (x->full)
        call.deadline_us = vs_session_limit_us(x->session);
    int r = vs_db_integrity(x->session->store->db, &call, x->full, e);
    if (!r)
        vs_exam_find(x, VS_VERDICT_OK,
                     x->full ? "every page and index was read and is sound" : "a quick check found nothing");
    return r;
}

static int check_schema(struct vs_exam *x, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    struct vs_call call = vs_session_call(x->session);
    int r = vs_db_schema_check(x->session->store->db, &call, &why);
    if (!r)
        vs_exam_find(x, VS_VERDICT_OK, "the schema is what the migrations make");
    else if (vidstore_error_subcode(why) == VIDSTORE_SUB_SCHEMA_NEWER)
        vs_exam_find(x, VS_VERDICT_WARNING, "%s", vidstore_error_message(why));
    else
        return vs_fail(e, r, NULL, "%s", vidstore_error_message(why));
    return 0;
}

static int info_of(struct vs_exam *x, struct vs_db_info *ret, vidstore_error **e) {
    struct vs_call call = vs_session_call(x->session);
    return vs_db_info(x->session->store->db, &call, ret, e);
}

static int check_version(struct vs_exam *x, vidstore_error **e) {
    struct vs_db_info info;
    int r = info_of(x, &info, e);
    if (r)
        return r;
    int newer = info.schema_version > info.library_schema_version;
    vs_exam_find(x, newer ? VS_VERDICT_WARNING : VS_VERDICT_OK,
                 "schema version %" PRId64 "%s; library %s knows %" PRId64, info.schema_version,
                 newer ? ", made by a newer library" : "", vidstore_version(), info.library_schema_version);
    return 0;
}

static int check_engine(struct vs_exam *x, vidstore_error **e) {
    struct vs_db_info info;
    int r = info_of(x, &info, e);
    if (r)
        return r;
    if (!info.threadsafe)
        return vs_fail(e, VIDSTORE_UNSUPPORTED, NULL, "%s %s was built for one thread", info.engine,
                       info.engine_version);
    vs_exam_find(x, VS_VERDICT_OK, "%s %s%s", info.engine, info.engine_version,
                 info.checkpoint_race ? ", guarded: before 3.51.3 a checkpoint could damage the log of a writer" : "");
    return 0;
}

static int check_size(struct vs_exam *x, vidstore_error **e) {
    struct vs_db_info info;
    int r = info_of(x, &info, e);
    if (r)
        return r;
    vs_exam_find(x, VS_VERDICT_OK, "%" PRId64 " pages of %" PRId64 " bytes, %" PRId64 " of them unused",
                 info.page_count, info.page_size, info.freelist_count);
    return 0;
}

static int check_log(struct vs_exam *x, vidstore_error **e) {
    struct vs_db_info info;
    int r = info_of(x, &info, e);
    if (r)
        return r;
    char reader[160];
    vs_db_oldest_reader(x->session->store->db, reader, sizeof reader);
    if (info.wal_bytes > LOG_MIB * MIB)
        vs_exam_find(x, VS_VERDICT_WARNING, "the log has %" PRId64 " bytes: %s%s", info.wal_bytes,
                     *reader ? "held back by the reader " : "it was held back, though nobody reads now", reader);
    else if (*reader)
        vs_exam_find(x, VS_VERDICT_OK, "the log has %" PRId64 " bytes; the oldest reader: %s", info.wal_bytes, reader);
    else
        vs_exam_find(x, VS_VERDICT_OK, "the log has %" PRId64 " bytes", info.wal_bytes);
    return 0;
}

/* --- around it ------------------------------------------------------------------------------------------------ */

static int check_disk(struct vs_exam *x, vidstore_error **e) {
    struct vidstore *store = x->session->store;
    struct statvfs fs;
    int64_t room = 0;
    int percent = 100;
    int r = vs_blobs_free_space(store->blobs, &room, e);
    if (r)
        return r;
    if (store->options.path && statvfs(store->options.path, &fs) < 0)
        return vs_fail_errno(e, errno, NULL, "look at the file system");
    if (store->options.path && fs.f_blocks)
        percent = (int)((double)fs.f_bavail * 100 / (double)fs.f_blocks);
    int tight = room < ROOM_MIB * MIB || percent < ROOM_PERCENT;
    vs_exam_find(x, tight ? VS_VERDICT_WARNING : VS_VERDICT_OK, "%" PRId64 " MiB are free, %d %% of the disk",
                 room / MIB, percent);
    return 0;
}

static int check_probe(struct vs_exam *x, vidstore_error **e) {
    vs_autoerror vidstore_error *why = NULL;
    vs_autofree char *version = NULL, *isolation = NULL;
    struct vs_prober *prober = NULL;
    int r = vs_store_prober(x->session->store, &prober, &why);
    if (!r)
        r = vs_prober_check(prober, &version, &isolation, &why);
    if (r == VIDSTORE_NOMEM)
        return vs_fail_nomem(e);
    if (r)
        vs_exam_find(x, VS_VERDICT_WARNING, "videos can't be probed: %s", vidstore_error_message(why));
    else
        vs_exam_find(x, VS_VERDICT_OK, "%s, isolated by %s", version, isolation);
    return 0;
}

struct newest {
    int64_t at_us;
};

static int newest_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct newest *newest = arg;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_UPKEEP_NEWEST, &s, e);
    if (!r)
        r = vs_row(s, e);
    newest->at_us = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

static int check_clock(struct vs_exam *x, vidstore_error **e) {
    struct newest newest = {0};
    int r = vs_session_read(x->session, newest_op, &newest, e);
    int64_t now = vs_now_us();
    if (r)
        return r;
    if (now < YEAR_2020_US)
        vs_exam_find(x, VS_VERDICT_WARNING, "the clock stands before the year 2020");
    else if (newest.at_us > now + SKEW_US)
        vs_exam_find(x, VS_VERDICT_WARNING, "the newest record lies %" PRId64 " s in the future: the clock went back",
                     (newest.at_us - now) / 1000000);
    else
        vs_exam_find(x, VS_VERDICT_OK, "the clock is not behind the newest record");
    return 0;
}

/* --- what is in it -------------------------------------------------------------------------------------------- */

static int leases_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_jobs_expired(conn, 10000, arg, e);
}

static int check_leases(struct vs_exam *x, vidstore_error **e) {
    int64_t count = 0;
    int r = vs_session_read(x->session, leases_op, &count, e);
    if (r)
        return r;
    if (count)
        vs_exam_find(x, VS_VERDICT_WARNING,
                     "%" PRId64 " job%s a worker that is gone; upkeep or the next claim takes %s back", count,
                     count == 1 ? " has" : "s have", count == 1 ? "it" : "them");
    else
        vs_exam_find(x, VS_VERDICT_OK, "every running job holds a lease that has not run out");
    return 0;
}

static int usage_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    static const enum vs_stmt_id all[] = {VS_STMT_USAGE_TOTALS_DIFFER, VS_STMT_USAGE_DAYS_DIFFER};
    int64_t *counts = arg;
    int r = 0;
    for (size_t i = 0; !r && i < VS_COUNT(all); i++) {
        vs_autostmt *s = NULL;
        r = vs_stmt(conn, all[i], &s, e);
        if (!r)
            r = vs_row(s, e);
        counts[i] = r == VS_ROW ? vs_col_int(s, 0) : 0;
        r = r < 0 ? r : 0;
    }
    return r;
}

/* What quotas go by is counted with each change; here from the records, and must come out the same. */
static int check_usage(struct vs_exam *x, vidstore_error **e) {
    int64_t counts[2] = {0};
    int r = vs_session_read(x->session, usage_op, counts, e);
    if (r)
        return r;
    if (counts[0] || counts[1])
        vs_exam_find(x, VS_VERDICT_BAD,
                     "what %" PRId64 " users use, and %" PRId64 " days of usage, are not what the records say",
                     counts[0], counts[1]);
    else
        vs_exam_find(x, VS_VERDICT_OK, "what users use is what the records say");
    return 0;
}

static int strays_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    return vs_collections_strays(conn, arg, e);
}

/* Places of videos in collections go with either of them. */
static int check_collections(struct vs_exam *x, vidstore_error **e) {
    int64_t strays = 0;
    int r = vs_session_read(x->session, strays_op, &strays, e);
    if (!r && strays)
        vs_exam_find(x, VS_VERDICT_BAD, "%" PRId64 " places in collections hang on nothing, or stand nowhere", strays);
    else if (!r)
        vs_exam_find(x, VS_VERDICT_OK, "what stands in collections is there");
    return r;
}

/* Passwords under peppers that this process was not given: who has one can't be let in. */
struct lost {
    const struct vs_peppers *peppers;
    int64_t passwords, pepper; /* how many, and the number of the first pepper */
};

static int peppers_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct lost *lost = arg;
    vs_autostmt *s = NULL;
    int r = vs_stmt(conn, VS_STMT_USER_PEPPER_LIST, &s, e);
    lost->passwords = lost->pepper = 0;
    while (!r && (r = vs_step(s, e)) == VS_ROW) {
        int64_t pepper = vs_col_int(s, 0);
        if (!vs_pepper_find(lost->peppers, pepper)) {
            lost->passwords += vs_col_int(s, 1);
            lost->pepper = lost->pepper ? lost->pepper : pepper;
        }
        r = 0;
    }
    return r;
}

static int check_peppers(struct vs_exam *x, vidstore_error **e) {
    struct lost lost = {.peppers = &x->session->store->peppers};
    int r = vs_session_read(x->session, peppers_op, &lost, e);
    if (!r && lost.passwords)
        vs_exam_find(x, VS_VERDICT_WARNING,
                     "%" PRId64 " password%s made under a pepper that was not given, such as number %" PRId64
                     ": who has one can't log in",
                     lost.passwords, lost.passwords == 1 ? " was" : "s were", lost.pepper);
    else if (!r)
        vs_exam_find(x, VS_VERDICT_OK, "no password is under a pepper that was not given");
    return r;
}

static int grants_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_GRANT_IDLE_COUNT, &s, e, vs_int(vs_now_us()));
    *(int64_t *)arg = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

/* No fault, but nobody expects it: they open again what is made restricted. */
static int check_grants(struct vs_exam *x, vidstore_error **e) {
    int64_t idle = 0;
    int r = vs_session_read(x->session, grants_op, &idle, e);
    if (!r && idle)
        vs_exam_find(x, VS_VERDICT_OK,
                     "%" PRId64 " grant%s on files that are private, and open%s nothing until they are not", idle,
                     idle == 1 ? " lies" : "s lie", idle == 1 ? "s" : "");
    else if (!r)
        vs_exam_find(x, VS_VERDICT_OK, "no grant lies on a file that is private");
    return r;
}

struct settings {
    int changed, unknown, bad;
    char name[64]; /* of the first that is unknown or bad */
};

static int settings_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct settings *found = arg;
    vs_autostmt *s = NULL;
    *found = (struct settings){0};
    int r = vs_bound(conn, VS_STMT_SETTING_LIST, &s, e, vs_text_n("", 0), vs_int(1000));
    if (r)
        return r;
    while ((r = vs_step(s, e)) == VS_ROW) {
        const char *name = vs_col_text(s, 0, NULL), *value = vs_col_text(s, 1, NULL);
        int64_t number = 0;
        int at = vs_setting_find(name);
        int bad = at >= 0 && !vs_setting_parse(&vs_setting_table[at], value, &number);
        found->changed++;
        found->unknown += at < 0;
        found->bad += bad;
        if ((at < 0 || bad) && !*found->name)
            snprintf(found->name, sizeof found->name, "%s", name);
    }
    return r;
}

static int check_settings(struct vs_exam *x, vidstore_error **e) {
    struct settings found;
    int r = vs_session_read(x->session, settings_op, &found, e);
    if (r)
        return r;
    if (found.unknown || found.bad)
        vs_exam_find(x, VS_VERDICT_WARNING, "the setting %s is %s", found.name,
                     found.bad ? "not within its limits" : "not one that this library knows");
    else
        vs_exam_find(x, VS_VERDICT_OK, "%d of %d settings are changed", found.changed, VS_SETTINGS);
    return 0;
}

const struct vs_exam_check vs_exam_checks[] = {
    {"connection", check_connection},
    {"integrity", check_integrity},
    {"schema", check_schema},
    {"version", check_version},
    {"engine", check_engine},
    {"log", check_log},
    {"database", check_size},
    {"disk", check_disk},
    {"marker", vs_exam_marker},
    {"bytes", vs_exam_bytes},
    {"leases", check_leases},
    {"usage", check_usage},
    {"peppers", check_peppers},
    {"grants", check_grants},
    {"probe", check_probe},
    {"clock", check_clock},
    {"settings", check_settings},
    {"collections", check_collections},
    {NULL, NULL},
};
