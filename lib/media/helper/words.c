/* SPDX-License-Identifier: MIT */
#include "words.h"
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/spherical.h>
#include <libavutil/stereo3d.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

struct pair {
    int number;
    const char *word;
};

struct rename {
    const char *from, *to;
};

static const char *find(const struct pair *table, size_t n, int number) {
    for (size_t i = 0; i < n; i++)
        if (table[i].number == number)
            return table[i].word;
    return NULL;
}

/* The demuxers' names, where they are not our words already. */
static const struct rename formats[] = {
    {"mpeg", "mpegps"}, {"live_flv", "flv"}, {"yuv4mpegpipe", "y4m"}, {"m4v", "mpeg4video"}, {"obu", "av1"},
};

static const char *mp4_family(const char *brand) {
    if (strcmp(brand, "qt") == 0)
        return "mov";
    if (strncmp(brand, "3gp", 3) == 0 || strncmp(brand, "3g2", 3) == 0)
        return "3gp";
    if (strncmp(brand, "avi", 3) == 0 && (brand[3] == 'f' || brand[3] == 's'))
        return "avif";
    return word_is_picture_brand(brand) ? "heif" : "mp4";
}

const char *word_format(const char *demuxer, const char *major_brand, int webm) {
    if (strncmp(demuxer, "mov,", 4) == 0)
        return mp4_family(major_brand[0] ? major_brand : "qt"); /* no brand at all: from before there were brands */
    if (strncmp(demuxer, "matroska", 8) == 0)
        return webm ? "webm" : "matroska";
    for (size_t i = 0; i < COUNT(formats); i++)
        if (strcmp(demuxer, formats[i].from) == 0)
            return formats[i].to;
    return demuxer;
}

static const struct pair codecs[] = {
    {AV_CODEC_ID_H264, "h264"},
    {AV_CODEC_ID_HEVC, "hevc"},
    {AV_CODEC_ID_VP8, "vp8"},
    {AV_CODEC_ID_VP9, "vp9"},
    {AV_CODEC_ID_AV1, "av1"},
    {AV_CODEC_ID_MPEG1VIDEO, "mpeg1video"},
    {AV_CODEC_ID_MPEG2VIDEO, "mpeg2video"},
    {AV_CODEC_ID_MPEG4, "mpeg4"},
    {AV_CODEC_ID_MSMPEG4V2, "msmpeg4v2"},
    {AV_CODEC_ID_MSMPEG4V3, "msmpeg4v3"},
    {AV_CODEC_ID_H263, "h263"},
    {AV_CODEC_ID_FLV1, "flv1"},
    {AV_CODEC_ID_VP6F, "vp6f"},
    {AV_CODEC_ID_THEORA, "theora"},
    {AV_CODEC_ID_VC1, "vc1"},
    {AV_CODEC_ID_WMV1, "wmv1"},
    {AV_CODEC_ID_WMV2, "wmv2"},
    {AV_CODEC_ID_WMV3, "wmv3"},
    {AV_CODEC_ID_MJPEG, "mjpeg"},
    {AV_CODEC_ID_DVVIDEO, "dvvideo"},
    {AV_CODEC_ID_PRORES, "prores"},
    {AV_CODEC_ID_DNXHD, "dnxhd"},
    {AV_CODEC_ID_FFV1, "ffv1"},
    {AV_CODEC_ID_HUFFYUV, "huffyuv"},
    {AV_CODEC_ID_RAWVIDEO, "rawvideo"},
    {AV_CODEC_ID_GIF, "gif"},
    {AV_CODEC_ID_PNG, "png"},
    {AV_CODEC_ID_APNG, "apng"},
    {AV_CODEC_ID_AAC, "aac"},
    {AV_CODEC_ID_AAC_LATM, "aac_latm"},
    {AV_CODEC_ID_MP3, "mp3"},
    {AV_CODEC_ID_MP2, "mp2"},
    {AV_CODEC_ID_AC3, "ac3"},
    {AV_CODEC_ID_EAC3, "eac3"},
    {AV_CODEC_ID_DTS, "dts"},
    {AV_CODEC_ID_TRUEHD, "truehd"},
    {AV_CODEC_ID_MLP, "mlp"},
    {AV_CODEC_ID_OPUS, "opus"},
    {AV_CODEC_ID_VORBIS, "vorbis"},
    {AV_CODEC_ID_FLAC, "flac"},
    {AV_CODEC_ID_ALAC, "alac"},
    {AV_CODEC_ID_WMAV1, "wmav1"},
    {AV_CODEC_ID_WMAV2, "wmav2"},
    {AV_CODEC_ID_WMAPRO, "wmapro"},
    {AV_CODEC_ID_AMR_NB, "amr_nb"},
    {AV_CODEC_ID_AMR_WB, "amr_wb"},
    {AV_CODEC_ID_PCM_S16LE, "pcm_s16le"},
    {AV_CODEC_ID_PCM_S16BE, "pcm_s16be"},
    {AV_CODEC_ID_PCM_S24LE, "pcm_s24le"},
    {AV_CODEC_ID_PCM_S24BE, "pcm_s24be"},
    {AV_CODEC_ID_PCM_S32LE, "pcm_s32le"},
    {AV_CODEC_ID_PCM_F32LE, "pcm_f32le"},
    {AV_CODEC_ID_PCM_U8, "pcm_u8"},
    {AV_CODEC_ID_PCM_MULAW, "pcm_mulaw"},
    {AV_CODEC_ID_PCM_ALAW, "pcm_alaw"},
    {AV_CODEC_ID_MOV_TEXT, "mov_text"},
    {AV_CODEC_ID_SUBRIP, "subrip"},
    {AV_CODEC_ID_ASS, "ass"},
    {AV_CODEC_ID_WEBVTT, "webvtt"},
    {AV_CODEC_ID_DVB_SUBTITLE, "dvb_subtitle"},
    {AV_CODEC_ID_DVD_SUBTITLE, "dvd_subtitle"},
    {AV_CODEC_ID_HDMV_PGS_SUBTITLE, "hdmv_pgs_subtitle"},
    {AV_CODEC_ID_EIA_608, "eia_608"},
};

