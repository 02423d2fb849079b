/* Blocks that something still holds. */
#include "situations.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static void *volatile initialised = (void *)&initialised;
static void *volatile uninitialised;
static void *volatile array[1000];

static NOINLINE void in_initialised_global(void)
{
    initialised = block_of(100);
}

static NOINLINE void in_uninitialised_global(void)
{
    uninitialised = block_of(100);
}

static NOINLINE void in_array(void)
{
    for (int i = 0; i < 1000; i++)
        array[i] = block_of(40);
}

static NOINLINE void in_function_static(void)
{
    static void *kept;
    kept = block_of(100);
    __asm__ volatile("" : : "r"(&kept) : "memory");
}

static NOINLINE void by_interior_pointer(void)
{
    uninitialised = (char *)block_of(100) + 50;
}

static NOINLINE void by_tagged_pointer(void)
{
    uninitialised = (char *)block_of(100) + 3;
}

static struct __attribute__((packed)) {
    char before[5];
    void *pointer;
    char behind[3];
} odd;

static NOINLINE void by_unaligned_global(void)
{
    odd.pointer = block_of(100);
    __asm__ volatile("" : : "r"(&odd) : "memory");
}

static NOINLINE void by_unaligned_heap(void)
{
    char *holder = block_of(64);
    void *held = block_of(100);
    memcpy(holder + 13, &held, sizeof held);
    uninitialised = holder;
}

static NOINLINE void by_end_of_empty_array(void)
{
    uint64_t *cookie = block_of(8);
    *cookie = 0;
    uninitialised = cookie + 1;
}

struct link {
    struct link *next;
    char data[24];
};

static NOINLINE void in_long_list(void)
{
    struct link *head = NULL;
    for (int i = 0; i < 100000; i++) {
        struct link *link = block_of(sizeof *link);
        link->next = head;
        head = link;
    }
    uninitialised = head;
}

/* Which was never written to but here. */
static NOINLINE void by_end_of_huge_block(void)
{
    const size_t words = 1ul << 30;
    void *volatile *huge = malloc(words * sizeof *huge);
    huge[words - 100] = block_of(100);
    uninitialised = (void *)huge;
}

static NOINLINE void in_own_mapping(void)
{
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map[100] = block_of(100);
}

/* The kernel joins the mapping with those of large blocks beside it. */
static NOINLINE void in_mapping_beside_large_blocks(void)
{
    uninitialised = block_of(300000);
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    array[0] = block_of(300000);
    map[100] = block_of(100);
}

static NOINLINE void in_raw_mapping_beside_large_blocks(void)
{
    uninitialised = block_of(300000);
    void **map = (void **)syscall(SYS_mmap, NULL, 65536, PROT_READ | PROT_WRITE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    array[0] = block_of(300000);
    map[100] = block_of(100);
}

static NOINLINE void in_shared_mapping(void)
{
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    map[100] = block_of(100);
}

static NOINLINE void in_memory_file(void)
{
    int fd = memfd_create("situation", 0);
    if (ftruncate(fd, 65536) != 0)
        abort();
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    map[100] = block_of(100);
}

static NOINLINE void in_read_only_mapping(void)
{
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map[100] = block_of(100);
    mprotect(map, 65536, PROT_READ);
}

static NOINLINE void in_private_file_mapping(void)
{
    int fd = memfd_create("situation", 0);
    if (ftruncate(fd, 65536) != 0)
        abort();
    void **map = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
    map[100] = block_of(100);
}

static NOINLINE void by_epoll_data(void)
{
    int epoll = epoll_create1(0);
    for (int i = 0; i < 50; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        event.data.ptr = block_of(100);
        epoll_ctl(epoll, EPOLL_CTL_ADD, eventfd(0, 0), &event);
    }
}

static NOINLINE void by_timer(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                             .sigev_signo = SIGUSR1};
    event.sigev_value.sival_ptr = block_of(100);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
}

static ucontext_t outside, inside;

static NOINLINE void fiber(void)
{
    void *volatile held = block_of(100);
    swapcontext(&inside, &outside);
    free(held);
}

static void start_fiber(void *stack)
{
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = 65536;
    inside.uc_link = &outside;
    makecontext(&inside, fiber, 0);
    swapcontext(&outside, &inside);
}

static NOINLINE void on_suspended_mapped_fiber(void)
{
    start_fiber(mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static NOINLINE void on_suspended_heap_fiber(void)
{
    uninitialised = malloc(65536);
    start_fiber(uninitialised);
}

static NOINLINE void by_libc(void)
{
    setenv("SITUATION", "a value that has to be allocated", 1);
    FILE *file = fopen("/dev/null", "w");
    fputs("buffered", file);
}

static NOINLINE void by_loader(void)
{
    dlopen("libm.so.6", RTLD_NOW);
    dlopen(SITUATION_PLUGIN, RTLD_NOW);
}

const struct situation situations_held[] = {
    {"in_initialised_global", 0, 0, in_initialised_global},
    {"in_uninitialised_global", 0, 0, in_uninitialised_global},
    {"in_array", 0, 0, in_array},
    {"in_function_static", 0, 0, in_function_static},
    {"by_interior_pointer", 0, 0, by_interior_pointer},
    {"by_tagged_pointer", 0, 0, by_tagged_pointer},
    {"by_unaligned_global", 0, 0, by_unaligned_global},
    {"by_unaligned_heap", 0, 0, by_unaligned_heap},
    {"by_end_of_empty_array", 0, 0, by_end_of_empty_array},
    {"in_long_list", 0, 0, in_long_list},
    {"by_end_of_huge_block", 0, 0, by_end_of_huge_block},
    {"in_own_mapping", 0, 0, in_own_mapping},
    {"in_mapping_beside_large_blocks", 0, 0, in_mapping_beside_large_blocks},
    {"in_raw_mapping_beside_large_blocks", 0, 0,
     in_raw_mapping_beside_large_blocks},
    {"in_shared_mapping", 0, 0, in_shared_mapping},
    {"in_memory_file", 0, 0, in_memory_file},
    {"in_read_only_mapping", 0, 0, in_read_only_mapping},
    {"in_private_file_mapping", 0, 0, in_private_file_mapping},
    {"by_epoll_data", 0, 0, by_epoll_data},
    {"by_timer", 0, 0, by_timer},
    {"on_suspended_mapped_fiber", 0, 0, on_suspended_mapped_fiber},
    {"on_suspended_heap_fiber", 0, 0, on_suspended_heap_fiber},
    {"by_libc", 0, 0, by_libc},
    {"by_loader", 0, 0, by_loader},
    {0},
};
