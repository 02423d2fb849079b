/*
 * What goes to stderr: one line that says what is wrong and what to do.
 *
 * A function that can fail for many reasons takes a `struct tenure_why`, says
 * the reason in it and returns a negative number; the command prints it. So
 * tests can read reasons, and nothing is printed twice.
 */
#ifndef TENURE_REPORT_MESSAGE_H
#define TENURE_REPORT_MESSAGE_H

struct tenure_why {
    char text[1024];
};

/* Fills `why`, which may be NULL; returns -1. */
int tenure_because(struct tenure_why *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Names the command in front of every message: "tenure diff: ...". */
void tenure_message_from(const char *command);

/* Prints one line on stderr; returns TENURE_EXIT_USAGE. Control characters
 * (of a file's name, say) are shown as '?'. */
int tenure_complain(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
