/* SPDX-License-Identifier: MIT */
/* The queue by hand: the rows that one submit writes. */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "bench.h"

/* The job that all submit. */
vidstore_job_params *sample_job(void);

enum { RAW_NOTES = 64 };

/* What one submit writes, by hand: job, event, counter, and the note that its words are to be indexed, which each 64th
 * does for all. */
struct raw {
    sqlite3 *db;
    struct row job, event, words;
    sqlite3_stmt *begin, *commit, *insert_job, *insert_event, *count, *last, *note, *noted, *index;
    int position; /* of the column that must be the next in the chain */
    int64_t notes[RAW_NOTES];
    int n_notes;
};

/* A store in which at least one sample job was submitted. */
struct raw raw_open(const char *dir);
void raw_close(struct raw *r);
void raw_count(struct raw *r, int state, int by);
void raw_event(struct raw *r);
void raw_job(struct raw *r);    /* the job with its note and counter, no event; in a transaction */
void raw_submit(struct raw *r); /* durable when it returns */

#endif
