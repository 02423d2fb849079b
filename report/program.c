/*
 * From a command's name to the file that will be executed, and from there to
 * the answer whether LD_PRELOAD will have any effect in it.
 *
 * The name is searched as execvp does, #! lines are followed as the kernel
 * does, and the ELF file at the end is asked what it is. All of it happens
 * before anything is started, so a program that could not be tracked is never
 * run by mistake as if it were.
 */
#include "report/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "report/elf.h"

#define INTERPRETERS_MAX 5 /* as the kernel: BINPRM_MAX_RECURSION + 1 */

static int not_executable(const char *path, struct tenure_why *why)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        tenure_because(why, "%s is a directory; name a program in it", path);
    else
        tenure_because(why,
                       "%s has no execute permission; chmod +x it, or "
                       "run it by its interpreter",
                       path);
    return TENURE_EXIT_NOT_EXECUTABLE;
}

/* 0 if `path` is a file that may be executed, else the errno of trying. */
static int try_path(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return errno;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static int found_nothing(const char *name, int error, struct tenure_why *why)
{
    if (error == EACCES || error == EPERM)
        return not_executable(name, why);
    if (error == ENOENT || error == ENOTDIR)
        tenure_because(why, "%s: no such file; give the path of a program",
                       name);
    else
        tenure_because(why, "%s: %s; give the path of a program", name,
                       strerror(error));
    return TENURE_EXIT_NOT_FOUND;
}

/* As execvp: the first match that may be executed; a match that may not is
 * remembered for the message. */
static int search(const char *name, char path[PATH_MAX], struct tenure_why *why)
{
    const char *directories = getenv("PATH");
    char forbidden[PATH_MAX] = "";
    if (!directories)
        directories = "/bin:/usr/bin";
    while (directories) {
        const char *end = strchrnul(directories, ':');
        int length = (int)(end - directories);
        int bytes = snprintf(path, PATH_MAX, "%.*s%s%s", length, directories,
                             length > 0 ? "/" : "", name);
        if (bytes < PATH_MAX) {
            int error = try_path(path);
            if (error == 0)
                return 0;
            if (error == EACCES)
                memcpy(forbidden, path, PATH_MAX);
        }
        directories = *end ? end + 1 : NULL;
    }
    if (forbidden[0])
        return not_executable(forbidden, why);
    tenure_because(why, "%s: not found in PATH; give the path of a program",
                   name);
    return TENURE_EXIT_NOT_FOUND;
}

static int locate(const char *name, char path[PATH_MAX], struct tenure_why *why)
{
    if (!*name) {
        tenure_because(why, "the program's name is empty; name a program");
        return TENURE_EXIT_NOT_FOUND;
    }
    if (!strchr(name, '/'))
        return search(name, path, why);
    int error = strlen(name) < PATH_MAX ? try_path(name) : ENAMETOOLONG;
    if (error != 0)
        return found_nothing(name, error, why);
    strcpy(path, name);
    return 0;
}

/* The interpreter of a #! line, cut out of the file's first bytes. */
static bool interpreter_of(char *head, size_t bytes, char path[PATH_MAX])
{
    if (bytes < 2 || head[0] != '#' || head[1] != '!')
        return false;
    head[bytes] = 0;
    char *at = head + 2 + strspn(head + 2, " \t");
    at[strcspn(at, " \t\n")] = 0;
    snprintf(path, PATH_MAX, "%s", at);
    return true;
}

/* Would the kernel raise privileges, so that the loader ignores us? */
static const char *raised_by(int fd)
{
    struct stat st;
    struct statvfs fs;
    char capabilities[64];
    if (fstat(fd, &st) != 0 || fstatvfs(fd, &fs) != 0)
        return NULL;
    if ((fs.f_flag & ST_NOSUID) || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return NULL;
    if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
        return "setuid";
    if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) &&
        st.st_gid != getgid())
        return "setgid";
    if (getuid() != 0 && fgetxattr(fd, "security.capability", capabilities,
                                   sizeof capabilities) > 0)
        return "file capabilities";
    return NULL;
}

static int cannot_track(struct tenure_why *why, const char *path,
                        const char *what)
{
    tenure_because(why, "%s %s", path, what);
    return TENURE_EXIT_CANNOT_TRACK;
}

