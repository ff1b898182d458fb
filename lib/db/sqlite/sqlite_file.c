/* SPDX-License-Identifier: MIT */
/* The database as a file: where it lies, how it comes into being, who else has it locked. */
#include "db/sqlite/sqlite_internal.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Of the log's index: the writer's lock, and those of readers who read from the log. */
enum { SHM_WRITE_LOCK_BYTE = 120, SHM_FIRST_READ_BYTE = 124, SHM_LAST_READ_BYTE = 127 };

int vs_sqlite_is_network_fs(uint64_t magic) {
    static const uint32_t known[] = {
        0x00006969, /* NFS */
        0x0000517B, /* SMB */
        0xFE534D42, /* SMB2 */
        0xFF534D42, /* CIFS */
        0x65735546, /* FUSE: sshfs, s3fs, glusterfs: its locks can't be relied on */
        0x01021997, /* 9P */
        0x00C36400, /* Ceph */
        0x5346414F, /* AFS */
        0x6B414653, /* kAFS */
        0x73757245, /* Coda */
        0x0000564C, /* NCP */
        0x0BD00BD0, /* Lustre */
        0x01161970, /* GFS2 */
        0x7461636F, /* OCFS2 */
        0x47504653, /* GPFS */
        0x19830326, /* BeeGFS */
        0xAAD7AAEA, /* PanFS */
        0x786F4256, /* VirtualBox shared folder */
    };
    for (size_t i = 0; i < VS_COUNT(known); i++)
        if (known[i] == (uint32_t)magic)
            return 1;
    return 0;
}

static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        return vs_strdup(".");
    return slash == path ? vs_strdup("/") : vs_strndup(path, (size_t)(slash - path));
}

static int sync_folder(const char *folder, vidstore_error **e) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return vs_fail_errno(e, errno, NULL, "open the folder of the database");
    int failed = fsync(fd) < 0 && errno != EINVAL ? errno : 0;
    close(fd);
    return failed ? vs_fail_errno(e, failed, NULL, "sync the folder of the database") : 0;
}

/* Gives the file its name unless one stands there already; that is as good. */
static int put_in_place(const char *temp, const char *path) {
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    int err = errno;
    if (err == EINVAL || err == ENOSYS) /* a file system without it */
        err = link(temp, path) == 0 ? 0 : errno;
    unlink(temp);
    return err == EEXIST ? 0 : err;
}

static int fail_create(int err, const char *path, vidstore_error **e) {
    if (err == EACCES || err == EPERM || err == EROFS)
        return vs_fail(e, VIDSTORE_READONLY, "path", "no permission to create %s", path);
    return vs_fail_errno(e, err, "path", "create the database");
}

/* An empty file of mode 0600, whatever the umask. It is closed before it has its name: closing a descriptor of a file
 * that SQLite has open elsewhere in this process would drop all its locks. */
