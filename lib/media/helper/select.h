/* SPDX-License-Identifier: MIT */
/* Which of the streams are meant: the picture and the sound that a player would choose. */
#ifndef VS_HELPER_SELECT_H
#define VS_HELPER_SELECT_H

#include <libavformat/avformat.h>

/* A picture that belongs to the file, not its film: cover art, thumbnails, a still. */
int select_is_picture(const AVStream *st);
/* Its index, or -1. */
int select_main_video(AVFormatContext *ic);
/* Within the program of the main video, where there are programs. Its index, or -1. */
int select_main_audio(AVFormatContext *ic, int main_video);

#endif
