/* SPDX-License-Identifier: MIT */
/* vidstore-probe: a fork server. It opens nothing; each file that it is handed is read by a child of its own, so that a
 * file that takes over its reader has neither another file nor another answer within reach. The children are forked
 * ahead of their files, for a fork takes longer than most probes. */
#include "child.h"
#include "media/media_wire.h"
#include "probe.h"
#include "sandbox.h"
#include "source.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CHILDREN = 64, TRIES = 3, MAX_SPARES = 4, CHECK_MS = 10000, IDLE_MS = 30000 };

enum state {
    FREE,  /* no process */
    SPARE, /* waits for its first file */
    BUSY,
    IDLE, /* has read some, and waits for more */
};

struct child {
    enum state state;
    pid_t pid;
    int sock;           /* -1: it gets no more files */
    int64_t kill_at_us; /* when busy */
    /* What it was given, until it says that it has taken it: one that dies before has not seen the file. */
    int given, tries, fds[2];
    int64_t until_us; /* the deadline of what it was given */
    struct vs_media_request request;
};

struct server {
    struct child children[MAX_CHILDREN];
    int count[IDLE + 1]; /* by state */
    int spares;          /* that shall be ready: as many as were once missed */
    int processors;
    int signals;      /* a signalfd for SIGCHLD */
    int64_t asked_us; /* the last request */
    pid_t parent;
};

static void set_state(struct server *s, struct child *c, enum state state) {
    s->count[c->state]--;
    s->count[state]++;
    c->state = state;
}

static struct child *find_state(struct server *s, enum state state) {
    for (int i = 0; i < MAX_CHILDREN; i++)
        if (s->children[i].state == state)
            return &s->children[i];
    return NULL;
}

static void hang_up(struct child *c) {
    if (c->sock >= 0)
        close(c->sock);
    c->sock = -1;
}

static void let_go(struct child *c) {
    if (c->given) {
        close(c->fds[0]);
        close(c->fds[1]);
    }
    c->given = 0;
}

/* Forks a child that waits. NULL when that can't be. */
static struct child *add_spare(struct server *s) {
    struct child *c = find_state(s, FREE);
    int pair[2];
    pid_t server = getpid();
    if (!c || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return NULL;
    /* with a processor to spare it gets warm while it waits; else that would only keep the others from their files */
    int rehearse = s->count[BUSY] < s->processors;
    pid_t pid = fork();
    if (pid == 0)
        child_run(pair[1], server, rehearse);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return NULL;
    }
    set_state(s, c, SPARE);
    c->pid = pid;
    c->sock = pair[0];
    return c;
}

static struct child *pick(struct server *s, int warm) {
    struct child *c = warm ? find_state(s, IDLE) : NULL;
    if (!c)
        c = find_state(s, SPARE);
    if (c)
        return c;
    s->spares += s->spares < MAX_SPARES;
    if (s->count[FREE] == 0 && (c = find_state(s, IDLE))) {
        /* full of those that wait for what does not come: its place, when it has gone */
        hang_up(c);
        set_state(s, c, BUSY);
        c->kill_at_us = source_clock_us() + 1000000;
        return NULL;
    }
    return add_spare(s);
}

/* Hands a request to a child, and its descriptors with it; whatever happens, the host learns it from its end of the
 * pipe. */
static void serve(struct server *s, const struct vs_media_request *request, const int fds[2], int64_t kill_at_us,
                  int tries) {
    struct child *c;
    while ((c = pick(s, request->warm))) {
        int sent = message_send(c->sock, request, fds) == (ssize_t)sizeof *request;
        set_state(s, c, BUSY); /* or dying, which is reaped like one that was */
        c->kill_at_us = sent ? kill_at_us : 0;
        if (sent) {
            c->given = 1;
            c->tries = tries;
            c->until_us = kill_at_us;
            c->request = *request;
            memcpy(c->fds, fds, sizeof c->fds);
            return;
        }
        hang_up(c);
    }
    close(fds[0]);
    close(fds[1]);
}

