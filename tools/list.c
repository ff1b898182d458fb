/* SPDX-License-Identifier: MIT */
/* Lists and sheets of any noun. */
#include "noun.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cli_is_word(const char *text) {
    for (const char *s = text; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-')
            return 0;
    return *text != 0;
}

static char *pair_text(const struct cli_field *field, int64_t a, int64_t b) {
    char one[CLI_TEXT], two[CLI_TEXT];
    switch (field->format) {
    case CLI_F_PROGRESS:
        return b > 0 ? cli_copy(cli_percent(a, b, one)) : NULL;
    case CLI_F_BYTES_OF:
        return b == INT64_MIN ? cli_copy(cli_size(a, one)) : cli_print("%s of %s", cli_size(a, one), cli_size(b, two));
    case CLI_F_PIXELS:
        return b == INT64_MIN ? NULL : cli_print("%" PRId64 "x%" PRId64, a, b);
    default:
        return b > 0 ? cli_print("%.5g/s", (double)a / (double)b) : NULL;
    }
}

static char *number_text(const struct cli *cli, const struct cli_field *field, int64_t number) {
    char buffer[CLI_TEXT];
    switch (field->format) {
    case CLI_F_SIZE:
        return cli_copy(cli_size(number, buffer));
    case CLI_F_TIME:
        return cli_copy(cli_time(cli, number, buffer));
    case CLI_F_US:
        return cli_copy(cli_duration(number / 1000, buffer));
    case CLI_F_MS:
        return cli_copy(cli_duration(number, buffer));
    case CLI_F_BIT_RATE:
        return cli_copy(cli_bit_rate(number, buffer));
    case CLI_F_BOOL:
        return cli_copy(number ? "yes" : "no");
    case CLI_F_HERTZ:
        return cli_print("%s Hz", cli_count(number, buffer));
    default:
        return cli_copy(cli_count(number, buffer));
    }
}

/* A season by its name; any other job, and a part of a season, by its source. */
static char *work_text(const char *season, const char *text) {
    cli_auto(json_t) *sources = text ? json_loads(text, 0, NULL) : NULL;
    json_t *first = json_array_get(sources, 0);
    const char *name = json_string_value(json_object_get(first, "title"));
    if (!name)
        name = json_string_value(json_object_get(first, "url"));
    if (!name)
        name = json_string_value(json_object_get(first, "path"));
    size_t count = json_array_size(sources);
    if (season && (count != 1 || !name))
        return cli_copy(season);
    if (!name)
        return NULL;
    return count > 1 ? cli_print("%s and %zu more", name, count - 1) : cli_copy(name);
}

static char *outcome_text(const struct cli_noun *noun, const void *record, const struct cli_field *field,
                          int *ret_colour) {
    int good = noun->number(record, field->field) != 0;
    const char *error = noun->text(record, field->other);
    *ret_colour = good ? CLI_PLAIN : CLI_RED;
    return cli_copy(good ? "ok" : error ? error : "refused");
}

char *cli_field_text(const struct cli *cli, const struct cli_noun *noun, const void *record,
                     const struct cli_field *field, int *ret_colour) {
    *ret_colour = CLI_PLAIN;
    const char *text = noun->text(record, field->field);
    switch (field->format) {
    case CLI_F_ID:
        return text ? cli_copy(text) : NULL;
    case CLI_F_OK:
        return outcome_text(noun, record, field, ret_colour);
    case CLI_F_STATE:
        *ret_colour = text ? cli_state_colour(text) : CLI_PLAIN;
        return text ? cli_copy(text) : NULL;
    case CLI_F_EITHER:
        if (text)
            return cli_copy(text);
        text = noun->text(record, field->other);
        return text ? cli_copy(text) : NULL;
    case CLI_F_WORK:
        return work_text(text, noun->text(record, field->other));
    default:
        break;
    }
    if (text)
        return cli_copy(text);
    int64_t number = noun->number(record, field->field);
    if (number == INT64_MIN)
        return NULL;
    return field->other ? pair_text(field, number, noun->number(record, field->other))
                        : number_text(cli, field, number);
}

