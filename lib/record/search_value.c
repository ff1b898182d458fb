/* SPDX-License-Identifier: MIT */
#include "record/search_value.h"
#include "util/alloc.h"
#include "util/env.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static const int64_t SECOND = 1000000, DAY = INT64_C(86400000000);

/* A number with up to three decimals times a unit; 0 when that is too much. */
static int scaled(const char **at, int64_t unit_of_one, int64_t *ret) {
    int64_t whole = 0, part = 0, scale = 1;
    if (!isdigit((unsigned char)**at))
        return 0;
    for (; isdigit((unsigned char)**at); (*at)++)
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, **at - '0', &whole))
            return 0;
    if (**at == '.' && isdigit((unsigned char)(*at)[1]))
        for ((*at)++; isdigit((unsigned char)**at); (*at)++)
            if (scale < 1000) {
                part = part * 10 + (**at - '0');
                scale *= 10;
            }
    if (__builtin_mul_overflow(whole, unit_of_one, &whole))
        return 0;
    return !__builtin_add_overflow(whole, part * (unit_of_one / scale), ret);
}

struct unit {
    const char *name;
    int64_t value;
};

/* The unit at a place; "" comes last and is always there. */
static const struct unit *unit_at(const struct unit *units, const char *at) {
    size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (; units->name; units++)
        if (strlen(units->name) == len && strncmp(units->name, at, len) == 0)
            return units;
    return NULL;
}

/* Where the number at a place ends. */
static const char *after_number(const char *at) {
    return at + strspn(at, "0123456789.");
}

/* 90, 1h30m, 1.5h: from the shortest time that it may mean to the longest. */
static int read_duration(const char *text, int64_t *low, int64_t *high) {
    static const struct unit units[] = {{"ms", 1000},      {"s", 1000000},    {"m", 60000000},
                                        {"min", 60000000}, {"h", 3600000000}, {"d", INT64_C(86400000000)},
                                        {"", 1000000},     {NULL, 0}};
    int64_t sum = 0, smallest = INT64_MAX, part;
    for (const char *at = text; *at;) {
        const struct unit *unit = unit_at(units, after_number(at));
        int fraction = memchr(at, '.', (size_t)(after_number(at) - at)) != NULL;
        if (!unit || !scaled(&at, unit->value, &part) || __builtin_add_overflow(sum, part, &sum))
            return 0;
        at += strlen(unit->name);
        part = fraction ? unit->value / 10 : unit->value;
        smallest = part < smallest ? part : smallest;
    }
    *low = sum;
    return !__builtin_add_overflow(sum, smallest - 1, high);
}

/* 1080, 700M, 1.5G. */
static int read_count(const char *text, int64_t *low, int64_t *high) {
    static const struct unit units[] = {
        {"k", 1000},  {"K", 1000},     {"M", 1000000},  {"G", 1000000000},        {"T", INT64_C(1000000000000)},
        {"Ki", 1024}, {"Mi", 1 << 20}, {"Gi", 1 << 30}, {"Ti", INT64_C(1) << 40}, {"p", 1},
        {"", 1},      {NULL, 0}};
    const char *at = text;
    const struct unit *unit = unit_at(units, after_number(at));
    if (!unit || !scaled(&at, unit->value, low) || at[strlen(unit->name)])
        return 0;
    *high = *low;
    return 1;
}

/* 24 is anything to below 25, 23.97 to below 23.98. */
static int read_milli(const char *text, int64_t *low, int64_t *high) {
    const char *at = text, *point = strchr(text, '.');
    int64_t step = 1000;
    if (!scaled(&at, 1000, low) || *at)
        return 0;
    for (size_t i = point ? strlen(point + 1) : 0; i > 0 && step > 1; i--)
        step /= 10;
    return !__builtin_add_overflow(*low, step - 1, high);
}

static int64_t in_us(struct tm tm) {
    return (int64_t)timegm(&tm) * SECOND;
}

