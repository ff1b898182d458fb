/* SPDX-License-Identifier: MIT */
/* The facts as tables: from them come reading the answer with its bounds, JSON, and freeing. */
#ifndef VS_MEDIA_FIELDS_H
#define VS_MEDIA_FIELDS_H

#include "media/media.h"

enum vs_media_field_kind {
    VS_MEDIA_INT,     /* within min and max */
    VS_MEDIA_FLAG,    /* true, false */
    VS_MEDIA_RATIO,   /* [num, den], two fields; the offset is that of the first */
    VS_MEDIA_WORD,    /* ASCII letters, digits, . _ - + , and at most max bytes; one of words, where there are words */
    VS_MEDIA_TEXT,    /* UTF-8, at most max bytes */
    VS_MEDIA_WORDS,   /* an array of words, kept with blanks between */
    VS_MEDIA_NUMBERS, /* an array of whole numbers, at most max of them, kept like that */
};

/* Where a field comes from. */
enum vs_media_field_source { VS_MEDIA_ANSWER, VS_MEDIA_HOST };

struct vs_media_field {
    const char *name;
    size_t offset;
    enum vs_media_field_kind kind;
    enum vs_media_field_source source;
    int64_t min, max;
    const char *const *words; /* NULL-terminated */
};

struct vs_media_fields {
    const struct vs_media_field *list;
    size_t count;
};

extern const struct vs_media_fields vs_media_probe_fields, vs_media_stream_fields, vs_media_chapter_fields,
    vs_media_program_fields, vs_media_tag_fields;

/* The field of a record. */
static inline int64_t *vs_media_int_at(const void *record, const struct vs_media_field *f) {
    return (int64_t *)(uintptr_t)((const char *)record + f->offset);
}
static inline char **vs_media_text_at(const void *record, const struct vs_media_field *f) {
    return (char **)(uintptr_t)((const char *)record + f->offset);
}
static inline int vs_media_is_text(const struct vs_media_field *f) {
    return f->kind >= VS_MEDIA_WORD;
}

void vs_media_record_init(const struct vs_media_fields *fields, void *record);
void vs_media_record_clear(const struct vs_media_fields *fields, void *record);

#endif
