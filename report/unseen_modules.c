/*
 * Names libraries whose blocks were not seen.
 *
 * The agent lists paths, as many as it could keep, and counts all of them.
 */
#include "report/unseen_modules.h"

#include <inttypes.h>
#include <string.h>

bool tenure_unseen_is_accepted(const struct tenure_texts *accepted,
                               const char *name)
{
    size_t bytes = strlen(name);
    for (uint32_t i = 0; i < accepted->count; i++) {
        const char *at = accepted->at[i];
        while (*at) {
            size_t length = strcspn(at, ",");
            if (length == bytes && memcmp(at, name, bytes) == 0)
                return true;
            at += length + (at[length] == ',');
        }
    }
    return false;
}

uint64_t tenure_unseen_modules_say(const struct tenure_snapshot *snapshot,
                                   const struct tenure_texts *accepted,
                                   const char *between,
                                   struct tenure_words *words)
{
    enum { NAMED = 8 };
    uint64_t count =
        tenure_snapshot_value(snapshot, TENURE_VALUE_UNSEEN_MODULES);
    uint64_t named = 0, passed = 0;
    for (uint64_t i = 0; i < snapshot->unseen_modules_count; i++) {
        const char *path =
            tenure_snapshot_string(snapshot, snapshot->unseen_modules[i].path);
        const char *slash = strrchr(path, '/');
        const char *name = slash ? slash + 1 : path;
        if (accepted && tenure_unseen_is_accepted(accepted, name))
            passed++;
        else if (named++ < NAMED)
            tenure_say(words, "%s%s", named > 1 ? between : "", name);
    }
    uint64_t left = count > passed ? count - passed : named;
    uint64_t said = named < NAMED ? named : NAMED;
    if (said > 0 && left > said)
        tenure_say(words, " and %" PRIu64 " more", left - said);
    else if (left > 0 && said == 0)
        tenure_say(words, "%" PRIu64 " libraries", left);
    return left;
}
