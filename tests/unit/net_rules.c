/* SPDX-License-Identifier: MIT */
/* The rules of lib/net that need no server: addresses, URLs, file names, response heads, waiting. */
#include "net/net_internal.h"
#include "util/alloc.h"
#include "util/error.h"
#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static int is_public(const char *text) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return vs_net_addr_public((struct sockaddr *)&v4);
    ck_assert_msg(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1, "%s is no address", text);
    return vs_net_addr_public((struct sockaddr *)&v6);
}

START_TEST(test_addresses_refused) {
    static const char *const refused[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "2001::1",
        "2001:0:5ef5:79fd::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a00:1::",
        "2002:c0a8:101::1",
        "3fff::1",
        "3fff:fff::1",
        "2a00:1450::5efe:10.0.0.1",
        "2a00:1450::200:5efe:192.168.1.1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    };
    for (size_t i = 0; i < VS_COUNT(refused); i++)
        ck_assert_msg(!is_public(refused[i]), "%s passes", refused[i]);
    struct sockaddr unix_socket = {.sa_family = AF_UNIX};
    ck_assert(!vs_net_addr_public(&unix_socket));
}
END_TEST

START_TEST(test_addresses_allowed) {
    static const char *const allowed[] = {
        "1.1.1.1",          "8.8.8.8",         "9.255.255.255",           "11.0.0.0",
        "100.63.255.255",   "100.128.0.0",     "126.255.255.255",         "128.0.0.0",
        "168.63.129.15",    "168.63.129.17",   "169.253.255.255",         "172.15.255.255",
        "172.32.0.0",       "192.0.1.0",       "192.167.255.255",         "192.169.0.0",
        "198.17.255.255",   "198.20.0.0",      "223.255.255.255",         "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8", "2001:200::1",     "2001:4860:4860::8888",    "2001:db7::1",
        "2002:808:808::1",  "2606:4700::1111", "2a00:1450::5efe:8.8.8.8", "3ffe::1",
        "3fff:1000::1",
    };
    for (size_t i = 0; i < VS_COUNT(allowed); i++)
        ck_assert_msg(is_public(allowed[i]), "%s is refused", allowed[i]);
}
END_TEST

static void expect_bad_url(const char *url, int32_t sub) {
    vs_autoerror vidstore_error *e = NULL;
    ck_assert_msg(vs_net_check_url(url, &e) == VIDSTORE_INVALID, "%.60s passes", url);
    ck_assert_int_eq(vidstore_error_code(e), VIDSTORE_INVALID);
    ck_assert_msg(vidstore_error_subcode(e) == sub, "%.60s: sub %d", url, vidstore_error_subcode(e));
    ck_assert_str_eq(vidstore_error_field(e), "url");
}

START_TEST(test_urls_refused) {
    static const char *const refused[] = {
        "",
        "x",
        "example.com/a",
        "//example.com/a",
        "/etc/passwd",
        "http:",
        "http://",
        "http:///a",
        "https://?a",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "gopher://example.com/",
        "data:text/plain,x",
        "javascript:alert(1)",
        "httpx://example.com/",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://:secret@example.com/",
        "http://@example.com/",
        "http://example.com:99999/",
        "http://example.com:x/",
        "http://[::1/",
        "http://exa mple.com/",
        "http://example.com/a b",
        " http://example.com/",
        "http://example.com/\n",
        "http://example.com/\r\nHost: x",
        "http://example.com/\x01",
        "http://example.com/\x7f",
        "http://example.com/\t",
    };
    for (size_t i = 0; i < VS_COUNT(refused); i++)
        expect_bad_url(refused[i], VIDSTORE_SUB_SYNTAX);
    expect_bad_url("http://example.com/\xff", VIDSTORE_SUB_UTF8);
    vs_autoerror vidstore_error *e = NULL;
    ck_assert_int_eq(vs_net_check_url(NULL, &e), VIDSTORE_MISUSE);
}
END_TEST

START_TEST(test_url_limit) {
    char url[VS_NET_URL_MAX + 2];
    memset(url, 'a', sizeof url);
    memcpy(url, "http://example.com/", 19);
    url[VS_NET_URL_MAX] = '\0';
    vs_autoerror vidstore_error *e = NULL;
    ck_assert_int_eq(vs_net_check_url(url, &e), 0);
    ck_assert_ptr_null(e);
    url[VS_NET_URL_MAX] = 'a';
    url[VS_NET_URL_MAX + 1] = '\0';
    expect_bad_url(url, VIDSTORE_SUB_TOO_LONG);
}
END_TEST

START_TEST(test_urls_resolved) {
    static const struct {
        const char *base, *url, *expected;
    } cases[] = {
        {NULL, "http://example.com", "http://example.com/"},
        {NULL, "HTTPS://Example.com:8443/a?b=c", "https://Example.com:8443/a?b=c"},
        {NULL, "http://[2606:4700::1111]:81/a", "http://[2606:4700::1111]:81/a"},
        {NULL, "http://example.com/%41%zz", "http://example.com/%41%zz"},
        {NULL, "http://example.com/\xc3\xa9.mp4", "http://example.com/%c3%a9.mp4"},
        {"https://example.com/a/b?c", "d", "https://example.com/a/d"},
        {"https://example.com/a/b?c", "/d?e", "https://example.com/d?e"},
        {"https://example.com/a/b", "//other.example/x", "https://other.example/x"},
        {"https://example.com/a/b", "http://other.example/x", "http://other.example/x"},
    };
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        vs_autofree char *got = NULL;
        vs_autoerror vidstore_error *e = NULL;
        ck_assert_int_eq(vs_net_url_resolve(cases[i].base, cases[i].url, &got, &e), 0);
        ck_assert_str_eq(got, cases[i].expected);
    }
}
END_TEST

