/*
 * A service that reads its configuration anew once a round.
 *
 * Leaks: config_drop() frees the list nodes but not the values they own, so
 * each reload leaves twenty strings behind.
 * Not to be flagged: the nodes.
 *
 * EXPECT: leak in value_parse
 * EXPECT major: lost in value_parse
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>

#define SETTINGS 20

struct setting {
    struct setting *next;
    char *value;
    char name[24];
};

static struct setting *config;

static NOINLINE char *value_parse(unsigned round, unsigned i)
{
    char *value = must(malloc(72));

    snprintf(value, 72, "value %u of generation %u", i, round);
    return value;
}

static NOINLINE void config_read(unsigned round)
{
    for (unsigned i = 0; i < SETTINGS; i++) {
        struct setting *setting = must(malloc(sizeof *setting));

        snprintf(setting->name, sizeof setting->name, "setting%u", i);
        setting->value = value_parse(round, i);
        setting->next = config;
        config = setting;
    }
}

static void config_drop(void)
{
    while (config) {
        struct setting *next = config->next;

        free(config);
        config = next;
    }
}

static void end_round(unsigned round)
{
    config_drop();
    config_read(round);
}

int main(int argc, char **argv)
{
    return service_run(
        argc, argv, &(struct service){.round = end_round, .stop = config_drop});
}
