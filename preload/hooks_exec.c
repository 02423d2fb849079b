/*
 * Notes what the program executes, for the check that wants to know of each
 * program whether it was seen.
 *
 * libc calls none of these functions through another one, so all of them are
 * here. Most calls come from a child that shares its parent's memory (vfork):
 * nothing is written but one entry of the ledger, which is withdrawn if the
 * call returns.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include "preload/hooks.h"

/* A statement that returns only where nothing was executed. */
#define EXECUTE(name, call)                                                    \
    do {                                                                       \
        struct tenure_ledger_entry *entry = tenure__track_exec_begins(name);   \
        int error = real()->call;                                              \
        tenure__track_exec_failed(entry);                                      \
        return error;                                                          \
    } while (0)

HOOK int execve(const char *path, char *const arguments[],
                char *const environment[])
{
    EXECUTE(path, execve(path, arguments, environment));
}

HOOK int execv(const char *path, char *const arguments[])
{
    EXECUTE(path, execv(path, arguments));
}

HOOK int execvp(const char *file, char *const arguments[])
{
    EXECUTE(file, execvp(file, arguments));
}

HOOK int execvpe(const char *file, char *const arguments[],
                 char *const environment[]);
HOOK int execvpe(const char *file, char *const arguments[],
                 char *const environment[])
{
    EXECUTE(file, execvpe(file, arguments, environment));
}

/* Of who is executed by a descriptor there is no better name. (libc's header
 * says that `arguments` is never NULL; the kernel takes that.) */
static NOINLINE const char *first_of(char *const arguments[])
{
    return arguments != NULL ? arguments[0] : NULL;
}

HOOK int fexecve(int fd, char *const arguments[], char *const environment[])
{
    EXECUTE(first_of(arguments), fexecve(fd, arguments, environment));
}

HOOK int execveat(int fd, const char *path, char *const arguments[],
                  char *const environment[], int flags);
HOOK int execveat(int fd, const char *path, char *const arguments[],
                  char *const environment[], int flags)
{
    EXECUTE((flags & AT_EMPTY_PATH) != 0 ? first_of(arguments) : path,
            execveat(fd, path, arguments, environment, flags));
}

/* How many arguments there are, the NULL at the end not counted. */
static NOINLINE size_t count_of(const char *first, va_list rest)
{
    size_t count = 0;
    for (const char *at = first; at != NULL; at = va_arg(rest, const char *))
        count++;
    return count;
}

static void gather(char **arguments, const char *first, size_t count,
                   va_list rest)
{
    arguments[0] = (char *)first;
    for (size_t i = 1; i <= count; i++)
        arguments[i] = va_arg(rest, char *);
}

/* On the stack, as libc has it: in a child of vfork there is no other
 * place. */
#define LISTED(first, rest, arguments)                                         \
    va_list rest;                                                              \
    va_start(rest, first);                                                     \
    size_t count = count_of(first, rest);                                      \
    va_end(rest);                                                              \
    char **arguments = __builtin_alloca((count + 1) * sizeof *arguments);      \
    va_start(rest, first);                                                     \
    gather(arguments, first, count, rest)

HOOK int execl(const char *path, const char *first, ...)
{
    LISTED(first, rest, arguments);
    va_end(rest);
    EXECUTE(path, execv(path, arguments));
}

HOOK int execlp(const char *file, const char *first, ...)
{
    LISTED(first, rest, arguments);
    va_end(rest);
    EXECUTE(file, execvp(file, arguments));
}

HOOK int execle(const char *path, const char *first, ...)
{
    LISTED(first, rest, arguments);
    char *const *environment = va_arg(rest, char *const *);
    va_end(rest);
    EXECUTE(path, execve(path, arguments, environment));
}

/* The child may begin before its PID is known here, so the entry is taken
 * first. */
#define SPAWN(name)                                                            \
    do {                                                                       \
        pid_t made;                                                            \
        struct tenure_ledger_entry *entry = tenure__track_spawn_begins();      \
        int error =                                                            \
            real()->name(&made, path, actions, how, arguments, environment);   \
        if (error == 0)                                                        \
            tenure__track_spawned(entry, made, path);                          \
        if (error == 0 && pid != NULL)                                         \
            *pid = made;                                                       \
        return error;                                                          \
    } while (0)

HOOK int posix_spawn(pid_t *pid, const char *path, const void *actions,
                     const void *how, char *const arguments[],
                     char *const environment[]);
HOOK int posix_spawn(pid_t *pid, const char *path, const void *actions,
                     const void *how, char *const arguments[],
                     char *const environment[])
{
    SPAWN(posix_spawn);
}

HOOK int posix_spawnp(pid_t *pid, const char *path, const void *actions,
                      const void *how, char *const arguments[],
                      char *const environment[]);
HOOK int posix_spawnp(pid_t *pid, const char *path, const void *actions,
                      const void *how, char *const arguments[],
                      char *const environment[])
{
    SPAWN(posix_spawnp);
}
