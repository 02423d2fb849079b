/*
 * A command under the gate: a directory for its snapshots, its rounds, what
 * it left behind, and what is missing.
 */
#include "report/check.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/check_run.h"
#include "report/command.h"
#include "report/ended.h"
#include "report/ledger.h"
#include "report/rounds.h"
#include "report/unseen.h"
#include "report/verdict.h"

enum { NAME_BYTES = 320 };

static void doubt_failed(const char *path, struct tenure_decision *decision)
{
    tenure_decision_doubt(decision,
                          "%s: the latest snapshot of that process could not "
                          "be written: is the disk full? (the file goes with "
                          "the next that can, or by your hand)",
                          path);
}

static int is_failed(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot && strcmp(dot, ".failed") == 0;
}

/* What agents left that could not write. */
static void look_for_failed(char *const *paths, size_t count,
                            struct tenure_decision *decision)
{
    char path[PATH_MAX + NAME_BYTES], before[sizeof path] = "";
    for (size_t i = 0; i < count; i++) {
        struct dirent **names;
        int found = scandir(paths[i], &names, is_failed, alphasort);
        for (int k = 0; k < found; k++) {
            snprintf(path, sizeof path, "%s/%s", paths[i], names[k]->d_name);
            doubt_failed(path, decision);
            free(names[k]);
        }
        if (found >= 0)
            free(names);
        else if (tenure_ended_failing(paths[i], path, sizeof path) &&
                 strcmp(path, before) != 0)
            doubt_failed(strcpy(before, path), decision);
    }
}

/* As many as a verdict takes, unless the policy says otherwise. */
static uint64_t wanted_snapshots(const struct tenure_check *check)
{
    return check->min_snapshots > 0 ? check->min_snapshots
                                    : (uint64_t)tenure_rules.leak_snapshots;
}

void tenure_check_files(struct tenure_check *check, char *const *paths,
                        size_t count, struct tenure_decision *decision)
{
    struct tenure_why why;
    look_for_failed(paths, count, decision);
    if (tenure_cases_open(&decision->cases, paths, count, check->warmup,
                          &why) == 0) {
        tenure_unseen_ended(decision, &check->ignored, wanted_snapshots(check));
        return;
    }
    struct stat st;
    bool runnable = count > 0 && access(paths[0], X_OK) == 0 &&
                    stat(paths[0], &st) == 0 && S_ISREG(st.st_mode) &&
                    !strstr(paths[0], ".tenure");
    tenure_decision_error(decision, "%s%s", why.text,
                          runnable ? "; to run a program, write -- before it"
                                   : "");
}

/* A directory of this check's own, into which also a program that gives up
 * root can write. 0, or -1 with a doubt. */
static int make_directory(struct tenure_check *check,
                          struct tenure_decision *decision)
{
    const char *parent = getenv("TMPDIR");
    if (!parent || !*parent)
        parent = "/tmp";
    snprintf(check->dir, sizeof check->dir, "%s/tenure-check-XXXXXX", parent);
    if (!mkdtemp(check->dir)) {
        tenure_decision_doubt(decision,
                              "cannot make a directory for "
                              "snapshots in %s: %s; name one with --dir",
                              parent, strerror(errno));
        return -1;
    }
    if (geteuid() == 0)
        chmod(check->dir, 01777);
    check->temporary = true;
    check->launch.dir = check->dir;
    return 0;
}

/* Names in a directory, sorted; to tell new snapshots from old ones. */
struct names {
    struct dirent **at;
    int count;
};

static int is_snapshot(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot && strcmp(dot, ".tenure") == 0;
}

static struct names list(const char *dir)
{
    struct names names = {NULL, 0};
    names.count = scandir(dir, &names.at, is_snapshot, alphasort);
    if (names.count < 0)
        names.count = 0;
    return names;
}

static bool has(const struct names *names, const char *name)
{
    for (int i = 0; i < names->count; i++)
        if (strcmp(names->at[i]->d_name, name) == 0)
            return true;
    return false;
}