struct cli_table *cli_page_table(struct cli *cli, const struct cli_noun *noun, const vidstore_page *page) {
    struct cli_column columns[CLI_COLUMNS_MAX];
    int count = 0;
    for (; noun->columns[count].title && count < CLI_COLUMNS_MAX; count++)
        columns[count] = (struct cli_column){noun->columns[count].title, noun->columns[count].flags};
    struct cli_table *table = cli_table_new(cli, columns, count);
    for (int64_t i = 0; i < vidstore_page_count(page); i++)
        for (int column = 0; column < count; column++) {
            int colour;
            cli_autofree char *text = cli_field_text(cli, noun, noun->item(page, i), &noun->columns[column], &colour);
            int is_id = noun->columns[column].format == CLI_F_ID;
            cli_table_cell(table, is_id ? cli_id(cli, text) : text, colour);
        }
    return table;
}

int cli_show_record(struct cli *cli, const struct cli_noun *noun, const void *record) {
    if (cli->json) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_text) *json = NULL;
        if (noun->json(record, &json, &error))
            return cli_fail(cli, &error);
        cli_put_json(vidstore_text_data(json));
        return CLI_OK;
    }
    const char *heading = NULL;
    for (const struct cli_field *field = noun->sheet; field->title; field++) {
        int colour;
        if (field->format == CLI_F_END) {
            heading = field->title;
            continue;
        }
        cli_autofree char *text = cli_field_text(cli, noun, record, field, &colour);
        if (!text)
            continue;
        /* A heading appears only when something stands under it. */
        if (heading)
            cli_heading(cli, heading);
        heading = NULL;
        cli_line(cli, field->title, text, colour);
    }
    return CLI_OK;
}

int cli_show_id(struct cli *cli, const struct cli_noun *noun, const char *id) {
    vidstore_error *error = NULL;
    void *record = NULL;
    if (noun->get(cli->session, id, &record, &error))
        return cli_fail_on(cli, id, &error);
    int result = cli_show_record(cli, noun, record);
    noun->free(record);
    return result;
}

/* "(a) and (b)" of what there is; one alone stays as it is, so that a message about a place in it is right. NULL when
 * there is nothing. */
static char *join_filters(const char *const *filters, int count) {
    char *joined = NULL;
    for (int i = 0; i < count; i++) {
        if (!filters[i])
            continue;
        char *longer = joined ? cli_print("(%s) and (%s)", joined, filters[i]) : cli_copy(filters[i]);
        free(joined);
        joined = longer;
    }
    return joined;
}

static int make_query(struct cli *cli, const struct cli_args *args, const char *filter, vidstore_query *query) {
    vidstore_error *error = NULL;
    int64_t limit = 100;
    if (cli_number(args, "limit", 1, 1000, &limit))
        return CLI_USAGE;
    if (filter && vidstore_query_filter(query, filter, &error))
        return cli_fail(cli, &error);
    const char *value;
    for (int n = 0; (value = cli_nth_value(args, "bind", n)); n++)
        vidstore_query_bind_text(query, n + 1, value);
    if (args->command->run == cmd_search && vidstore_query_search(query, args->operands[0], &error))
        return cli_fail(cli, &error);
    vidstore_query_limit(query, limit);
    vidstore_query_sort(query, cli_value(args, "sort"));
    vidstore_query_cursor(query, cli_value(args, "cursor"));
    /* Who searches wants an answer and waits for it, and our own options were asked for by name; a filter that would be
     * slow is refused unless asked for. */
    int scan = cli_flag(args, "scan") || args->command->run == cmd_search || !cli_flag(args, "filter");
    uint32_t flags = scan ? VIDSTORE_QUERY_SCAN : 0;
    flags |= cli_flag(args, "deleted") ? VIDSTORE_QUERY_DELETED : 0;
    flags |= cli_flag(args, "count") ? VIDSTORE_QUERY_EXACT_COUNT : 0;
    flags |= cli_flag(args, "rank") ? VIDSTORE_QUERY_RANKED : 0;
    vidstore_query_flags(query, flags);
    return CLI_OK;
}

static int put_count(struct cli *cli, const struct cli_noun *noun, const vidstore_query *query) {
    vidstore_error *error = NULL;
    int64_t count = 0;
    if (noun->count(cli->session, query, &count, &error))
        return cli_fail(cli, &error);
    printf(cli->json ? "{\"count\": %" PRId64 "}\n" : "%" PRId64 "\n", count);
    return CLI_OK;
}

