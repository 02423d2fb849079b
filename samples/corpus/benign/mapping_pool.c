/*
 * Stacks for fibers, mapped when needed and kept for the next one.
 *
 * Grows: to as many mappings as fibers ran at once, in the first rounds.
 * Not to be flagged: they are used again.
 *
 * EXPECT: steady|one-off|pool|warming|cache in stack_get
 */
#include "service.h"

#include <stdlib.h>
#include <sys/mman.h>

#define STACK 65536
#define MOST 24

static char *unused[MOST];
static unsigned unused_count;
static char *running[MOST];

static NOINLINE char *stack_get(void)
{
    char *stack;

    if (unused_count)
        return unused[--unused_count];
    stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        exit(70);
    return stack;
}

static void serve(const struct request *request)
{
    char **fiber = &running[service_random(MOST)];

    if (*fiber) {
        unused[unused_count++] = *fiber;
        *fiber = NULL;
    } else if (service_percent(60)) {
        *fiber = stack_get();
        (*fiber)[request->client] = 'f';
    }
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