START_TEST(test_names_from_urls) {
    static const struct {
        const char *url, *expected;
    } cases[] = {
        {"http://h/a/b.mp4", "b.mp4"},
        {"http://h/a/b.mp4?x=/y#z", "b.mp4"},
        {"http://h", ""},
        {"http://h/", ""},
        {"http://h?a/b", ""},
        {"http://h/%2e%2e", ""},
        {"http://h/.", ""},
        {"http://h/a%2Fb.mp4", "b.mp4"},
        {"http://h/..%5c..%5cb.mp4", "b.mp4"},
        {"http://h/a%20b.mp4", "a b.mp4"},
        {"http://h/%C3%A9.mp4", "\xc3\xa9.mp4"},
        {"http://h/a%0d%0ab.mp4", "ab.mp4"},
        {"http://h/100%", "100%"},
        {"http://h/100%4", "100%4"},
        {"http://h/%e2%80%aegpj.exe", "gpj.exe"},
        {"http://h/%20%20", ""},
        {"http://h/a%ffb", "a\xef\xbf\xbd"
                           "b"},
        {"http://h/a%c2%85b", "ab"},
    };
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        char got[VS_NET_NAME_MAX];
        vs_net_name_from_url(cases[i].url, got);
        ck_assert_str_eq(got, cases[i].expected);
    }
}
END_TEST

START_TEST(test_names_from_dispositions) {
    static const struct {
        const char *value, *expected;
    } cases[] = {
        {"attachment", ""},
        {"attachment; filename=a.mp4", "a.mp4"},
        {"attachment; filename=\"a b.mp4\"; size=3", "a b.mp4"},
        {"attachment; filename=\"a \\\"b\\\".mp4\"", "a \"b\".mp4"},
        {"attachment;filename = \"x;filename=y.mp4\"", "x;filename=y.mp4"},
        {"attachment; filename=\"../../etc/passwd\"", "passwd"},
        {"attachment; filename=\"C:\\videos\\a.mp4\"", "a.mp4"},
        {"attachment; filename=\"x.mp4\"; filename*=UTF-8''%c3%a9%2Fz.mp4", "z.mp4"},
        {"attachment; filename*=utf-8'en'%e2%82%ac.mp4; filename=euro.mp4", "\xe2\x82\xac.mp4"},
        {"attachment; filename*=latin1''%e9.mp4; filename=e.mp4", "e.mp4"},
        {"attachment; filename*=UTF-8", ""},
        {"attachment; filename=\"", ""},
        {"attachment; filename=\"abc", "abc"},
        {"attachment; filename=\"a\\", ""}, /* a lone backslash is a separator as well */
        {";;;=;filename", ""},
    };
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        char got[VS_NET_NAME_MAX];
        vs_net_name_from_disposition(cases[i].value, got);
        ck_assert_str_eq(got, cases[i].expected);
    }
}
END_TEST

