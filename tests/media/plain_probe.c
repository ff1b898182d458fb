/* SPDX-License-Identifier: MIT */
/* The helper's own code without its sandbox: plain_probe FILE… prints an answer a line, against which the
 * sandboxed ones are held. */
#include "media/helper/probe.h"
#include "media/helper/sandbox.h"
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv) {
    json_object_seed(1);
    probe_prepare();
    /* the numbers that the code knows; the answers go straight out */
    if (dup2(STDOUT_FILENO, SANDBOX_ANSWER_FD) < 0)
        return 1;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) != 0 || dup2(fd, SANDBOX_MEDIA_FD) < 0) {
            perror(argv[i]);
            return 1;
        }
        if (fd != SANDBOX_MEDIA_FD)
            close(fd);
        struct vs_media_request request = {.magic = VS_MEDIA_MAGIC,
                                           .max_streams = VS_MEDIA_MAX_STREAMS,
                                           .max_read = 64 << 20,
                                           .timeout_ms = 10000,
                                           .decode = 1,
                                           .size = st.st_size};
        if (probe_answer(&request, 0) != 0)
            return 1;
    }
    return 0;
}
