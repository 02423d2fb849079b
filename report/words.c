/*
 * Sentences with numbers, for verdicts and memory lines.
 */
#include "report/words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

struct tenure_words tenure_words_in(char *text, size_t room)
{
    *text = '\0';
    return (struct tenure_words){text, room, 0};
}

void tenure_say(struct tenure_words *words, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(words->text + words->used, words->room - words->used,
                         format, arguments);
    va_end(arguments);
    if (more > 0)
        words->used += (size_t)more;
    if (words->used >= words->room)
        words->used = words->room - 1;
}

void tenure_say_bytes(struct tenure_words *words, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;
    if (bytes < 0)
        tenure_say(words, "-");
    /* What would be printed as 1024 is one of the next unit. */
    for (bytes = fabs(bytes); bytes >= 1023.5 && unit < 4; bytes /= 1024)
        unit++;
    tenure_say(words, unit && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes,
               units[unit]);
}

void tenure_say_span(struct tenure_words *words, double seconds)
{
    if (seconds < 120)
        tenure_say(words, "%.0f s", seconds);
    else if (seconds < 7200)
        tenure_say(words, "%.0f min", seconds / 60);
    else if (seconds < 172800)
        tenure_say(words, "%.0f h", seconds / 3600);
    else
        tenure_say(words, "%.0f days", seconds / 86400);
}
