/*
 * A heap of small blocks grows, and is given back: the agent's memory must
 * go with it. Prints the resident KiB before, at the top and after.
 *
 *   release MIB
 *
 * Exits with 1 if a tenth of the heap is still there ten seconds after a
 * snapshot was taken.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/include/tenure.h"

#define BYTES 64

struct link {
    struct link *next;
    char rest[BYTES - sizeof(struct link *)];
};

static long resident_kib(void)
{
    char line[128];
    long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0)
            kib = atol(line + 6);
    if (file != NULL)
        fclose(file);
    return kib;
}

static struct link *grow(long blocks)
{
    struct link *all = NULL;
    for (long i = 0; i < blocks; i++) {
        struct link *link = malloc(sizeof *link);
        if (link == NULL)
            exit(2);
        memset(link->rest, 1, sizeof link->rest);
        link->next = all;
        all = link;
    }
    return all;
}

static void shrink(struct link *all)
{
    while (all != NULL) {
        struct link *next = all->next;
        free(all);
        all = next;
    }
    malloc_trim(0);
}

int main(int argc, char **argv)
{
    long mib = argc == 2 ? atol(argv[1]) : 0;
    long before = resident_kib(), after;
    if (tenure_snapshot == NULL || mib == 0)
        return 2;
    struct link *all = grow((mib << 20) / BYTES);
    long top = resident_kib();
    shrink(all);
    tenure_snapshot("given back");
    for (int i = 0; i < 100; i++) {
        after = resident_kib();
        if (after - before < mib * 1024 / 10)
            break;
        usleep(100000);
    }
    printf("%ld KiB before, %ld at the top, %ld after\n", before, top, after);
    return after - before >= mib * 1024 / 10;
}