static int check_machine(const char *path, const struct tenure_elf *elf,
                         const char *agent, struct tenure_why *why)
{
    struct tenure_elf own;
    int fd = open(agent, O_RDONLY | O_CLOEXEC);
    int error = fd < 0 ? -1 : tenure_elf_read(fd, &own);
    if (fd >= 0)
        close(fd);
    if (error)
        return cannot_track(why, agent, "cannot be read; install tenure again");
    if (elf->machine == own.machine && elf->class == own.class &&
        elf->data == own.data)
        return 0;
    char own_name[32];
    snprintf(own_name, sizeof own_name, "%s",
             tenure_elf_machine_name(own.machine));
    tenure_because(why,
                   "%s is a %d-bit %s program and the agent here is for "
                   "%d-bit %s; use a tenure built for that machine",
                   path, elf->class == ELFCLASS32 ? 32 : 64,
                   tenure_elf_machine_name(elf->machine),
                   own.class == ELFCLASS32 ? 32 : 64, own_name);
    return TENURE_EXIT_CANNOT_TRACK;
}

static int check_elf(const char *path, const struct tenure_elf *elf,
                     struct tenure_program *program, struct tenure_why *why)
{
    const char *loader = strrchr(elf->interpreter, '/');
    if (!elf->interpreter[0])
        return cannot_track(why, path,
                            "is statically linked, so nothing can be "
                            "preloaded into it; link it dynamically");
    if (loader && strncmp(loader, "/ld-musl", 8) == 0)
        return cannot_track(why, path,
                            "is linked against musl and the agent against "
                            "glibc; build it for glibc");
    if (access(elf->interpreter, F_OK) != 0) {
        tenure_because(why,
                       "%s asks for the loader %s, which is not there; "
                       "install that C library",
                       path, elf->interpreter);
        return TENURE_EXIT_NOT_FOUND;
    }
    if (elf->sanitizer) {
        tenure_because(why,
                       "%s is built with %s, which replaces malloc "
                       "itself; run a build without it",
                       path, elf->sanitizer);
        return TENURE_EXIT_CANNOT_TRACK;
    }
    if (elf->own_malloc)
        snprintf(program->warning, sizeof program->warning,
                 "%.120s brings its own malloc, which a preloaded agent does "
                 "not see; link its allocator as a shared library",
                 path);
    return 0;
}

/* One file of the chain: 0 = fine, > 0 = refused, -1 = go on with `next`. */
static int check_file(const char *path, const char *agent,
                      struct tenure_program *program, char next[PATH_MAX],
                      struct tenure_why *why)
{
    char head[PATH_MAX + 4];
    struct tenure_elf elf;
    int status = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0; /* may be executed but not read: the loader knows */
    const char *raised = raised_by(fd);
    ssize_t bytes = pread(fd, head, sizeof head - 1, 0);
    if (bytes >= 0 && interpreter_of(head, (size_t)bytes, next)) {
        status = -1; /* a script's own set-user-id bit has no effect */
    } else if (raised) {
        tenure_because(why,
                       "%s gains privileges (%s), so the loader ignores "
                       "preloaded libraries; run it as its owner or a "
                       "copy without that bit",
                       path, raised);
        status = TENURE_EXIT_CANNOT_TRACK;
    } else if (tenure_elf_read(fd, &elf) == 0) {
        status = check_machine(path, &elf, agent, why);
        if (status == 0)
            status = check_elf(path, &elf, program, why);
    } else {
        strcpy(next, "/bin/sh"); /* what execvp does with it */
        status = -1;
    }
    close(fd);
    return status;
}

int tenure_program_find(const char *name, const char *agent,
                        struct tenure_program *program, struct tenure_why *why)
{
    char path[PATH_MAX], next[PATH_MAX] = "";
    program->warning[0] = 0;
    int status = locate(name, program->path, why);
    if (status != 0)
        return status;
    strcpy(path, program->path);
    for (int i = 0; i < INTERPRETERS_MAX; i++) {
        status = check_file(path, agent, program, next, why);
        if (status >= 0)
            return status;
        int error = try_path(next);
        if (error != 0) {
            tenure_because(why,
                           "%s asks for the interpreter %s: %s; correct "
                           "its first line",
                           path, next, strerror(error));
            return error == EACCES ? TENURE_EXIT_NOT_EXECUTABLE
                                   : TENURE_EXIT_NOT_FOUND;
        }
        strcpy(path, next);
    }
    tenure_because(why, "%s: too many interpreters one behind another", name);
    return TENURE_EXIT_NOT_EXECUTABLE;
}
