/*
 * Puts into words which programs were not seen, or not to their end.
 *
 * One sentence for all processes of a program with the same fate, since a
 * test suite may execute it a thousand times.
 */
#include "report/unseen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/ended.h"
#include "report/unseen_modules.h"

enum fate { UNSEEN, CUT, CUT_JUDGED, RUNNING, RUNNING_JUDGED };

static const char *const sentences[] = {
    [UNSEEN] =
        "was not seen: the agent was not in it (it is static, setuid or "
        "sanitised, or LD_PRELOAD was not passed on)",
    [CUT] = "ended without a last snapshot (killed, or by a raw exit)",
    [CUT_JUDGED] =
        "ended without a last snapshot (killed?) and is judged by "
        "those before it",
    [RUNNING] = "still runs, without a last snapshot",
    [RUNNING_JUDGED] = "still runs, and is judged by its snapshots so far",
};

/* Is the file DIR/NAME.PID.NNNN.tenure of this process? */
static bool is_of(const char *path, const struct tenure_ledger_left *left)
{
    char stem[sizeof left->name + 16];
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int length = snprintf(stem, sizeof stem, "%s.%u.", left->name, left->pid);
    return strncmp(name, stem, (size_t)length) == 0;
}

static bool has_enough(const struct tenure_case *one, uint64_t wanted)
{
    return one->judged >= wanted || (wanted == 1 && one->majors > 0);
}

static bool is_judged(const struct tenure_decision *decision,
                      const struct tenure_ledger_left *left, uint64_t wanted)
{
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_case *one = decision->cases.at[i];
        if (is_of(tenure_case_last(one)->path, left) && has_enough(one, wanted))
            return true;
    }
    return false;
}

static enum fate fate_of(const struct tenure_decision *decision,
                         const struct tenure_unseen *unseen,
                         const struct tenure_ledger_left *left)
{
    if (left->kind == TENURE_LEDGER_EXECUTED)
        return UNSEEN;
    bool judged = is_judged(decision, left, unseen->wanted);
    if (left->running)
        return judged ? RUNNING_JUDGED : RUNNING;
    return judged ? CUT_JUDGED : CUT;
}

static void say(struct tenure_decision *decision,
                const struct tenure_ledger_left *left, enum fate fate,
                unsigned count)
{
    char times[32] = "", remedy[128] = "";
    if (count > 1)
        snprintf(times, sizeof times, " (%u times)", count);
    if (fate == CUT_JUDGED || fate == RUNNING_JUDGED) {
        tenure_decision_warn(decision, "%s%s %s", left->name, times,
                             sentences[fate]);
        return;
    }
    if (left->name[0])
        snprintf(remedy, sizeof remedy, "; accept that by --ignore-unseen=%s",
                 left->name);
    tenure_decision_doubt(decision, "%s%s %s%s",
                          left->name[0] ? left->name : "a program", times,
                          sentences[fate], remedy);
}

void tenure_unseen_doubts(struct tenure_decision *decision,
                          const struct tenure_unseen *unseen)
{
    enum fate *fates = tenure_zeroed(unseen->count + 1, sizeof *fates);
    for (size_t i = 0; i < unseen->count; i++)
        fates[i] = fate_of(decision, unseen, &unseen->left[i]);
    for (size_t i = 0; i < unseen->count; i++) {
        const struct tenure_ledger_left *one = &unseen->left[i];
        unsigned before = 0, alike = 0;
        for (size_t k = 0; k < unseen->count; k++) {
            bool same = fates[k] == fates[i] &&
                        strcmp(unseen->left[k].name, one->name) == 0;
            before += same && k < i;
            alike += same;
        }
        if (before == 0 &&
            !tenure_unseen_is_accepted(unseen->ignored, one->name))
            say(decision, one, fates[i], alike);
    }
    free(fates);
}

/* The same PID as another program, which it became by exec()? */
static bool went_on(const struct tenure_decision *decision,
                    const struct tenure_process *as)
{
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_process *other =
            tenure_case_last(decision->cases.at[i])->process;
        if (other->pid == as->pid &&
            other->started_unix_ns > as->started_unix_ns)
            return true;
    }
    return false;
}

void tenure_unseen_ended(struct tenure_decision *decision,
                         const struct tenure_texts *ignored, uint64_t wanted)
{
    for (size_t i = 0; i < decision->cases.count; i++) {
        const struct tenure_case *one = decision->cases.at[i];
        const struct tenure_snapshot *last = tenure_case_last(one);
        const char *exe = tenure_snapshot_string(last, last->process->exe);
        const char *slash = strrchr(exe, '/');
        const char *name = slash ? slash + 1 : exe;
        if (!tenure_ended_without_last(last) ||
            went_on(decision, last->process) ||
            tenure_unseen_is_accepted(ignored, name))
            continue;
        if (has_enough(one, wanted))
            tenure_decision_warn(decision, "%s %s", one->name,
                                 sentences[CUT_JUDGED]);
        else
            tenure_decision_doubt(decision,
                                  "%s %s; accept that by --ignore-unseen=%s",
                                  one->name, sentences[CUT], name);
    }
}