START_TEST(test_name_length) {
    char name[400], got[VS_NET_NAME_MAX];
    memset(name, 'a', sizeof name);
    memcpy(name + 396, ".mp4", 4);
    vs_net_name_clean(name, sizeof name, got);
    ck_assert_uint_eq(strlen(got), 255);
    ck_assert_str_eq(got + 251, ".mp4");
    for (size_t i = 0; i < 396; i += 3)
        memcpy(name + i, "\xe2\x82\xac", 3);
    vs_net_name_clean(name, sizeof name, got);
    ck_assert_uint_eq(strlen(got), 249 + 4); /* 83 whole characters */
    ck_assert_str_eq(got + 249, ".mp4");
    vs_net_name_clean(name + 1, 255, got); /* cut in the middle of its first one: scrubbed, and grown by that */
    ck_assert_uint_le(strlen(got), 255);
}
END_TEST

static int feed(struct vs_net_head *h, const char *lines) {
    int end = 0;
    vs_net_head_reset(h);
    while (*lines && !end) {
        size_t len = strcspn(lines, "\n") + 1;
        end = vs_net_head_line(h, lines, len, 1000000000);
        lines += len;
    }
    return end;
}

START_TEST(test_head_fields) {
    struct vs_net_head h;
    ck_assert_int_eq(feed(&h, "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nCONTENT-RANGE: bytes 5-9/10\r\n"
                              "etag:\"x\"\r\nContent-Type:  video/mp4 \r\nRetry-After: 7\r\nX: y\r\nbroken\r\n\r\n"),
                     1);
    ck_assert_int_eq(h.status, 206);
    ck_assert_int_eq(h.length, 5);
    ck_assert_int_eq(h.range_first, 5);
    ck_assert_int_eq(h.range_last, 9);
    ck_assert_int_eq(h.range_total, 10);
    ck_assert_str_eq(h.content_type, "video/mp4");
    ck_assert_str_eq(vs_net_head_validator(&h), "\"x\"");
    ck_assert_int_eq(h.retry_after_ms, 7000);
}
END_TEST

START_TEST(test_head_ranges) {
    static const struct {
        const char *value;
        int64_t first, last, total;
    } cases[] = {
        {"bytes 0-0/1", 0, 0, 1},
        {"bytes 5-9/*", 5, 9, -1},
        {"bytes */10", -1, -1, 10},
        {"bytes */*", -1, -1, -1},
        {"bytes 9-5/10", -1, -1, 10},
        {"bytes 5-10/10", -1, -1, 10},
        {"items 0-1/2", -1, -1, -1},
        {"bytes", -1, -1, -1},
        {"bytes 5-/10", -1, -1, 10},
        {"bytes -5/10", -1, -1, 10},
        {"bytes 0-99999999999999999999/5", -1, -1, -1},
    };
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        char line[128];
        struct vs_net_head h;
        snprintf(line, sizeof line, "HTTP/1.1 206 x\r\nContent-Range: %s\r\n\r\n", cases[i].value);
        feed(&h, line);
        ck_assert_msg(h.range_first == cases[i].first && h.range_last == cases[i].last &&
                          h.range_total == cases[i].total,
                      "%s: %lld %lld %lld", cases[i].value, (long long)h.range_first, (long long)h.range_last,
                      (long long)h.range_total);
    }
}
END_TEST