static int make_file(const char *folder, const char *path, vidstore_error **e) {
    uint8_t noise[8];
    if (vs_random(noise, sizeof noise))
        return vs_fail(e, VIDSTORE_IO, NULL, "no random bytes to be had");
    uint64_t n;
    memcpy(&n, noise, sizeof n);
    size_t size = strlen(path) + 32;
    vs_autofree char *temp = vs_malloc(size);
    if (!temp)
        return vs_fail_nomem(e);
    snprintf(temp, size, "%s.new-%016" PRIx64, path, n);
    int fd = open(temp, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_create(errno, path, e);
    int failed = fchmod(fd, 0600) < 0 ? errno : 0;
    close(fd);
    if (failed)
        unlink(temp);
    else
        failed = put_in_place(temp, path);
    return failed ? fail_create(failed, path, e) : sync_folder(folder, e);
}

static int check_file_system(const char *folder, vidstore_error **e) {
    struct statfs fs;
    if (statfs(folder, &fs) < 0)
        return errno == ENOENT ? vs_fail_sub(e, VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, "path",
                                             "there is no directory %s", folder)
                               : vs_fail_errno(e, errno, "path", "look at the folder of the database");
    if (vs_sqlite_is_network_fs((uint64_t)fs.f_type))
        return vs_fail_sub(e, VIDSTORE_UNSUPPORTED, VIDSTORE_SUB_NETWORK_FS, "path",
                           "%s lies on a network file system, where a database gets damaged", folder);
    return 0;
}

int vs_sqlite_locate(const struct vs_db_params *params, char **ret_path, vidstore_error **e) {
    *ret_path = NULL;
    if (!params->path)
        return 0;
    vs_autofree char *folder = folder_of(params->path);
    if (!folder)
        return vs_fail_nomem(e);
    int rc = params->allow_network_fs ? 0 : check_file_system(folder, e);
    if (rc)
        return rc;
    struct stat st;
    if (stat(params->path, &st) < 0) {
        if (errno != ENOENT)
            return vs_fail_errno(e, errno, "path", "look at the database");
        if (!params->create || params->read_only)
            return vs_fail_sub(e, VIDSTORE_NOT_FOUND, VIDSTORE_SUB_NOT_A_STORE, "path", "there is no database %s",
                               params->path);
        if ((rc = make_file(folder, params->path, e)))
            return rc;
    } else if (!S_ISREG(st.st_mode)) {
        return vs_fail_sub(e, VIDSTORE_INVALID, VIDSTORE_SUB_NOT_A_FILE, "path", "%s is not a file", params->path);
    }
    char *real = realpath(params->path, NULL);
    if (!real)
        return vs_fail_errno(e, errno, "path", "find the database");
    *ret_path = vs_strdup(real);
    free(real); /* realpath's own allocation */
    return *ret_path ? 0 : vs_fail_nomem(e);
}

static void describe(long pid, char *buf, size_t size) {
    if (pid == (long)getpid()) {
        snprintf(buf, size, VS_OWN_HANDLE);
        return;
    }
    char path[48], name[32] = "";
    snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *f = fopen(path, "re");
    if (f) {
        if (!fgets(name, sizeof name, f))
            *name = 0;
        name[strcspn(name, "\n")] = 0;
        fclose(f);
    }
    if (pid <= 0)
        snprintf(buf, size, "a process of another container");
    else if (*name)
        snprintf(buf, size, "process %ld (%s)", pid, name);
    else
        snprintf(buf, size, "process %ld", pid);
}

struct lock_range {
    const char *kind; /* READ or WRITE, as /proc/locks has it */
    long long from, to;
};

/* Which process has such a lock on the log's index. */
static void find_lock(const char *path, const struct lock_range *wanted, int others, char *buf, size_t size) {
    size_t len = strlen(path) + 5;
    vs_autofree char *shm = vs_malloc(len);
    struct stat st;
    *buf = 0;
    if (!shm)
        return;
    snprintf(shm, len, "%s-shm", path);
    FILE *locks = stat(shm, &st) < 0 ? NULL : fopen("/proc/locks", "re");
    if (!locks)
        return;
    char line[160];
    while (fgets(line, sizeof line, locks)) {
        long pid;
        unsigned major_, minor_;
        unsigned long long inode;
        long long from, to;
        char kind[8];
        if (sscanf(line, "%*s POSIX %*s %7s %ld %x:%x:%llu %lld %lld", kind, &pid, &major_, &minor_, &inode, &from,
                   &to) != 7 ||
            strcmp(kind, wanted->kind) != 0 || (others && pid == (long)getpid()))
            continue;
        if (inode == (unsigned long long)st.st_ino && from <= wanted->to && to >= wanted->from &&
            makedev(major_, minor_) == st.st_dev) {
            describe(pid, buf, size);
            break;
        }
    }
    fclose(locks);
}

void vs_sqlite_holder(const char *path, char *buf, size_t size) {
    static const struct lock_range writer = {"WRITE", SHM_WRITE_LOCK_BYTE, SHM_WRITE_LOCK_BYTE};
    find_lock(path, &writer, 0, buf, size);
}

void vs_sqlite_reader(const char *path, char *buf, size_t size) {
    static const struct lock_range readers = {"READ", SHM_FIRST_READ_BYTE, SHM_LAST_READ_BYTE};
    find_lock(path, &readers, 1, buf, size);
}
