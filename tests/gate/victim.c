/*
 * A program for the gate: victim ROUNDS [DEED...], one snapshot a round.
 *
 *   keep   leaks four blocks a round      lose   forgets them altogether
 *   grow   makes one block larger         more   leaks eight more
 *   twice  leaks by two calls in one line
 *   quiet  takes no snapshot              fail   ends with status 7
 *   kill   ends by SIGKILL                round  works $TENURE_ROUND times
 *   exec   becomes what follows           idle   allocates nothing
 *   worker has a child do it that gives up its rights
 *
 * It is also built as another file, with other lines and with everything
 * inlined: what leaks has the same name in all of them.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tenure.h"

#ifdef VICTIM_INLINED
#define OWN static inline __attribute__((always_inline))
#else
#define OWN static __attribute__((noinline))
#endif
#define KEPT __attribute__((noinline))

struct item {
    struct item *next;
    char text[500];
};

static struct item *items;
static char *buffer;
static size_t buffer_bytes;

/* Out of the optimiser's sight. */
static void *made(void *block)
{
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}

#ifdef VICTIM_MOVED
/* A comment of
 * several
 * lines. */
#endif
OWN struct item *new_item(void)
{
    return made(calloc(1, sizeof(struct item)));
}

#ifdef VICTIM_SUPPRESSES
/* What LeakSanitizer would ask for. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:^new_item$";
}
#endif

static KEPT void keep_item(void)
{
    for (int i = 0; i < 4; i++) {
        struct item *item = new_item();
        item->next = items;
        items = item;
    }
}

static KEPT void keep_more(void)
{
    for (int i = 0; i < 8; i++) {
        struct item *item = made(malloc(sizeof *item));
        item->next = items;
        items = item;
    }
}

static KEPT void keep_item_at(struct item *item)
{
    item->next = items;
    items = item;
}

/* Two calls in one line. */
#define KEEP_ITEM keep_item_at(new_item())
static KEPT void keep_eight(void)
{
    for (int i = 0; i < 4; i++)
        KEEP_ITEM, KEEP_ITEM;
}

static KEPT void lose_item(void)
{
    for (int i = 0; i < 4; i++)
        memset(made(malloc(700)), 1, 700);
}

static KEPT void grow_buffer(void)
{
    buffer_bytes += 8192;
    buffer = made(realloc(buffer, buffer_bytes));
}

static KEPT void work(void)
{
    for (int i = 0; i < 50; i++)
        free(made(malloc(100)));
}

static int has(char **deeds, const char *deed)
{
    for (; *deeds; deeds++)
        if (strcmp(*deeds, deed) == 0)
            return 1;
    return 0;
}

static void one_round(char **deeds)
{
    if (!has(deeds, "idle"))
        work();
    if (has(deeds, "keep"))
        keep_item();
    if (has(deeds, "twice"))
        keep_eight();
    if (has(deeds, "more"))
        keep_more();
    if (has(deeds, "lose"))
        lose_item();
    if (has(deeds, "grow"))
        grow_buffer();
}

/* As a server's worker does; who has no rights to give up writes no files. */
static void give_up_rights(void)
{
    struct rlimit none = {0, 0};
    if ((setgid(65534) != 0 || setuid(65534) != 0) &&
        setrlimit(RLIMIT_FSIZE, &none) != 0)
        _exit(9);
}

/* True in the child. The parent has rounds of its own, as harmless ones. */
static int have_a_worker(void)
{
    pid_t child = fork();
    if (child == 0)
        give_up_rights();
    else
        waitpid(child, NULL, 0);
    return child == 0;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 0;
    char **deeds = argv + (argc > 1 ? 2 : 1);
    const char *round = getenv("TENURE_ROUND");
    if (has(deeds, "round") && round)
        rounds = atoi(round);
    if (has(deeds, "worker") && !have_a_worker())
        deeds = argv + argc;
    for (int i = 0; i < rounds; i++) {
        one_round(deeds);
        if (!has(deeds, "quiet"))
            tenure_take_snapshot("round");
    }
    if (has(deeds, "kill"))
        raise(SIGKILL);
    for (; *deeds; deeds++)
        if (strcmp(*deeds, "exec") == 0)
            execv(deeds[1], deeds + 1);
    return has(argv, "fail") ? 7 : 0;
}
