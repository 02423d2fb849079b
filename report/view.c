/*
 * The way that show and diff share: snapshots, names, output.
 */
#include "report/view.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/command.h"

const char *const tenure_format_names[] = {"text", "json", NULL};

/* What is being read, for the alarm to name. */
static char reading[256];
static volatile sig_atomic_t named;

static void on_alarm(int signal)
{
    (void)signal;
    ssize_t ignored = write(STDERR_FILENO, reading, strlen(reading));
    (void)ignored;
    named = 1;
}

/* Only to a person, and only if it takes more than a second. */
static void progress(const char *file)
{
    sigset_t alarms, before;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarms, &before);
    snprintf(reading, sizeof reading, "\r\033[Kreading symbols of %s ...",
             file);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (named)
        on_alarm(SIGALRM);
}

static void start_progress(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    snprintf(reading, sizeof reading, "reading snapshots ...");
    sigaction(SIGALRM, &action, NULL);
    alarm(1);
}

static void stop_progress(void)
{
    alarm(0);
    if (named)
        fputs("\r\033[K", stderr);
    named = 0;
}

int tenure_view_print(const char *command, char *const *paths, uint32_t count,
                      const struct tenure_view_choice *choice,
                      const struct tenure_output *text,
                      struct tenure_outcome *outcome)
{
    struct tenure_series series;
    struct tenure_why why;
    bool person = isatty(STDERR_FILENO);
    if (person)
        start_progress();
    int error = tenure_series_open(&series, paths, count, &why);
    if (error < 0)
        stop_progress();
    if (error < 0)
        return tenure_complain("%s", why.text);
    struct tenure_view view = {
        .command = command,
        .series = &series,
        .symbols = tenure_symbols_new(&series, person ? progress : NULL),
        .sort = (enum tenure_sort)choice->sort,
        .group = (enum tenure_group)choice->group,
        .top = choice->top,
        .depth = choice->depth,
        .explain = choice->explain,
        .three = choice->three,
        .objects = choice->objects,
        .paper = tenure_paper_stdout(choice->colour),
    };
    tenure_judge(&view.judgement, &series);
    tenure_findings_make(&view.findings, &view.judgement, view.symbols);
    tenure_outcome_of(&view.outcome, &(struct tenure_outcome_input){
                                         &view.judgement, &view.findings,
                                         view.symbols, TENURE_FAIL_ON_DEFAULT});
    const struct tenure_output *output =
        strcmp(tenure_format_names[choice->format], tenure_out_json.name) == 0
            ? &tenure_out_json
            : text;
    output->print(&view);
    stop_progress();
    *outcome = view.outcome;
    tenure_symbols_free(view.symbols);
    tenure_findings_drop(&view.findings);
    tenure_judgement_drop(&view.judgement);
    tenure_series_close(&series);
    return view.status;
}
