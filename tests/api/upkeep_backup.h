/* SPDX-License-Identifier: MIT */
/* What the tests of backups, of restoring and of the doctor share. */
#ifndef TESTS_API_UPKEEP_BACKUP_H
#define TESTS_API_UPKEEP_BACKUP_H

#include "upkeep_harness.h"
#include <sys/file.h>

static char backup_place[112], restored[112];

static inline void begin_places(void) {
    begin();
    snprintf(backup_place, sizeof backup_place, "%s/backup", folder);
    snprintf(restored, sizeof restored, "%s/restored", folder);
}

static inline void backup(void) {
    vidstore_text *report = NULL;
    must(vidstore_backup(sys, backup_place, 0, &report, e));
    ck_assert_ptr_nonnull(report);
    vidstore_text_free(report);
}

static inline void damage(const char *path, long at) {
    FILE *f = fopen(path, "r+b");
    ck_assert_ptr_nonnull(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 0x40, f);
    ck_assert_int_eq(fclose(f), 0);
}

/* Where the bytes of a file lie in a copy of the store. */
static inline void path_in(const char *copy, struct id file, char *buf, size_t size) {
    char path[256];
    path_of(file, path, sizeof path);
    char *tail = strstr(path, "/blobs/");
    ck_assert_ptr_nonnull(tail);
    snprintf(buf, size, "%s%s", copy, tail);
}

static inline int is_not_there(const char *path) {
    return access(path, F_OK) != 0;
}

#endif
