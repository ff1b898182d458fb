/* SPDX-License-Identifier: MIT */
/* How things look: harmless text, numbers for people, colours, tables, sheets and progress. */
#ifndef VIDSTORE_TOOL_OUTPUT_H
#define VIDSTORE_TOOL_OUTPUT_H

#include "cli.h"
#include <jansson.h>

enum { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_RED, CLI_GREEN, CLI_YELLOW, CLI_BLUE, CLI_CYAN };

/* The escape sequence that begins a colour, or "" when there are none; CLI_PLAIN ends it. */
const char *cli_colour(const struct cli *cli, int colour);
/* The colour of a state's or verdict's name. */
int cli_state_colour(const char *state);

/* A copy in which nothing can steer a terminal: control characters, invalid UTF-8 and what changes the direction of
 * text are shown as \x1b or \u202e. */
char *cli_safe(const char *text);
/* How many columns a text takes that cli_safe() made. */
int cli_width(const char *text);
/* A copy of at most `width` columns; an ellipsis stands for what was cut. */
char *cli_clip(const char *text, int width);
/* Whether a text is a URL that can be fetched; a title for a video from its path or URL: the name without directories,
 * query and ending, to be freed. */
int cli_is_url(const char *text);
/* Whether a text is a URL of another scheme, such as file:///x, which nothing here fetches. */
int cli_is_foreign_url(const char *text);
/* Says so, and returns the exit code. */
int cli_refuse_url(const char *url);
char *cli_title_of(const char *source);
/* Prints to standard output through cli_safe(). */
void cli_put_safe(const char *text);

/* Numbers for people; each writes into the buffer and returns it. INT64_MIN gives "-". */
enum { CLI_TEXT = 64 };
char *cli_size(int64_t bytes, char buffer[CLI_TEXT]);
char *cli_count(int64_t number, char buffer[CLI_TEXT]);
char *cli_duration(int64_t milliseconds, char buffer[CLI_TEXT]);
char *cli_time(const struct cli *cli, int64_t us, char buffer[CLI_TEXT]);
char *cli_bit_rate(int64_t bits, char buffer[CLI_TEXT]);
char *cli_percent(int64_t done, int64_t total, char buffer[CLI_TEXT]);
/* The last characters of an id, or all of it where ids are shown in full. */
const char *cli_id(const struct cli *cli, const char *id);
int64_t cli_now_us(void);
int64_t cli_monotonic_ms(void);

/* A table that fits the terminal. Cells are given row by row, left to right. */
enum { CLI_RIGHT = 1, CLI_ELASTIC = 2, CLI_OPTIONAL = 4, CLI_COLUMNS_MAX = 16 };
struct cli_column {
    const char *title;
    unsigned flags;
};
typedef struct cli_table cli_table;
struct cli_table *cli_table_new(const struct cli *cli, const struct cli_column *columns, int count);
void cli_table_cell(struct cli_table *table, const char *text, int colour);
void cli_table_print(struct cli_table *table);
void cli_table_free(struct cli_table *table);
CLI_CLEANUP(cli_table, cli_table_free)

/* A heading, and a line of a sheet: label, value. A NULL value prints nothing. */
void cli_heading(const struct cli *cli, const char *text);
void cli_line(const struct cli *cli, const char *label, const char *value, int colour);
/* The same further to the right. */
void cli_line_at(const struct cli *cli, int depth, const char *label, const char *value, int colour);
/* Any JSON, as an indented sheet; what a number means is told by the end of its key (_us, _ms, bytes, size). */
void cli_sheet_json(const struct cli *cli, const json_t *value);
/* The library's JSON on a line of its own, with C1 controls and DEL escaped. */
void cli_put_json(const char *json);
/* With --json {"id": id, what was done: on}; else nothing. */
int cli_put_done(const struct cli *cli, const char *id, const char *done, int on);
/* With --json as it is, else as a sheet. Takes ownership of the text. Returns an exit code. */
int cli_put_report(const struct cli *cli, vidstore_text *text);
/* A reply of the library; NULL after having said that it is no JSON. */
json_t *cli_json(const char *text);
/* 1 and an answer of the library's as values, to be shown; or 0: with --json it was put out as it is, or it is none. */
int cli_answer(const struct cli *cli, const vidstore_text *text, json_t **ret);
static inline void cli_clean_json_t(json_t **value) {
    json_decref(*value);
}

/* A progress line on a terminal: a bar, rate and time left. */
struct cli_progress {
    const struct cli *cli;
    const char *label;
    int bytes; /* else pieces */
    int shown;
    int64_t began_ms, drawn_ms, began_at, rate_ms, rate_at;
    double rate;
};
void cli_progress_begin(struct cli_progress *progress, const struct cli *cli, const char *label, int bytes);
/* done of total; a total of 0 or INT64_MIN is not known. */
void cli_progress_update(struct cli_progress *progress, int64_t done, int64_t total);
/* Takes the line away. */
void cli_progress_end(struct cli_progress *progress);

#endif