static void drop(struct names *names)
{
    for (int i = 0; i < names->count; i++)
        free(names->at[i]);
    free(names->at);
}

/* Opens the snapshots in the directory that were not there before. */
static void open_new(struct tenure_check *check, const struct names *before,
                     struct tenure_decision *decision)
{
    struct names now = list(check->launch.dir);
    struct tenure_why why;
    char **paths = tenure_zeroed((size_t)now.count + 1, sizeof *paths);
    size_t count = 0;
    for (int i = 0; i < now.count; i++) {
        char path[PATH_MAX + NAME_BYTES];
        if (has(before, now.at[i]->d_name))
            continue;
        snprintf(path, sizeof path, "%s/%s", check->launch.dir,
                 now.at[i]->d_name);
        paths[count++] =
            tenure_arena_text(&decision->texts, path, strlen(path));
    }
    drop(&now);
    if (count > 0 && tenure_cases_open(&decision->cases, paths, count,
                                       check->warmup, &why) < 0)
        tenure_decision_error(decision, "%s", why.text);
    free(paths);
}

/* The last of the programs that this PID was: exec() makes a new one. */
static struct tenure_case *main_case(const struct tenure_decision *decision,
                                     int pid)
{
    struct tenure_case *found = NULL;
    for (size_t i = 0; i < decision->cases.count; i++) {
        struct tenure_case *one = decision->cases.at[i];
        const struct tenure_process *p = tenure_case_last(one)->process;
        if ((int)p->pid == pid &&
            (!found || p->started_unix_ns >
                           tenure_case_last(found)->process->started_unix_ns))
            found = one;
    }
    return found;
}

/* Did it get away from the agent? NULL then, with a doubt. */
static struct tenure_case *look_for_main(const struct tenure_check_run *run,
                                         const char *name, const char *dir,
                                         struct tenure_decision *decision)
{
    struct tenure_case *one = main_case(decision, run->pid);
    if (!one) {
        tenure_decision_doubt(decision,
                              "%s left no snapshot: the agent was not in "
                              "it, or could not write to %s as the user that "
                              "it became",
                              name, dir);
        return NULL;
    }
    uint32_t trigger = tenure_case_last(one)->process->trigger;
    if (trigger == TENURE_TRIGGER_EXIT || trigger == TENURE_TRIGGER_FATAL ||
        run->status > 128)
        return one;
    tenure_decision_doubt(decision,
                          "%s went on without the agent: its last "
                          "snapshot is missing (it became a program that "
                          "cannot carry the agent, or ended in a way that "
                          "cannot be seen)",
                          one->name);
    return NULL;
}

static void say_ending(const struct tenure_check_run *run, const char *name,
                       struct tenure_decision *decision)
{
    if (run->status > 128)
        tenure_decision_doubt(decision, "%s was ended by signal %d (%s)", name,
                              run->status - 128, strsignal(run->status - 128));
    else if (run->status != 0)
        tenure_decision_doubt(decision, "%s failed with status %d", name,
                              run->status);
}

/* One round; false if there is no use in another. */
static bool run_once(struct tenure_check *check, char **argv, uint64_t round,
                     struct tenure_check_run *run,
                     struct tenure_decision *decision)
{
    char text[24];
    if (check->rounds > 0) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)round);
        setenv("TENURE_ROUND", text, 1);
    }
    tenure_check_run(run, &check->launch, argv);
    check->status = run->status;
    if (run->not_run) {
        tenure_decision_doubt(decision, "%s", run->why.text);
        if (run->status == TENURE_EXIT_CANNOT_TRACK)
            check->status = 0; /* inconclusive, and not the command's own */
        return false;
    }
    if (run->why.text[0] && round == 1)
        tenure_decision_doubt(decision, "%s", run->why.text);
    say_ending(run, argv[0], decision);
    return run->status == 0;
}

