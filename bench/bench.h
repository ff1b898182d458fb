/* SPDX-License-Identifier: MIT */
/* Benchmarks: each measures the library beside a raw baseline in the same run, in turns, and takes medians. */
#ifndef BENCH_H
#define BENCH_H

#include <sqlite3.h>
#include <stdint.h>
#include <vidstore/vidstore.h>

enum { ROUNDS = 5 };

/* What one benchmark found. ratio: ours / baseline for rates, and for times their inverse, so that more is better
 * unless `most` says that the ratio is one that must stay below its target. */
struct result {
    const char *bench, *unit;
    double ours, baseline, ratio, target;
    int most; /* the ratio must be at most the target */
};

typedef void report_fn(const struct result *result);
struct bench {
    const char *name, *about;
    void (*run)(const char *dir, report_fn *report);
};
extern const struct bench bench_records[], bench_jobs[], bench_concurrency[], bench_feed[], bench_media[],
    bench_search[], bench_probe[], bench_probed[], bench_audit[], bench_call[], bench_access[],
    bench_policy[]; /* end with name NULL */

double now_s(void);
double median(double *values, int count);
/* Stops the program with a message when a library call failed. */
void must(int32_t status, vidstore_error *error, const char *what);
void must_sql(int code, sqlite3 *db, const char *what);
/* Path below the scratch directory; static buffer of the last four calls. */
const char *path(const char *dir, const char *name);
vidstore *open_store(const char *location);
vidstore_session *system_session(vidstore *store);
/* A raw connection to a store's database with the settings that the library uses. */
sqlite3 *open_raw(const char *store_dir);
sqlite3_stmt *prepare(sqlite3 *db, const char *sql);
/* One statement that must give no row; reset afterwards. */
void run_stmt(sqlite3 *db, sqlite3_stmt *s);
/* Reads every column of the current row, as a program that wants the record would. Returns a checksum. */
int64_t read_row(sqlite3_stmt *s);
void id_bytes(uint8_t id[16]);
/* The SQL of an INSERT of all columns of a table: INSERT INTO t (a, b) VALUES (?, ?) */
char *insert_sql(sqlite3 *db, const char *table);
/* A row of a table as it stands, to be bound to insert_sql again: copies of values, in the order of columns. */
struct row {
    int count;
    sqlite3_value *values[128];
    char *names[128];
};
struct row first_row(sqlite3 *db, const char *table, const char *where);
/* Binds a row with its id (and the columns that hold the same id) replaced. */
void bind_row(sqlite3_stmt *s, const struct row *row, const uint8_t id[16]);
void free_row(struct row *row);
/* So many copies, with other ids, of the first row of a table that `where` finds, in one transaction. */
void add_copies(const char *store_dir, const char *table, const char *where, int64_t count);

#endif
