/*
 * Asks for a leak check that has no memory to look, then for one that has.
 * Exit status 1: the first was green, or the second did not find the loss.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/include/tenure.h"

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

/* A snapshot can be written, also where the allocator maps more than it keeps,
 * for the sake of alignment; the findings of a mark, 180 MiB, find no room. */
#define ENOUGH_TO_WRITE (64u << 20)

static void *volatile block;

static unsigned long address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%lu", &pages) != 1)
        return 0;
    fclose(file);
    return pages * (unsigned long)sysconf(_SC_PAGESIZE);
}

static void lose(void)
{
    block = malloc(1000);
    block = NULL;
}

int main(void)
{
    struct rlimit room, none;
    if (tenure_leak_check == NULL || getrlimit(RLIMIT_AS, &room) != 0)
        return 2;
    lose();
    none = room;
    none.rlim_cur = address_space() + ENOUGH_TO_WRITE;
    setrlimit(RLIMIT_AS, &none);
    int blind = tenure_leak_check();
    int theirs = __lsan_do_recoverable_leak_check();
    setrlimit(RLIMIT_AS, &room);
    int seeing = tenure_leak_check();
    printf("without memory %d and %d, with %d\n", blind, theirs, seeing);
    return !(blind == -ENODATA && theirs != 0 && seeing == 1);
}
