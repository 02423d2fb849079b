/*
 * Runs one victim without the agent and with it, and compares.
 *
 *   driver [-a AGENT -t TENURE] [-u ALLOCATOR] VICTIM SOURCE
 *
 * VICTIM runs bare, then with AGENT preloaded and a snapshot every 100 ms,
 * then with one every 50 KiB allocated, and some with major snapshots, some
 * with every stack compared with libunwind's. Its output, exit status and
 * signal must be the same each time, and the snapshots must hold what the top
 * comment of SOURCE promises. ALLOCATOR is preloaded in all runs, behind the
 * agent. Exit status 0 or 1; reasons on stderr.
 */
#include "expect.h"
#include "run.h"
#include "snapshots.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUN_SECONDS = 60, ENVIRONMENT_MAX = 8 };

struct trial {
    const char *victim, *agent, *tenure, *allocator;
    struct expect expect;
    struct run bare;
    char directory[64];
};

static int run_victim(const struct trial *trial, struct run *run,
                      const char *every)
{
    char preload[PATH_MAX * 2], options[256];
    char *environment[ENVIRONMENT_MAX] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                          "HOME=/", "LC_ALL=C"};
    int count = 3;
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s%s%s",
             every ? trial->agent : "", every && trial->allocator ? ":" : "",
             trial->allocator ? trial->allocator : "");
    snprintf(options, sizeof options, "TENURE_OPTIONS=dir=%s:every=%s",
             trial->directory, every ? every : "");
    if (every || trial->allocator)
        environment[count++] = preload;
    if (every)
        environment[count++] = options;
    char *argv[] = {(char *)trial->victim, NULL};
    if (run_program(run, argv, environment, RUN_SECONDS) < 0) {
        perror(trial->victim);
        return 1;
    }
    return 0;
}

static void tell_status(const char *what, int status)
{
    if (WIFSIGNALED(status))
        fprintf(stderr, "%s: signal %d\n", what, WTERMSIG(status));
    else
        fprintf(stderr, "%s: exit status %d\n", what, WEXITSTATUS(status));
}

/* Without the core-dumped bit, which depends on limits. */
static bool same_status(int left, int right)
{
    if (WIFSIGNALED(left) || WIFSIGNALED(right))
        return WIFSIGNALED(left) && WIFSIGNALED(right) &&
               WTERMSIG(left) == WTERMSIG(right);
    return WEXITSTATUS(left) == WEXITSTATUS(right);
}

static int check_bare(const struct trial *trial)
{
    const struct run *run = &trial->bare;
    const struct expect *expect = &trial->expect;
    if (run->timed_out) {
        fprintf(stderr, "without the agent: timed out\n");
        return 1;
    }
    bool as_expected =
        expect->signal ? WIFSIGNALED(run->status) &&
                             WTERMSIG(run->status) == expect->signal
                       : WIFEXITED(run->status) &&
                             WEXITSTATUS(run->status) == expect->exit_status;
    if (as_expected)
        return 0;
    tell_status("without the agent", run->status);
    fprintf(stderr, "%s%s", run->out.bytes ? run->out.bytes : "",
            run->err.bytes ? run->err.bytes : "");
    return 1;
}

static int compare_text(const char *what, const struct text *bare,
                        const struct text *tracked)
{
    if (bare->length == tracked->length &&
        (bare->length == 0 ||
         memcmp(bare->bytes, tracked->bytes, bare->length) == 0))
        return 0;
    fprintf(stderr, "%s without the agent:\n%s\n%s with it:\n%s\n", what,
            bare->bytes ? bare->bytes : "", what,
            tracked->bytes ? tracked->bytes : "");
    return 1;
}

static int compare(const struct run *bare, const struct run *tracked)
{
    int wrong = 0;
    if (tracked->timed_out) {
        fprintf(stderr, "timed out\n");
        wrong++;
    } else if (!same_status(bare->status, tracked->status)) {
        tell_status("without the agent", bare->status);
        tell_status("with it", tracked->status);
        wrong++;
    }
    wrong += compare_text("stdout", &bare->out, &tracked->out);
    wrong += compare_text("stderr", &bare->err, &tracked->err);
    return wrong;
}

static void remove_directory(const char *directory)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    if (system(command) != 0)
        perror(directory);
}

/* One run with the agent; its directory stays behind when it fails. */
static int check_tracked(struct trial *trial, const char *every)
{
    struct run run;
    snprintf(trial->directory, sizeof trial->directory,
             "/tmp/tenure-victim-XXXXXX");
    if (!mkdtemp(trial->directory)) {
        perror("mkdtemp");
        return 1;
    }
    fprintf(stderr, "every=%s, in %s\n", every, trial->directory);
    int wrong = run_victim(trial, &run, every);
    if (wrong)
        return wrong;
    wrong = compare(&trial->bare, &run);
    wrong += snapshots_check(trial->directory, run.pid, trial->tenure,
                             &trial->expect);
    run_free(&run);
    if (!wrong)
        remove_directory(trial->directory);
    return wrong;
}

int main(int argc, char **argv)
{
    static struct trial trial;
    for (int option; (option = getopt(argc, argv, "a:t:u:")) != -1;) {
        if (option == 'a')
            trial.agent = optarg;
        else if (option == 't')
            trial.tenure = optarg;
        else if (option == 'u')
            trial.allocator = optarg;
        else
            return 2;
    }
    if (argc - optind != 2 || !trial.agent != !trial.tenure) {
        fprintf(stderr,
                "usage: driver [-a AGENT -t TENURE] [-u ALLOCATOR] "
                "VICTIM SOURCE\n");
        return 2;
    }
    trial.victim = argv[optind];
    if (expect_read(&trial.expect, argv[optind + 1]) < 0)
        return 1;
    if (trial.expect.root && geteuid() != 0)
        return 0;
    int wrong = run_victim(&trial, &trial.bare, NULL);
    wrong += wrong ? 0 : check_bare(&trial);
    if (!wrong && trial.agent) {
        wrong += check_tracked(&trial, "100ms");
        wrong += check_tracked(&trial, "50K");
        if (trial.expect.major && !trial.allocator)
            wrong += check_tracked(&trial, "100ms:major");
        if (trial.expect.verify && !trial.allocator)
            wrong += check_tracked(&trial, "100ms:verify=1");
    }
    run_free(&trial.bare);
    return wrong ? 1 : 0;
}
