/*
 * Suppressions: charges that somebody has looked at and accepted.
 *
 * Read from files in LeakSanitizer's syntax (`leak:PATTERN`, matched against
 * function, file and module of any frame) and in Valgrind's (frames in order,
 * innermost first), from the text that a program brings along for
 * LeakSanitizer, and from a short list of our own. A comment may bound a rule:
 *
 *     # until=2027-01-31 max=1MiB
 *     leak:parse_config
 *
 * or the same behind the rule, which LeakSanitizer does not understand. The
 * rule holds to the end of that day (UTC), and as long as everything it
 * suppresses together is not more than that.
 *
 * Not thread-safe. Texts belong to the list.
 */
#ifndef TENURE_REPORT_SUPPRESS_H
#define TENURE_REPORT_SUPPRESS_H

#include "report/charge.h"
#include "report/memory.h"
#include "report/message.h"

struct tenure_rule_frame {
    enum tenure_rule_what {
        TENURE_RULE_ANY_OF_ITS, /* leak: function, file or module */
        TENURE_RULE_FUNCTION,   /* fun: */
        TENURE_RULE_OBJECT,     /* obj: */
        TENURE_RULE_SOURCE,     /* src: */
        TENURE_RULE_FRAMES,     /* ...: any number of frames */
    } what;
    const char *pattern;
};

struct tenure_rule {
    const char *text;   /* "leak:parse_config", or a Valgrind rule's name */
    const char *source; /* "leaks.supp:12", "built in" */
    const char *reason; /* of a built-in rule; "" = none given */
    const struct tenure_rule_frame *frames;
    uint32_t frame_count;
    bool lost, reachable; /* the charges it is for */
    bool optional;        /* nobody is told when it matches nothing */
    uint32_t until;       /* 20270131; 0 = for ever */
    uint64_t max_bytes;   /* UINT64_MAX = no ceiling */
    /* After tenure_suppressions_apply(): what it matched. */
    uint32_t charges;
    uint64_t blocks, bytes;
};

struct tenure_suppressions {
    struct tenure_rule *at;
    size_t count, room;
    uint32_t today; /* 20270131 */
    struct tenure_arena arena;
};

/* An empty list, as of today. */
void tenure_suppressions_open(struct tenure_suppressions *list);
void tenure_suppressions_drop(struct tenure_suppressions *list);

/* Adds the rules of a file ("-": stdin). 0, or -1 with file, line and remedy
 * in `why`: a rule that is not understood is never left out in silence. */
int tenure_suppressions_read(struct tenure_suppressions *list, const char *path,
                             struct tenure_why *why);

/* The same for text; `source` names it. */
int tenure_suppressions_parse(struct tenure_suppressions *list,
                              const char *source, const char *text,
                              struct tenure_why *why);

/* Adds our own list. */
void tenure_suppressions_add_builtin(struct tenure_suppressions *list);

/* Adds a rule with the fields of `rule`; the texts must live as long as the
 * list. */
struct tenure_rule *tenure_suppressions_add(struct tenure_suppressions *list,
                                            const struct tenure_rule *rule);

bool tenure_rule_matches(const struct tenure_rule *rule,
                         const struct tenure_charge *charge);

/* Has its day passed? */
bool tenure_rule_expired(const struct tenure_rule *rule, uint32_t today);

/* Marks the charges that the first rule that holds matches, and says in the
 * others why a rule for them does not hold any more. */
void tenure_suppressions_apply(struct tenure_suppressions *list,
                               struct tenure_charge *charges, size_t count);

/* "leak:parse_config (leaks.supp:12)"; returns `text`. */
const char *tenure_rule_name(const struct tenure_rule *rule, char *text,
                             size_t bytes);

#endif