const char *word_codec(enum AVCodecID id) {
    if (id == AV_CODEC_ID_NONE)
        return NULL;
    const char *word = find(codecs, COUNT(codecs), (int)id);
    return word ? word : avcodec_get_name(id);
}

const char *word_range(enum AVColorRange range) {
    return range == AVCOL_RANGE_MPEG ? "limited" : range == AVCOL_RANGE_JPEG ? "full" : NULL;
}

const char *word_primaries(enum AVColorPrimaries primaries) {
    static const struct pair table[] = {
        {AVCOL_PRI_BT709, "bt709"},         {AVCOL_PRI_BT470M, "bt470m"},       {AVCOL_PRI_BT470BG, "bt470bg"},
        {AVCOL_PRI_SMPTE170M, "smpte170m"}, {AVCOL_PRI_SMPTE240M, "smpte240m"}, {AVCOL_PRI_FILM, "film"},
        {AVCOL_PRI_BT2020, "bt2020"},       {AVCOL_PRI_SMPTE428, "smpte428"},   {AVCOL_PRI_SMPTE431, "smpte431"},
        {AVCOL_PRI_SMPTE432, "smpte432"},   {AVCOL_PRI_EBU3213, "ebu3213"},
    };
    return find(table, COUNT(table), (int)primaries);
}

