/* SPDX-License-Identifier: MIT */
/* The runner: bench [--json] [--dir DIR] [NAME…] */
#include "bench.h"
#include <ftw.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int json, missed;

double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void must(int32_t status, vidstore_error *error, const char *what) {
    if (!status)
        return;
    fprintf(stderr, "bench: %s: %s: %s\n", what, vidstore_status_name(status), vidstore_error_message(error));
    exit(1);
}

void must_sql(int code, sqlite3 *db, const char *what) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}

const char *path(const char *dir, const char *name) {
    static char buffers[4][4096];
    static int next;
    char *buffer = buffers[next++ % 4];
    snprintf(buffer, sizeof buffers[0], "%s/%s", dir, name);
    return buffer;
}

vidstore *open_store(const char *location) {
    vidstore *store = NULL;
    vidstore_error *error = NULL;
    must(vidstore_open(location, NULL, &store, &error), error, location);
    return store;
}

vidstore_session *system_session(vidstore *store) {
    vidstore_session *session = NULL;
    vidstore_error *error = NULL;
    must(vidstore_session_system(store, "bench", &session, &error), error, "session");
    return session;
}

sqlite3 *open_raw(const char *store_dir) {
    sqlite3 *db = NULL;
    must_sql(sqlite3_open_v2(path(store_dir, "store.db"), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL), db,
             "open");
    must_sql(sqlite3_exec(
                 db,
                 "PRAGMA busy_timeout=5000; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-16384;"
                 "PRAGMA wal_autocheckpoint=4000; PRAGMA temp_store=MEMORY",
                 NULL, NULL, NULL),
             db, "settings");
    return db;
}

sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *s = NULL;
    must_sql(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL), db, sql);
    return s;
}

void run_stmt(sqlite3 *db, sqlite3_stmt *s) {
    must_sql(sqlite3_step(s), db, sqlite3_sql(s));
    must_sql(sqlite3_reset(s), db, sqlite3_sql(s));
}

int64_t read_row(sqlite3_stmt *s) {
    int64_t sum = 0;
    for (int i = 0; i < sqlite3_column_count(s); i++)
        switch (sqlite3_column_type(s, i)) {
        case SQLITE_INTEGER:
            sum += sqlite3_column_int64(s, i);
            break;
        case SQLITE_TEXT:
            sum += *sqlite3_column_text(s, i) + sqlite3_column_bytes(s, i);
            break;
        case SQLITE_BLOB:
            sum += *(const char *)sqlite3_column_blob(s, i) + sqlite3_column_bytes(s, i);
            break;
        default:
            break;
        }
    return sum;
}

/* Ids that ascend, as the library's do. */
void id_bytes(uint8_t id[16]) {
    static uint64_t count;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    if (getrandom(id, 16, 0) != 16)
        exit(1);
    count++;
    for (int i = 0; i < 6; i++)
        id[i] = (uint8_t)(ms >> (40 - 8 * i));
    id[6] = (uint8_t)(0x70 | (count >> 8 & 15));
    id[7] = (uint8_t)count;
}

char *insert_sql(sqlite3 *db, const char *table) {
    char *names = sqlite3_mprintf("%s", ""), *marks = sqlite3_mprintf("%s", "");
    char *sql = sqlite3_mprintf("PRAGMA table_info(%s)", table);
    sqlite3_stmt *s = prepare(db, sql);
    sqlite3_free(sql);
    for (int count = 0; sqlite3_step(s) == SQLITE_ROW;) {
        const char *name = (const char *)sqlite3_column_text(s, 1);
        if (strcmp(name, "seq") == 0)
            continue;
        names = sqlite3_mprintf("%z%s%s", names, count ? ", " : "", name);
        marks = sqlite3_mprintf("%z%s?", marks, count++ ? ", " : "");
    }
    sqlite3_finalize(s);
    return sqlite3_mprintf("INSERT INTO %s (%z) VALUES (%z)", table, names, marks);
}

struct row first_row(sqlite3 *db, const char *table, const char *where) {
    struct row row = {0};
    char *sql = sqlite3_mprintf("SELECT * FROM %s WHERE %s LIMIT 1", table, where);
    sqlite3_stmt *s = prepare(db, sql);
    sqlite3_free(sql);
    char *info = sqlite3_mprintf("PRAGMA table_info(%s)", table);
    sqlite3_stmt *columns = prepare(db, info);
    sqlite3_free(info);
    if (sqlite3_step(s) != SQLITE_ROW) {
        fprintf(stderr, "bench: no row in %s where %s\n", table, where);
        exit(1);
    }
    while (sqlite3_step(columns) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(columns, 1);
        for (int i = 0; i < sqlite3_column_count(s); i++)
            if (strcmp(name, "seq") != 0 && strcmp(sqlite3_column_name(s, i), name) == 0) {
                row.names[row.count] = strdup(name);
                row.values[row.count++] = sqlite3_value_dup(sqlite3_column_value(s, i));
            }
    }
    sqlite3_finalize(columns);
    sqlite3_finalize(s);
    return row;
}