/* 2026, 2026-01, 2026-01-31, with T12:00; today, yesterday; -7d, which has no end. */
static int read_time(const char *text, int64_t *low, int64_t *high) {
    int year = 0, month = 1, day = 1, hour = 0, minute = 0, end = 0;
    int64_t now = vs_now_us(), back;
    if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
        *low = now - now % DAY - (*text == 'y' ? DAY : 0);
        *high = *low + DAY - 1;
        return 1;
    }
    if (*text == '-' && read_duration(text + 1, &back, high)) {
        *low = now > back ? now - back : 0;
        *high = *low;
        return 1;
    }
    int n = sscanf(text, "%4d%n-%2d%n-%2d%nT%2d:%2d%n", &year, &end, &month, &end, &day, &end, &hour, &minute, &end);
    if (n < 1 || n == 4 || text[end] || year < 1970 || year > 9998 || month < 1 || month > 12 || day < 1 || day > 31 ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return 0;
    struct tm from = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute};
    struct tm to = from;
    to.tm_year += n == 1;
    to.tm_mon += n == 2;
    to.tm_mday += n == 3;
    to.tm_min += n == 5;
    *low = in_us(from);
    *high = in_us(to) - 1;
    return 1;
}

static int read_point(const struct vs_field *field, const char *text, size_t len, int64_t *low, int64_t *high) {
    char copy[40] = "";
    if (len >= sizeof copy || memchr(text, 0, len))
        return 0;
    memcpy(copy, text, len);
    size_t column = strlen(field->column ? field->column : "");
    if (field->type == VS_TIME)
        return read_time(copy, low, high);
    if (column > 3 && strcmp(field->column + column - 3, "_us") == 0)
        return *copy && read_duration(copy, low, high);
    if (column > 6 && strcmp(field->column + column - 6, "_milli") == 0)
        return read_milli(copy, low, high);
    return read_count(copy, low, high);
}

static const char *compare(const struct vs_field *field, const char *op, size_t op_len, const char *text, size_t len,
                           int64_t *ret_low, int64_t *ret_high) {
    int64_t low, high;
    int equal = op[op_len - 1] == '=';
    if (!read_point(field, text, len, &low, &high))
        return field->type == VS_TIME ? "not a time" : "not a number";
    if (*op == '>')
        *ret_low = equal ? low : high < INT64_MAX ? high + 1 : high;
    else if (*op == '<')
        *ret_high = equal ? high : low - 1;
    else if (op_len == 1)
        *ret_low = low, *ret_high = high;
    else
        return "no such comparison";
    return NULL;
}

const char *vs_search_range(const struct vs_field *field, const char *op, size_t op_len, const char *text, size_t len,
                            int64_t *ret_low, int64_t *ret_high) {
    int64_t other;
    /* a colon before it changes nothing: duration:>10m */
    if (op_len > 1 && op[0] == ':') {
        op++;
        op_len--;
    }
    if (op_len > 2 || *op == '!')
        return "no such comparison";
    if (op_len == 2 && (op[1] != '=' || (op[0] != '<' && op[0] != '>')))
        return "no such comparison";
    for (size_t i = 0; i + 1 < len; i++)
        if (text[i] == '.' && text[i + 1] == '.') {
            if (op_len != 1 || (*op != ':' && *op != '=') || len == 2)
                return "a range stands after a colon, as in 10..20";
            if (i && !read_point(field, text, i, ret_low, &other))
                return "not where a range can begin";
            if (i + 2 < len && !read_point(field, text + i + 2, len - i - 2, &other, ret_high))
                return "not where a range can end";
            return NULL;
        }
    return compare(field, op, op_len, text, len, ret_low, ret_high);
}

int64_t vs_search_word(const struct vs_field *field, const char *text, size_t len) {
    int64_t value;
    if (field->type == VS_ENUM) {
        char folded[32] = "";
        for (size_t i = 0; i < len && i < sizeof folded - 1; i++)
            folded[i] = (char)tolower((unsigned char)text[i]);
        return len < sizeof folded && vs_word_value(field->words, folded, len, &value) ? value : -1;
    }
    static const struct unit words[] = {{"yes", 1}, {"true", 1}, {"1", 1}, {"no", 0}, {"false", 0}, {"0", 0}};
    for (size_t i = 0; i < VS_COUNT(words); i++)
        if (strlen(words[i].name) == len && strncasecmp(words[i].name, text, len) == 0)
            return words[i].value;
    return -1;
}
