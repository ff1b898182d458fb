/* SPDX-License-Identifier: MIT */
#include "probe.h"
#include "facts.h"
#include "formats.h"
#include "fragments.h"
#include "frame.h"
#include "output.h"
#include "sandbox.h"
#include "select.h"
#include "streams.h"
#include "text.h"
#include "words.h"
#include <libavutil/avstring.h>
#include <libavutil/mem.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD = 4096,
    IO_BUFFER = 65536,
    PROBE_SIZE = 5 << 20,
    ANALYZE_US = 5000000,
    SURE_SCORE = 50,
    KEPT_BYTES = 32 << 20,
    ROOM_BYTES = 4 << 20,
    TAIL_BYTES = 4 << 20,
};

/* libavformat says "out of memory" for too many streams; only its log tells the two apart. */
static int too_many_streams;

static void watch_log(void *object, int level, const char *format, va_list args) {
    static const char message[] = "Number of streams exceeds max_streams";
    if (level <= AV_LOG_ERROR && strncmp(format, message, sizeof message - 1) == 0)
        too_many_streams = 1;
}

/* A format that names another file does not get it. */
static int refuse_open(AVFormatContext *ic, AVIOContext **io, const char *url, int flags, AVDictionary **options) {
    *io = NULL;
    return AVERROR(EACCES);
}

/* The two that our own parsers have recognised already need not be asked for from all the others, who would look at the
 * bytes too. NULL: not known. */
static const AVInputFormat *known_format(const struct probe *p) {
    return p->boxes.major_brand[0] && p->boxes.has_moov ? av_find_input_format("mov")
           : p->ebml.found                              ? av_find_input_format("matroska")
                                                        : NULL;
}

static int open_input(struct probe *p) {
    unsigned char *buffer = av_malloc(IO_BUFFER);
    p->io = buffer ? avio_alloc_context(buffer, IO_BUFFER, 0, &p->source, source_read, NULL, source_seek) : NULL;
    p->ic = avformat_alloc_context();
    if (!p->io || !p->ic)
        return AVERROR(ENOMEM);
    p->ic->pb = p->io;
    p->ic->interrupt_callback = (AVIOInterruptCB){source_interrupted, &p->source};
    p->ic->io_open = refuse_open;
    p->ic->probesize = PROBE_SIZE;
    p->ic->max_analyze_duration = ANALYZE_US;
    const AVInputFormat *known = known_format(p);
    AVDictionary *options = NULL;
    int rc = av_dict_set_int(&options, "max_streams", p->request->max_streams, 0);
    rc |= av_dict_set(&options, "protocol_whitelist", "none", 0);
    rc |= av_dict_set(&options, "format_whitelist", ALLOWED_FORMATS, 0);
    rc |= av_dict_set(&options, "codec_whitelist", ALLOWED_DECODERS, 0);
    if (rc >= 0)
        rc = avformat_open_input(&p->ic, NULL, known_format(p), &options); /* frees and clears ic when it fails */
    av_dict_free(&options);
    if (rc < 0)
        return rc;
    p->header_duration = p->ic->duration;
    p->header_bit_rate = p->ic->bit_rate;
    p->score = known ? AVPROBE_SCORE_MAX : p->ic->probe_score;
    return rc;
}

