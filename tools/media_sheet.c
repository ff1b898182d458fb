/* SPDX-License-Identifier: MIT */
/* What a probe found, as a data sheet for people. */
#include "media_sheet.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line that grows: parts, with commas between. */
struct line {
    char *text;
};

static void part(struct line *line, char *text) {
    if (text && *text) {
        char *grown = line->text ? cli_print("%s, %s", line->text, text) : cli_copy(text);
        free(line->text);
        line->text = grown;
    }
    free(text);
}

static void end_line(const struct cli *cli, const char *label, struct line *line) {
    cli_line(cli, label, line->text, 0);
    free(line->text);
    line->text = NULL;
}

static const char *word(const json_t *o, const char *key) {
    return json_string_value(json_object_get(o, key));
}

static int64_t number(const json_t *o, const char *key) {
    const json_t *value = json_object_get(o, key);
    return json_is_integer(value) ? json_integer_value(value) : INT64_MIN;
}

static int is_true(const json_t *o, const char *key) {
    return json_is_true(json_object_get(o, key));
}

static char *copy_word(const json_t *o, const char *key) {
    const char *text = word(o, key);
    return text ? cli_copy(text) : NULL;
}

static char *flag(const json_t *o, const char *key, const char *yes, const char *no) {
    const json_t *value = json_object_get(o, key);
    const char *text = json_is_true(value) ? yes : json_is_false(value) ? no : NULL;
    return text ? cli_copy(text) : NULL;
}

/* "25", "23.976", from [num, den]. */
static char *rate(const json_t *o, const char *key, const char *unit) {
    const json_t *pair = json_object_get(o, key);
    int64_t num = json_integer_value(json_array_get(pair, 0)), den = json_integer_value(json_array_get(pair, 1));
    if (!den)
        return NULL;
    return num % den ? cli_print("%.3f %s", (double)num / (double)den, unit)
                     : cli_print("%" PRId64 " %s", num / den, unit);
}

static char *duration(int64_t us) {
    char buffer[CLI_TEXT];
    return us == INT64_MIN ? NULL : cli_copy(cli_duration(us / 1000, buffer));
}

static char *bit_rate(const json_t *o) {
    char buffer[CLI_TEXT];
    int64_t bits = number(o, "bit_rate");
    return bits == INT64_MIN ? NULL : cli_copy(cli_bit_rate(bits, buffer));
}

static char *noted(char *text, const char *note) {
    char *joined = text && note ? cli_print("%s (%s)", text, note) : NULL;
    if (!joined)
        return text;
    free(text);
    return joined;
}

/* The words of an array, with blanks between. */
static char *words(const json_t *o, const char *key) {
    char *all = NULL;
    size_t i;
    json_t *value;
    json_array_foreach(json_object_get(o, key), i, value) {
        char *grown = all ? cli_print("%s %s", all, json_string_value(value)) : cli_copy(json_string_value(value));
        free(all);
        all = grown;
    }
    return all;
}

static void put_words(const struct cli *cli, const char *label, const json_t *o, const char *key) {
    const char *text = word(o, key);
    cli_line(cli, label, text, 0);
}

static void sheet_container(const struct cli *cli, const json_t *o) {
    struct line line = {NULL};
    char buffer[CLI_TEXT];
    const char *status = word(o, "status");
    cli_line(cli, "Status", status, status ? cli_state_colour(strcmp(status, "ok") ? "failed" : "completed") : 0);
    put_words(cli, "Limited by", o, "limited_by");
    put_words(cli, "Detail", o, "detail");
    part(&line, copy_word(o, "media_kind"));
    part(&line, noted(copy_word(o, "format"), word(o, "major_brand")));
    part(&line, flag(o, "faststart", "faststart", "index at the end"));
    part(&line, flag(o, "fragmented", "fragmented", NULL));
    part(&line, flag(o, "encrypted", "encrypted", NULL));
    end_line(cli, "Format", &line);
    cli_autofree char *brands = words(o, "compatible_brands");
    cli_line(cli, "Brands", brands, 0);
    part(&line, noted(duration(number(o, "duration_us")), word(o, "duration_source")));
    if (is_true(o, "duration_suspect"))
        part(&line, cli_copy("doubtful"));
    end_line(cli, "Duration", &line);
    part(&line, noted(bit_rate(o), word(o, "bit_rate_source")));
    end_line(cli, "Bit rate", &line);
    if (number(o, "size") != INT64_MIN)
        cli_line(cli, "Size", cli_size(number(o, "size"), buffer), 0);
    if (number(o, "created_us") != INT64_MIN)
        cli_line(cli, "Recorded", cli_time(cli, number(o, "created_us"), buffer), 0);
    put_words(cli, "Title", o, "title");
    part(&line, copy_word(o, "make"));
    part(&line, copy_word(o, "model"));
    end_line(cli, "Camera", &line);
    put_words(cli, "Place", o, "location");
    put_words(cli, "Timecode", o, "timecode");
    put_words(cli, "Encoder", o, "encoder");
    put_words(cli, "Isolation", o, "isolation");
    if (json_is_true(json_object_get(o, "reused")))
        cli_line(cli, "Read", "no: the prober has seen the same bytes before", CLI_PLAIN);
}

