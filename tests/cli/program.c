/* A program that does nothing; CMake builds it in ways that cannot be
 * tracked. */
#include <stddef.h>

#ifdef OWN_MALLOC
void *malloc(size_t bytes);
void *malloc(size_t bytes)
{
    static _Alignas(16) char heap[1 << 16];
    static size_t used;
    void *block = heap + used;
    used += (bytes + 15) & ~(size_t)15;
    return used <= sizeof heap ? block : NULL;
}
#endif

int main(void)
{
    return 0;
}
