/*
 * How a program gets the agent: find libtenure.so next to ourselves, look at
 * the program, make the snapshots' directory, and put all of it into
 * LD_PRELOAD and TENURE_OPTIONS.
 *
 * The order matters: nothing is made on the disk for a program that will not
 * be run.
 */
#include "report/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define AGENT "libtenure.so"
#define DEPTH_LIMIT 512
#define SAMPLE_LIMIT (1ull << 40)

const char *const tenure_follow_names[] = {"children", "none", NULL};

int tenure_launch_agent(char path[PATH_MAX], struct tenure_why *why)
{
    static const char *const places[] = {TENURE_AGENT_FROM_BIN,
                                         "../lib/tenure"};
    char own[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
    if (length <= 0)
        return tenure_because(why, "cannot find myself: /proc is not mounted");
    own[length] = 0;
    *strrchr(own, '/') = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char candidate[2 * PATH_MAX];
        snprintf(candidate, sizeof candidate, "%s/%s/" AGENT, own, places[i]);
        if (!realpath(candidate, path))
            continue;
        if (strpbrk(path, ": "))
            return tenure_because(why,
                                  "the loader cannot preload %s, because "
                                  "of the space or colon; install tenure "
                                  "somewhere else",
                                  path);
        return 0;
    }
    return tenure_because(why,
                          AGENT
                          " is not in %s/%s, where this tenure "
                          "looks for it; install tenure again",
                          own, places[0]);
}

/* A service that gives up root must still write its snapshots: then the
 * directory is like /tmp. */
static int make_directory(const char *dir, struct tenure_why *why)
{
    if (mkdir(dir, 0700) != 0) {
        if (errno == EEXIST)
            return 0;
        return tenure_because(why,
                              "cannot make the directory %s: %s; name "
                              "another one with --dir",
                              dir, strerror(errno));
    }
    if (geteuid() != 0)
        return 0;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        fchmod(fd, 01777);
        close(fd);
    }
    return 0;
}

/* By trying: permissions do not tell it all (root, read-only, quota). */
static bool can_write(const char *dir)
{
    char probe[PATH_MAX + 32];
    snprintf(probe, sizeof probe, "%s/.probe.%d", dir, getpid());
    int fd = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    close(fd);
    return unlink(probe) == 0;
}

