/* SPDX-License-Identifier: MIT */
#include "audit/audit_habits.h"
#include "db/bind.h"
#include "util/alloc.h"
#include "util/env.h"
#include "util/error.h"
#include "vidstore/audit.h"
#include <stdlib.h>
#include <string.h>

static const int64_t HOUR_US = INT64_C(3600000000), TWICE_US = 600000000;
enum { HOURS = 14 * 24, HOURS_MIN = 5, TIMES = 10, SHARE = 10, HABITS_MAX = 5000 };

/* The kinds of what is remembered. Less than `least` in an hour is nothing unusual for anybody. */
enum kind { FILES = 1, BYTES = 2 };
static const struct {
    enum kind kind;
    const char *rule;
    int64_t least;
} kinds[] = {
    {FILES, "unusual_download", 50},
    {BYTES, "unusual_download_bytes", INT64_C(1) << 30},
};

static int64_t amount_of(const struct vs_habit *habit, enum kind kind) {
    return kind == FILES ? habit->files : habit->bytes;
}

/* --- counting ---------------------------------------------------------------------------------------------------- */

static int by_file(const void *a, const void *b) {
    const struct vs_watched *x = *(const struct vs_watched *const *)a, *y = *(const struct vs_watched *const *)b;
    int order = strcmp(x->actor, y->actor);
    if (!order)
        order = strcmp(x->object, y->object);
    return order ? order : (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_hour(const void *a, const void *b) {
    const struct vs_habit *x = a, *y = b;
    int order = strcmp(x->user, y->user);
    return order ? order : (x->hour > y->hour) - (x->hour < y->hour);
}

static int by_files(const void *a, const void *b) {
    const struct vs_habit *x = a, *y = b;
    return (x->files < y->files) - (x->files > y->files);
}

static size_t downloads(const struct vs_watch *w, const struct vs_watched **ret) {
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++)
        if (w->rows[i].action == VIDSTORE_AUDIT_FILE_DOWNLOADED && w->rows[i].ok && *w->rows[i].actor)
            ret[count++] = &w->rows[i];
    qsort(ret, count, sizeof *ret, by_file);
    return count;
}

/* Adds up what stands for the same hour of the same user. */
static size_t merge(struct vs_habit *habits, size_t count) {
    size_t merged = 0;
    qsort(habits, count, sizeof *habits, by_hour);
    for (size_t i = 0; i < count; i++) {
        struct vs_habit *to = merged ? &habits[merged - 1] : NULL;
        if (!to || by_hour(to, &habits[i]) != 0) {
            habits[merged++] = habits[i];
            continue;
        }
        to->files += habits[i].files;
        to->bytes += habits[i].bytes;
        to->at_us = habits[i].at_us > to->at_us ? habits[i].at_us : to->at_us;
    }
    return merged;
}

int vs_habits_count(const struct vs_watch *w, struct vs_habit **ret, size_t *ret_count, vidstore_error **e) {
    vs_autofree const struct vs_watched **rows = vs_reallocarray(NULL, w->count + 1, sizeof *rows);
    vs_autofree struct vs_habit *habits = NULL;
    size_t count = 0, there = rows ? downloads(w, rows) : 0;
    if (!rows || !(habits = vs_reallocarray(NULL, there + 1, sizeof *habits)))
        return vs_fail_nomem(e);
    for (size_t i = 0; i < there; i++) {
        const struct vs_watched *row = rows[i], *before = i ? rows[i - 1] : NULL;
        int again = before && strcmp(before->actor, row->actor) == 0 && strcmp(before->object, row->object) == 0 &&
                    row->at_us - before->at_us <= TWICE_US;
        if (row->seq > w->after_seq && !again)
            habits[count++] = (struct vs_habit){row->actor, row->at_us / HOUR_US, row->at_us, 1, row->bytes};
    }
    count = merge(habits, count);
    if (count >
        HABITS_MAX) { /* so many people at once that there is no time for all of them: those who read the most */
        qsort(habits, count, sizeof *habits, by_files);
        count = HABITS_MAX;
    }
    *ret_count = count;
    *ret = VS_TAKE(habits);
    return 0;
}

/* --- judging ----------------------------------------------------------------------------------------------------- */

static int by_amount(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t vs_habits_usual(int64_t *amounts, size_t count) {
    if (count < HOURS_MIN)
        return 0;
    qsort(amounts, count, sizeof *amounts, by_amount);
    return amounts[(count * 95 + 99) / 100 - 1];
}

struct look {
    struct vs_watch *w;
    const struct vs_habit *habits;
    size_t count;
};

static int usual_of(struct vs_conn *conn, const struct vs_uuid *user, enum kind kind, int64_t hour, int64_t *ret_there,
                    int64_t *ret_usual, vidstore_error **e) {
    vs_autostmt *now = NULL, *before = NULL;
    int64_t amounts[HOURS];
    size_t count = 0;
    int r = vs_ask(conn, VS_STMT_AUDIT_HOUR_GET, &now, e, vs_id(user), vs_int(kind), vs_int(hour));
    if (r < 0)
        return r;
    *ret_there = r == VS_ROW ? vs_col_int(now, 0) : 0;
    r = vs_bound(conn, VS_STMT_AUDIT_HOUR_LIST, &before, e, vs_id(user), vs_int(kind), vs_int(hour - HOURS),
                 vs_int(hour));
    while (!r && count < HOURS && (r = vs_step(before, e)) == VS_ROW) {
        amounts[count++] = vs_col_int(before, 0);
        r = 0;
    }
    *ret_usual = r ? 0 : vs_habits_usual(amounts, count);
    return r;
}

/* Can run again: what is noted twice is one alert. */
static int judge_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    const struct look *look = arg;
    int r = 0;
    for (size_t i = 0; !r && i < look->count * VS_COUNT(kinds); i++) {
        const struct vs_habit *habit = &look->habits[i / VS_COUNT(kinds)];
        size_t k = i % VS_COUNT(kinds);
        int64_t news = amount_of(habit, kinds[k].kind), there = 0, usual = 0;
        struct vs_uuid user;
        if (!news || vs_uuid_parse(habit->user, "user", &user, NULL))
            continue;
        r = usual_of(conn, &user, kinds[k].kind, habit->hour, &there, &usual, e);
        if (!r && usual && there + news >= kinds[k].least && there + news > usual * TIMES)
            vs_watch_note(look->w, kinds[k].rule, habit->user, 1, habit->at_us, HOUR_US, there + news);
    }
    return r;
}

int vs_habits_judge(vidstore_session *session, struct vs_watch *w, const struct vs_habit *habits, size_t count,
                    vidstore_error **e) {
    struct look look = {w, habits, count};
    return count ? vs_session_read(session, judge_op, &look, e) : 0;
}

int vs_habits_keep(struct vs_conn *conn, const struct vs_habit *habits, size_t count, vidstore_error **e) {
    int r = vs_exec(conn, VS_STMT_AUDIT_HOUR_PRUNE, NULL, e, vs_int(vs_now_us() / HOUR_US - HOURS));
    for (size_t i = 0; !r && i < count * VS_COUNT(kinds); i++) {
        const struct vs_habit *habit = &habits[i / VS_COUNT(kinds)];
        enum kind kind = kinds[i % VS_COUNT(kinds)].kind;
        struct vs_uuid user;
        if (!amount_of(habit, kind) || vs_uuid_parse(habit->user, "user", &user, NULL))
            continue;
        r = vs_exec(conn, VS_STMT_AUDIT_HOUR_ADD, NULL, e, vs_id(&user), vs_int(kind), vs_int(habit->hour),
                    vs_int(amount_of(habit, kind)));
    }
    return r;
}

/* --- the share of one's own -------------------------------------------------------------------------------------- */

struct owned {
    struct vs_uuid user;
    int64_t most, count;
};

static int owned_op(struct vs_conn *conn, void *arg, vidstore_error **e) {
    struct owned *owned = arg;
    vs_autostmt *s = NULL;
    int r = vs_ask(conn, VS_STMT_AUDIT_OWNED, &s, e, vs_id(&owned->user), vs_int(owned->most));
    owned->count = r == VS_ROW ? vs_col_int(s, 0) : 0;
    return r < 0 ? r : 0;
}

int vs_habits_shares(vidstore_session *session, struct vs_watch *w, vidstore_error **e) {
    size_t kept = 0;
    for (size_t i = 0; i < w->alert_count; i++) {
        struct vs_alert *alert = &w->alerts[i];
        struct owned owned = {.most = alert->count * SHARE};
        int drop = 0;
        if (strcmp(alert->rule, VS_WATCH_SHARE) == 0 && !vs_uuid_parse(alert->entity, "user", &owned.user, NULL)) {
            int r = vs_session_read(session, owned_op, &owned, e);
            if (r)
                return r;
            drop = alert->count * SHARE <= owned.count + alert->count;
        }
        if (!drop)
            w->alerts[kept++] = *alert;
    }
    w->alert_count = kept;
    return 0;
}
