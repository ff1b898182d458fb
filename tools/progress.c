/* SPDX-License-Identifier: MIT */
/* One line on standard error that says how far, how fast, and how long it still takes. Terminals only. */
#include "output.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BAR = 20, BAR_LEAST = 6, WIDE = 110, REDRAW_MS = 100, RATE_MS = 500, LABEL_MOST = 26, LINE = 1024 };

void cli_progress_begin(struct cli_progress *progress, const struct cli *cli, const char *label, int bytes) {
    int64_t now = cli_monotonic_ms();
    *progress = (struct cli_progress){.cli = cli, .label = label, .bytes = bytes, .began_ms = now, .rate_ms = now};
}

/* A moving average; what was there at the beginning was not done by us. */
static void measure(struct cli_progress *progress, int64_t done, int64_t now) {
    if (!progress->drawn_ms) {
        progress->began_at = progress->rate_at = done;
        return;
    }
    int64_t passed = now - progress->rate_ms;
    if (passed < RATE_MS)
        return;
    double rate = (double)(done - progress->rate_at) * 1000 / (double)passed;
    progress->rate = progress->rate > 0 ? 0.7 * progress->rate + 0.3 * rate : rate;
    progress->rate_ms = now;
    progress->rate_at = done;
}

static void append(char *line, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void append(char *line, size_t size, const char *format, ...) {
    size_t used = strlen(line);
    va_list list;
    va_start(list, format);
    vsnprintf(line + used, size - used, format, list);
    va_end(list);
}

static void append_bar(char *line, size_t size, int width, int64_t done, int64_t total) {
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int64_t filled = (int64_t)((double)done / (double)total * width * 8);
    filled = filled < 0 ? 0 : filled > width * 8 ? width * 8 : filled;
    int cells = 0;
    for (; cells < filled / 8; cells++)
        append(line, size, "█");
    append(line, size, "%s", eighths[filled % 8]);
    append(line, size, "%*s▏", width - cells - (filled % 8 ? 1 : 0), "");
}

void cli_progress_update(struct cli_progress *progress, int64_t done, int64_t total) {
    int64_t now = cli_monotonic_ms();
    if (!progress->cli->meter || (progress->drawn_ms && now - progress->drawn_ms < REDRAW_MS))
        return;
    if (done < 0)
        done = 0;
    measure(progress, done, now);
    progress->drawn_ms = now;
    progress->shown = 1;
    char line[LINE], at[CLI_TEXT], of[CLI_TEXT], percent[CLI_TEXT];
    char *(*number)(int64_t, char *) = progress->bytes ? cli_size : cli_count;
    cli_autofree char *safe = cli_safe(progress->label), *label = cli_clip(safe, LABEL_MOST);
    snprintf(line, sizeof line, "%s  ", label);
    if (total > 0) {
        append_bar(line, sizeof line, progress->cli->meter < WIDE ? BAR_LEAST : BAR, done, total);
        append(line, sizeof line, " %4s  %s of %s", cli_percent(done, total, percent), number(done, at),
               number(total, of));
    } else {
        append(line, sizeof line, "%s", number(done, at));
    }
    if (progress->rate >= 1)
        append(line, sizeof line, "  %s/s", number((int64_t)progress->rate, at));
    if (progress->rate >= 1 && total > done)
        append(line, sizeof line, "  %s left",
               cli_duration((int64_t)((double)(total - done) / progress->rate) * 1000, at));
    cli_autofree char *clipped = cli_clip(line, progress->cli->meter - 1);
    fprintf(stderr, "\r\x1b[K%s", clipped);
    fflush(stderr);
}

void cli_progress_end(struct cli_progress *progress) {
    if (progress->shown)
        fputs("\r\x1b[K", stderr);
    progress->shown = 0;
}