void bind_row(sqlite3_stmt *s, const struct row *row, const uint8_t id[16]) {
    for (int i = 0; i < row->count; i++)
        if (strcmp(row->names[i], "id") == 0)
            sqlite3_bind_blob(s, i + 1, id, 16, SQLITE_STATIC);
        else
            sqlite3_bind_value(s, i + 1, row->values[i]);
}

void free_row(struct row *row) {
    for (int i = 0; i < row->count; i++) {
        sqlite3_value_free(row->values[i]);
        free(row->names[i]);
    }
}

void add_copies(const char *store_dir, const char *table, const char *where, int64_t count) {
    sqlite3 *db = open_raw(store_dir);
    struct row row = first_row(db, table, where);
    char *sql = insert_sql(db, table);
    sqlite3_stmt *insert = prepare(db, sql);
    must_sql(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), db, "begin");
    for (int64_t i = 0; i < count; i++) {
        uint8_t id[16];
        id_bytes(id);
        bind_row(insert, &row, id);
        run_stmt(db, insert);
    }
    must_sql(sqlite3_exec(db, "COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), db, "commit");
    sqlite3_finalize(insert);
    sqlite3_free(sql);
    free_row(&row);
    sqlite3_close(db);
}

static void report(const struct result *r) {
    int held = r->most ? r->ratio <= r->target : r->ratio >= r->target;
    missed += !held;
    if (json)
        printf("{\"bench\":\"%s\",\"ours\":%.3f,\"baseline\":%.3f,\"unit\":\"%s\",\"ratio\":%.3f,\"target\":%.2f,"
               "\"held\":%s}\n",
               r->bench, r->ours, r->baseline, r->unit, r->ratio, r->target, held ? "true" : "false");
    else
        printf("%-22s %14.1f %14.1f  %-9s %7.2f   %s %-5.2f %s\n", r->bench, r->ours, r->baseline, r->unit, r->ratio,
               r->most ? "<=" : ">=", r->target, held ? "held" : "MISSED");
    fflush(stdout);
}

static int remove_entry(const char *name, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(name);
}

static int wanted(const struct bench *b, int argc, char **argv) {
    if (optind == argc)
        return 1;
    for (int i = optind; i < argc; i++)
        if (strcmp(argv[i], b->name) == 0)
            return 1;
    return 0;
}

static int run_all(const struct bench *list, const char *dir, int argc, char **argv) {
    int count = 0;
    for (; list->name; list++) {
        if (!wanted(list, argc, argv))
            continue;
        list->run(dir, report);
        nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        mkdir(dir, 0700);
        count++;
    }
    return count;
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"dir", required_argument, NULL, 'd'},
                                            {"list", no_argument, NULL, 'l'},
                                            {NULL, 0, NULL, 0}};
    static const struct bench *const all[] = {bench_records, bench_jobs,   bench_concurrency, bench_feed,
                                              bench_media,   bench_search, bench_probe,       bench_probed,
                                              bench_audit,   bench_call,   bench_access,      bench_policy};
    const char *parent = getenv("TMPDIR");
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'j')
            json = 1;
        else if (c == 'd')
            parent = optarg;
        else if (c == 'l') {
            for (size_t i = 0; i < sizeof all / sizeof *all; i++)
                for (const struct bench *b = all[i]; b->name; b++)
                    printf("%-14s %s\n", b->name, b->about);
            return 0;
        } else {
            return 2;
        }
    }
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/vidstore-bench-XXXXXX", parent && *parent ? parent : "/var/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        return 1;
    }
    if (!json)
        printf("%-22s %14s %14s  %-9s %7s   %s\n", "bench", "ours", "baseline", "unit", "ratio", "target");
    int count = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        count += run_all(all[i], dir, argc, argv);
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (!count) {
        fprintf(stderr, "bench: no benchmark of that name; --list names them\n");
        return 2;
    }
    if (!json)
        printf("%d of the ratios missed their target\n", missed);
    return 0;
}