/* How many of what was found are of each kind, a table a field. */
static int put_facets(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun,
                      const vidstore_query *query) {
    vidstore_error *error = NULL;
    cli_auto(vidstore_text) *text = NULL;
    if (noun != &cli_videos)
        return cli_usage(args, "only videos have facets");
    if (vidstore_video_facets(cli->session, query, &text, &error))
        return cli_fail(cli, &error);
    cli_auto(json_t) *whole = NULL;
    if (!cli_answer(cli, text, &whole))
        return cli->json ? CLI_OK : CLI_FAILURE;
    const char *name;
    json_t *values, *value;
    size_t i;
    int known = 0;
    json_object_foreach(json_object_get(whole, "facets"), name, values) {
        if (json_array_size(values) == 0 ||
            (json_array_size(values) == 1 && json_is_null(json_object_get(json_array_get(values, 0), "value"))))
            continue; /* nothing is known */
        known = 1;
        cli_heading(cli, name);
        json_array_foreach(values, i, value) {
            char number[CLI_TEXT];
            json_t *what = json_object_get(value, "value");
            cli_autofree char *year = json_is_integer(what) ? json_dumps(what, JSON_ENCODE_ANY) : NULL;
            const char *label = json_is_string(what) ? json_string_value(what) : year ? year : "not known";
            cli_line(cli, label, cli_count(json_integer_value(json_object_get(value, "count")), number), CLI_PLAIN);
        }
    }
    if (!known && !cli->quiet)
        fputs("nothing is known of them yet\n", stderr);
    if (json_is_true(json_object_get(whole, "capped")) && !cli->quiet)
        fputs("counted the newest 100,000 only\n", stderr);
    return CLI_OK;
}

static int put_page(struct cli *cli, const struct cli_noun *noun, const vidstore_page *page) {
    if (cli->json) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_text) *json = NULL;
        if (vidstore_page_json(page, &json, &error))
            return cli_fail(cli, &error);
        cli_put_json(vidstore_text_data(json));
        return CLI_OK;
    }
    if (!vidstore_page_count(page)) {
        if (!cli->quiet)
            fprintf(stderr, "no %s\n", strcmp(noun->plural, "audit") ? noun->plural : "events");
        return CLI_OK;
    }
    cli_auto(cli_table) *table = cli_page_table(cli, noun, page);
    cli_table_print(table);
    return CLI_OK;
}

int cli_list(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun, const char *filter,
             const char *extra) {
    const char *filters[] = {filter, cli_value(args, "filter"), extra};
    cli_autofree char *joined = join_filters(filters, 3);
    cli_auto(vidstore_query) *query = vidstore_query_new();
    int result = make_query(cli, args, joined, query);
    if (result)
        return result;
    if (cli_flag(args, "count"))
        return put_count(cli, noun, query);
    if (cli_flag(args, "facets"))
        return put_facets(cli, args, noun, query);
    for (;;) {
        vidstore_error *error = NULL;
        cli_auto(vidstore_page) *page = NULL;
        if (noun->list(cli->session, query, &page, &error))
            return cli_fail(cli, &error);
        result = put_page(cli, noun, page);
        const char *cursor = vidstore_page_cursor(page);
        if (result || !cursor)
            return result;
        if (!cli_flag(args, "all")) {
            fflush(stdout);
            if (!cli->json && !cli->quiet)
                fprintf(stderr, "there are more: --all, or --cursor %s\n", cursor);
            return CLI_OK;
        }
        vidstore_query_cursor(query, cursor);
    }
}

int cli_list_of(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun, const char *field) {
    cli_auto(vidstore_user) *user = NULL;
    int result = cli_value(args, "user") ? cli_user_find(cli, cli_value(args, "user"), &user) : CLI_OK;
    if (result)
        return result;
    cli_autofree char *whose = user ? cli_print("%s = \"%s\"", field, vidstore_user_id(user)) : NULL;
    return cli_list(cli, args, noun, whose, NULL);
}

int cli_show_named(struct cli *cli, const struct cli_args *args, const struct cli_noun *noun) {
    char id[CLI_UUID_TEXT];
    int result = cli_id_find(cli, noun, args->operands[0], id);
    return result ? result : cli_show_id(cli, noun, id);
}
