/*
 * The plugin that plugin_reload.c loads again and again. It does nothing
 * wrong: its host forgets to call plugin_fini().
 */
#include <stdlib.h>
#include <string.h>

#define TABLES 12
#define EXPORTED __attribute__((visibility("default")))

void plugin_init(void);
void plugin_fini(void);
unsigned plugin_work(unsigned input);

static unsigned *tables[TABLES];

EXPORTED void plugin_init(void)
{
    for (unsigned i = 0; i < TABLES; i++) {
        tables[i] = malloc(256);
        if (tables[i])
            memset(tables[i], (int)i, 256);
    }
}

EXPORTED void plugin_fini(void)
{
    for (unsigned i = 0; i < TABLES; i++)
        free(tables[i]);
}

EXPORTED unsigned plugin_work(unsigned input)
{
    unsigned *table = tables[input % TABLES];

    return table ? ++table[input % 64] : 0;
}
