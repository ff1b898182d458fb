/* SPDX-License-Identifier: MIT */
/* A table whose columns fit the terminal: elastic ones give way, widest first; a last resort clips the line. */
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 2, ELASTIC_LEAST = 8, ELASTIC_GOOD = 18 };

struct cell {
    char *text;
    int width, colour, empty;
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
    table->cell[table->cells++] = (struct cell){safe, cli_width(safe), text ? colour : CLI_DIM, !text};
}

/* The columns that are shown, and how wide. */
struct layout {
    int widths[CLI_COLUMNS_MAX];
    int hidden[CLI_COLUMNS_MAX];
};

static void measure(const struct cli_table *table, struct layout *layout) {
    for (int i = 0; i < table->count; i++)
        layout->widths[i] = cli_width(table->columns[i].title);
    for (int i = 0; i < table->cells; i++)
        if (table->cell[i].width > layout->widths[i % table->count])
            layout->widths[i % table->count] = table->cell[i].width;
}

static int total_width(const struct cli_table *table, const struct layout *layout) {
    int total = -GAP;
    for (int i = 0; i < table->count; i++)
        total += layout->hidden[i] ? 0 : layout->widths[i] + GAP;
    return total;
}

/* Takes what is too much from the widest elastic column, a column of the terminal at a time. */
static int squeeze(const struct cli_table *table, struct layout *layout, int least) {
    int excess = total_width(table, layout) - table->cli->columns;
    for (; excess > 0; excess--) {
        int widest = -1;
        for (int i = 0; i < table->count; i++)
            if (!layout->hidden[i] && (table->columns[i].flags & CLI_ELASTIC) && layout->widths[i] > least &&
                (widest < 0 || layout->widths[i] > layout->widths[widest]))
                widest = i;
        if (widest < 0)
            return 0;
        layout->widths[widest]--;
    }
    return 1;
}

/* A column in which nobody has anything says nothing. */
static void hide_empty(const struct cli_table *table, struct layout *layout) {
    for (int column = 1; column < table->count; column++) {
        layout->hidden[column] = table->cells > 0;
        for (int i = column; i < table->cells; i += table->count)
            layout->hidden[column] &= table->cell[i].empty;
    }
}

/* Fits the table to the terminal: first the long texts give way, then whole columns that may, from the right. */
static void fit(const struct cli_table *table, struct layout *layout) {
    hide_empty(table, layout);
    for (int column = table->count - 1; column > 0 && !squeeze(table, layout, ELASTIC_GOOD); column--) {
        if (!(table->columns[column].flags & CLI_OPTIONAL) || layout->hidden[column])
            continue;
        layout->hidden[column] = 1;
        measure(table, layout);
    }
    squeeze(table, layout, ELASTIC_LEAST);
}

/* Prints a cell; *used says how much of the line is taken, *pad what stands before the next cell. */
static void put_cell(const struct cli_table *table, int column, const char *text, int colour, int width, int *used,
                     int *pad) {
    int limit = table->cli->columns;
    if (limit && *used + *pad + width > limit)
        width = limit - *used - *pad;
    if (width <= 0)
        return;
    cli_autofree char *clipped = limit ? cli_clip(text, width) : cli_copy(text);
    int space = width - cli_width(clipped), right = table->columns[column].flags & CLI_RIGHT;
    printf("%*s%s%s%s", *pad + (right ? space : 0), "", cli_colour(table->cli, colour), clipped,
           colour ? cli_colour(table->cli, CLI_PLAIN) : "");
    *used += *pad + width - (right ? 0 : space);
    *pad = GAP + (right ? 0 : space);
}

void cli_table_print(struct cli_table *table) {
    struct layout layout = {{0}, {0}};
    int used = 0, pad = 0;
    measure(table, &layout);
    if (table->cli->columns)
        fit(table, &layout);
    for (int i = 0; i < table->count; i++)
        if (!layout.hidden[i])
            put_cell(table, i, table->columns[i].title, CLI_BOLD, layout.widths[i], &used, &pad);
    for (int i = 0; i < table->cells; i++) {
        int column = i % table->count;
        if (!column) {
            putchar('\n');
            used = pad = 0;
        }
        if (!layout.hidden[column])
            put_cell(table, column, table->cell[i].text, table->cell[i].colour, layout.widths[column], &used, &pad);
    }
    putchar('\n');
}

void cli_table_free(struct cli_table *table) {
    if (!table)
        return;
    for (int i = 0; i < table->cells; i++)
        free(table->cell[i].text);
    free(table->cell);
    free(table);
}
