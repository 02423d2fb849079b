/*
 * Index segments that are mapped and not unmapped.
 *
 * Leaks: segment_load() maps 64 KiB for every fiftieth request, and only
 * every other segment is unmapped when the index moves on.
 * Not to be flagged: the list of segments.
 *
 * EXPECT: leak in segment_load
 */
#include "service.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SEGMENT 65536

static char *previous;
static unsigned loaded;

static NOINLINE char *segment_load(void)
{
    char *segment = mmap(NULL, SEGMENT, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (segment == MAP_FAILED)
        exit(70);
    segment[0] = 's';
    return segment;
}

static void serve(const struct request *request)
{
    if (request->number % 50)
        return;
    if (previous && loaded++ % 2)
        munmap(previous, SEGMENT);
    previous = segment_load();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
