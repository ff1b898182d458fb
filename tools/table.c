/* SPDX-License-Identifier: MIT */
/* A table whose columns fit the terminal: elastic ones give way, widest first; a last resort clips the line. */
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, ELASTIC_LEAST = 8 };

struct cell {
    char *text;
    int width, colour;
};

struct cli_table {
    const struct cli *cli;
    struct cli_column columns[CLI_COLUMNS_MAX];
    int count, cells, room;
    struct cell *cell;
};

struct cli_table *cli_table_new(const struct cli *cli, const struct cli_column *columns, int count) {
    struct cli_table *table = cli_alloc(sizeof *table);
    table->cli = cli;
    table->count = count < CLI_COLUMNS_MAX ? count : CLI_COLUMNS_MAX;
    memcpy(table->columns, columns, sizeof *columns * (size_t)table->count);
    return table;
}

void cli_table_cell(struct cli_table *table, const char *text, int colour) {
    if (table->cells == table->room) {
        table->room = table->room ? table->room * 2 : 256;
        table->cell = cli_grow(table->cell, (size_t)table->room, sizeof *table->cell);
    }
    char *safe = cli_safe(text ? text : "-");
    table->cell[table->cells++] = (struct cell){safe, cli_width(safe), text ? colour : CLI_DIM};
}

static void measure(const struct cli_table *table, int *widths) {
    for (int i = 0; i < table->count; i++)
        widths[i] = cli_width(table->columns[i].title);
    for (int i = 0; i < table->cells; i++)
        if (table->cell[i].width > widths[i % table->count])
            widths[i % table->count] = table->cell[i].width;
}

/* Takes what is too much from the widest elastic column, a column of the terminal at a time. */
static void squeeze(const struct cli_table *table, int *widths) {
    int total = GAP * (table->count - 1);
    for (int i = 0; i < table->count; i++)
        total += widths[i];
    for (; total > table->cli->columns; total--) {
        int widest = -1;
        for (int i = 0; i < table->count; i++)
            if ((table->columns[i].flags & CLI_ELASTIC) && widths[i] > ELASTIC_LEAST &&
                (widest < 0 || widths[i] > widths[widest]))
                widest = i;
        if (widest < 0)
            return;
        widths[widest]--;
    }
}

/* Prints a cell; *left is how much of the line there still is. */
static void put_cell(const struct cli_table *table, int column, const char *text, int colour, int width, int *left) {
    int last = column == table->count - 1;
    if (table->cli->columns && width > *left)
        width = *left;
    if (width <= 0)
        return;
    cli_autofree char *clipped = table->cli->columns ? cli_clip(text, width) : cli_copy(text);
    int pad = width - cli_width(clipped);
    int right = table->columns[column].flags & CLI_RIGHT;
    printf("%*s%s%s%s", right ? pad : 0, "", cli_colour(table->cli, colour), clipped,
           colour ? cli_colour(table->cli, CLI_PLAIN) : "");
    if (!last)
        printf("%*s", (right ? 0 : pad) + GAP, "");
    *left -= width + GAP;
}

void cli_table_print(struct cli_table *table) {
    cli_autofree int *widths = cli_alloc(sizeof *widths * (size_t)table->count);
    measure(table, widths);
    if (table->cli->columns)
        squeeze(table, widths);
    int left = table->cli->columns;
    for (int i = 0; i < table->count; i++)
        put_cell(table, i, table->columns[i].title, CLI_BOLD, widths[i], &left);
    putchar('\n');
    for (int i = 0; i < table->cells; i++) {
        int column = i % table->count;
        if (!column)
            left = table->cli->columns;
        put_cell(table, column, table->cell[i].text, table->cell[i].colour, widths[column], &left);
        if (column == table->count - 1)
            putchar('\n');
    }
}

int cli_table_lines(const struct cli_table *table) {
    return 1 + table->cells / table->count;
}

void cli_table_free(struct cli_table *table) {
    if (!table)
        return;
    for (int i = 0; i < table->cells; i++)
        free(table->cell[i].text);
    free(table->cell);
    free(table);
}
