/*
 * Creates, names and, where something failed, removes snapshot files.
 */
#include "agent/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>

#include "agent/identity.h"
#include "agent/os.h"
#include "agent/text.h"

/* The part of every name before its number. */
static void add_stem(struct tenure__text *name)
{
    tenure__text_add(name, tenure__identity.name);
    tenure__text_add(name, ".");
    tenure__text_number(name, tenure__identity.pid, 1);
}

static int open_dir(void)
{
    const char *dir = tenure__identity.dir;
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = (int)tenure__syscall4(SYS_openat, AT_FDCWD, dir, flags, 0);
    if (fd != -ENOENT)
        return fd;
    int made = (int)tenure__syscall3(SYS_mkdirat, AT_FDCWD, dir, 0700);
    if (made != 0 && made != -EEXIST)
        return made;
    return (int)tenure__syscall4(SYS_openat, AT_FDCWD, dir, flags, 0);
}

/* The process that has such a file; a forked child has none. */
static uint32_t failed_pid;

static void name_failed(struct tenure__text *name, char *at, size_t room)
{
    tenure__text_start(name, at, room);
    add_stem(name);
    tenure__text_add(name, ".failed");
}

/* What is half written is gone by now, so that a full disk has room for the
 * name of an empty file. */
static void note_failure(int dir_fd)
{
    char at[320];
    struct tenure__text name;
    if (failed_pid == tenure__identity.pid)
        return;
    name_failed(&name, at, sizeof at);
    long fd =
        tenure__syscall4(SYS_openat, dir_fd, at,
                         O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    tenure__syscall1(SYS_close, fd);
    failed_pid = tenure__identity.pid;
}

/* From here on snapshots have the count of those that failed. */
static void note_success(int dir_fd)
{
    char at[320];
    struct tenure__text name;
    if (failed_pid != tenure__identity.pid)
        return;
    name_failed(&name, at, sizeof at);
    tenure__syscall3(SYS_unlinkat, dir_fd, at, 0);
    failed_pid = 0;
}

int tenure__file_create(struct tenure__file *file)
{
    struct tenure__text name;
    tenure__text_start(&name, file->temporary, sizeof file->temporary);
    tenure__text_add(&name, ".");
    add_stem(&name);
    tenure__text_add(&name, ".");
    tenure__text_hex(&name, tenure__identity.run_id, 8);
    tenure__text_add(&name, ".partial");
    file->dir_fd = open_dir();
    if (file->dir_fd < 0)
        return file->dir_fd;
    /* Only this process writes this name (the PID alone would not do: two
     * containers may share the directory): what is there is a leftover. */
    tenure__syscall3(SYS_unlinkat, file->dir_fd, file->temporary, 0);
    file->fd = (int)tenure__syscall4(
        SYS_openat, file->dir_fd, file->temporary,
        O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file->fd >= 0)
        return 0;
    note_failure(file->dir_fd);
    tenure__syscall1(SYS_close, file->dir_fd);
    return file->fd;
}

static int link_and_unlink(struct tenure__file *file, const char *name)
{
    int error = (int)tenure__syscall5(SYS_linkat, file->dir_fd, file->temporary,
                                      file->dir_fd, name, 0);
    if (error == 0)
        tenure__syscall3(SYS_unlinkat, file->dir_fd, file->temporary, 0);
    return error;
}

/* The next number that no file has yet. */
static int give_name(struct tenure__file *file, char *name_at, size_t room)
{
    struct tenure__text name;
    int error;
    bool can_refuse = true; /* to replace; some file systems cannot */
    do {
        tenure__identity.file_number++;
        tenure__text_start(&name, name_at, room);
        add_stem(&name);
        tenure__text_add(&name, ".");
        tenure__text_number(&name, tenure__identity.file_number, 4);
        tenure__text_add(&name, ".tenure");
        error = can_refuse
                    ? (int)tenure__syscall5(SYS_renameat2, file->dir_fd,
                                            file->temporary, file->dir_fd,
                                            name_at, RENAME_NOREPLACE)
                    : -EINVAL;
        can_refuse = error != -EINVAL;
        if (!can_refuse)
            error = link_and_unlink(file, name_at);
    } while (error == -EEXIST);
    return error;
}

int tenure__file_finish(struct tenure__file *file, int error, char *path,
                        size_t room)
{
    char name[320];
    struct tenure__text text;
    tenure__text_start(&text, path, room);
    int closed = (int)tenure__syscall1(SYS_close, file->fd);
    if (error == 0)
        error = closed;
    if (error == 0)
        error = give_name(file, name, sizeof name);
    if (error != 0) {
        tenure__syscall3(SYS_unlinkat, file->dir_fd, file->temporary, 0);
        note_failure(file->dir_fd);
    } else {
        note_success(file->dir_fd);
        tenure__text_add(&text, tenure__identity.dir);
        tenure__text_add(&text, "/");
        tenure__text_add(&text, name);
    }
    tenure__syscall1(SYS_close, file->dir_fd);
    return error;
}
