/*
 * `tenure snap`: a snapshot of a running process, now.
 *
 * Without -o the agent writes into its own directory and we print the path.
 * With -o the file is ours: the agent gets an open descriptor and needs no
 * right to reach the place, and what it wrote is checked before the file gets
 * its name.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/format/format.h"
#include "report/client.h"
#include "report/command.h"
#include "report/message.h"
#include "report/options.h"
#include "report/replace.h"

static const char *output;
static bool minor, major, objects;
static uint64_t timeout_ms = TENURE_TIMEOUT_MS;

static const struct tenure_option options[] = {
    {"output", 'o', "FILE", &output, &tenure_type_text, NULL,
     "write it to FILE; - is stdout"},
    {"minor", 0, NULL, &minor, &tenure_type_flag, NULL,
     "counts and bytes only (default)"},
    {"major", 0, NULL, &major, &tenure_type_flag, NULL,
     "mark what is reachable, too"},
    {"objects", 0, NULL, &objects, &tenure_type_flag, NULL,
     "with every live block in it"},
    TENURE_TIMEOUT_OPTION(&timeout_ms),
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "snap [OPTIONS] PID",
    "Takes a snapshot of the running process PID, which closes a generation,\n"
    "and prints the file's path.",
    options,
    false,
};

static int ask(const struct tenure_peer *peer, int fd,
               struct tenure_reply *reply, struct tenure_why *why)
{
    char request[64];
    snprintf(request, sizeof request, "snap %s%s%s", major ? "major" : "minor",
             objects ? " objects" : "", fd >= 0 ? " fd" : "");
    return tenure_client_ask(peer, request, fd, timeout_ms, reply, why);
}

static int snap_there(const struct tenure_peer *peer, struct tenure_why *why)
{
    struct tenure_reply reply;
    char path[PATH_MAX], ours[PATH_MAX + 32];
    if (ask(peer, -1, &reply, why) != 0)
        return -1;
    tenure_reply_value(&reply, "path", path, sizeof path);
    tenure_peer_file(peer, path, ours, sizeof ours);
    printf("%s\n", ours);
    return 0;
}

/* Did the agent write all of it? */
static int check(int fd, struct tenure_why *why)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_size == 0)
        return tenure_because(why,
                              "the agent wrote nothing; see whether the "
                              "disk is full");
    size_t bytes = (size_t)st.st_size;
    void *data = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        return tenure_because(why, "cannot read the snapshot back: %s",
                              strerror(errno));
    int error = tenure_format_check(data, bytes);
    munmap(data, bytes);
    if (error != 0)
        return tenure_because(why, "the snapshot that arrived %s",
                              tenure_format_error_text(error));
    return 0;
}

static int snap_to_file(const struct tenure_peer *peer, struct tenure_why *why)
{
    struct tenure_reply reply;
    struct tenure_replace file;
    if (tenure_replace_begin(&file, output, why) != 0)
        return -1;
    if (ask(peer, file.fd, &reply, why) != 0 || check(file.fd, why) != 0) {
        tenure_replace_abandon(&file);
        return -1;
    }
    if (tenure_replace_commit(&file, why) != 0)
        return -1;
    printf("%s\n", output);
    return 0;
}

static int copy_to_stdout(int fd, struct tenure_why *why)
{
    char buffer[1 << 16];
    off_t at = 0;
    ssize_t bytes;
    while ((bytes = pread(fd, buffer, sizeof buffer, at)) > 0) {
        if (fwrite(buffer, 1, (size_t)bytes, stdout) != (size_t)bytes)
            break;
        at += bytes;
    }
    if (bytes != 0 || fflush(stdout) != 0)
        return tenure_because(why, "cannot write to stdout: %s",
                              strerror(errno));
    return 0;
}

/* Through memory: nothing is printed of a snapshot that fails half-way. */
static int snap_to_stdout(const struct tenure_peer *peer,
                          struct tenure_why *why)
{
    struct tenure_reply reply;
    if (isatty(STDOUT_FILENO))
        return tenure_because(why,
                              "a snapshot is no text; redirect stdout, "
                              "or give -o a file's name");
    int fd = memfd_create("snapshot", MFD_CLOEXEC);
    if (fd < 0)
        return tenure_because(why, "no memory for the snapshot: %s",
                              strerror(errno));
    int result = ask(peer, fd, &reply, why);
    if (result == 0)
        result = check(fd, why);
    if (result == 0)
        result = copy_to_stdout(fd, why);
    close(fd);
    return result;
}

int tenure_cmd_snap(int argc, char **argv)
{
    struct tenure_peer peer;
    struct tenure_why why;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    if (argc - first != 1)
        return tenure_complain(
            "give one process id, as in: tenure snap 1234; "
            "tenure ps lists them");
    if (minor && major)
        return tenure_complain("--minor and --major exclude each other");
    if (tenure_peer_named(argv[first], &peer, &why) != 0)
        return tenure_complain("%s", why.text);
    int result;
    if (!output)
        result = snap_there(&peer, &why);
    else if (strcmp(output, "-") == 0)
        result = snap_to_stdout(&peer, &why);
    else
        result = snap_to_file(&peer, &why);
    return result == 0 ? TENURE_EXIT_OK : tenure_complain("%s", why.text);
}
