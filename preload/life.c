/*
 * When the agent starts, forks, and ends; and the functions that bracket
 * its helper thread.
 *
 * The library is linked with -z initfirst, so that its constructor runs
 * before every other one and their allocations are seen. What is allocated
 * even earlier, while the loader sets up, passes through untracked.
 */
#include <dlfcn.h>
#include <grp.h>
#include <pthread.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload/hooks.h"
#include "preload/operators.h"

static void before_fork(void)
{
    tenure__track_before_fork();
}

static void in_parent(void)
{
    tenure__track_after_fork(false);
}

static void in_child(void)
{
    tenure__track_after_fork(true);
}

/* The linker's names for where this object and its code begin and end. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

static struct tenure__code own_code(void)
{
    return (struct tenure__code){(uint64_t)__ehdr_start,
                                 (uint64_t)etext - (uint64_t)__ehdr_start};
}

/* glibc calls constructors with main()'s arguments. */
__attribute__((constructor)) static void start(int count, char **arguments,
                                               char **environment)
{
    (void)count;
    (void)arguments;
    real();
    /* Where ours is the first constructor of all, libc has not looked at the
     * environment yet, and a dlopen() would start it without one. */
    if (environ == NULL)
        environ = environment;
    tenure__operators_try();
    struct tenure__track_setup setup = {
        .environment = environment,
        .allocator = tenure__allocator.in_program ? "in the program"
                                                  : tenure__allocator.name,
        .own_allocator = tenure__allocator.in_program,
        .granule_shift =
            __builtin_strcmp(tenure__allocator.name, "glibc") == 0 ? 5 : 4,
        .hooks = own_code(),
        .allocator_code = {tenure__allocator.start,
                           tenure__allocator.end - tenure__allocator.start},
        .tracking_changed = tenure__hooks_choose};
    pthread_atfork(before_fork, in_parent, in_child);
    /* Registered first, so it runs after all of the program's own. */
    if (at_quick_exit(tenure__track_exit) != 0)
        return; /* no room for one handler: no room for us */
    tenure__track_open(&setup);
}

__attribute__((destructor)) static void end(void)
{
    tenure__track_exit();
}

static int (*program_main)(int, char **, char **);

/* Stands between libc and main() only to register a handler that runs before
 * those of the program's static objects, which registered theirs earlier; a
 * tail call, so no stack shows it. */
static int enter_main(int count, char **arguments, char **environment)
{
    /* Without room for it, snapshots go on until the last one. */
    (void)!atexit(tenure__track_exit_begins);
    return program_main(count, arguments, environment);
}

HOOK int __libc_start_main(int (*main)(int, char **, char **), int count,
                           char **arguments, void (*init)(void),
                           void (*fini)(void), void (*rtld_fini)(void),
                           void *stack_end);
HOOK int __libc_start_main(int (*main)(int, char **, char **), int count,
                           char **arguments, void (*init)(void),
                           void (*fini)(void), void (*rtld_fini)(void),
                           void *stack_end)
{
    program_main = main;
    return real()->__libc_start_main(enter_main, count, arguments, init, fini,
                                     rtld_fini, stack_end);
}

HOOK void _exit(int status)
{
    tenure__track_exit();
    real()->_exit(status);
    __builtin_unreachable();
}

HOOK void _Exit(int status)
{
    tenure__track_exit();
    real()->_Exit(status);
    __builtin_unreachable();
}

HOOK void quick_exit(int status)
{
    real()->quick_exit(status); /* at_quick_exit above takes the snapshot */
    __builtin_unreachable();
}

/* Its parent process ends inside libc, where no hook sees it. */
HOOK int daemon(int keep_directory, int keep_descriptors)
{
    tenure__track_exit();
    return real()->daemon(keep_directory, keep_descriptors);
}

HOOK int dlclose(void *handle)
{
    tenure__track_unload(true);
    tenure__real_unload(true);
    int error = real()->dlclose(handle);
    tenure__real_unload(false);
    tenure__track_unload(false);
    return error;
}

/* The helper thread has the credentials it was made with. After a change it
 * is made anew, so that no thread keeps what the program gave up. */
#define CHANGES_PRIVILEGES(name, parameters, arguments)                        \
    HOOK int name parameters                                                   \
    {                                                                          \
        int error = real()->name arguments;                                    \
        if (error == 0)                                                        \
            tenure__track_privileges_changed(false);                           \
        return error;                                                          \
    }

