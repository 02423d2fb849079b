/*
 * Quality counters of a snapshot. format.h names them; the words are here.
 */
#include "report/quality.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *means(uint32_t key)
{
    switch (key) {
    case TENURE_VALUE_TRUNCATED_STACKS:
        return "stacks that end early: too deep, or not to be unwound";
    case TENURE_VALUE_UNTRACKED_FREES:
        return "frees of blocks that were born before tracking or unseen";
    case TENURE_VALUE_MISSED_FREES:
        return "frees that were not seen; noticed when the address came back";
    case TENURE_VALUE_MISMATCHED_STACKS:
        return "stacks on which two ways of unwinding disagreed";
    case TENURE_VALUE_NESTED_ALLOCATIONS:
        return "allocations inside an allocation function, not counted";
    case TENURE_VALUE_EARLY_ALLOCATIONS:
        return "allocations before the agent was ready, not counted";
    case TENURE_VALUE_STACKLESS_BLOCKS:
        return "blocks whose stack could not be captured";
    case TENURE_VALUE_FAILED_SNAPSHOTS:
        return "snapshots, of this process or those it forked, that could "
               "not be written";
    case TENURE_VALUE_BAD_OPTIONS:
        return "agent options that were not understood";
    case TENURE_VALUE_LATE_SNAPSHOTS:
        return "snapshots taken later than asked for";
    case TENURE_VALUE_UNTRACKED_MAPPINGS:
        return "mappings not counted";
    case TENURE_VALUE_UNRECORDED_GROWTH:
        return "reallocs whose growth was not recorded";
    case TENURE_VALUE_UNSTOPPED_THREADS:
        return "threads that did not stop for the mark phase";
    case TENURE_VALUE_UNWEIGHED_BLOCKS:
        return "blocks, too many to find out what each site retains";
    case TENURE_VALUE_FAILED_OBJECTS:
        return "snapshots without the blocks that were asked for";
    case TENURE_VALUE_FAILED_LISTENS:
        return "times that the agent could not listen for commands";
    case TENURE_VALUE_FAILED_NOTES:
        return "blocks to ignore and root regions that found no room: what "
               "is called lost may be what the program excused";
    case TENURE_VALUE_UNSEEN_MODULES:
        return "libraries or programs that call a malloc past the agent "
               "(RTLD_DEEPBIND, dlmopen, one of their own): their blocks are "
               "not seen";
    case TENURE_VALUE_DROPPED_NO_TABLE:
        return "blocks DROPPED: no memory for the table of blocks";
    case TENURE_VALUE_DROPPED_NO_THREAD:
        return "records DROPPED: too many threads";
    case TENURE_VALUE_DROPPED_NO_SITE:
        return "records DROPPED: too many different call stacks";
    case TENURE_VALUE_DROPPED_NO_RECORD:
        return "records DROPPED: no memory for another record";
    default:
        return "see the agent's documentation";
    }
}

const char *tenure_quality_failure(uint64_t error, char *text, size_t bytes)
{
    switch (error) {
    case 0: /* of an agent that did not say */
        return "is the disk full?";
    case EACCES:
    case EPERM:
        return "no permission; the service changed its user, perhaps, and "
               "that one may not write to the directory, or not enter it";
    default:
        snprintf(text, bytes, "%s", strerror((int)error));
        return text;
    }
}

/* The bad options stand behind the first line of all. */
static const char *which(const struct tenure_snapshot *snapshot, uint32_t key)
{
    if (key != TENURE_VALUE_BAD_OPTIONS)
        return NULL;
    const char *bad = strchr(
        tenure_snapshot_string(snapshot, snapshot->process->options), '\n');
    return bad && bad[1] ? bad + 1 : NULL;
}

enum value_kind { TOTAL, QUALITY, DROPPED };

uint32_t tenure_quality_of(const struct tenure_snapshot *snapshot,
                           struct tenure_quality *list)
{
    static const struct {
        uint32_t key;
        enum value_kind kind;
        const char *name;
    } values[] = {
#define X(name, key, text, kind) {key, kind, text},
        TENURE_VALUES(X)
#undef X
    };
    uint32_t count = 0;
    for (enum value_kind kind = DROPPED; kind > TOTAL; kind--) {
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            uint64_t value = tenure_snapshot_value(snapshot, values[i].key);
            if (values[i].kind != kind || value == 0 ||
                count == TENURE_QUALITY_MAX)
                continue;
            list[count++] =
                (struct tenure_quality){values[i].name,
                                        means(values[i].key),
                                        which(snapshot, values[i].key),
                                        value,
                                        values[i].key,
                                        kind == DROPPED};
        }
    }
    return count;
}
