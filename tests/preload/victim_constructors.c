/*
 * Constructors and destructors, of the program and of a library, that
 * allocate and free across each other; atexit and on_exit handlers too.
 *
 * expect: verify
 * expect: whole
 * expect: live early_block 1 128
 * expect: live library_block 1 77
 */
#include "victim.h"

void *library_take(void);

static void *early, *late;

static NOINLINE void *early_block(void)
{
    return used(malloc(128));
}

__attribute__((constructor(101))) static void first(void)
{
    early = early_block();
    say("first constructor\n");
}

__attribute__((constructor)) static void second(void)
{
    late = used(malloc(256));
    free(used(malloc(10)));
    say("second constructor\n");
}

__attribute__((destructor)) static void undo(void)
{
    free(late);
    late = used(calloc(3, 5));
    free(late);
    say("destructor\n");
}

static void at_exit(void)
{
    free(used(strdup("at exit")));
    say("atexit\n");
}

static void on_exit_too(int status, void *argument)
{
    free(argument);
    say("on_exit %d\n", status);
}

int main(void)
{
    CHECK(early && late && library_take());
    atexit(at_exit);
    on_exit(on_exit_too, used(malloc(33)));
    pause_ms(150);
    return 0;
}