const char *word_transfer(enum AVColorTransferCharacteristic transfer) {
    static const struct pair table[] = {
        {AVCOL_TRC_BT709, "bt709"},
        {AVCOL_TRC_GAMMA22, "gamma22"},
        {AVCOL_TRC_GAMMA28, "gamma28"},
        {AVCOL_TRC_SMPTE170M, "smpte170m"},
        {AVCOL_TRC_SMPTE240M, "smpte240m"},
        {AVCOL_TRC_LINEAR, "linear"},
        {AVCOL_TRC_LOG, "log100"},
        {AVCOL_TRC_LOG_SQRT, "log316"},
        {AVCOL_TRC_IEC61966_2_4, "iec61966-2-4"},
        {AVCOL_TRC_BT1361_ECG, "bt1361e"},
        {AVCOL_TRC_IEC61966_2_1, "srgb"},
        {AVCOL_TRC_BT2020_10, "bt2020-10"},
        {AVCOL_TRC_BT2020_12, "bt2020-12"},
        {AVCOL_TRC_SMPTE2084, "pq"},
        {AVCOL_TRC_SMPTE428, "smpte428"},
        {AVCOL_TRC_ARIB_STD_B67, "hlg"},
    };
    return find(table, COUNT(table), (int)transfer);
}

const char *word_matrix(enum AVColorSpace matrix) {
    static const struct pair table[] = {
        {AVCOL_SPC_RGB, "rgb"},
        {AVCOL_SPC_BT709, "bt709"},
        {AVCOL_SPC_FCC, "fcc"},
        {AVCOL_SPC_BT470BG, "bt470bg"},
        {AVCOL_SPC_SMPTE170M, "smpte170m"},
        {AVCOL_SPC_SMPTE240M, "smpte240m"},
        {AVCOL_SPC_YCGCO, "ycgco"},
        {AVCOL_SPC_BT2020_NCL, "bt2020nc"},
        {AVCOL_SPC_BT2020_CL, "bt2020c"},
        {AVCOL_SPC_SMPTE2085, "smpte2085"},
        {AVCOL_SPC_CHROMA_DERIVED_NCL, "chroma-nc"},
        {AVCOL_SPC_CHROMA_DERIVED_CL, "chroma-c"},
        {AVCOL_SPC_ICTCP, "ictcp"},
    };
    return find(table, COUNT(table), (int)matrix);
}

const char *word_field_order(enum AVFieldOrder order) {
    static const struct pair table[] = {
        {AV_FIELD_PROGRESSIVE, "progressive"},
        {AV_FIELD_TT, "tt"},
        {AV_FIELD_BB, "bb"},
        {AV_FIELD_TB, "tb"},
        {AV_FIELD_BT, "bt"},
    };
    return find(table, COUNT(table), (int)order);
}

const char *word_chroma_location(enum AVChromaLocation location) {
    static const struct pair table[] = {
        {AVCHROMA_LOC_LEFT, "left"}, {AVCHROMA_LOC_CENTER, "center"},         {AVCHROMA_LOC_TOPLEFT, "topleft"},
        {AVCHROMA_LOC_TOP, "top"},   {AVCHROMA_LOC_BOTTOMLEFT, "bottomleft"}, {AVCHROMA_LOC_BOTTOM, "bottom"},
    };
    return find(table, COUNT(table), (int)location);
}

const char *word_chroma(const AVPixFmtDescriptor *d) {
    static const struct pair table[] = {{0, "444"}, {1 << 4, "422"}, {1 << 4 | 1, "420"},
                                        {1, "440"}, {2 << 4, "411"}, {2 << 4 | 2, "410"}};
    if (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL))
        return "rgb";
    if (d->nb_components < 3)
        return "gray";
    return find(table, COUNT(table), d->log2_chroma_w << 4 | d->log2_chroma_h);
}

const char *word_stereo3d(int type) {
    static const struct pair table[] = {
        {AV_STEREO3D_2D, "mono"},
        {AV_STEREO3D_SIDEBYSIDE, "side_by_side"},
        {AV_STEREO3D_TOPBOTTOM, "top_bottom"},
        {AV_STEREO3D_FRAMESEQUENCE, "frame_sequence"},
        {AV_STEREO3D_CHECKERBOARD, "checkerboard"},
        {AV_STEREO3D_SIDEBYSIDE_QUINCUNX, "side_by_side_quincunx"},
        {AV_STEREO3D_LINES, "lines"},
        {AV_STEREO3D_COLUMNS, "columns"},
    };
    return find(table, COUNT(table), type);
}

