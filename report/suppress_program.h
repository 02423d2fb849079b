/*
 * The suppressions that a program brings along for LeakSanitizer: the text
 * that its function __lsan_default_suppressions() returns.
 */
#ifndef TENURE_REPORT_SUPPRESS_PROGRAM_H
#define TENURE_REPORT_SUPPRESS_PROGRAM_H

#include "report/suppress.h"

enum tenure_program_rules {
    TENURE_PROGRAM_HAS_NONE, /* or is no file that we can read */
    TENURE_PROGRAM_RULES_ADDED,
    TENURE_PROGRAM_RULES_UNREADABLE, /* it has some; `why` says more */
};

/* Adds those of the ELF file. The program is not run: the function is read,
 * which works as long as all it does is to return a text. */
enum tenure_program_rules
tenure_suppressions_of_program(struct tenure_suppressions *list,
                               const char *path, struct tenure_why *why);

#endif
