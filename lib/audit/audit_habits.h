/* SPDX-License-Identifier: MIT */
/* Detection: what is much for the one who does it. */
#ifndef VS_AUDIT_AUDIT_HABITS_H
#define VS_AUDIT_AUDIT_HABITS_H

#include "audit/audit_watch.h"
#include "store/session.h"

struct vs_habit {
    const char *user;
    int64_t hour, at_us;  /* since 1970; of the last event in it */
    int64_t files, bytes; /* that are news */
};

/* What the news add to the hours of each user: a file counts once in ten minutes, however often it is opened. */
int vs_habits_count(const struct vs_watch *w, struct vs_habit **ret, size_t *ret_count, vidstore_error **e);
/* Notes the hours with more than ten times what is usual: the 95th percentile of the hours of two weeks in which the
 * user read anything. */
int vs_habits_judge(vidstore_session *session, struct vs_watch *w, const struct vs_habit *habits, size_t count,
                    vidstore_error **e);
/* Adds the news to what is remembered, and forgets what is too old. */
int vs_habits_keep(struct vs_conn *conn, const struct vs_habit *habits, size_t count, vidstore_error **e);
/* Of those who deleted much: whether it was more than a tenth of what they have. Takes the others off the alerts. */
int vs_habits_shares(vidstore_session *session, struct vs_watch *w, vidstore_error **e);

/* The least of amounts that 95 of 100 do not exceed; sorts them. 0: there are too few to tell. */
int64_t vs_habits_usual(int64_t *amounts, size_t count);

#endif
