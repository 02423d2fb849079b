/* Blocks that nothing holds any longer. */
#include "situations.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

static void *volatile global;
static __thread void *volatile local;

static NOINLINE void forget_one(size_t bytes)
{
    global = block_of(bytes);
    global = NULL;
}

static NOINLINE void overwritten_global(void)
{
    forget_one(100);
}

static NOINLINE void of_all_sizes(void)
{
    for (size_t bytes = 1; bytes <= 200; bytes++)
        forget_one(bytes);
}

static NOINLINE void of_no_size(void)
{
    forget_one(0);
}

static NOINLINE void large(void)
{
    forget_one(1 << 20);
    forget_one(5 << 20);
}

static NOINLINE void of_other_functions(void)
{
    void *aligned;
    global = calloc(3, 30);
    global = realloc(malloc(10), 50);
    global = aligned_alloc(64, 128);
    if (posix_memalign(&aligned, 256, 70) == 0)
        global = aligned;
    aligned = NULL;
    global = strdup("a text of 22 bytes...");
    global = NULL;
}

static NOINLINE void points_to_itself(void)
{
    void **block = block_of(64);
    block[3] = block;
}

static NOINLINE void cycle(void)
{
    void **a = block_of(40), **b = block_of(40), **c = block_of(40);
    a[0] = b;
    b[1] = c;
    c[2] = a;
}

struct tree {
    struct tree *left, *right;
};

static NOINLINE struct tree *grow(int depth)
{
    struct tree *tree = block_of(sizeof *tree);
    tree->left = depth > 0 ? grow(depth - 1) : NULL;
    tree->right = depth > 0 ? grow(depth - 1) : NULL;
    return tree;
}

static NOINLINE void tree(void)
{
    global = grow(7);
    global = NULL;
}

static NOINLINE void below_a_freed_block(void)
{
    void **holder = block_of(1000);
    holder[100] = block_of(100);
    free(holder);
}

static NOINLINE void in_shrunk_tail(void)
{
    void **holder = block_of(1000);
    holder[100] = block_of(100);
    global = realloc(holder, 64);
}

static NOINLINE void *leave_on_stack(void *with)
{
    void *volatile held[64];
    for (int i = 0; i < 64; i++)
        held[i] = block_of(10);
    return (void *)held[63] ? with : NULL;
}

static NOINLINE void on_stack_of_ended_thread(void)
{
    pthread_t thread;
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread, NULL, leave_on_stack, NULL);
        pthread_join(thread, NULL);
    }
}

static NOINLINE void *leave_in_tls(void *with)
{
    local = block_of(100);
    return with;
}

static NOINLINE void in_tls_of_ended_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, leave_in_tls, NULL);
    pthread_join(thread, NULL);
}

static NOINLINE void in_gone_mapping(void)
{
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map[100] = block_of(100);
    munmap(map, 65536);
}

static NOINLINE void in_closed_epoll(void)
{
    int epoll = epoll_create1(0), event_fd = eventfd(0, 0);
    struct epoll_event event = {.events = EPOLLIN};
    event.data.ptr = block_of(100);
    epoll_ctl(epoll, EPOLL_CTL_ADD, event_fd, &event);
    epoll_ctl(epoll, EPOLL_CTL_DEL, event_fd, &event);
}

static NOINLINE void one_past_the_end(void)
{
    global = (char *)block_of(104) + 104;
    block_of(24);
}

static NOINLINE void *forget_here(void *with)
{
    for (int i = 0; i < 100; i++)
        forget_one(50);
    return with;
}

/* From the arenas of other threads, which go on. */
static NOINLINE void *forget_and_stay(void *with)
{
    forget_here(NULL);
    scrub();
    stay();
    return with;
}

static NOINLINE void by_running_threads(void)
{
    in_thread(forget_and_stay);
    in_thread(forget_and_stay);
}

static NOINLINE void by_ended_threads(void)
{
    in_thread(forget_here);
    in_thread(forget_here);
    usleep(20000);
}

/* Every second chunk is free: the bins point beside what is lost. */
static NOINLINE void between_free_chunks(void)
{
    static void *block[2000];
    for (int i = 0; i < 2000; i++)
        block[i] = block_of(i % 2 ? 1032 : 1000);
    for (int i = 0; i < 2000; i += 2)
        free(block[i]);
    memset(block, 0, sizeof block);
}

extern void *kept[500];
void *kept[500]; /* not static: its blocks stay held */

static NOINLINE void beside_held_ones(void)
{
    for (int i = 0; i < 500; i++) {
        kept[i] = block_of(24);
        forget_one(24);
    }
}

const struct situation situations_lost[] = {
    {"overwritten_global", 1, 100, overwritten_global},
    {"of_all_sizes", 200, 20100, of_all_sizes},
    {"of_no_size", 1, 0, of_no_size},
    {"large", 2, 6 << 20, large},
    {"of_other_functions", 5, 90 + 50 + 128 + 70 + 22, of_other_functions},
    {"points_to_itself", 1, 64, points_to_itself},
    {"cycle", 3, 120, cycle},
    {"tree", 255, 255 * 16, tree},
    {"below_a_freed_block", 1, 100, below_a_freed_block},
    {"in_shrunk_tail", 1, 100, in_shrunk_tail},
    {"on_stack_of_ended_thread", 192, 1920, on_stack_of_ended_thread},
    {"in_tls_of_ended_thread", 1, 100, in_tls_of_ended_thread},
    {"in_gone_mapping", 1, 100, in_gone_mapping},
    {"in_closed_epoll", 1, 100, in_closed_epoll},
    {"one_past_the_end", 2, 128, one_past_the_end},
    {"by_running_threads", 200, 10000, by_running_threads},
    {"by_ended_threads", 200, 10000, by_ended_threads},
    {"between_free_chunks", 1000, 1032000, between_free_chunks},
    {"beside_held_ones", 500, 12000, beside_held_ones},
    {0},
};