/* It will not answer: what it never took is given to another one, while there is time. */
static void give_up_on(struct server *s, struct child *c) {
    hang_up(c);
    if (c->given && c->tries < TRIES && source_clock_us() < c->until_us) {
        c->given = 0;
        serve(s, &c->request, c->fds, c->until_us, c->tries + 1);
    } else {
        let_go(c);
    }
}

/* Whether it makes sense; fills in what the host has not to say: how large a file is. */
static int request_is_sane(struct vs_media_request *r, ssize_t size, int media) {
    struct stat st;
    if (size != (ssize_t)sizeof *r || r->magic != VS_MEDIA_MAGIC || r->timeout_ms <= 0 || r->timeout_ms > 3600000 ||
        r->max_read <= 0 || r->max_streams == 0 || r->max_streams > VS_MEDIA_MAX_STREAMS || fstat(media, &st) != 0)
        return 0;
    if (r->ranged)
        return S_ISSOCK(st.st_mode) && r->size >= 0 && !r->warm;
    r->size = st.st_size;
    return S_ISREG(st.st_mode);
}

/* One message of the host. 0, or -1 when the host is gone. */
static int server_receive(struct server *s) {
    struct vs_media_request request;
    int fds[2];
    ssize_t got = message_receive(VS_MEDIA_SOCKET, &request, fds, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN ? 0 : -1;
    if (got == 0)
        return -1;
    s->asked_us = source_clock_us();
    if (fds[0] < 0)
        return 0;
    if (request_is_sane(&request, got, fds[0])) {
        serve(s, &request, fds, s->asked_us + (request.timeout_ms + VS_MEDIA_KILL_MS) * INT64_C(1000), 1);
        return 0;
    }
    close(fds[0]);
    close(fds[1]);
    return 0;
}

/* A child has taken its file; or, one of the warm kind, has finished it; or is gone. */
static void server_hear(struct server *s, struct child *c) {
    char byte;
    if (c->sock < 0)
        return;
    if (recv(c->sock, &byte, 1, MSG_DONTWAIT) != 1) {
        give_up_on(s, c);
    } else if (c->given) {
        let_go(c);
        if (!c->request.warm)
            hang_up(c);
    } else if (c->state == BUSY) {
        set_state(s, c, IDLE);
    }
}

static void server_reap(struct server *s) {
    struct signalfd_siginfo info[8];
    while (read(s->signals, info, sizeof info) > 0)
        continue;
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
        for (int i = 0; i < MAX_CHILDREN; i++) {
            struct child *c = &s->children[i];
            if (c->state == FREE || c->pid != pid)
                continue;
            server_hear(s, c); /* that it took its file may not have been heard yet */
            give_up_on(s, c);
            set_state(s, c, FREE);
        }
    }
}

/* Kills the late; tells how long the server may sleep. */
static int server_kill_late(struct server *s) {
    int64_t now = source_clock_us(), wait_us = CHECK_MS * INT64_C(1000);
    for (int i = 0; i < MAX_CHILDREN; i++) {
        struct child *c = &s->children[i];
        if (c->state != BUSY)
            continue;
        if (c->kill_at_us <= now) {
            kill(c->pid, SIGKILL);
            c->kill_at_us = now + 1000000;
        }
        if (c->kill_at_us - now < wait_us)
            wait_us = c->kill_at_us - now;
    }
    return (int)(wait_us / 1000) + 1;
}

/* Whether anybody needs it. */
static int server_is_wanted(const struct server *s) {
    /* a child that the host forked may hold the socket open after the host has died */
    return getppid() == s->parent && (s->count[BUSY] > 0 || source_clock_us() - s->asked_us < IDLE_MS * INT64_C(1000));
}

