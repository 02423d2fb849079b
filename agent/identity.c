/*
 * The names and numbers of this process for its snapshots.
 */
#include "agent/identity.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/os.h"
#include "agent/procfs.h"
#include "agent/text.h"

struct tenure__identity tenure__identity;

static void set_run_id(void)
{
    uint8_t *id = tenure__identity.run_id;
    if (tenure__syscall3(SYS_getrandom, id, 16, 1 /* GRND_NONBLOCK */) == 16)
        return;
    uint64_t words[2] = {tenure__os_realtime_ns() ^ (uint64_t)tenure__os_pid()
                                                        << 40,
                         tenure__os_monotonic_ns()};
    memcpy(id, words, 16);
}

static void set_numbers(void)
{
    tenure__identity.started_unix_ns = tenure__os_realtime_ns();
    tenure__identity.started_monotonic_ns = tenure__os_monotonic_ns();
    tenure__identity.pid = (uint32_t)tenure__os_pid();
    tenure__identity.parent_pid = (uint32_t)tenure__syscall0(SYS_getppid);
    tenure__identity.seq = 0;
    tenure__identity.file_number = 0;
    set_run_id();
}

static void set_exe(void)
{
    long bytes = tenure__syscall4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe",
                                  tenure__identity.exe, TENURE_PATH_BYTES - 1);
    tenure__identity.exe[bytes > 0 ? bytes : 0] = 0;
}

/* What was executed: "redis-server", where exe is what the link of that name
 * leads to; but not the "exe" of a program that executes itself. */
static void set_name(void)
{
    const char *name = (const char *)tenure__os_auxiliary(31 /* AT_EXECFN */);
    if (name == NULL || strncmp(name, "/proc/", 6) == 0)
        name = tenure__identity.exe;
    const char *base = strrchr(name, '/');
    struct tenure__text text;
    tenure__text_start(&text, tenure__identity.name,
                       sizeof tenure__identity.name);
    if (base != NULL)
        name = base + 1;
    tenure__text_add(&text, *name != 0 ? name : "program");
}

/* Arguments are separated by zeros; spaces read better. */
static void set_command(void)
{
    char *text = tenure__identity.command;
    long bytes =
        tenure__read_file("/proc/self/cmdline", text, TENURE_PATH_BYTES);
    while (bytes > 0 && text[bytes - 1] == 0)
        bytes--;
    for (long i = 0; i < bytes; i++)
        if (text[i] == 0 || text[i] == '\n')
            text[i] = ' ';
}

static void set_host(void)
{
    struct utsname name;
    if (tenure__syscall1(SYS_uname, &name) == 0)
        memcpy(tenure__identity.host, name.nodename,
               sizeof tenure__identity.host);
    tenure__identity.host[64] = 0;
}

static void set_dir(const char *dir)
{
    struct tenure__text text;
    char cwd[TENURE_PATH_BYTES];
    tenure__text_start(&text, tenure__identity.dir, TENURE_PATH_BYTES);
    if (dir[0] != '/' && tenure__syscall2(SYS_getcwd, cwd, sizeof cwd) > 0) {
        tenure__text_add(&text, cwd);
        tenure__text_add(&text, "/");
    }
    tenure__text_add(&text, dir);
}

void tenure__identity_open(const char *dir)
{
    set_numbers();
    set_exe();
    set_name();
    set_command();
    set_host();
    set_dir(dir);
}

void tenure__identity_after_fork(uint32_t generation, bool was_threaded)
{
    memcpy(tenure__identity.parent_run_id, tenure__identity.run_id, 16);
    tenure__identity.inherited_generation = generation;
    if (was_threaded)
        tenure__identity.orphaned_generation = generation;
    set_numbers();
}
