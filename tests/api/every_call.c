/* SPDX-License-Identifier: MIT */
/* Every public function with what no program should give it: NULL, a handle of another kind, one that was freed, ids
 * and texts that are none. Each says MISUSE or INVALID and which argument it was, whether or not anybody wants the
 * error and the results; those are NULL or 0; and nothing is written to the store. What can't say so does nothing. */
#include <sqlite3.h>
#include <stdarg.h>
#include <vidstore/vidstore.h>

enum { MOST_PARAMS = 10, HUGE_SIZE = 1 << 20 };

union arg {
    void *pointer;
    int64_t number;
};

enum role {
    NUMBER,
    HANDLE,
    HANDLE_LIST,
    ID,
    ID_LIST,
    TEXT,
    PATH,
    SECRET,
    TEXT_LIST, /* whose items are refused one by one, in what is returned */
    BUFFER,
    RET_HANDLE,
    RET_LONG,
    RET_INT,
    RET_NEEDED,
    ERROR
};

struct function {
    const char *name;
    enum { STATUS, TEXT_BACK, POINTER_BACK, NUMBER_BACK, NOTHING_BACK } gives;
    int count;
    struct param {
        const char *name, *type, *field; /* field: its name in an error */
        enum role role;
        union arg usual;
        int nullable;
    } params[MOST_PARAMS];
    union arg (*run)(const union arg *a);
};

/* The functions of one header, from one row of the table to before another. */
struct part {
    const char *header;
    size_t from, to;
};

#include "every_call.h"
#include "every_kind.h"

/* --- the world ---------------------------------------------------------------------------------------------------- */

static struct kind {
    const char *type;
    void *good;  /* to be given where it belongs */
    void *wrong; /* to be given where it doesn't */
} kinds[40];
static size_t kind_count;
static char *huge;
static int faults;

static struct kind *kind_of(const char *type) {
    for (size_t i = 0; i < kind_count; i++)
        if (strcmp(kinds[i].type, type) == 0)
            return &kinds[i];
    ck_assert_uint_lt(kind_count, sizeof kinds / sizeof *kinds);
    kinds[kind_count] = (struct kind){type, strcmp(type, "vidstore") == 0 ? store : made(type), made(type)};
    ck_assert_msg(kinds[kind_count].good && kinds[kind_count].wrong, "no way to make a %s", type);
    return &kinds[kind_count++];
}

