/*
 * A library that interposes malloc itself and looks up the real functions
 * with dlsym, which allocates when it fails: the classic recursion. The agent
 * comes first, so its first call arrives in the middle of that.
 *
 * expect: major
 * expect: verify
 * expect: live keep_some 20 2000
 */
#include "victim.h"

size_t own_malloc_calls(void);

static NOINLINE void *keep_some(void)
{
    return used(malloc(100));
}

int main(void)
{
    static void *kept[20];
    for (int i = 0; i < 20; i++)
        kept[i] = keep_some();
    for (int i = 0; i < 2000; i++) {
        void *block = used(calloc(3, 40));
        CHECK(block && ((char *)block)[119] == 0);
        block = used(realloc(block, 400));
        free(block);
    }
    say("interposed: %s\n", own_malloc_calls() >= 4020 ? "yes" : "no");
    pause_ms(150);
    return kept[19] == NULL;
}
