/* Runs one situation; see situations.h. */
#include "situations.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/include/tenure.h"

static const struct situation *const all[] = {
    situations_held, situations_hidden, situations_thread, situations_lost,
    situations_noted};

void *block_of(size_t bytes)
{
    void *block = malloc(bytes);
    memset(block, 0x5a, bytes);
    return block;
}

static volatile int arrived;

void stay(void)
{
    arrived = 1;
    for (;;)
        pause();
}

struct start {
    void *(*fn)(void *);
};

static void *run_thread(void *with)
{
    void *(*fn)(void *) = *(void *(**)(void *))with;
    void *result = fn(NULL);
    arrived = 1;
    return result;
}

void in_thread(void *(*fn)(void *))
{
    pthread_t thread;
    static void *(*which)(void *);
    which = fn;
    arrived = 0;
    pthread_create(&thread, NULL, run_thread, &which);
    pthread_detach(thread);
    while (!arrived)
        usleep(1000);
}

NOINLINE void scrub(void)
{
    volatile char stack[65536];
    for (size_t i = 0; i < sizeof stack; i++)
        stack[i] = 1;
#if defined(__aarch64__) /* so many registers that calls leave some alone */
    __asm__ volatile(
        "mov x2, xzr\n mov x3, xzr\n mov x4, xzr\n"
        "mov x5, xzr\n mov x6, xzr\n mov x7, xzr\n"
        "mov x8, xzr\n mov x9, xzr\n mov x10, xzr\n"
        "mov x11, xzr\n mov x12, xzr\n mov x13, xzr\n"
        "mov x14, xzr\n mov x15, xzr\n mov x16, xzr\n"
        "mov x17, xzr\n"
        :
        :
        : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
          "x13", "x14", "x15", "x16", "x17");
#endif
}

static const struct situation *find(const char *name)
{
    for (size_t list = 0; list < sizeof all / sizeof *all; list++)
        for (const struct situation *at = all[list]; at->name != NULL; at++)
            if (strcmp(at->name, name) == 0)
                return at;
    return NULL;
}

static int list_them(void)
{
    for (size_t list = 0; list < sizeof all / sizeof *all; list++)
        for (const struct situation *at = all[list]; at->name != NULL; at++)
            puts(at->name);
    return 0;
}

int main(int count, char **words)
{
    if (count != 2)
        return 2;
    if (strcmp(words[1], "--list") == 0)
        return list_them();
    const struct situation *situation = find(words[1]);
    if (situation == NULL)
        return 2;
    printf("%d %d\n", situation->lost_blocks, situation->lost_bytes);
    fflush(stdout);
    situation->set_up();
    scrub();
    for (int i = 0; i < 3; i++)
        tenure_take_snapshot(NULL);
    _exit(0);
}
