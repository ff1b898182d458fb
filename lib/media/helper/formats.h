/* SPDX-License-Identifier: MIT */
/* The parsers that may see a file. These two lists are a security setting: each name more is code that a hostile file
 * can reach. Left out on purpose: playlists and scripts (they name other files), stills, text, devices, and decoders
 * that few files need. */
#ifndef VS_HELPER_FORMATS_H
#define VS_HELPER_FORMATS_H

#define ALLOWED_FORMATS                                                                                                \
    "mov,matroska,mpegts,mpeg,mpegvideo,avi,flv,live_flv,ogg,asf,mxf,gxf,dv,ivf,nut,rm,"                               \
    "h264,hevc,m4v,obu,av1,yuv4mpegpipe,gif,apng,wav,w64,aiff,caf,mp3,aac,ac3,eac3,flac,amr,swf,wtv"

#define ALLOWED_DECODERS                                                                                               \
    "h264,hevc,vp8,libvpx-vp9,vp9,libdav1d,av1,mpeg1video,mpeg2video,mpeg4,msmpeg4v2,msmpeg4,h263,flv,"                \
    "theora,vc1,wmv1,wmv2,wmv3,mjpeg,dvvideo,prores,dnxhd,ffv1,huffyuv,rawvideo,gif,png,apng,"                         \
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,ac3,eac3,dca,truehd,mlp,opus,vorbis,flac,alac,wmav1,wmav2,wmapro,"         \
    "amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le,pcm_u8,pcm_bluray,pcm_dvd,"               \
    "pcm_mulaw,pcm_alaw,adpcm_ima_wav,adpcm_ms,movtext,subrip,srt,ass,ssa,webvtt,dvbsub,dvdsub,pgssub,cc_dec"

#endif
