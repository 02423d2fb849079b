/*
 * Libraries whose blocks the agent did not see, in words; and which names a
 * user accepts not to see.
 */
#ifndef TENURE_REPORT_UNSEEN_MODULES_H
#define TENURE_REPORT_UNSEEN_MODULES_H

#include "report/options.h"
#include "report/snapshot.h"
#include "report/words.h"

/* Is the name in one of the lists, whose items have commas between them? */
bool tenure_unseen_is_accepted(const struct tenure_texts *accepted,
                               const char *name);

/* Says "a.so, b.so and 3 more", `between` standing between the names, without
 * those that are accepted (NULL = none are). How many that is. */
uint64_t tenure_unseen_modules_say(const struct tenure_snapshot *snapshot,
                                   const struct tenure_texts *accepted,
                                   const char *between,
                                   struct tenure_words *words);

#endif
