/* SPDX-License-Identifier: MIT */
/* The process that reads a file. It is forked ahead of its file and waits, most of the sandbox closed behind it; with
 * the file the last layer closes. */
#ifndef VS_HELPER_CHILD_H
#define VS_HELPER_CHILD_H

#include "media/media_wire.h"
#include <stdint.h>
#include <sys/socket.h>

/* Files that one process of the warm kind reads before another takes its place. */
#define CHILD_MANY 100

/* Runs in the child, to its end. sock: its end of a socket to the server, by which its file comes; one byte goes
 * back when it has taken one, and one of the warm kind sends another after it. rehearse: probe a sample first, so that
 * the pages which that takes are there. */
_Noreturn void child_run(int sock, pid_t server, int rehearse);

/* One request with its descriptors over a socket. As recvmsg and sendmsg; what did not bring exactly two descriptors
 * comes back with fds[0] == -1. */
ssize_t message_receive(int sock, struct vs_media_request *ret, int fds[2], int flags);
ssize_t message_send(int sock, const struct vs_media_request *request, const int fds[2]);

#endif