/* Waits for what comes next, and sees to it; the host's requests first. 0, or -1 when the host is gone. */
static int server_turn(struct server *s, int wait_ms) {
    struct pollfd p[2 + MAX_CHILDREN];
    struct child *of[2 + MAX_CHILDREN];
    nfds_t n = 2;
    /* a full house stops listening: the requests wait in the socket */
    int room = s->count[FREE] + s->count[SPARE] + s->count[IDLE] > 0;
    p[0] = (struct pollfd){.fd = room ? VS_MEDIA_SOCKET : -1, .events = POLLIN};
    p[1] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    for (int i = 0; i < MAX_CHILDREN; i++) {
        if (s->children[i].state == FREE || s->children[i].state == SPARE || s->children[i].sock < 0)
            continue;
        of[n] = &s->children[i];
        p[n++] = (struct pollfd){.fd = s->children[i].sock, .events = POLLIN};
    }
    int ready = poll(p, n, wait_ms);
    if (ready <= 0)
        return ready < 0 && errno != EINTR ? -1 : 0;
    for (nfds_t i = 2; i < n; i++)
        if (p[i].revents)
            server_hear(s, of[i]);
    if (p[1].revents)
        server_reap(s);
    return p[0].revents ? server_receive(s) : 0;
}

/* Whether descriptors of a request are here still. A child that is forked now has them too until it gets to run: were
 * it stopped before, the host would wait for the end of its pipe. */
static int holds_descriptors(const struct server *s) {
    for (int i = 0; i < MAX_CHILDREN; i++)
        if (s->children[i].given)
            return 1;
    return 0;
}

static void server_run(struct server *s) {
    s->asked_us = source_clock_us();
    while (server_is_wanted(s)) {
        int wait_ms = server_kill_late(s), lacking = s->count[SPARE] < s->spares && !holds_descriptors(s);
        if (server_turn(s, lacking ? 0 : wait_ms) != 0)
            return;
        /* one at a time, and after the requests that wait: they don't have to wait for it */
        if (lacking && s->count[SPARE] < s->spares && !add_spare(s) && server_turn(s, 100) != 0)
            return;
    }
}

/* A host with few descriptors of its own may be one of many files. */
static void raise_descriptors(void) {
    enum { NEEDED = 16 + MAX_CHILDREN * 3 };
    struct rlimit now;
    if (getrlimit(RLIMIT_NOFILE, &now) != 0 || now.rlim_cur >= NEEDED)
        return;
    now.rlim_cur = now.rlim_max < NEEDED ? now.rlim_max : NEEDED;
    setrlimit(RLIMIT_NOFILE, &now);
}

/* Whether a child gets into the sandbox on this kernel, and with which layers: tried, not guessed. */
static unsigned int try_sandbox(void) {
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        int layers = sandbox_begin();
        _exit(layers < 0 || sandbox_enter(SANDBOX_FILE, 1000) != 0 ? 0 : layers);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 0;
    return (unsigned int)WEXITSTATUS(status);
}

static int say_hello(unsigned int layers) {
    struct vs_media_hello hello = {.magic = VS_MEDIA_MAGIC, .protocol = VS_MEDIA_PROTOCOL, .isolation = layers};
    unsigned int f = avformat_version(), c = avcodec_version(), u = avutil_version();
    snprintf(hello.version, sizeof hello.version,
             "libavformat %u.%u.%u, libavcodec %u.%u.%u, libavutil %u.%u.%u, facts %u", f >> 16, f >> 8 & 255, f & 255,
             c >> 16, c >> 8 & 255, c & 255, u >> 16, u >> 8 & 255, u & 255, VS_MEDIA_FACTS);
    return send(VS_MEDIA_SOCKET, &hello, sizeof hello, MSG_NOSIGNAL) == (ssize_t)sizeof hello ? 0 : -1;
}

static int is_socket(int fd) {
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

int main(void) {
    struct server s = {.count = {MAX_CHILDREN}, .spares = 1, .signals = -1, .parent = getppid()};
    s.processors = (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (!is_socket(VS_MEDIA_SOCKET)) {
        fputs("vidstore-probe: is started by libvidstore, not by hand\n", stderr);
        return 2;
    }
    raise_descriptors();
    /* what would be opened or drawn later, where nothing can be opened any more */
    json_object_seed(0);
    probe_prepare();
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    if (sandbox_prepare() != 0 || sigprocmask(SIG_SETMASK, &child, NULL) != 0)
        return 3;
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &plain, NULL);
    s.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s.signals < 0 || say_hello(try_sandbox()) != 0)
        return 3;
    server_run(&s);
    for (int i = 0; i < MAX_CHILDREN; i++)
        if (s.children[i].state != FREE)
            kill(s.children[i].pid, SIGKILL);
    _exit(0);
}
