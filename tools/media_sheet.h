/* SPDX-License-Identifier: MIT */
#ifndef VIDSTORE_TOOL_MEDIA_SHEET_H
#define VIDSTORE_TOOL_MEDIA_SHEET_H

#include "output.h"

/* The document of vidstore_video_facts() or of a probe that kept nothing: as a data sheet; in one line, to be freed. */
void cli_media_sheet(const struct cli *cli, const char *heading, const json_t *document);
char *cli_media_line(const json_t *document);

#endif
