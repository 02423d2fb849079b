/*
 * Subsystems that come to life when they are first used.
 *
 * Grows: by a few blocks in each of the first six rounds, each from a
 * function of its own, kept to the end.
 * Not to be flagged: a single cohort at each site.
 *
 * EXPECT: one-off|steady|warming|pool in mailer_get
 * EXPECT: one-off|steady|warming|pool in pattern_get
 */
#include "service.h"

#include <regex.h>
#include <stdlib.h>

struct mailer {
    char *host;
    char *outbox;
};

static struct mailer *mailer;
static regex_t *pattern;
static unsigned *histogram;
static char *zones;
static double *weights;

static NOINLINE struct mailer *mailer_get(void)
{
    if (!mailer) {
        mailer = must(malloc(sizeof *mailer));
        mailer->host = service_text(1, 60);
        mailer->outbox = must(calloc(1, 20000));
    }
    return mailer;
}

static NOINLINE regex_t *pattern_get(void)
{
    if (!pattern) {
        pattern = must(malloc(sizeof *pattern));
        if (regcomp(pattern, "^/page/[0-9]+$", REG_EXTENDED) != 0)
            exit(70);
    }
    return pattern;
}

static NOINLINE unsigned *histogram_get(void)
{
    if (!histogram)
        histogram = must(calloc(64, sizeof *histogram));
    return histogram;
}

static NOINLINE char *zones_get(void)
{
    if (!zones)
        zones = must(calloc(1, 90000));
    return zones;
}

static NOINLINE double *weights_get(void)
{
    if (!weights)
        weights = must(calloc(500, sizeof *weights));
    return weights;
}

static void serve(const struct request *request)
{
    unsigned round = service_round();

    if (round >= 2)
        mailer_get()->outbox[request->client]++;
    if (round >= 3)
        regexec(pattern_get(), request->path, 0, NULL, 0);
    if (round >= 4)
        histogram_get()[request->client]++;
    if (round >= 5)
        zones_get()[request->client]++;
    if (round >= 6)
        weights_get()[request->client] += 0.5;
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
