/*
 * Templates that are compiled when they are asked for the first time.
 *
 * Grows: ever more slowly, since the popular templates come first. At most
 * 300 of them, kept until the end.
 * Not to be flagged: a warm-up has a plateau.
 *
 * EXPECT: warming|steady|one-off in template_compile
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define TEMPLATES 300

struct compiled {
    unsigned uses;
    char *code;
};

static struct compiled *templates[TEMPLATES];

static NOINLINE struct compiled *template_compile(unsigned number)
{
    struct compiled *compiled = must(malloc(sizeof *compiled));

    compiled->uses = 0;
    compiled->code = service_text(number, 80 + number);
    return compiled;
}

static void serve(const struct request *request)
{
    unsigned number = service_skewed(TEMPLATES);

    (void)request;
    if (!templates[number])
        templates[number] = template_compile(number);
    templates[number]->uses++;
}

static void stop(void)
{
    for (unsigned i = 0; i < TEMPLATES; i++) {
        if (templates[i])
            free(templates[i]->code);
        free(templates[i]);
    }
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
