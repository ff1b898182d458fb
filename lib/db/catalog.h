/* SPDX-License-Identifier: MIT */
/* What schema/embed.py makes of schema/: the texts of all statements and migrations. */
#ifndef VS_DB_CATALOG_H
#define VS_DB_CATALOG_H

#include "statements.h"
#include <stdint.h>

struct vs_statement {
    const char *name;
    int16_t params;
    int16_t columns; /* -1: a hole of the template stands among them */
    int16_t is_template;
    const char *sql[VS_ENGINE_COUNT];
};
extern const struct vs_statement vs_statements[VS_STMT_COUNT];

struct vs_migration {
    int version;    /* 1, 2, 3, ... */
    int compatible; /* the oldest library version that can work with the result */
    int rewrite;    /* rewrites stored data: a snapshot is taken first */
    const char *name;
    uint8_t sha256[32]; /* of the source text */
    const char *sql[VS_ENGINE_COUNT];
};
extern const struct vs_migration vs_migrations[];
extern const int vs_migration_count;

#endif
