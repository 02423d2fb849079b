/*
 * A small program for the agent on aarch64: blocks kept by the main thread
 * and by another, one that grows, a forked child.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

NOINLINE void *keep_here(size_t bytes);
NOINLINE void *keep_here(size_t bytes)
{
    void *volatile block = malloc(bytes);
    return block;
}

static void *in_thread(void *with)
{
    for (int i = 0; i < 100; i++)
        keep_here(50);
    return with;
}

int main(void)
{
    pthread_t thread;
    for (int i = 0; i < 1000; i++)
        keep_here(100);
    if (pthread_create(&thread, NULL, in_thread, NULL) != 0)
        return 1;
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (child == 0) {
        keep_here(33);
        _exit(7);
    }
    int status;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 7)
        return 2;
    char *grown = realloc(keep_here(10), 100000);
    free(malloc(1));
    puts(grown != NULL ? "done" : "no memory");
    return 0;
}
