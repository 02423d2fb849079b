/*
 * malloc_trim, mallopt, mallinfo2, malloc_info and malloc_stats still speak
 * of the same heap.
 *
 * expect: live a_large_part 0 0
 */
#include "victim.h"

#include <malloc.h>

static NOINLINE void *a_large_part(void)
{
    return used(malloc(1000));
}

int main(void)
{
    static void *parts[20000];
    CHECK(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < 20000; i++)
        parts[i] = a_large_part();
    size_t with = mallinfo2().uordblks;
    for (int i = 0; i < 20000; i++)
        free(parts[i]);
    size_t after = mallinfo2().uordblks;
    say("grew by %zu, left %ld\n", with - before, (long)(after - before));
    say("trimmed %d\n", malloc_trim(0));
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    CHECK(malloc_info(0, file) == 0);
    fclose(file);
    CHECK(strncmp(text, "<malloc version", 15) == 0);
    free(text);
    say("environment: %s\n", getenv("MALLOC_CONF") ? "set" : "unset");
    pause_ms(150);
    return 0;
}
