/* SPDX-License-Identifier: MIT */
/* Where a fetch may lead: redirects, addresses, certificates. */
#include "net_harness.h"
#include "skip.h"
#include <arpa/inet.h>
#include <check.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

/* --- redirects --- */

START_TEST(test_redirect) {
    struct run r;
    fetch_whole(&r, "/x?redirect=/y%3Fredirect%3Da.mp4", 1, 0);
    ck_assert_str_eq(r.sink.name, "a.mp4");
    done(&r);
    prepare(&r, "/x?redirect=self");
    go(&r);
    expect_error(&r, VIDSTORE_INVALID, VIDSTORE_SUB_HTTP);
    ck_assert_int_eq(logged("/x?redirect=self", ""), 6); /* the URL itself and five redirects */
    done(&r);
}
END_TEST

START_TEST(test_redirect_resumes) {
    struct run r;
    fetch_whole(&r, "/x?redirect=/a.mp4%3Fdrop%3D600000", 2, 0);
    done(&r);
}
END_TEST

START_TEST(test_redirect_refused) {
    static const char *const bad[] = {"/x?redirect=file:///etc/passwd", "/x?redirect=ftp://127.0.0.1/a",
                                      "/x?redirect=gopher://127.0.0.1/a", "/x?redirect=http://user:pw@127.0.0.1/a",
                                      "/x?redirect=/a%20b"};
    for (size_t i = 0; i < VS_COUNT(bad); i++)
        fetch_error(bad[i], VIDSTORE_INVALID, VIDSTORE_SUB_SYNTAX, 1);
}
END_TEST

/* --- the address policy --- */

START_TEST(test_private_refused) {
    static const char *const hosts[] = {"127.0.0.1",       "127.1",     "2130706433", "0x7f000001",
                                        "0177.0.0.1",      "localhost", "[::1]",      "[::ffff:127.0.0.1]",
                                        "[::ffff:7f00:1]", "0.0.0.0",   "0"};
    for (size_t i = 0; i < VS_COUNT(hosts); i++) {
        struct run r;
        prepare(&r, "/");
        r.req.allow_private = 0;
        snprintf(r.url, sizeof r.url, "http://%s:%d/a.mp4?private", hosts[i], server.port);
        go(&r);
        expect_error(&r, VIDSTORE_FORBIDDEN, VIDSTORE_SUB_ADDRESS);
        ck_assert_str_eq(vidstore_error_field(r.e), "url");
        ck_assert_int_eq(r.res.tries, 1);
        done(&r);
    }
    ck_assert_int_eq(logged("/a.mp4?private", ""), 0);
}
END_TEST

static int set_interface(const char *name, const char *address) {
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq q = {0};
    snprintf(q.ifr_name, sizeof q.ifr_name, "%s", name);
    struct sockaddr_in a = {.sin_family = AF_INET};
    inet_pton(AF_INET, address, &a.sin_addr);
    memcpy(&q.ifr_addr, &a, sizeof a);
    int rc = ioctl(s, SIOCSIFADDR, &q);
    q.ifr_flags = IFF_UP;
    rc = rc ? rc : ioctl(s, SIOCSIFFLAGS, &q);
    close(s);
    return rc;
}

/* A public address of our own, in a network that has nothing else: what it serves may be fetched, but not what it
 * redirects to. */
START_TEST(test_redirect_into_private_refused) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || set_interface("lo", "127.0.0.1") ||
        set_interface("lo:1", "93.184.216.34"))
        skip_test("no network namespaces here");
    struct range_server own = server;
    range_server_start(&own, "0.0.0.0", NULL, NULL);
    struct run r;
    prepare(&r, "/");
    r.req.allow_private = 0;
    snprintf(r.url, sizeof r.url, "http://93.184.216.34:%d/a.mp4", own.port);
    go(&r);
    expect_whole(&r);
    done(&r);
    prepare(&r, "/");
    r.req.allow_private = 0;
    snprintf(r.url, sizeof r.url, "http://93.184.216.34:%d/x?redirect=http://127.0.0.1:%d/a.mp4%%3Finner", own.port,
             own.port);
    go(&r);
    expect_error(&r, VIDSTORE_FORBIDDEN, VIDSTORE_SUB_ADDRESS);
    ck_assert_int_eq(r.res.http_status, 302);
    ck_assert_uint_eq(r.sink.len, 0);
    ck_assert_int_eq(logged("/a.mp4?inner", ""), 0);
    done(&r);
    range_server_stop(&own);
}
END_TEST

START_TEST(test_environment_is_ignored) {
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    struct run r;
    fetch_whole(&r, "/a.mp4?proxy", 1, 0);
    done(&r);
}
END_TEST

/* --- TLS --- */

START_TEST(test_tls) {
    char cert[96], key[96], command[512];
    snprintf(cert, sizeof cert, "%s/cert.pem", server.dir);
    snprintf(key, sizeof key, "%s/key.pem", server.dir);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test "
             "-addext subjectAltName=IP:127.0.0.1 -keyout %s -out %s >/dev/null 2>&1",
             key, cert);
    if (system(command) != 0)
        skip_test("openssl can't make a certificate here");
    struct range_server own = server;
    range_server_start(&own, "127.0.0.1", cert, key);
    static const struct {
        const char *host; /* the certificate stands for the first one only */
        int trusted, code;
    } cases[] = {{"127.0.0.1", 0, VIDSTORE_UNAVAILABLE}, {"127.0.0.1", 1, 0}, {"localhost", 1, VIDSTORE_UNAVAILABLE}};
    struct run r;
    for (size_t i = 0; i < VS_COUNT(cases); i++) {
        prepare(&r, "/");
        snprintf(r.url, sizeof r.url, "https://%s:%d/a.mp4?drop=600000", cases[i].host, own.port);
        r.req.ca_file = cases[i].trusted ? cert : NULL;
        go(&r);
        ck_assert_msg(r.rc == cases[i].code, "%zu: %d %s", i, r.rc, vidstore_error_message(r.e));
        if (r.rc == 0)
            expect_whole(&r);
        else
            ck_assert_int_eq(r.res.tries, 1);
        ck_assert_int_eq(r.res.http_status, r.rc == 0 ? 206 : 0);
        done(&r);
    }
    prepare(&r, "/");
    snprintf(r.url, sizeof r.url, "https://127.0.0.1:%d/x?redirect=http://127.0.0.1:%d/a.mp4", own.port, server.port);
    r.req.ca_file = cert;
    go(&r);
    expect_error(&r, VIDSTORE_FORBIDDEN, VIDSTORE_SUB_HTTP);
    done(&r);
    range_server_stop(&own);
}
END_TEST

Suite *net_policy_suite(void);
Suite *net_policy_suite(void) {
    const TTest *const tests[] = {
        test_redirect,
        test_redirect_resumes,
        test_redirect_refused,
        test_private_refused,
        test_redirect_into_private_refused,
        test_environment_is_ignored,
        test_tls,
    };
    Suite *s = suite_create("net_policy");
    TCase *t = tcase_create("policy");
    tcase_add_unchecked_fixture(t, setup, teardown);
    for (size_t i = 0; i < VS_COUNT(tests); i++)
        tcase_add_test(t, tests[i]);
    suite_add_tcase(s, t);
    return s;
}
