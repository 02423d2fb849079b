/*
 * What every victim uses: plain output and checks that allocate nothing.
 *
 * A victim prints only what does not depend on time, addresses or process
 * ids, since the driver compares the output of a run without the agent with
 * that of a run with it, byte for byte. The comment at its top may hold lines
 * for the driver, "expect: WORD ..."; see expect.h.
 */
#ifndef TENURE_VICTIM_H
#define TENURE_VICTIM_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define CHECK_STATUS 99 /* exit status of a victim whose CHECK failed */

/* One write to `descriptor`, at most 1000 bytes; keeps errno. */
__attribute__((format(printf, 2, 3), unused)) static void
say_to(int descriptor, const char *format, ...)
{
    char text[1001];
    int kept = errno;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 1000)
        length = 1000;
    if (length > 0 && write(descriptor, text, (size_t)length) < 0)
        _exit(CHECK_STATUS);
    errno = kept;
}

#define say(...) say_to(1, __VA_ARGS__)

#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            say("%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition,      \
                errno);                                                        \
            _exit(CHECK_STATUS);                                               \
        }                                                                      \
    } while (0)

/* Sleeps through interruptions, so that snapshots come in between. */
__attribute__((unused)) static void pause_ms(long milliseconds)
{
    struct timespec left;
    left.tv_sec = milliseconds / 1000;
    left.tv_nsec = milliseconds % 1000 * 1000000;
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}

/* Keeps the optimiser from proving that a block is never used. */
static inline void *used(void *block)
{
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

/* A number that the compiler cannot know, to call with impossible sizes. */
static inline size_t hidden(size_t number)
{
    __asm__ volatile("" : "+r"(number));
    return number;
}

#endif
