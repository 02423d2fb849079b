/* Blocks held where a mark does not easily look. */
#include "situations.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define LARGE (1 << 20) /* a mapping of its own in every allocator */
#define HUGE (1 << 30)

static char *volatile region;

static NOINLINE void hold_in(void *at)
{
    region = at;
    *(void **)(region + 600) = block_of(100);
}

static void *map(int flags, int fd)
{
    return mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);
}

static NOINLINE void in_memory_without_access(void)
{
    hold_in(map(MAP_PRIVATE | MAP_ANONYMOUS, -1));
    mprotect(region, 2 * PAGE, PROT_NONE);
}

static NOINLINE void in_block_without_access(void)
{
    hold_in(aligned_alloc(PAGE, LARGE));
    mprotect(region, PAGE, PROT_NONE);
}

static NOINLINE void in_read_only_block(void)
{
    hold_in(aligned_alloc(PAGE, LARGE));
    mprotect(region, PAGE, PROT_READ);
}

static NOINLINE void in_shared_file(void)
{
    char name[] = "/tmp/tenure-situation-XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    if (ftruncate(fd, 2 * PAGE) == 0)
        hold_in(map(MAP_SHARED, fd));
    close(fd);
}

static NOINLINE void in_mapping_kept_from_children(void)
{
    hold_in(map(MAP_PRIVATE | MAP_ANONYMOUS, -1));
    madvise(region, 2 * PAGE, MADV_DONTFORK);
}

/* A hole in the walker, as large as what it maps for itself. */
static NOINLINE void in_block_kept_from_children(void)
{
    hold_in(aligned_alloc(PAGE, LARGE));
    madvise(region, LARGE, MADV_DONTFORK);
}

static NOINLINE void behind_the_heap(void)
{
    hold_in(sbrk(2 * PAGE));
}

static volatile uint64_t tagged[3];

static NOINLINE void by_upper_tags(void)
{
    tagged[0] = (uint64_t)block_of(100) | 0xabcdull << 48;
    tagged[1] = (uint64_t)block_of(100) | 0xfffcull << 48; /* no number */
    tagged[2] = (uint64_t)block_of(100) | 0x3full << 57;
}

static NOINLINE void on_idle_signal_stack(void)
{
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    sigaltstack(&stack, NULL);
    memset(&stack, 0, sizeof stack);
}

static NOINLINE void in_machine_code(void)
{
    hold_in(map(MAP_PRIVATE | MAP_ANONYMOUS, -1));
    void *held = *(void **)(region + 600);
    memset(region, 0, PAGE);
    memcpy(region + 602, &held, sizeof held);
    mprotect(region, 2 * PAGE, PROT_READ | PROT_EXEC);
}

static volatile pid_t giver;

static void *give(void *bytes)
{
    giver = gettid();
    return block_of((size_t)bytes);
}

static NOINLINE pthread_t end_a_thread(const pthread_attr_t *how)
{
    pthread_t thread;
    giver = 0;
    pthread_create(&thread, how, give, (void *)100);
    while (giver == 0 || tgkill(getpid(), giver, 0) == 0)
        usleep(1000);
    return thread;
}

static NOINLINE void by_thread_to_be_joined(void)
{
    end_a_thread(NULL);
}

static NOINLINE void by_joined_thread(void)
{
    pthread_join(end_a_thread(NULL), NULL);
}

static NOINLINE void by_detached_thread(void)
{
    pthread_attr_t how;
    pthread_attr_init(&how);
    pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    end_a_thread(&how);
}

/* The agent has words of its own that would point into it. */
static NOINLINE void huge_block(void)
{
    void *volatile block = malloc(HUGE);
    block = block_of(100);
    block = NULL;
    __asm__ volatile("" : : "r"(&block) : "memory");
}

const struct situation situations_hidden[] = {
    {"in_memory_without_access", 0, 0, in_memory_without_access},
    {"in_block_without_access", 0, 0, in_block_without_access},
    {"in_read_only_block", 0, 0, in_read_only_block},
    {"in_shared_file", 0, 0, in_shared_file},
    {"in_mapping_kept_from_children", 0, 0, in_mapping_kept_from_children},
    {"in_block_kept_from_children", 0, 0, in_block_kept_from_children},
    {"behind_the_heap", 0, 0, behind_the_heap},
    {"by_upper_tags", 0, 0, by_upper_tags},
    {"on_idle_signal_stack", 0, 0, on_idle_signal_stack},
    {"in_machine_code", 0, 0, in_machine_code},
    {"by_thread_to_be_joined", 0, 0, by_thread_to_be_joined},
    {"by_joined_thread", 1, 100, by_joined_thread},
    {"by_detached_thread", 1, 100, by_detached_thread},
    {"huge_block", 2, HUGE + 100, huge_block},
    {0},
};
