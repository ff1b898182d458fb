/* SPDX-License-Identifier: MIT */
/* Numbers, sizes, times and durations as people read them. */
#include "output.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char *none(char buffer[CLI_TEXT]) {
    snprintf(buffer, CLI_TEXT, "-");
    return buffer;
}

char *cli_size(int64_t bytes, char buffer[CLI_TEXT]) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes == INT64_MIN)
        return none(buffer);
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 1023.95 && unit < 6; unit++)
        value /= 1024;
    snprintf(buffer, CLI_TEXT, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return buffer;
}

char *cli_count(int64_t number, char buffer[CLI_TEXT]) {
    if (number == INT64_MIN)
        return none(buffer);
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRId64, number);
    char *out = buffer;
    for (int i = 0; i < length; i++) {
        *out++ = digits[i];
        int left = length - 1 - i;
        if (left && left % 3 == 0 && digits[i] != '-')
            *out++ = ',';
    }
    *out = 0;
    return buffer;
}

char *cli_duration(int64_t milliseconds, char buffer[CLI_TEXT]) {
    if (milliseconds == INT64_MIN)
        return none(buffer);
    int64_t seconds = milliseconds / 1000;
    if (milliseconds < 10000)
        snprintf(buffer, CLI_TEXT, "0:00:%02d.%d", (int)seconds, (int)(milliseconds % 1000 / 100));
    else
        snprintf(buffer, CLI_TEXT, "%" PRId64 ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60),
                 (int)(seconds % 60));
    return buffer;
}

char *cli_time(const struct cli *cli, int64_t us, char buffer[CLI_TEXT]) {
    if (us == INT64_MIN)
        return none(buffer);
    time_t seconds = (time_t)(us / 1000000 - (us % 1000000 < 0));
    struct tm parts;
    if (!(cli->utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)))
        return none(buffer);
    strftime(buffer, CLI_TEXT, cli->utc ? "%Y-%m-%d %H:%M:%SZ" : "%Y-%m-%d %H:%M:%S", &parts);
    return buffer;
}

char *cli_bit_rate(int64_t bits, char buffer[CLI_TEXT]) {
    if (bits == INT64_MIN)
        return none(buffer);
    if (bits >= 1000000)
        snprintf(buffer, CLI_TEXT, "%.1f Mb/s", (double)bits / 1e6);
    else
        snprintf(buffer, CLI_TEXT, "%.0f kb/s", (double)bits / 1e3);
    return buffer;
}

char *cli_percent(int64_t done, int64_t total, char buffer[CLI_TEXT]) {
    if (done == INT64_MIN || total == INT64_MIN || total <= 0)
        return none(buffer);
    int64_t percent = (int64_t)((double)done * 100 / (double)total);
    snprintf(buffer, CLI_TEXT, "%d %%", (int)(percent < 0 ? 0 : percent > 100 ? 100 : percent));
    return buffer;
}

const char *cli_id(const struct cli *cli, const char *id) {
    size_t length = id ? strlen(id) : 0;
    return !id || cli->full_ids || !cli->terminal || length < CLI_SHORT_ID ? id : id + length - CLI_SHORT_ID;
}

int64_t cli_now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t cli_monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
