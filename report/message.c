/*
 * Messages for people, on stderr.
 */
#include "report/message.h"

#include <stdarg.h>
#include <stdio.h>

#include "report/command.h"

static const char *from;

int tenure_because(struct tenure_why *why, const char *format, ...)
{
    if (why) {
        va_list args;
        va_start(args, format);
        vsnprintf(why->text, sizeof why->text, format, args);
        va_end(args);
    }
    return -1;
}

void tenure_message_from(const char *command)
{
    from = command;
}

int tenure_complain(const char *format, ...)
{
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *at = line; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 127)
            *at = '?';
    if (from)
        fprintf(stderr, "tenure %s: %s\n", from, line);
    else
        fprintf(stderr, "tenure: %s\n", line);
    return TENURE_EXIT_USAGE;
}