int tenure_launch_directory(const char *dir, char absolute[PATH_MAX],
                            struct tenure_why *why)
{
    char name[PATH_MAX];
    struct stat st;
    size_t length = strlen(dir);
    if (length == 0 || length >= sizeof name)
        return tenure_because(why,
                              "the name of the directory is %s; name "
                              "another one with --dir",
                              length ? "too long" : "empty");
    strcpy(name, dir);
    /* With a slash at its end a symbolic link would be followed. */
    while (length > 1 && name[length - 1] == '/')
        name[--length] = 0;
    if (make_directory(name, why) != 0)
        return -1;
    if (lstat(name, &st) != 0)
        return tenure_because(why,
                              "%s: %s; name another directory with "
                              "--dir",
                              name, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return tenure_because(
            why, "%s is %s; name a directory with --dir", name,
            S_ISLNK(st.st_mode) ? "a symbolic link, which is not "
                                  "followed"
                                : "not a directory");
    if (!realpath(name, absolute) || !can_write(absolute))
        return tenure_because(why,
                              "cannot write to %s: %s; name another "
                              "directory with --dir",
                              name, strerror(errno));
    return 0;
}

static bool is_agent(const char *item, size_t length)
{
    size_t name = sizeof AGENT - 1;
    return length >= name && memcmp(item + length - name, AGENT, name) == 0 &&
           (length == name || item[length - name - 1] == '/');
}

bool tenure_launch_preload(const char *agent, const char *before, char *value,
                           size_t bytes)
{
    size_t used = (size_t)snprintf(value, bytes, "%s", agent);
    while (before && *before) {
        before += strspn(before, ": ");
        size_t length = strcspn(before, ": ");
        if (length > 0 && !is_agent(before, length) && used < bytes)
            used += (size_t)snprintf(value + used, bytes - used, ":%.*s",
                                     (int)length, before);
        before += length;
    }
    return used < bytes;
}

/* The options' text as it grows; `room` too small is seen at the end. */
struct list {
    char *text;
    size_t bytes, used;
};

__attribute__((format(printf, 2, 3))) static void add(struct list *list,
                                                      const char *format, ...)
{
    va_list args;
    size_t at = list->used < list->bytes ? list->used : list->bytes;
    va_start(args, format);
    list->used +=
        (size_t)vsnprintf(list->text + at, list->bytes - at, format, args);
    va_end(args);
}

/* `5m` is five minutes and `5M` five mebibytes. */
static int add_every(struct list *list, const char *every,
                     struct tenure_why *why)
{
    uint64_t amount;
    if (tenure_parse_duration(every, &amount) == 0 && amount > 0 &&
        amount <= INT64_MAX / 1000000)
        add(list, amount % 1000 ? ":every=%llums" : ":every=%llus",
            (unsigned long long)(amount % 1000 ? amount : amount / 1000));
    else if (tenure_parse_size(every, &amount) == 0 && amount > 0)
        add(list, ":every=%llu", (unsigned long long)amount);
    else
        return tenure_because(why,
                              "--every wants a time such as 30s or 5m, "
                              "or a size such as 10M, not '%s'",
                              every);
    return 0;
}

/* The target may change its directory, so that a file's name has to be
 * absolute. */
static int add_trace(struct list *list, const char *trace,
                     struct tenure_why *why)
{
    char cwd[PATH_MAX] = "";
    if (strchr(trace, ':'))
        return tenure_because(why,
                              "--trace cannot take a name with a colon; "
                              "name another file");
    bool relative = trace[0] != '/' && strcmp(trace, "-") != 0;
    if (relative && !getcwd(cwd, sizeof cwd))
        return tenure_because(why,
                              "the current directory: %s; give --trace "
                              "an absolute name",
                              strerror(errno));
    add(list, ":trace=%s%s%s", cwd, relative ? "/" : "", trace);
    return 0;
}

int tenure_launch_options(const struct tenure_launch *launch,
                          const char *absolute_dir, int leader, char *value,
                          size_t bytes, struct tenure_why *why)
{
    struct list list = {value, bytes, 0};
    if (strchr(absolute_dir, ':'))
        return tenure_because(why,
                              "the directory %s has a colon in its name, "
                              "which cannot be passed on; name another "
                              "one with --dir",
                              absolute_dir);
    if (launch->depth > DEPTH_LIMIT)
        return tenure_because(why, "--depth is at most %d", DEPTH_LIMIT);
    if (launch->sample_bytes > SAMPLE_LIMIT)
        return tenure_because(why,
                              "--sample is at most 1T; without it every "
                              "block is looked at");
    if (launch->verify_every > UINT32_MAX)
        return tenure_because(why, "--verify is at most %u", UINT32_MAX);
    add(&list, "dir=%s", absolute_dir);
    if (launch->every && add_every(&list, launch->every, why) != 0)
        return -1;
    if (launch->trace && add_trace(&list, launch->trace, why) != 0)
        return -1;
    if (launch->ledger)
        add(&list, ":ledger=%s", launch->ledger);
    if (launch->major)
        add(&list, ":major");
    if (launch->objects)
        add(&list, ":objects");
    if (launch->dormant)
        add(&list, ":dormant");
    if (launch->self_test)
        add(&list, ":self-test");
    if (launch->urgent)
        add(&list, ":urgent");
    if (launch->sample_bytes)
        add(&list, ":sample=%llu", (unsigned long long)launch->sample_bytes);
    if (launch->depth)
        add(&list, ":depth=%llu", (unsigned long long)launch->depth);
    if (launch->verify_every)
        add(&list, ":verify=%llu", (unsigned long long)launch->verify_every);
    if (launch->follow == TENURE_FOLLOW_NONE)
        add(&list, ":follow=none:leader=%d", leader);
    if (list.used >= list.bytes)
        return tenure_because(why,
                              "the options are too long to pass on; use "
                              "a shorter --dir");
    return 0;
}

/* Everything that can be wrong without having touched the disk. */
static int check_first(const struct tenure_launch *launch, const char *dir,
                       struct tenure_why *why)
{
    char value[3 * PATH_MAX + 256];
    return tenure_launch_options(launch, dir, 1, value, sizeof value, why);
}

/* The agent appends to it and would say nothing if it could not. */
static int try_trace(const char *trace, struct tenure_why *why)
{
    if (!trace || strcmp(trace, "-") == 0)
        return 0;
    int fd = open(trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                  0600);
    if (fd < 0)
        return tenure_because(why,
                              "cannot write to %s: %s; name another file "
                              "with --trace",
                              trace, strerror(errno));
    close(fd);
    return 0;
}

int tenure_launch_prepare(const struct tenure_launch *launch, char **argv,
                          struct tenure_program *program,
                          char absolute_dir[PATH_MAX], struct tenure_why *why)
{
    char agent[PATH_MAX];
    char options[3 * PATH_MAX + 256];
    if (check_first(launch, launch->dir, why) != 0 ||
        tenure_launch_agent(agent, why) != 0)
        return TENURE_EXIT_CANNOT_TRACK;
    int status = tenure_program_find(argv[0], agent, program, why);
    if (status != 0)
        return status;
    if (try_trace(launch->trace, why) != 0 ||
        tenure_launch_directory(launch->dir, absolute_dir, why) != 0 ||
        tenure_launch_options(launch, absolute_dir, getpid(), options,
                              sizeof options, why) != 0)
        return TENURE_EXIT_CANNOT_TRACK;
    const char *before = getenv("LD_PRELOAD");
    size_t room = strlen(agent) + (before ? strlen(before) : 0) + 2;
    char *preload = malloc(room);
    bool set = preload && tenure_launch_preload(agent, before, preload, room) &&
               setenv("LD_PRELOAD", preload, 1) == 0 &&
               setenv("TENURE_OPTIONS", options, 1) == 0;
    free(preload);
    if (set)
        return 0;
    tenure_because(why, "out of memory");
    return TENURE_EXIT_CANNOT_TRACK;
}
