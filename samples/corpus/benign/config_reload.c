/*
 * A configuration that is read at the start and again twice.
 *
 * Grows: with the second reading, which has more entries than the first.
 * Not to be flagged: the old configuration is freed at each reload.
 *
 * EXPECT: one-off|steady|cache|warming|shrinking in config_read
 */
#include "service.h"

#include <stdlib.h>

struct setting {
    struct setting *next;
    char *value;
};

static struct setting *config;

static NOINLINE void config_read(unsigned entries)
{
    for (unsigned i = 0; i < entries; i++) {
        struct setting *setting = must(malloc(sizeof *setting));

        setting->value = service_text(i, 40 + i % 60);
        setting->next = config;
        config = setting;
    }
}

static void config_drop(void)
{
    while (config) {
        struct setting *next = config->next;

        free(config->value);
        free(config);
        config = next;
    }
}

static void start(void)
{
    config_read(120);
}

static void end_round(unsigned round)
{
    if (round != 3 && round != 6)
        return;
    config_drop();
    config_read(round == 3 ? 180 : 150);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.start = start,
                                         .round = end_round,
                                         .stop = config_drop});
}
