/*
 * Temporary name, fsync, rename.
 */
#include "report/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What an interrupt has to remove; "" between two files. */
static char pending[PATH_MAX];

static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP};
enum { INTERRUPTS = sizeof interrupts / sizeof *interrupts };
static struct sigaction before[INTERRUPTS];

static void on_interrupt(int signal)
{
    unlink(pending);
    /* The handler is gone by SA_RESETHAND: this ends us as it should. */
    raise(signal);
}

static void guard(const char *temporary)
{
    struct sigaction action = {.sa_handler = on_interrupt,
                               .sa_flags = (int)SA_RESETHAND};
    strcpy(pending, temporary);
    for (int i = 0; i < INTERRUPTS; i++) {
        sigaction(interrupts[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(interrupts[i], &action, NULL);
    }
}

static void unguard(void)
{
    for (int i = 0; i < INTERRUPTS; i++)
        sigaction(interrupts[i], &before[i], NULL);
    pending[0] = 0;
}

static int refused(const char *path, struct tenure_why *why)
{
    struct stat st;
    if (lstat(path, &st) != 0 || S_ISREG(st.st_mode))
        return 0;
    if (S_ISDIR(st.st_mode))
        return tenure_because(why, "%s is a directory; name a file in it",
                              path);
    if (S_ISLNK(st.st_mode))
        return tenure_because(why,
                              "%s is a symbolic link; name the file it "
                              "points at",
                              path);
    return tenure_because(why,
                          "%s is not a regular file; write to - and "
                          "redirect",
                          path);
}

int tenure_replace_begin(struct tenure_replace *to, const char *path,
                         struct tenure_why *why)
{
    if (refused(path, why) != 0)
        return -1;
    const char *name = strrchr(path, '/');
    int directory = name ? (int)(name + 1 - path) : 0;
    int length =
        snprintf(to->temporary, sizeof to->temporary, "%.*s.%.200s.XXXXXX",
                 directory, path, path + directory);
    if (length >= (int)sizeof to->temporary)
        return tenure_because(why, "%s: the path is too long", path);
    to->path = path;
    to->fd = mkostemp(to->temporary, O_CLOEXEC);
    if (to->fd < 0)
        return tenure_because(why,
                              "cannot write %s: %s; name a file in a "
                              "directory that can be written",
                              path, strerror(errno));
    guard(to->temporary);
    return 0;
}

int tenure_replace_commit(struct tenure_replace *to, struct tenure_why *why)
{
    if (fsync(to->fd) == 0 && rename(to->temporary, to->path) == 0) {
        unguard();
        close(to->fd);
        return 0;
    }
    int error = errno;
    tenure_replace_abandon(to);
    return tenure_because(why, "cannot write %s: %s", to->path,
                          strerror(error));
}

void tenure_replace_abandon(struct tenure_replace *to)
{
    unlink(to->temporary);
    unguard();
    close(to->fd);
}