/* Without this, a file that was never finished (what browsers record) has no duration: read on to its end. */
static void scan_duration(struct probe *p) {
    struct source *s = &p->source;
    if (p->ic->duration != AV_NOPTS_VALUE || s->stop != SOURCE_GOES_ON)
        return;
    if (p->ebml.segment_at && s->size > TAIL_BYTES && TAIL_BYTES <= s->budget - s->total) {
        p->tail_duration = ebml_last_time(s, &p->ebml, TAIL_BYTES);
        if (p->ic->start_time != AV_NOPTS_VALUE && p->ic->start_time > 0)
            p->tail_duration -= p->ic->start_time; /* what is live may begin hours after zero */
        if (p->tail_duration > 0)
            return;
    }
    if (s->size > s->budget - s->total)
        return;
    for (unsigned int i = 0; i < p->ic->nb_streams; i++)
        p->ic->streams[i]->discard = AVDISCARD_DEFAULT;
    if (avformat_seek_file(p->ic, -1, INT64_MIN, 0, INT64_MAX, 0) < 0)
        return;
    AVPacket *packet = av_packet_alloc();
    int64_t first = INT64_MAX, last = INT64_MIN;
    while (packet && av_read_frame(p->ic, packet) >= 0) {
        const AVStream *st = p->ic->streams[packet->stream_index];
        int64_t pts = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
        if (pts != AV_NOPTS_VALUE) {
            int64_t begin = av_rescale_q(pts, st->time_base, AV_TIME_BASE_Q);
            int64_t length = packet->duration > 0 ? av_rescale_q(packet->duration, st->time_base, AV_TIME_BASE_Q) : 0;
            first = begin < first ? begin : first;
            last = begin < INT64_MAX - length && begin + length > last ? begin + length : last;
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    if (s->stop == SOURCE_GOES_ON && last > first && (first >= 0 || last < INT64_MAX + first))
        p->scan_duration = last - (first > 0 ? first : 0);
}

static int truncated(const struct probe *p) {
    return p->boxes.truncated || p->ebml.truncated || p->other_truncated ||
           (p->boxes.found && p->boxes.complete && !p->boxes.has_moov);
}

/* Why nothing could be learned. */
static const char *failed_status(struct probe *p, int rc) {
    switch (p->source.stop) {
    case SOURCE_FAILED:
        return "io_error";
    case SOURCE_OUT_OF_BUDGET:
        return "limit_read";
    case SOURCE_OUT_OF_TIME:
        return "limit_time";
    case SOURCE_GOES_ON:
        break;
    }
    if (too_many_streams)
        return "limit_streams";
    return rc == AVERROR(ENOMEM) ? "limit_memory" : NULL;
}

/* The input was refused or not understood: by what it looks like, without giving it to that parser. */
static const char *refused_status(struct probe *p) {
    uint8_t head[16384 + AVPROBE_PADDING_SIZE] = {0};
    ptrdiff_t got = source_at(&p->source, 0, head, sizeof head - AVPROBE_PADDING_SIZE);
    AVProbeData data = {.filename = "", .buf = head, .buf_size = got > 0 ? (int)got : 0};
    int score = 0;
    const AVInputFormat *format = av_probe_input_format3(&data, 1, &score);
    if (!format || score < SURE_SCORE)
        return "not_media";
    if (av_match_list(format->name, ALLOWED_FORMATS, ','))
        return truncated(p) ? "truncated" : "damaged";
    const char *kind = word_refused_kind(format->name);
    if (strcmp(kind, "none") == 0)
        return "not_media";
    put_word(p->answer, "media_kind", kind);
    put_text(p->answer, "format", format->name, 32);
    return "unsupported";
}

static int any_complete(const AVFormatContext *ic) {
    for (unsigned int i = 0; i < ic->nb_streams; i++)
        if (stream_is_complete(ic->streams[i]))
            return 1;
    return 0;
}

/* How far what was learned may be trusted. */
static const char *learned_status(struct probe *p, int rc) {
    if (!any_complete(p->ic)) {
        const char *failed = failed_status(p, rc);
        if (failed)
            return failed;
        return p->score < SURE_SCORE ? "not_media" : truncated(p) ? "truncated" : "damaged";
    }
    if (p->source.stop != SOURCE_GOES_ON) {
        put_word(p->answer, "limited_by",
                 p->source.stop == SOURCE_OUT_OF_TIME     ? "time"
                 : p->source.stop == SOURCE_OUT_OF_BUDGET ? "read"
                                                          : "io");
        return "partial";
    }
    if (too_many_streams || p->out_of_memory || rc == AVERROR(ENOMEM)) {
        put_word(p->answer, "limited_by", too_many_streams ? "streams" : "memory");
        return "partial";
    }
    return truncated(p) ? "truncated" : rc < 0 ? "damaged" : "ok";
}

/* Tracks and streams are in the same order, but for tracks that libavformat leaves out: of other kinds, and those that
 * don't say what their blocks are. */
static const struct ebml_track *find_track(const struct probe *p, int stream) {
    static const int types[] = {1, 2, 17, 33};
    for (int i = 0, n = 0; i < p->ebml.n_tracks; i++) {
        const struct ebml_track *t = &p->ebml.tracks[i];
        size_t k = 0;
        while (k < sizeof types / sizeof *types && types[k] != t->type)
            k++;
        if (t->has_codec && k < sizeof types / sizeof *types && n++ == stream) {
            const char *kind = stream_kind(p->ic->streams[stream]);
            return strcmp(kind, k == 0 ? "video" : k == 1 ? "audio" : "subtitle") == 0 || k == 3 ? t : NULL;
        }
    }
    return NULL;
}

static struct stream_extra find_extra(const struct probe *p, int stream) {
    struct stream_extra extra = {.encrypted = -1,
                                 .sampled = p->boxes.has_moov && p->boxes.fragmented == 0,
                                 .in_pieces = p->boxes.has_moov && p->boxes.fragmented == 1};
    const struct ebml_track *track = find_track(p, stream);
    if (track) {
        extra.encrypted = track->encrypted;
        extra.language = track->language;
        extra.crop = track->crop;
    }
    if (stream == p->main_video && p->times.n > 0) {
        extra.times = &p->times;
        extra.tick_ns = track ? p->ebml.scale : 0;
    }
    for (int i = 0; i < p->boxes.n_tracks; i++)
        if ((int)p->boxes.tracks[i].id == p->ic->streams[stream]->id)
            extra.encrypted = p->boxes.tracks[i].encrypted;
    return extra;
}

static json_t *put_stream(struct probe *p, int i, const struct frame_facts *frame) {
    struct stream_extra extra = find_extra(p, i);
    return stream_facts(p->ic, p->ic->streams[i], i == p->main_video ? frame : NULL, &extra);
}

static void time_frames(struct probe *p) {
    const struct ebml_track *track = p->main_video >= 0 ? find_track(p, p->main_video) : NULL;
    if (track)
        ebml_block_times(&p->source, &p->ebml, track, &p->times);
    else if (p->main_video >= 0 && p->boxes.has_moov && p->boxes.fragmented == 1)
        fragments_times(&p->source, &p->boxes, (uint32_t)p->ic->streams[p->main_video]->id, &p->times);
}

static void put_facts(struct probe *p) {
    struct frame_facts frame = {.max_cll = UNKNOWN, .max_fall = UNKNOWN};
    p->main_video = select_main_video(p->ic);
    p->main_audio = select_main_audio(p->ic, p->main_video);
    if (p->request->decode && p->main_video >= 0)
        frame_decode_first(p->ic, p->ic->streams[p->main_video], &frame);
    p->out_of_memory |= frame.out_of_memory;
    scan_duration(p);
    time_frames(p);
    facts_container(p);
    json_t *streams = json_array();
    json_object_set_new(p->answer, "streams", streams);
    for (unsigned int i = 0; i < p->ic->nb_streams && i < VS_MEDIA_MAX_STREAMS; i++)
        json_array_append_new(streams, put_stream(p, (int)i, &frame));
    facts_chapters(p);
    facts_programs(p);
    facts_tags(p);
}

/* Learns what decoding tells. Nobody looks at the pictures, so what only makes them better is left out. */
static int find_streams(AVFormatContext *ic) {
    static const char *const quick[][2] = {{"skip_loop_filter", "all"}, {"skip_idct", "all"}, {"flags2", "+fast"}};
    unsigned int count = ic->nb_streams;
    AVDictionary **options = count ? av_calloc(count, sizeof *options) : NULL;
    int rc = count && !options ? AVERROR(ENOMEM) : 0;
    for (unsigned int i = 0; rc >= 0 && i < count; i++)
        for (size_t k = 0; rc >= 0 && k < sizeof quick / sizeof *quick; k++)
            if (ic->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO)
                rc = av_dict_set(&options[i], quick[k][0], quick[k][1], 0);
    if (rc >= 0)
        rc = avformat_find_stream_info(ic, options);
    for (unsigned int i = 0; options && i < count; i++)
        av_dict_free(&options[i]);
    av_free(options);
    return rc;
}

static const char *probe_media(struct probe *p) {
    int rc = open_input(p);
    if (rc < 0) {
        const char *status = failed_status(p, rc);
        return status ? status : refused_status(p);
    }
    rc = find_streams(p->ic);
    const char *status = any_complete(p->ic) ? NULL : learned_status(p, rc);
    if (status && strcmp(status, "not_media") == 0)
        return status;
    put_facts(p);
    return learned_status(p, rc);
}

static const char *run(struct probe *p) {
    uint8_t head[HEAD];
    too_many_streams = 0;
    if (p->source.size == 0)
        return "empty";
    ptrdiff_t got = source_at(&p->source, 0, head, sizeof head);
    if (got <= 0)
        return "io_error";
    if (text_is_plain(head, (size_t)got))
        return "not_media";
    boxes_walk(&p->source, &p->boxes);
    ebml_read_head(&p->source, &p->ebml);
    p->other_truncated = riff_truncated(&p->source) || flv_truncated(&p->source);
    return probe_media(p);
}

static struct probe start(const struct vs_media_request *request) {
    return (struct probe){
        .request = request,
        .source = {.fd = SANDBOX_MEDIA_FD,
                   .ranged = request->ranged,
                   .size = request->size,
                   .budget = request->max_read,
                   .deadline_us = source_clock_us() + request->timeout_ms * INT64_C(1000)},
        .header_duration = AV_NOPTS_VALUE,
        .scan_duration = AV_NOPTS_VALUE,
        .tail_duration = -1,
        .main_video = -1,
        .main_audio = -1,
        .answer = json_object(),
    };
}

static void finish(struct probe *p) {
    json_decref(p->answer);
    free(p->times.at);
    avformat_close_input(&p->ic);
    if (p->io)
        av_freep(&p->io->buffer);
    avio_context_free(&p->io);
    free(p->source.block);
}

void probe_prepare(void) {
    av_log_set_callback(watch_log);
    /* pages that were touched once are not given back, to be touched again */
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    probe_rehearse();
}

void probe_rehearse(void) {
    struct vs_media_request request = {
        .max_streams = VS_MEDIA_MAX_STREAMS, .max_read = 1 << 20, .timeout_ms = 10000, .decode = 1};
    struct probe p = start(&request);
    p.source.memory = probe_sample;
    p.source.size = (int64_t)probe_sample_size;
    put_word(p.answer, "status", run(&p));
    finish(&p);
    /* and room for a larger picture than that one */
    void *room = malloc(ROOM_BYTES);
    if (room)
        explicit_bzero(room, ROOM_BYTES);
    free(room);
}

int probe_answer(const struct vs_media_request *request, int last) {
    struct probe p = start(request);
    const char *status = run(&p);
    put_word(p.answer, "status", status);
    put_int(p.answer, "bytes_read", p.source.total);
    int rc = output_write(SANDBOX_ANSWER_FD, p.answer, VS_MEDIA_ANSWER_MAX);
    /* at its end, freeing what libav holds would only take time, and walk what a hostile file built */
    if (!last)
        finish(&p);
    return rc;
}