static char *picture(const json_t *o) {
    int64_t w = number(o, "width"), h = number(o, "height"), dw = number(o, "display_width"),
            dh = number(o, "display_height");
    if (w == INT64_MIN)
        return NULL;
    return dw == INT64_MIN || (dw == w && dh == h)
               ? cli_print("%" PRId64 "x%" PRId64, w, h)
               : cli_print("%" PRId64 "x%" PRId64 ", shown as %" PRId64 "x%" PRId64, w, h, dw, dh);
}

static void sheet_video(const struct cli *cli, const json_t *o) {
    struct line line = {NULL};
    part(&line, picture(o));
    if (number(o, "rotation") > 0)
        part(&line, cli_print("turned by %" PRId64, number(o, "rotation")));
    if (is_true(o, "flip"))
        part(&line, cli_copy("mirrored"));
    part(&line, noted(rate(o, "avg_rate", "fps"), word(o, "rate_mode")));
    const char *mode = word(o, "rate_mode");
    if (mode && strcmp(mode, "vfr") == 0) {
        cli_autofree char *low = rate(o, "rate_min", "to"), *high = rate(o, "rate_max", "fps");
        part(&line, cli_print("%s %s", low ? low : "", high ? high : ""));
    }
    part(&line, copy_word(o, "field_order"));
    part(&line, flag(o, "pulldown", "pulldown", NULL));
    end_line(cli, "Picture", &line);
    part(&line, copy_word(o, "pix_fmt"));
    if (number(o, "bit_depth") > 0)
        part(&line, cli_print("%" PRId64 " bit", number(o, "bit_depth")));
    part(&line, copy_word(o, "chroma"));
    part(&line, copy_word(o, "color_range"));
    part(&line, copy_word(o, "primaries"));
    part(&line, copy_word(o, "transfer"));
    part(&line, copy_word(o, "matrix"));
    end_line(cli, "Colour", &line);
    part(&line, noted(copy_word(o, "hdr"), word(o, "hdr_fallback")));
    if (number(o, "dv_profile") != INT64_MIN)
        part(&line, cli_print("profile %" PRId64 " level %" PRId64, number(o, "dv_profile"), number(o, "dv_level")));
    if (number(o, "max_cll") != INT64_MIN)
        part(&line, cli_print("MaxCLL %" PRId64, number(o, "max_cll")));
    if (number(o, "max_fall") != INT64_MIN)
        part(&line, cli_print("MaxFALL %" PRId64, number(o, "max_fall")));
    end_line(cli, "Light", &line);
    part(&line, flag(o, "closed_captions", "closed captions", NULL));
    part(&line, copy_word(o, "stereo3d"));
    part(&line, copy_word(o, "projection"));
    end_line(cli, "Also", &line);
}

static void sheet_audio(const struct cli *cli, const json_t *o) {
    struct line line = {NULL};
    part(&line, copy_word(o, "layout"));
    if (number(o, "channels") > 0)
        part(&line, cli_print("%" PRId64 " channels", number(o, "channels")));
    if (number(o, "sample_rate") > 0)
        part(&line, cli_print("%" PRId64 " Hz", number(o, "sample_rate")));
    part(&line, copy_word(o, "sample_fmt"));
    end_line(cli, "Sound", &line);
}

