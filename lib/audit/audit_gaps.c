/* SPDX-License-Identifier: MIT */
/* Detection: what the audit says of itself. A clock that was put back, history that was cut or has holes, refusals that
 * were lost on their way, a store that is an older one. */
#include "audit/audit_watch.h"
#include "util/alloc.h"
#include "vidstore/audit.h"
#include <stdlib.h>
#include <string.h>

static const int64_t HOUR_US = INT64_C(3600000000), BACK_MAX_US = 5000000;

/* How many refusals an event says were not recorded, because there were more than there was room for. */
static int64_t unrecorded(const struct vs_watched *row) {
    const char *at = row->ok ? NULL : strstr(row->details, "\"unrecorded\":");
    int64_t count = at ? strtoll(at + 13, NULL, 10) : 0;
    return count > 0 ? count : 0;
}

static void look_at(struct vs_watch *w, const struct vs_watched *row) {
    if (row->back_us > BACK_MAX_US)
        vs_watch_note(w, "clock_back", "clock", 0, row->at_us, HOUR_US, row->back_us / 1000000);
    if (row->action == VIDSTORE_AUDIT_PRUNED && row->ok && strstr(row->details, "\"by\":\"call\""))
        vs_watch_note(w, "pruned_by_hand", "audit", 0, row->at_us, HOUR_US, 1);
    if (row->action == VIDSTORE_AUDIT_RESTORED && row->ok)
        vs_watch_note(w, "restored", "store", 0, row->at_us, HOUR_US, 1);
    if (unrecorded(row))
        vs_watch_note(w, "refusals_lost", "audit", 0, row->at_us, HOUR_US, unrecorded(row));
}

/* The positions of a chain follow each other: one that does not stands behind events that were taken out. Pruning takes
 * them from the beginning only. Before the first one that is news stands the last one of the run before, even when it
 * is too old to be among the rows; what was looked at and taken out since leaves a hole too. */
static void find_holes(struct vs_watch *w) {
    int64_t last[VS_CHAINS] = {0};
    for (size_t i = w->whole; i < w->count; i++) {
        const struct vs_watched *row = &w->rows[i];
        if (!row->chain || !row->position)
            continue;
        if (!last[row->chain] && row->seq > w->after_seq)
            last[row->chain] = w->marks[row->chain].position;
        int64_t missing = last[row->chain] ? row->position - last[row->chain] - 1 : 0;
        if (missing > 0)
            vs_watch_note(w, "history_gap", vs_word_name(vs_audit_chains, row->chain), 0, row->at_us, HOUR_US, missing);
        last[row->chain] = row->position;
    }
}

void vs_watch_gaps(struct vs_watch *w) {
    for (size_t i = 0; i < w->count; i++)
        if (w->rows[i].seq > w->after_seq)
            look_at(w, &w->rows[i]);
    find_holes(w);
}
