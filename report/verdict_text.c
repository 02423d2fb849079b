/*
 * The verdict in words: each class has one sentence that gives its numbers,
 * so that a reader can check the claim instead of believing it.
 *
 * A verdict comes in, a line of text goes into the caller's buffer.
 */
#include "report/verdict_rules.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct line {
    char *text;
    size_t room, used;
};

__attribute__((format(printf, 2, 3))) static void say(struct line *line,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(line->text + line->used, line->room - line->used,
                         format, arguments);
    va_end(arguments);
    if (more > 0)
        line->used += (size_t)more;
    if (line->used >= line->room)
        line->used = line->room - 1;
}

static void say_bytes(struct line *line, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;
    if (bytes < 0)
        say(line, "-");
    for (bytes = fabs(bytes); bytes >= 1024 && unit < 4; bytes /= 1024)
        unit++;
    say(line, unit && bytes < 100 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

static void say_span(struct line *line, double seconds)
{
    if (seconds < 120)
        say(line, "%.0f s", seconds);
    else if (seconds < 7200)
        say(line, "%.0f min", seconds / 60);
    else if (seconds < 172800)
        say(line, "%.0f h", seconds / 3600);
    else
        say(line, "%.0f days", seconds / 86400);
}

static void say_rate(struct line *line,
                     const struct tenure_site_verdict *verdict)
{
    if (verdict->rate <= 0)
        return;
    say(line, "; ");
    say_bytes(line, verdict->rate);
    say(line, "/s (");
    say_bytes(line, verdict->rate_low);
    say(line, " .. ");
    say_bytes(line, verdict->rate_high);
    say(line, ")");
    if (verdict->seconds_to_limit > 0) {
        say(line, ", memory limit in ");
        say_span(line, verdict->seconds_to_limit);
    }
}

static void say_survival(struct line *line, const struct tenure_leak_test *test,
                         bool sampled)
{
    say(line, "%.0f %s in %.0f %sexposures at age >= %u; ", test->deaths,
        test->deaths == 1 ? "death" : "deaths", test->exposures,
        sampled ? "sampled " : "", test->age);
    say(line, "%u of %u generations left survivors", test->surviving,
        test->judged);
}

static void say_missing(struct line *line,
                        const struct tenure_site_verdict *verdict)
{
    double wanted = verdict->class == TENURE_CLASS_UNKNOWN
                        ? tenure_rules.leak_snapshots
                        : tenure_rules.advised_snapshots;
    if (verdict->snapshots >= wanted)
        return;
    double missing = wanted - verdict->snapshots;
    say(line, "; take %.0f more %s for a %sverdict", missing,
        missing == 1 ? "snapshot" : "snapshots",
        verdict->class == TENURE_CLASS_LEAK ? "surer " : "");
}

static void say_growth(struct line *line,
                       const struct tenure_growth_test *growth)
{
    say(line, "living blocks grew by ");
    say_bytes(line, growth->rises - growth->falls);
    say(line, " in realloc, in %u of %u intervals", growth->rising,
        growth->intervals);
}

static void say_warming(struct line *line,
                        const struct tenure_site_verdict *verdict)
{
    const struct tenure_leak_test *test = &verdict->test;
    if (test->held >= tenure_rules.held && test->held > test->gap) {
        say(line, "grew, and held through the newest %u generations",
            test->held);
        return;
    }
    if (test->late_share >= 1) {
        say(line, "grew, but the blocks that stay are few or young");
        return;
    }
    say(line, "growth slows: the later half left %.2f of the earlier",
        test->late_share);
    if (verdict->plateau_bytes > 0) {
        say(line, "; heads for ");
        say_bytes(line, verdict->plateau_bytes);
    }
}

static void say_course(struct line *line,
                       const struct tenure_population *population)
{
    const struct tenure_timeline *timeline = population->timeline;
    uint32_t last = timeline->count - 1;
    while (last && timeline->at_exit[last])
        last--;
    double most = 0;
    for (uint32_t k = timeline->base; k <= last; k++)
        most = fmax(most, (double)population->live_bytes[k]);
    say_bytes(line, (double)population->live_bytes[timeline->base]);
    say(line, " -> ");
    say_bytes(line, (double)population->live_bytes[last]);
    say(line, ", at most ");
    say_bytes(line, most);
}

static void say_harmless(struct line *line,
                         const struct tenure_site_verdict *verdict,
                         const struct tenure_population *population)
{
    switch (verdict->class) {
    case TENURE_CLASS_WARMING:
        say_warming(line, verdict);
        return;
    case TENURE_CLASS_CACHE:
        if (verdict->traded)
            say(line, "what it grew, sites of the same code shrank");
        else
            say(line,
                "old blocks die as new ones come: %.2f deaths for "
                "each that gets old",
                verdict->test.turnover);
        return;
    case TENURE_CLASS_BACKLOG:
        say(line, "rose and drained: ");
        break;
    case TENURE_CLASS_ONE_OFF:
        say(line, "one generation holds the growth: ");
        break;
    case TENURE_CLASS_POOL:
        say(line, "few large blocks: ");
        break;
    default:
        break;
    }
    say_course(line, population);
}

void tenure_verdict_text(const struct tenure_site_verdict *verdict,
                         const struct tenure_population *population, char *text,
                         size_t text_bytes)
{
    struct line line = {text, text_bytes, 0};
    *text = '\0';
    switch (verdict->class) {
    case TENURE_CLASS_UNKNOWN:
        say(&line, "%u judged %s: a difference, no trend", verdict->snapshots,
            verdict->snapshots == 1 ? "snapshot" : "snapshots");
        break;
    case TENURE_CLASS_LOST:
        say(&line, "%llu blocks that nothing points to, ",
            (unsigned long long)verdict->lost_blocks);
        say_bytes(&line, (double)verdict->lost_bytes);
        say(&line, ", in two major snapshots");
        return;
    case TENURE_CLASS_GROWN:
        say_growth(&line, &verdict->growth);
        say_rate(&line, verdict);
        break;
    case TENURE_CLASS_LEAK:
    case TENURE_CLASS_UNBOUNDED:
    case TENURE_CLASS_SUSPECT:
        say_survival(&line, &verdict->test,
                     population->timeline->sample_bytes > 0);
        say_rate(&line, verdict);
        break;
    default:
        say_harmless(&line, verdict, population);
        return;
    }
    say_missing(&line, verdict);
}