static void sheet_stream(const struct cli *cli, const json_t *o, int is_main) {
    struct line line = {NULL};
    const char *kind = word(o, "kind");
    cli_autofree char *heading =
        cli_print("%s %" PRId64 "%s", kind ? kind : "stream", number(o, "index"), is_main ? ", the main one" : "");
    cli_heading(cli, heading);
    part(&line, copy_word(o, "codec"));
    part(&line, copy_word(o, "profile"));
    if (number(o, "level") != INT64_MIN)
        part(&line, cli_print("level %" PRId64, number(o, "level")));
    part(&line, copy_word(o, "codec_string"));
    part(&line, flag(o, "encrypted", "encrypted", NULL));
    end_line(cli, "Codec", &line);
    if (kind && strcmp(kind, "video") == 0)
        sheet_video(cli, o);
    if (kind && strcmp(kind, "audio") == 0)
        sheet_audio(cli, o);
    put_words(cli, "Made of", o, "subtitle");
    part(&line, copy_word(o, "file_name"));
    part(&line, copy_word(o, "mime_type"));
    end_line(cli, "File", &line);
    cli_line(cli, "Language", word(o, "language"), 0);
    put_words(cli, "Title", o, "title");
    part(&line, duration(number(o, "duration_us")));
    part(&line, bit_rate(o));
    if (number(o, "nb_frames") != INT64_MIN)
        part(&line, cli_print("%" PRId64 " frames", number(o, "nb_frames")));
    end_line(cli, "Length", &line);
    cli_autofree char *marks = words(o, "disposition");
    cli_line(cli, "Marked", marks, 0);
}

static void sheet_lists(const struct cli *cli, const json_t *document) {
    size_t i;
    json_t *o;
    json_array_foreach(json_object_get(document, "chapters"), i, o) {
        if (i == 0)
            cli_heading(cli, "Chapters");
        cli_autofree char *from = duration(number(o, "start_us"));
        cli_line(cli, from ? from : "?", word(o, "title") ? word(o, "title") : "", 0);
    }
    json_array_foreach(json_object_get(json_object_get(document, "container"), "programs"), i, o) {
        cli_autofree char *text = cli_print("%" PRId64, number(o, "number"));
        if (i == 0)
            cli_heading(cli, "Programs");
        cli_line(cli, text, word(o, "name") ? word(o, "name") : "", 0);
    }
    json_array_foreach(json_object_get(document, "tags"), i, o) {
        if (i == 0)
            cli_heading(cli, "Tags");
        const char *scope = word(o, "scope");
        int whole = !scope || strcmp(scope, "container") == 0;
        cli_autofree char *of =
            whole ? NULL : cli_print("%s %" PRId64 " %s", scope, number(o, "index"), word(o, "key"));
        cli_line(cli, of ? of : word(o, "key"), word(o, "value"), 0);
    }
}

void cli_media_sheet(const struct cli *cli, const char *heading, const json_t *document) {
    const json_t *container = json_object_get(document, "container");
    size_t i;
    json_t *stream;
    cli_autofree char *safe = cli_safe(heading);
    cli_heading(cli, safe);
    sheet_container(cli, container);
    json_array_foreach(json_object_get(document, "streams"), i, stream) {
        int64_t index = number(stream, "index");
        sheet_stream(cli, stream, index == number(container, "main_video") || index == number(container, "main_audio"));
    }
    sheet_lists(cli, document);
}

char *cli_media_line(const json_t *document) {
    const json_t *container = json_object_get(document, "container"), *streams = json_object_get(document, "streams");
    const json_t *video = json_array_get(streams, (size_t)number(container, "main_video"));
    const json_t *audio = json_array_get(streams, (size_t)number(container, "main_audio"));
    struct line line = {NULL};
    part(&line, copy_word(container, "status"));
    part(&line, copy_word(container, "format"));
    part(&line, copy_word(video, "codec"));
    part(&line, picture(video));
    part(&line, rate(video, "avg_rate", "fps"));
    const char *hdr = word(video, "hdr");
    if (hdr && strcmp(hdr, "sdr") != 0)
        part(&line, cli_copy(hdr));
    part(&line, copy_word(audio, "codec"));
    part(&line, copy_word(audio, "layout"));
    part(&line, duration(number(container, "duration_us")));
    return line.text ? line.text : cli_copy("");
}