static void judge_rounds(const struct tenure_check_run *runs, uint64_t count,
                         const char *name, const char *dir,
                         struct tenure_decision *decision)
{
    struct tenure_case **mains = tenure_zeroed(count, sizeof(void *));
    bool whole = true;
    for (uint64_t k = 0; k < count && whole; k++) {
        mains[k] = look_for_main(&runs[k], name, dir, decision);
        whole = mains[k] != NULL;
    }
    if (whole && count > 1)
        tenure_rounds_judge(decision, mains, (uint32_t)count);
    free(mains);
}

/* Without a ledger to read, who was seen is not known: a doubt. */
static void make_ledger(struct tenure_check *check,
                        struct tenure_ledger_file *ledger,
                        struct tenure_decision *decision)
{
    struct tenure_why why;
    if (check->launch.follow == TENURE_FOLLOW_NONE)
        return;
    if (tenure_ledger_make(ledger, &why) == 0)
        check->launch.ledger = ledger->path;
    else
        tenure_decision_doubt(decision, "%s", why.text);
}

/* Of the command's own processes look_for_main() has more to say. */
static size_t read_ledger(const struct tenure_ledger_file *ledger,
                          const struct tenure_check_run *runs, uint64_t count,
                          struct tenure_ledger_left **left)
{
    pid_t *mains = tenure_zeroed(count + 1, sizeof *mains);
    for (uint64_t k = 0; k < count; k++)
        mains[k] = runs[k].pid;
    size_t found = tenure_ledger_read(ledger, mains, count, left);
    free(mains);
    return found;
}

static void open_and_compare(struct tenure_check *check,
                             const struct names *before,
                             const struct tenure_ledger_file *ledger,
                             const struct tenure_check_run *runs,
                             uint64_t count, struct tenure_decision *decision)
{
    struct tenure_ledger_left *left;
    struct tenure_unseen unseen = {.ignored = &check->ignored,
                                   .wanted = wanted_snapshots(check)};
    unseen.count = read_ledger(ledger, runs, count, &left);
    unseen.left = left;
    open_new(check, before, decision);
    tenure_unseen_doubts(decision, &unseen);
    if (tenure_ledger_overflowed(ledger))
        tenure_decision_doubt(decision,
                              "there were too many processes to tell whether "
                              "all of them were seen (%d notes); check parts "
                              "of it",
                              TENURE_LEDGER_ENTRIES);
    free(left);
}

void tenure_check_command(struct tenure_check *check, char **argv,
                          struct tenure_decision *decision)
{
    uint64_t rounds = check->rounds > 0 ? check->rounds : 1, ran = 0;
    struct tenure_ledger_file ledger = {.map = NULL};
    if (!check->launch.dir && make_directory(check, decision) < 0)
        return;
    struct names before = list(check->launch.dir);
    struct tenure_check_run *runs = tenure_zeroed(rounds, sizeof *runs);
    bool going_on = true;
    make_ledger(check, &ledger, decision);
    while (ran < rounds && going_on) {
        going_on = run_once(check, argv, ran + 1, &runs[ran], decision);
        ran++;
    }
    if (!runs[0].not_run)
        open_and_compare(check, &before, &ledger, runs, ran, decision);
    tenure_ledger_drop(&ledger);
    if (going_on)
        judge_rounds(runs, ran, argv[0], check->launch.dir, decision);
    drop(&before);
    free(runs);
}

static void remove_directory(struct tenure_check *check)
{
    struct names names = list(check->dir);
    for (int i = 0; i < names.count; i++) {
        char path[PATH_MAX + NAME_BYTES];
        snprintf(path, sizeof path, "%s/%s", check->dir, names.at[i]->d_name);
        unlink(path);
    }
    drop(&names);
    rmdir(check->dir);
}

void tenure_check_conclude(struct tenure_check *check,
                           struct tenure_decision *decision)
{
    struct tenure_gate *gate = &decision->gate;
    if (check->status != 0)
        gate->status = check->status;
    if (!check->temporary)
        return;
    if (gate->verdict == TENURE_VERDICT_CLEAN)
        remove_directory(check);
    else if (rmdir(check->dir) != 0) /* it stays unless it is empty */
        tenure_decision_warn(decision, "the snapshots are in %s", check->dir);
}