const char *word_projection(int projection) {
    static const struct pair table[] = {
        {AV_SPHERICAL_EQUIRECTANGULAR, "equirectangular"},
        {AV_SPHERICAL_CUBEMAP, "cubemap"},
        {AV_SPHERICAL_EQUIRECTANGULAR_TILE, "equirectangular_tile"},
    };
    return find(table, COUNT(table), projection);
}

json_t *word_dispositions(int disposition) {
    static const struct pair table[] = {
        {AV_DISPOSITION_DEFAULT, "default"},
        {AV_DISPOSITION_DUB, "dub"},
        {AV_DISPOSITION_ORIGINAL, "original"},
        {AV_DISPOSITION_COMMENT, "comment"},
        {AV_DISPOSITION_LYRICS, "lyrics"},
        {AV_DISPOSITION_KARAOKE, "karaoke"},
        {AV_DISPOSITION_FORCED, "forced"},
        {AV_DISPOSITION_HEARING_IMPAIRED, "hearing_impaired"},
        {AV_DISPOSITION_VISUAL_IMPAIRED, "visual_impaired"},
        {AV_DISPOSITION_CLEAN_EFFECTS, "clean_effects"},
        {AV_DISPOSITION_ATTACHED_PIC, "attached_pic"},
        {AV_DISPOSITION_TIMED_THUMBNAILS, "timed_thumbnails"},
        {AV_DISPOSITION_CAPTIONS, "captions"},
        {AV_DISPOSITION_DESCRIPTIONS, "descriptions"},
        {AV_DISPOSITION_METADATA, "metadata"},
        {AV_DISPOSITION_DEPENDENT, "dependent"},
        {AV_DISPOSITION_STILL_IMAGE, "still_image"},
    };
    json_t *words = json_array();
    for (size_t i = 0; i < COUNT(table); i++)
        if (disposition & table[i].number)
            json_array_append_new(words, json_string(table[i].word));
    return words;
}

int word_is_still_codec(enum AVCodecID id) {
    switch (id) {
    case AV_CODEC_ID_MJPEG:
    case AV_CODEC_ID_PNG:
    case AV_CODEC_ID_BMP:
    case AV_CODEC_ID_TIFF:
    case AV_CODEC_ID_WEBP:
    case AV_CODEC_ID_GIF:
        return 1;
    default:
        return 0;
    }
}

int word_is_picture_brand(const char *brand) {
    static const char *const brands[] = {"avif", "avis", "heic", "heix", "heim",
                                         "heis", "hevc", "hevx", "mif1", "msf1"};
    for (size_t i = 0; i < COUNT(brands); i++)
        if (strcmp(brand, brands[i]) == 0)
            return 1;
    return 0;
}

const char *word_refused_kind(const char *demuxer) {
    static const char *const subtitles[] = {"srt",      "ass",  "webvtt", "sup",      "vobsub",
                                            "microdvd", "sami", "scc",    "subviewer"};
    static const char *const none[] = {"hls",  "hls,applehttp", "applehttp", "concat",     "sdp",     "dash", "imf",
                                       "rtsp", "rtp",           "tty",       "ffmetadata", "bin",     "xbin", "adf",
                                       "idf",  "txd",           "data",      "mpsub",      "svg_pipe"};
    for (size_t i = 0; i < COUNT(none); i++)
        if (strcmp(demuxer, none[i]) == 0)
            return "none";
    for (size_t i = 0; i < COUNT(subtitles); i++)
        if (strcmp(demuxer, subtitles[i]) == 0)
            return "subtitle";
    size_t n = strlen(demuxer);
    if ((n > 5 && strcmp(demuxer + n - 5, "_pipe") == 0) || strncmp(demuxer, "image2", 6) == 0 ||
        strcmp(demuxer, "ico") == 0)
        return "image";
    return "video";
}
