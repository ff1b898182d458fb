/* SPDX-License-Identifier: MIT */
/* A file name that a stranger chose: only its last component, only what can be shown, never long. */
#include "net/net_internal.h"
#include "util/alloc.h"
#include "util/utf8.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The length of what must not be in a name at p: control characters (C0, DEL, C1), and the marks that turn the
 * direction of text round, with which "gpj.exe" is made to look like "exe.jpg". 0: nothing of the kind. */
static size_t unwanted(const unsigned char *p) {
    if (*p < 0x20 || *p == 0x7f)
        return 1;
    if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
        return 2;
    if (p[0] == 0xe2 && p[1] == 0x80 && ((p[2] >= 0xa8 && p[2] <= 0xae) || p[2] == 0x8e || p[2] == 0x8f))
        return 3;
    if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
        return 3;
    return 0;
}

/* The largest number of bytes up to max that does not cut a character. */
static size_t cut(const char *s, size_t len, size_t max) {
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
        max--;
    return max;
}

/* Shortens the middle, so that the ending (".mp4") stays. */
static void copy_short(const char *s, size_t len, char ret[VS_NET_NAME_MAX]) {
    const char *dot = memrchr(s, '.', len);
    size_t tail = dot && dot > s && s + len - dot <= 16 ? (size_t)(s + len - dot) : 0;
    size_t head = cut(s, len - tail, VS_NET_NAME_MAX - 1 - tail);
    memcpy(ret, s, head);
    memcpy(ret + head, s + len - tail, tail);
    ret[head + tail] = '\0';
}

void vs_net_name_clean(const char *name, size_t len, char ret[VS_NET_NAME_MAX]) {
    ret[0] = '\0';
    vs_autofree char *s = vs_utf8_scrub(name, len);
    if (!s)
        return;
    char *last = s;
    for (char *p = s; *p; p++)
        if (*p == '/' || *p == '\\')
            last = p + 1;
    char *to = last;
    for (const char *p = last; *p;) {
        size_t skip = unwanted((const unsigned char *)p);
        if (skip)
            p += skip;
        else
            *to++ = *p++;
    }
    *to = '\0';
    char *from = last + strspn(last, " ");
    while (to > from && to[-1] == ' ')
        *--to = '\0';
    if (strcmp(from, ".") && strcmp(from, ".."))
        copy_short(from, strlen(from), ret);
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes %XX; what is not such a triple stays. Returns an owned copy, NULL when out of memory. */
static char *percent_decode(const char *s, size_t len, size_t *ret_len) {
    char *out = vs_malloc(len + 1);
    if (!out)
        return NULL;
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int hi = s[i] == '%' && i + 2 < len ? hex_digit(s[i + 1]) : -1;
        int lo = hi >= 0 ? hex_digit(s[i + 2]) : -1;
        if (lo >= 0)
            i += 2;
        out[n++] = lo >= 0 ? (char)(hi << 4 | lo) : s[i];
    }
    out[n] = '\0';
    *ret_len = n;
    return out;
}

static void clean_encoded(const char *s, size_t len, char ret[VS_NET_NAME_MAX]) {
    size_t n = 0;
    vs_autofree char *plain = percent_decode(s, len, &n);
    ret[0] = '\0';
    if (plain)
        vs_net_name_clean(plain, n, ret);
}

void vs_net_name_from_url(const char *url, char ret[VS_NET_NAME_MAX]) {
    ret[0] = '\0';
    const char *path = strstr(url, "://");
    path = path ? strpbrk(path + 3, "/?#") : NULL;
    if (!path || *path != '/')
        return;
    size_t len = strcspn(path, "?#");
    const char *slash = memrchr(path, '/', len);
    clean_encoded(slash + 1, (size_t)(path + len - slash - 1), ret);
}

/* One parameter of a header: a token or a quoted text. */
struct param {
    const char *name, *value;
    size_t name_len, value_len;
    int quoted;
};

/* Reads the next "; name=value" at *p. 0 at the end. */
static int next_param(const char **p, struct param *ret) {
    const char *s = strchr(*p, ';');
    if (!s)
        return 0;
    s++;
    s += strspn(s, " \t");
    ret->name = s;
    ret->name_len = strcspn(s, " \t=;");
    s += ret->name_len;
    s += strspn(s, " \t");
    ret->value = s;
    ret->value_len = 0;
    ret->quoted = 0;
    if (*s == '=') {
        s++;
        s += strspn(s, " \t");
        ret->quoted = *s == '"';
        ret->value = s + ret->quoted;
        const char *end = ret->value;
        while (*end && (ret->quoted ? *end != '"' : *end != ';'))
            end += end[0] == '\\' && ret->quoted && end[1] ? 2 : 1;
        ret->value_len = (size_t)(end - ret->value);
        s = end + (ret->quoted && *end);
    }
    *p = s;
    return 1;
}

/* filename="a \"b\"": a backslash hides the next character, but old servers send unescaped Windows paths; both end at
 * the last component. */
static void clean_quoted(const struct param *v, char ret[VS_NET_NAME_MAX]) {
    vs_autofree char *plain = vs_malloc(v->value_len + 1);
    ret[0] = '\0';
    if (!plain)
        return;
    size_t n = 0;
    for (size_t i = 0; i < v->value_len; i++) {
        int escape = v->quoted && v->value[i] == '\\' && i + 1 < v->value_len &&
                     (v->value[i + 1] == '"' || v->value[i + 1] == '\\');
        plain[n++] = v->value[i += (size_t)escape];
    }
    vs_net_name_clean(plain, n, ret);
}

/* filename*=UTF-8''%e2%82%ac.mp4; other character sets are not read. */
static void clean_extended(const struct param *v, char ret[VS_NET_NAME_MAX]) {
    ret[0] = '\0';
    if (v->value_len < 7 || strncasecmp(v->value, "UTF-8'", 6) != 0)
        return;
    const char *text = memchr(v->value + 6, '\'', v->value_len - 6);
    if (text)
        clean_encoded(text + 1, (size_t)(v->value + v->value_len - text - 1), ret);
}

void vs_net_name_from_disposition(const char *value, char ret[VS_NET_NAME_MAX]) {
    ret[0] = '\0';
    char extended[VS_NET_NAME_MAX] = "";
    struct param v;
    while (next_param(&value, &v)) {
        if (v.name_len == 9 && strncasecmp(v.name, "filename*", 9) == 0)
            clean_extended(&v, extended);
        else if (v.name_len == 8 && strncasecmp(v.name, "filename", 8) == 0)
            clean_quoted(&v, ret);
    }
    if (*extended)
        memcpy(ret, extended, VS_NET_NAME_MAX);
}
