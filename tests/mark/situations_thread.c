/* Blocks that a thread holds: registers, stacks, thread-local storage. */
#include "situations.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static NOINLINE void *keep_on_stack(void *with)
{
    void *volatile held = block_of(100);
    stay();
    return (void *)held ? with : NULL;
}

static NOINLINE void on_other_stack(void)
{
    in_thread(keep_on_stack);
}

static volatile int in_place; /* how many threads are where they wait */

/* Nowhere but in the register: the loop touches nothing else. */
static NOINLINE void *keep_in_register(void *with)
{
    void *held = block_of(100);
#if defined(__x86_64__)
    __asm__ volatile(
        "mov %0, %%r13\n"
        "xor %0, %0\n"
        "movl $1, %1\n"
        "1: pause\n"
        "jmp 1b\n"
        : "+r"(held), "=m"(in_place)
        :
        : "r13", "memory");
#else
    in_place = 1;
    for (;;)
        __asm__ volatile("" : "+r"(held));
#endif
    return with;
}

static NOINLINE void *keep_in_vector_register(void *with)
{
    void *held = block_of(100);
#if defined(__x86_64__)
    __asm__ volatile(
        "movq %0, %%xmm7\n"
        "xor %0, %0\n"
        "movl $1, %1\n"
        "1: pause\n"
        "jmp 1b\n"
        : "+r"(held), "=m"(in_place)
        :
        : "xmm7", "memory");
#else
    in_place = 1;
    for (;;)
        __asm__ volatile("" : "+w"(held));
#endif
    return with;
}

static NOINLINE void spin_in(void *(*fn)(void *))
{
    pthread_t thread;
    pthread_create(&thread, NULL, fn, NULL);
    while (!in_place)
        usleep(1000);
}

static NOINLINE void in_register(void)
{
    spin_in(keep_in_register);
}

static NOINLINE void in_vector_register(void)
{
    spin_in(keep_in_vector_register);
}

static __thread void *volatile local;

static NOINLINE void in_own_static_tls(void)
{
    local = block_of(100);
}

static NOINLINE void *keep_in_static_tls(void *with)
{
    local = block_of(100);
    stay();
    return with;
}

static NOINLINE void in_other_static_tls(void)
{
    in_thread(keep_in_static_tls);
}

static void **plugin_place(void)
{
    void *plugin = dlopen(SITUATION_PLUGIN, RTLD_NOW);
    void **(*place)(void) = (void **(*)(void))dlsym(plugin, "plugin_place");
    return place();
}

static NOINLINE void in_own_dynamic_tls(void)
{
    *plugin_place() = block_of(100);
}

static NOINLINE void *keep_in_dynamic_tls(void *with)
{
    *plugin_place() = block_of(100);
    stay();
    return with;
}

static NOINLINE void in_other_dynamic_tls(void)
{
    in_thread(keep_in_dynamic_tls);
}

static NOINLINE void in_pthread_key(void)
{
    pthread_key_t key;
    pthread_key_create(&key, NULL);
    pthread_setspecific(key, block_of(100));
}

/* The first 32 are in the thread's own block, the others are allocated. */
static NOINLINE void in_late_pthread_key(void)
{
    pthread_key_t key;
    for (int i = 0; i < 100; i++)
        pthread_key_create(&key, NULL);
    pthread_setspecific(key, block_of(100));
}

static NOINLINE void *keep_in_pthread_key(void *with)
{
    in_late_pthread_key();
    in_pthread_key();
    stay();
    return with;
}

static NOINLINE void in_other_pthread_key(void)
{
    in_thread(keep_in_pthread_key);
}

static ucontext_t outside, inside;

static NOINLINE void *run_on_fiber(void *with)
{
    void *volatile held = block_of(100); /* on the thread's own stack */
    static char stack[65536];
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack;
    inside.uc_stack.ss_size = sizeof stack;
    inside.uc_link = &outside;
    makecontext(&inside, (void (*)(void))keep_on_stack, 1, NULL);
    swapcontext(&outside, &inside);
    return (void *)held ? with : NULL;
}

static NOINLINE void on_stack_left_for_fiber(void)
{
    in_thread(run_on_fiber);
}

static void stay_in_handler(int number)
{
    void *volatile held = block_of(100);
    (void)number;
    stay();
    free(held);
}

static NOINLINE void *raise_on_alternate(void *with)
{
    void *volatile held = block_of(100);
    stack_t stack = {.ss_size = 65536};
    stack.ss_sp = mmap(NULL, stack.ss_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_handler = stay_in_handler,
                               .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    return (void *)held ? with : NULL;
}

static NOINLINE void on_alternate_stack(void)
{
    in_thread(raise_on_alternate);
}

static NOINLINE void *keep_and_wait(void *with)
{
    void *volatile held = block_of(100);
    in_place++;
    for (void *volatile *still = &held;; (void)*still)
        pause();
    return with;
}

/* Two stacks side by side in one mapping, without guards. */
static NOINLINE void start_side_by_side(void *(*fn)(void *))
{
    char *both = mmap(NULL, 2 * 262144, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, both + i * 262144, 262144);
        pthread_create(&thread, &attributes, fn, NULL);
        while (in_place <= i)
            usleep(1000);
        usleep(10000);
    }
}

static NOINLINE void on_stacks_of_our_own(void)
{
    start_side_by_side(keep_and_wait);
}

/* Either end of it may be the one next to the other stack. */
static __thread void *volatile far_apart[2048];

static NOINLINE void *keep_in_tls_and_wait(void *with)
{
    far_apart[0] = block_of(100);
    far_apart[2047] = block_of(100);
    in_place++;
    for (;;)
        pause();
    return with;
}

static NOINLINE void in_tls_on_stacks_of_our_own(void)
{
    start_side_by_side(keep_in_tls_and_wait);
}

static NOINLINE void on_many_stacks(void)
{
    for (int i = 0; i < 20; i++)
        in_thread(keep_on_stack);
}

/* The child goes on; the thread and its stack are the parent's. What the
 * child itself loses is lost. */
static NOINLINE void by_thread_that_was_not_forked(void)
{
    in_thread(keep_on_stack);
    pid_t child = fork();
    if (child != 0) {
        waitpid(child, NULL, 0);
        syscall(SYS_exit_group, 0);
    }
    void *volatile block = block_of(200);
    block = NULL;
    __asm__ volatile("" : : "r"(&block) : "memory");
}

const struct situation situations_thread[] = {
    {"on_other_stack", 0, 0, on_other_stack},
    {"on_many_stacks", 0, 0, on_many_stacks},
    {"in_register", 0, 0, in_register},
    {"in_vector_register", 0, 0, in_vector_register},
    {"in_own_static_tls", 0, 0, in_own_static_tls},
    {"in_other_static_tls", 0, 0, in_other_static_tls},
    {"in_own_dynamic_tls", 0, 0, in_own_dynamic_tls},
    {"in_other_dynamic_tls", 0, 0, in_other_dynamic_tls},
    {"in_pthread_key", 0, 0, in_pthread_key},
    {"in_late_pthread_key", 0, 0, in_late_pthread_key},
    {"in_other_pthread_key", 0, 0, in_other_pthread_key},
    {"on_stack_left_for_fiber", 0, 0, on_stack_left_for_fiber},
    {"on_alternate_stack", 0, 0, on_alternate_stack},
    {"on_stacks_of_our_own", 0, 0, on_stacks_of_our_own},
    {"by_thread_that_was_not_forked", 1, 200, by_thread_that_was_not_forked},
    {"in_tls_on_stacks_of_our_own", 0, 0, in_tls_on_stacks_of_our_own},
    {0},
};
