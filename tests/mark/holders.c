/*
 * A program that holds blocks in one way, for who asks who holds them.
 *
 *   holders HOLDER
 *
 * born() makes them; three snapshots are taken while they are held, eight of
 * a HOLDER that grows.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "agent/include/tenure.h"

#define NOINLINE __attribute__((noinline, noclone))

enum { BLOCKS = 50, BYTES = 100, ROUNDS = 8, SLOTS = 512 };

struct node {
    struct node *next;
    void *value;
};

static struct {
    long before[3];
    struct {
        void *unused;
        struct node *first;
    } list[4];
} registry;

static void *volatile slots[SLOTS];
static __thread void *volatile own[BLOCKS];
static pthread_key_t key;

static NOINLINE void *born(void)
{
    char *block = malloc(BYTES);
    memset(block, 1, BYTES);
    return block;
}

static NOINLINE struct node *node_new(void *value, struct node *next)
{
    struct node *node = malloc(sizeof *node);
    *node = (struct node){next, value};
    return node;
}

static NOINLINE void take(void)
{
    char dead[8192];
    memset(dead, 0, sizeof dead); /* what is left of calls before */
    __asm__ volatile("" : : "r"(dead) : "memory");
    for (int i = 0; i < 3; i++)
        tenure_take_snapshot(NULL);
}

static NOINLINE void by_global(void)
{
    for (int i = 0; i < BLOCKS; i++)
        registry.list[2].first = node_new(born(), registry.list[2].first);
    take();
}

static NOINLINE void by_array(void)
{
    for (int i = 0; i < BLOCKS; i++)
        slots[i * 9] = born();
    take();
}

static void keep_somewhere(int i, void *block)
{
    if (i % 5)
        slots[i] = block;
    else
        registry.list[1].first = node_new(block, registry.list[1].first);
}

static NOINLINE void by_two(void)
{
    for (int i = 0; i < BLOCKS; i++)
        keep_somewhere(i, born());
    take();
}

static NOINLINE void by_thread_local(void)
{
    for (int i = 0; i < BLOCKS; i++)
        own[i] = born();
    take();
}

static NOINLINE void by_frame(void)
{
    void *volatile kept[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        kept[i] = born();
    take();
    __asm__ volatile("" : : "r"(kept) : "memory");
}

static NOINLINE void by_mapping(void)
{
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < BLOCKS; i++)
        map[i] = born();
    take();
}

/* As V8's heap: the walker's copy does not have it. */
static NOINLINE void by_unforked(void)
{
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(map, 65536, MADV_DONTFORK);
    for (int i = 0; i < BLOCKS; i++)
        map[i] = born();
    take();
}

static NOINLINE void by_kernel(void)
{
    int epoll = epoll_create1(0);
    for (int i = 0; i < BLOCKS; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        event.data.ptr = born();
        epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(0, 0), &event);
    }
    take();
}

static NOINLINE void by_key(void)
{
    void **kept = calloc(BLOCKS, sizeof *kept);
    for (int i = 0; i < BLOCKS; i++)
        kept[i] = born();
    pthread_setspecific(key, kept);
    take();
}

/* Over types that DWARF knows. */
static struct typed {
    long before;
    struct {
        long id;
        struct node **of[2];
    } order;
} * typed;

static NOINLINE void by_typed(void)
{
    typed = calloc(1, sizeof *typed);
    typed->order.of[1] = calloc(BLOCKS, sizeof(struct node *));
    for (int i = 0; i < BLOCKS; i++)
        typed->order.of[1][i] = node_new(born(), NULL);
    take();
}

/* Over pointers to a part of what holds them. */
static struct link {
    struct link *next, *previous;
} ring;
struct item {
    long id;
    struct link link;
    void *value;
};

static NOINLINE void add_item(void)
{
    struct item *item = malloc(sizeof *item);
    *item = (struct item){.link = {.next = ring.next}, .value = born()};
    ring.next = &item->link;
}

static NOINLINE void by_untyped(void)
{
    for (int i = 0; i < BLOCKS; i++)
        add_item();
    take();
}

/* In a structure of the thread, which passes by on its stack as well. */
struct own {
    int count;
    struct node *first;
};

