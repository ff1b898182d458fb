/* SPDX-License-Identifier: MIT */
/* What a file is, as far as its name tells. */
#ifndef VS_FILES_FILE_TYPE_H
#define VS_FILES_FILE_TYPE_H

#include <stddef.h>

enum { VS_EXTENSION_TEXT = 33 };

/* The extension: letters and digits after the last dot, in small letters; "" when there is none. */
void vs_file_extension(const char *name, char ret[VS_EXTENSION_TEXT]);
/* The content type that goes with an extension; application/octet-stream for an unknown one. Static. */
const char *vs_file_content_type(const char *extension);
/* video, audio, image, subtitle or other; by the content type when it says so, else by the extension. Static. */
const char *vs_file_kind(const char *content_type, const char *extension);
/* 1 for one of these words. */
int vs_file_is_kind(const char *text);
/* 1 when a text has the form of a content type: type/subtype, perhaps with parameters. */
int vs_file_is_content_type(const char *text);

#endif
