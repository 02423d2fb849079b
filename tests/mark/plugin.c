/* A library with thread-local storage of its own, for dlopen. */
static __thread void *place;
static __thread char bulk[20000]; /* too much for the static reserve */

__attribute__((visibility("default"))) void **plugin_place(void);
void **plugin_place(void)
{
    __asm__ volatile("" : : "r"(bulk) : "memory");
    return &place;
}