static NOINLINE void by_list_of_key(void)
{
    struct own *of = calloc(1, sizeof *of);
    struct node *volatile passing;
    pthread_setspecific(key, of);
    for (int i = 0; i < BLOCKS; i++)
        passing = of->first = node_new(born(), of->first);
    take();
    __asm__ volatile("" : : "r"(&passing) : "memory");
}

/* In a register, which functions that are called keep in their frames. */
static NOINLINE void by_register(void)
{
    struct node *first = NULL;
    for (int i = 0; i < BLOCKS; i++)
        first = node_new(born(), first);
    for (int i = 0; i < 3; i++)
        tenure_take_snapshot(NULL);
    __asm__ volatile("" : : "r"(first) : "memory");
}

static __thread struct node *own_list;
static pthread_barrier_t barrier;

/* In a register, which a function of the C library keeps while it waits. */
static NOINLINE void wait_with(void)
{
    struct node *first = NULL;
    for (int i = 0; i < BLOCKS; i++)
        first = node_new(born(), first);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    __asm__ volatile("" : : "r"(first) : "memory");
}

static void *start_waiting(void *unused)
{
    wait_with();
    return unused;
}

static NOINLINE void by_waiting(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, start_waiting, NULL);
    pthread_barrier_wait(&barrier);
    take();
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

static void *fill_own_list(void *unused)
{
    for (int i = 0; i < BLOCKS; i++)
        own_list = node_new(born(), own_list);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return unused;
}

static NOINLINE void by_threads(void)
{
    pthread_t thread[4];
    pthread_barrier_init(&barrier, NULL, 5);
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, fill_own_list, NULL);
    pthread_barrier_wait(&barrier);
    take();
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

static NOINLINE void handle_get(void)
{
    registry.list[2].first = node_new(born(), registry.list[2].first);
}

static NOINLINE void handle_put(void)
{
    registry.list[2].first = node_new(born(), registry.list[2].first);
}

/* A list that is filled from two places, in no order. */
static NOINLINE void by_handlers(void)
{
    for (int i = 0; i < BLOCKS; i++)
        if (i * i % 7 % 2)
            handle_get();
        else
            handle_put();
    take();
}

/* A table of fixed size, which nothing leaves. */
static NOINLINE void by_cache(void)
{
    void **table = calloc(SLOTS, sizeof *table);
    registry.list[0].unused = table;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++)
            table[round * BLOCKS + i] = born();
        tenure_take_snapshot(NULL);
    }
}

/* The same in a list. */
static NOINLINE void by_list(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BLOCKS; i++)
            registry.list[2].first = node_new(born(), registry.list[2].first);
        tenure_take_snapshot(NULL);
    }
}

static const struct holder {
    const char *name;
    void (*hold)(void);
    int in_thread;
} holders[] = {
    {"global", by_global, 0},
    {"array", by_array, 0},
    {"two", by_two, 0},
    {"thread_local", by_thread_local, 0},
    {"thread_local_of_thread", by_thread_local, 1},
    {"frame", by_frame, 0},
    {"frame_of_thread", by_frame, 1},
    {"mapping", by_mapping, 0},
    {"unforked", by_unforked, 0},
    {"kernel", by_kernel, 0},
    {"key", by_key, 0},
    {"key_of_thread", by_key, 1},
    {"typed", by_typed, 0},
    {"untyped", by_untyped, 0},
    {"list_of_key", by_list_of_key, 1},
    {"register", by_register, 0},
    {"waiting", by_waiting, 0},
    {"threads", by_threads, 0},
    {"handlers", by_handlers, 0},
    {"cache", by_cache, 0},
    {"list", by_list, 0},
};

static void *run(void *with)
{
    ((const struct holder *)with)->hold();
    return with;
}

int main(int count, char **words)
{
    pthread_t thread;
    pthread_key_create(&key, NULL);
    for (size_t i = 0; count == 2 && i < sizeof holders / sizeof *holders;
         i++) {
        const struct holder *holder = &holders[i];
        if (strcmp(holder->name, words[1]) != 0)
            continue;
        union {
            const struct holder *in;
            void *out;
        } with = {holder};
        if (!holder->in_thread)
            holder->hold();
        else if (pthread_create(&thread, NULL, run, with.out) == 0)
            pthread_join(thread, NULL);
        return 0;
    }
    return 2;
}