static void setup(void) {
    char path[120];
    begin();
    make_records();
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        for (int k = 0; k < functions[i].count; k++)
            if (functions[i].params[k].role == HANDLE)
                kind_of(functions[i].params[k].type);
    huge = malloc(HUGE_SIZE + 1);
    memset(huge, 'a', HUGE_SIZE);
    huge[HUGE_SIZE] = '\0';
    snprintf(path, sizeof path, "%s/store.db", place);
    ck_assert_int_eq(sqlite3_open_v2(path, &watcher, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
}

static void teardown(void) {
    sqlite3_close(watcher);
    for (size_t i = kind_count; i-- > 0;) {
        if (kinds[i].good != store)
            unmake(kinds[i].type, kinds[i].good);
        unmake(kinds[i].type, kinds[i].wrong);
    }
    free(huge);
    end();
}

#ifdef KEEPS_FREED
/* An object of this kind that was freed. */
static void *freed(const char *type) {
    void *gone = made(type);
    unmake(type, gone);
    written();
    return gone;
}
#endif

/* All that is wrong with the functions of a header is said at once, the first of each argument. */
__attribute__((format(printf, 3, 4))) static void fault(const struct function *f, int at, const char *format, ...) {
    static const struct param *last;
    va_list arguments;
    if (last == &f->params[at])
        return;
    last = &f->params[at];
    faults++;
    fprintf(stderr, "%s, %s: ", f->name, f->params[at].name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

/* --- arguments ---------------------------------------------------------------------------------------------------- */

#define NOBODY "0190f5fe-7c00-7a00-8abc-012345678901"

/* Where results go. */
static union {
    void *pointer;
    int64_t number;
    int32_t flag;
    char text[256];
} results[MOST_PARAMS];

static vidstore_error *error;
static const void *lists[MOST_PARAMS][1];

static union arg good(const struct param *p, int at) {
    memset(&results[at], 0x5a, sizeof results[at]);
    switch (p->role) {
    case NUMBER:
        return p->usual;
    case HANDLE:
        return (union arg){.pointer = p->nullable ? NULL : kind_of(p->type)->good};
    case HANDLE_LIST:
        lists[at][0] = kind_of(p->type)->good;
        return (union arg){.pointer = lists[at]};
    case ID:
        return (union arg){.pointer = p->nullable ? NULL : (void *)NOBODY};
    case ID_LIST:
        lists[at][0] = NOBODY;
        return (union arg){.pointer = lists[at]};
    case TEXT_LIST:
        lists[at][0] = "/nonexistent";
        return (union arg){.pointer = lists[at]};
    case TEXT:
    case PATH:
    case SECRET:
        return p->nullable ? (union arg){.pointer = NULL} : p->usual;
    case ERROR:
        return (union arg){.pointer = &error};
    default:
        return (union arg){.pointer = &results[at]};
    }
}

static void fill(const struct function *f, union arg *a) {
    for (int i = 0; i < f->count; i++)
        a[i] = good(&f->params[i], i);
}

static void check_results(const struct function *f, int at, const char *what) {
    for (int i = 0; i < f->count; i++) {
        enum role role = f->params[i].role;
        if ((role == RET_HANDLE && results[i].pointer) || (role == RET_LONG && results[i].number) ||
            (role == RET_INT && results[i].flag) || (role == RET_NEEDED && i != at && *results[i].text))
            fault(f, at, "%s: %s is left as it was\n", what, f->params[i].name);
    }
}

static void check_error(const struct function *f, int at, const char *what, const char *field, vidstore_status wanted,
                        vidstore_status got) {
    const char *said_field = vidstore_error_field(error) ? vidstore_error_field(error) : "";
    if (got != wanted || vidstore_error_code(error) != wanted || strcmp(said_field, field) != 0 ||
        !*vidstore_error_message(error))
        fault(f, at, "%s: %s [%s] \"%s\" instead of %s [%s]\n", what, vidstore_status_name(got), said_field,
              vidstore_error_message(error), vidstore_status_name(wanted), field);
    if (written())
        fault(f, at, "%s: something was written\n", what);
    vidstore_error_free(error);
    error = NULL;
}

/* Whether it is a queue that says how a call went. */
static int waits(const struct function *f) {
    size_t len = strlen(f->name);
    return len > 6 && strcmp(f->name + len - 6, "_start") == 0;
}

static vidstore_status outcome(int with_error) {
    vidstore_result *result = NULL;
    must(vidstore_queue_wait(kind_of("vidstore_queue")->good, 60000, &result, e));
    vidstore_status status = vidstore_result_status(result);
    if (with_error)
        error = vidstore_result_take(result, "vidstore_error");
    vidstore_result_free(result);
    return status;
}

/* One bad argument: with all, without the error, without the results. field: what has to be named; with a [, it is the
 * list's only element that is bad. */
static void bad(const struct function *f, int at, union arg value, const char *field, const char *what,
                vidstore_status wanted) {
    union arg a[MOST_PARAMS];
    for (int without = 0; without < 3; without++) {
        fill(f, a);
        if (strchr(field, '['))
            lists[at][0] = value.pointer;
        else
            a[at] = value;
        for (int i = 0; i < f->count; i++) {
            enum role role = f->params[i].role;
            if ((without == 1 && role == ERROR) ||
                (without == 2 && (role == RET_HANDLE || role == RET_LONG || role == RET_INT)))
                a[i].pointer = NULL;
        }
        vidstore_status got = (vidstore_status)f->run(a).number;
        int later = !got && waits(f);
        if (later)
            got = outcome(without != 1);
        if (without == 1 && got != wanted)
            fault(f, at, "%s: without error: %s\n", what, vidstore_status_name(got));
        else if (without != 1)
            check_error(f, at, what, field, wanted, got);
        if (without < 2 && !later)
            check_results(f, at, what);
    }
}

/* --- handles ------------------------------------------------------------------------------------------------------ */

static void bad_handles(const struct function *f, int at, const char *field, int in_list) {
    const struct param *p = &f->params[at];
    char what[80];
    if (!p->nullable && !in_list)
        bad(f, at, (union arg){.pointer = NULL}, field, "NULL", VIDSTORE_MISUSE);
    for (size_t i = 0; i < kind_count; i++)
        if (strcmp(kinds[i].type, p->type) != 0) {
            snprintf(what, sizeof what, "a %s", kinds[i].type);
            bad(f, at, (union arg){.pointer = kinds[i].wrong}, field, what, VIDSTORE_MISUSE);
        }
#ifdef KEEPS_FREED
    bad(f, at, (union arg){.pointer = freed(p->type)}, field, "freed", VIDSTORE_MISUSE);
#endif
}

/* What a function that gives no status returns for a handle that is none: what it returns for NULL. */
static void silent(const struct function *f, int at) {
    union arg a[MOST_PARAMS], nothing, got;
    fill(f, a);
    a[at].pointer = NULL;
    nothing = f->run(a);
    for (size_t i = 0; i < kind_count; i++) {
        if (strcmp(kinds[i].type, f->params[at].type) == 0)
            continue;
        fill(f, a);
        a[at].pointer = kinds[i].wrong;
        got = f->run(a);
        int same = f->gives == TEXT_BACK && got.pointer && nothing.pointer ? !strcmp(got.pointer, nothing.pointer)
                   : f->gives == TEXT_BACK || f->gives == POINTER_BACK     ? got.pointer == nothing.pointer
                                                                           : got.number == nothing.number;
        if (!same && strncmp(f->name, "vidstore_error_", 15) != 0) /* which say that they are none */
            fault(f, at, "a %s gives something\n", kinds[i].type);
    }
#ifdef KEEPS_FREED
    fill(f, a);
    a[at].pointer = freed(f->params[at].type);
    f->run(a);
#endif
}

/* Texts that are none, to what can't say so: it must live on. */
static void silent_text(const struct function *f, int at) {
    static const char *const texts[] = {NULL, "", "\xFF", "a\x80"};
    union arg a[MOST_PARAMS];
    for (size_t i = 0; i <= sizeof texts / sizeof *texts; i++) {
        void *own = made(f->params[0].type);
        fill(f, a);
        if (f->params[0].role == HANDLE)
            a[0].pointer = own;
        a[at].pointer = i < sizeof texts / sizeof *texts ? (void *)texts[i] : huge;
        f->run(a);
        if (f->params[0].role == HANDLE)
            unmake(f->params[0].type, own);
    }
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static void bad_ids(const struct function *f, int at, const char *field, int in_list) {
    static const char *const ids[] = {"",
                                      "x",
                                      "0190f5fe-7c00-7a00-8abc-01234567890",
                                      "0190f5fe-7c00-7a00-8abc-0123456789012",
                                      "0190f5fe-7c00-7a00-8abc-01234567890g",
                                      "0190f5fe7c007a008abc012345678901",
                                      "0190f5fe-7c00-7a00-8abc_012345678901",
                                      "------------------------------------",
                                      "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF-7c00-7a00-8abc-012345678901"};
    if (!f->params[at].nullable || in_list)
        bad(f, at, (union arg){.pointer = NULL}, field, "NULL", VIDSTORE_MISUSE);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        bad(f, at, (union arg){.pointer = (void *)ids[i]}, field, ids[i], VIDSTORE_INVALID);
    bad(f, at, (union arg){.pointer = huge}, field, "1 MiB", VIDSTORE_INVALID);
}

static void bad_texts(const struct function *f, int at, const char *field) {
    const struct param *p = &f->params[at];
    static const char *const broken[] = {"\xFF", "a\x80", "\xC0\x80", "\xED\xA0\x80", "\xE2\x82"};
    if (!p->nullable)
        bad(f, at, (union arg){.pointer = NULL}, field, "NULL", VIDSTORE_MISUSE);
    if (p->role == TEXT)
        for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
            bad(f, at, (union arg){.pointer = (void *)broken[i]}, field, "no UTF-8", VIDSTORE_INVALID);
    if (p->role != SECRET) /* of which nobody is told what is wrong with it */
        bad(f, at, (union arg){.pointer = huge}, field, "1 MiB", VIDSTORE_INVALID);
}

static void bad_param(const struct function *f, int at) {
    const struct param *p = &f->params[at];
    switch (p->role) {
    case HANDLE:
        bad_handles(f, at, p->field, 0);
        break;
    case HANDLE_LIST:
        bad(f, at, (union arg){.pointer = NULL}, p->name, "NULL", VIDSTORE_MISUSE);
        bad_handles(f, at, "items[0].params", 1);
        break;
    case ID:
        bad_ids(f, at, p->name, 0);
        break;
    case ID_LIST:
        bad(f, at, (union arg){.pointer = NULL}, p->name, "NULL", VIDSTORE_MISUSE);
        bad_ids(f, at, "items[0].id", 1);
        break;
    case TEXT_LIST:
    case BUFFER:
    case RET_NEEDED:
        bad(f, at, (union arg){.pointer = NULL}, p->name, "NULL", VIDSTORE_MISUSE);
        break;
    case TEXT:
    case PATH:
    case SECRET:
        bad_texts(f, at, p->field);
        break;
    default:
        break;
    }
}

/* --- the tests ---------------------------------------------------------------------------------------------------- */

START_TEST(attack_40_every_call) {
    const struct part *part = &parts[_i];
    for (size_t i = part->from; i < part->to; i++) {
        const struct function *f = &functions[i];
        written();
        for (int at = 0; at < f->count; at++)
            if (f->gives == STATUS)
                bad_param(f, at);
            else if (f->params[at].role == HANDLE)
                silent(f, at);
            else if (f->params[at].role >= ID && f->params[at].role <= SECRET && f->params[at].role != ID_LIST)
                silent_text(f, at);
    }
    ck_assert_msg(!faults, "%s: %d arguments are not seen for what they are", part->header, faults);
}
END_TEST

Suite *every_call_suite(void);
Suite *every_call_suite(void) {
    Suite *suite = suite_create("every_call");
    TCase *tests = tcase_create("every_call");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, attack_40_every_call, 0, sizeof parts / sizeof *parts);
    suite_add_tcase(suite, tests);
    return suite;
}