CHANGES_PRIVILEGES(setuid, (uid_t uid), (uid))
CHANGES_PRIVILEGES(setgid, (gid_t gid), (gid))
CHANGES_PRIVILEGES(seteuid, (uid_t uid), (uid))
CHANGES_PRIVILEGES(setegid, (gid_t gid), (gid))
CHANGES_PRIVILEGES(setreuid, (uid_t ruid, uid_t effective), (ruid, effective))
CHANGES_PRIVILEGES(setregid, (gid_t rgid, gid_t effective), (rgid, effective))
CHANGES_PRIVILEGES(setresuid, (uid_t ruid, uid_t effective, uid_t saved),
                   (ruid, effective, saved))
CHANGES_PRIVILEGES(setresgid, (gid_t rgid, gid_t effective, gid_t saved),
                   (rgid, effective, saved))
CHANGES_PRIVILEGES(setgroups, (size_t count, const gid_t *groups),
                   (count, groups))

/* Only of the calling thread, in the kernel and by libc. */
HOOK int capset(void *header, const void *data);
HOOK int capset(void *header, const void *data)
{
    int error = real()->capset(header, data);
    if (error == 0)
        tenure__track_privileges_changed(true);
    return error;
}

/* The kernel refuses these to a process with two threads; with setns(), 0
 * stands for whatever the descriptor is. */
#define WANTS_ONE_THREAD                                                       \
    (CLONE_NEWUSER | CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)

/* Where the helper follows. (After CLONE_NEWPID the kernel makes no more
 * threads in this process: it stays what it is.) */
static bool is_new_place(int type)
{
    return (type & (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWNET)) != 0 &&
           (type & CLONE_NEWPID) == 0;
}

HOOK int setns(int fd, int type)
{
    bool alone = type == 0 || (type & WANTS_ONE_THREAD) != 0;
    if (alone)
        tenure__track_alone(true);
    int error = real()->setns(fd, type);
    if (alone)
        tenure__track_alone(false);
    else if (error == 0 && is_new_place(type))
        tenure__track_privileges_changed(false);
    return error;
}

HOOK int unshare(int flags)
{
    bool alone = (flags & WANTS_ONE_THREAD) != 0;
    if (alone)
        tenure__track_alone(true);
    int error = real()->unshare(flags);
    if (alone)
        tenure__track_alone(false);
    else if (error == 0 && is_new_place(flags))
        tenure__track_privileges_changed(false);
    return error;
}

/* A seccomp filter may kill the process for a system call that only we make
 * on its threads. (Without a program the call only asks what there is.) */
HOOK int prctl(int option, ...)
{
    unsigned long argument[4];
    va_list rest;
    va_start(rest, option);
    for (int i = 0; i < 4; i++)
        argument[i] = va_arg(rest, unsigned long);
    va_end(rest);
    if (option == PR_SET_SECCOMP && argument[0] == SECCOMP_MODE_STRICT)
        tenure__track_sandboxed(false, NULL);
    else if (option == PR_SET_SECCOMP && argument[1] != 0)
        tenure__track_sandboxed(false, (const void *)argument[1]);
    return real()->prctl(option, argument[0], argument[1], argument[2],
                         argument[3]);
}

static void before_seccomp(long operation, unsigned long flags, long program)
{
    if (operation == SECCOMP_SET_MODE_STRICT)
        tenure__track_sandboxed(false, NULL);
    else if (operation == SECCOMP_SET_MODE_FILTER && program != 0)
        tenure__track_sandboxed((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0,
                                (const void *)program);
}

/* By number they are the calling thread's alone. */
static bool changes_privileges(long number)
{
    switch (number) {
    case SYS_setuid:
    case SYS_setgid:
    case SYS_setreuid:
    case SYS_setregid:
    case SYS_setresuid:
    case SYS_setresgid:
    case SYS_setgroups:
    case SYS_capset:
        return true;
    default:
        return false;
    }
}

HOOK long syscall(long number, ...)
{
    long argument[6];
    va_list rest;
    va_start(rest, number);
    for (int i = 0; i < 6; i++)
        argument[i] = va_arg(rest, long);
    va_end(rest);
    if (number == SYS_seccomp)
        before_seccomp(argument[0], (unsigned long)argument[1], argument[2]);
    long result = real()->syscall(number, argument[0], argument[1], argument[2],
                                  argument[3], argument[4], argument[5]);
    if (result == 0 && changes_privileges(number))
        tenure__track_privileges_changed(true);
    return result;
}