START_TEST(test_head_validators) {
    static const struct {
        const char *lines, *expected;
    } cases[] = {
        {"ETag: \"a\"\r\nLast-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\nDate: Sun, 02 Jan 2000 00:00:00 GMT\r\n",
         "\"a\""},
        {"ETag: W/\"a\"\r\n", ""},
        {"ETag: a\r\n", ""},
        {"ETag: \"\xc3\xa9\"\r\n", ""},
        {"ETag: W/\"a\"\r\nLast-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\nDate: Sat, 01 Jan 2000 00:00:01 GMT\r\n",
         "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n", ""},
        {"Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\n", ""},
        {"Last-Modified: nonsense\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n", ""},
    };
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        char text[512];
        struct vs_net_head h;
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s\r\n", cases[i].lines);
        feed(&h, text);
        ck_assert_str_eq(vs_net_head_validator(&h), cases[i].expected);
    }
}
END_TEST

START_TEST(test_head_limits) {
    struct vs_net_head h;
    char line[1024];
    memset(line, 'x', sizeof line);
    vs_net_head_reset(&h);
    for (int i = 0; i < 256; i++)
        ck_assert_int_eq(vs_net_head_line(&h, line, sizeof line, 0), 0);
    ck_assert_int_eq(vs_net_head_line(&h, line, 1, 0), -1);
    /* The head of an interim response counts towards the same limit, but its fields are forgotten. */
    ck_assert_int_eq(feed(&h, "HTTP/1.1 103 Early\r\nContent-Length: 9\r\n\r\n"), 1);
    size_t before = h.bytes;
    ck_assert_int_eq(vs_net_head_line(&h, "HTTP/1.1 200 OK\r\n", 17, 0), 0);
    ck_assert_int_eq(h.length, -1);
    ck_assert_uint_eq(h.bytes, before + 17);
    ck_assert_int_eq(feed(&h, "HTTP/1.1 503 x\r\nRetry-After: Sun, 09 Sep 2001 01:47:10 GMT\r\n\r\n"), 1);
    ck_assert_int_eq(h.retry_after_ms, 30000); /* the clock of these tests stands at 01:46:40 */
    ck_assert_int_eq(feed(&h, "HTTP/1.1 503 x\r\nRetry-After: soon\r\n\r\n"), 1);
    ck_assert_int_eq(h.retry_after_ms, -1);
}
END_TEST

START_TEST(test_delays) {
    static const int64_t most[] = {200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000, 20000};
    for (int n = 1; n <= 10; n++) {
        int64_t low = INT64_MAX, high = 0;
        for (int i = 0; i < 2000; i++) {
            int64_t d = vs_net_retry_delay_ms(n, -1);
            ck_assert_int_ge(d, 0);
            ck_assert_int_le(d, most[n - 1]);
            low = d < low ? d : low;
            high = d > high ? d : high;
        }
        ck_assert_int_lt(low, most[n - 1] / 10); /* full jitter: the whole width is used */
        ck_assert_int_gt(high, most[n - 1] * 9 / 10);
    }
    ck_assert_int_ge(vs_net_retry_delay_ms(1, 20000), 20000);
    ck_assert_int_eq(vs_net_retry_delay_ms(1, 20001), -1);
    ck_assert_int_le(vs_net_retry_delay_ms(100, 0), 20000);
}
END_TEST

Suite *net_rules_suite(void);
Suite *net_rules_suite(void) {
    Suite *s = suite_create("net_rules");
    TCase *t = tcase_create("rules");
    tcase_add_test(t, test_addresses_refused);
    tcase_add_test(t, test_addresses_allowed);
    tcase_add_test(t, test_urls_refused);
    tcase_add_test(t, test_url_limit);
    tcase_add_test(t, test_urls_resolved);
    tcase_add_test(t, test_names_from_urls);
    tcase_add_test(t, test_names_from_dispositions);
    tcase_add_test(t, test_name_length);
    tcase_add_test(t, test_head_fields);
    tcase_add_test(t, test_head_ranges);
    tcase_add_test(t, test_head_validators);
    tcase_add_test(t, test_head_limits);
    tcase_add_test(t, test_delays);
    suite_add_tcase(s, t);
    return s;
}
