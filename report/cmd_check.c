/*
 * tenure check: the gate. Judges snapshots, or runs a program and judges
 * what it did; says so in as many formats as a CI system wants.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/check.h"
#include "report/command.h"
#include "report/decide.h"
#include "report/gate_write.h"
#include "report/message.h"
#include "report/options.h"

static struct tenure_policy policy = TENURE_POLICY_DEFAULT;
static struct tenure_check check = {.launch = {.major = true, .urgent = true}};
static struct tenure_texts outputs, suppression_files, baselines;
static const char *source_root;
static uint64_t leak_status = TENURE_EXIT_LEAK;
static bool update_baseline, print_suppressions, no_builtin, minor, quiet;

static const struct tenure_option options[] = {
    TENURE_POLICY_OPTIONS(policy),
    {"exit-code", 0, "N", &leak_status, &tenure_type_count, NULL,
     "end with N instead of 1 if something fails"},
    {"output", 'o', "FORMAT:PATH", &outputs, &tenure_type_texts, NULL,
     "write the result as text, json, junit, sarif,\n"
     "github, markdown, gitlab or openmetrics; may be\n"
     "given again; a PATH of - is stdout"},
    {"quiet", 'q', NULL, &quiet, &tenure_type_flag, NULL,
     "without the text, which is printed otherwise"},
    {"suppressions", 0, "FILE", &suppression_files, &tenure_type_texts, NULL,
     "in LeakSanitizer's or Valgrind's syntax"},
    {"no-builtin-suppressions", 0, NULL, &no_builtin, &tenure_type_flag, NULL,
     "do not accept what the C library keeps"},
    {"print-suppressions", 0, NULL, &print_suppressions, &tenure_type_flag,
     NULL, "list the rules, with what they matched"},
    {"baseline", 0, "FILE", &baselines, &tenure_type_texts, NULL,
     "known leaks: snapshots or a report as JSON"},
    {"update-baseline", 0, NULL, &update_baseline, &tenure_type_flag, NULL,
     "write what was found to the baseline FILE"},
    {"source-root", 0, "DIR", &source_root, &tenure_type_text, NULL,
     "name source files as seen from there (default: the\n"
     "CI system's checkout, else here)"},
    {"repeat", 0, "N", &check.rounds, &tenure_type_count, NULL,
     "run COMMAND N times with TENURE_ROUND=1 to N, which\n"
     "says how often to repeat its test"},
    {"ignore-unseen", 0, "NAME[,NAME]", &check.ignored, &tenure_type_texts,
     NULL,
     "accept that these programs under COMMAND cannot\n"
     "carry the agent or leave no last snapshot, and that\n"
     "blocks of these libraries are not seen"},
    {"minor", 0, NULL, &minor, &tenure_type_flag, NULL,
     "do not look for lost blocks in what COMMAND does"},
    TENURE_LAUNCH_OPTIONS(check.launch),
    TENURE_OPTIONS_END,
};

static const struct tenure_usage usage = {
    "check [OPTIONS] SNAPSHOTS|DIRECTORY...\n"
    "       tenure check [OPTIONS] -- COMMAND [ARGUMENTS]",
    "Fails where memory leaks: judges snapshots, or runs COMMAND with the\n"
    "agent and judges that. The text goes to stderr then; snapshots are major\n"
    "ones, and go to a directory of their own in $TMPDIR, which stays if\n"
    "something was wrong, or to --dir.\n"
    "\n"
    "Exit status: 0 clean, 1 leak, 2 unusable input, 3 inconclusive; of a\n"
    "COMMAND that fails, its own.",
    options, false};

/* Where relative paths of sources begin. */
static const char *find_root(void)
{
    static char here[PATH_MAX];
    const char *root = source_root;
    if (!root)
        root = getenv("GITHUB_WORKSPACE");
    if (!root)
        root = getenv("CI_PROJECT_DIR");
    if (root && realpath(root, here))
        return here;
    return getcwd(here, sizeof here) && here[1] ? here : "";
}

static int read_accepted(struct tenure_suppressions *list,
                         struct tenure_baseline *baseline,
                         struct tenure_why *why)
{
    tenure_suppressions_open(list);
    for (uint32_t i = 0; i < suppression_files.count; i++)
        if (tenure_suppressions_read(list, suppression_files.at[i], why) < 0)
            return -1;
    if (!no_builtin)
        tenure_suppressions_add_builtin(list);
    for (uint32_t i = 0; i < baselines.count; i++) {
        bool absent =
            update_baseline && i == 0 && access(baselines.at[0], F_OK) != 0;
        if (!absent && tenure_baseline_read(baseline, baselines.at[i], why) < 0)
            return -1;
    }
    return 0;
}

static void print_rules(const struct tenure_suppressions *list, FILE *to)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct tenure_rule *rule = &list->at[i];
        char name[512];
        fprintf(to, "# %s%s%s", rule->source, *rule->reason ? ": " : "",
                rule->reason);
        if (rule->charges > 0)
            fprintf(to, "; matched %u findings, %llu bytes", rule->charges,
                    (unsigned long long)rule->bytes);
        if (rule->until)
            fprintf(to, "\n# until=%04u-%02u-%02u", rule->until / 10000,
                    rule->until / 100 % 100, rule->until % 100);
        if (rule->max_bytes != UINT64_MAX)
            fprintf(to, "\n# max=%llu", (unsigned long long)rule->max_bytes);
        snprintf(name, sizeof name, "%s", rule->text);
        fprintf(to, "\n%s%s\n", strncmp(name, "leak:", 5) ? "# " : "", name);
    }
}

/* A baseline of what nobody could see would make everything known. */
static void write_baseline(struct tenure_decision *decision)
{
    struct tenure_gate *gate = &decision->gate;
    struct tenure_why why;
    if (gate->verdict == TENURE_VERDICT_INCONCLUSIVE)
        return;
    if (tenure_baseline_write(baselines.at[0], gate->charges,
                              gate->charge_count, &why) < 0)
        tenure_decision_error(decision, "%s", why.text);
    else if (gate->status == (int)leak_status)
        gate->status = TENURE_EXIT_OK;
}

static int print_results(struct tenure_decision *decision, bool ran)
{
    struct tenure_why why;
    bool to_stdout = false;
    for (uint32_t i = 0; i < outputs.count; i++) {
        const char *colon = strchr(outputs.at[i], ':');
        to_stdout |= !colon || strcmp(colon, ":-") == 0;
    }
    if (!quiet && (ran || !to_stdout))
        tenure_gate_text.print(&decision->gate, ran ? stderr : stdout);
    if (tenure_gate_outputs_write(&decision->gate, &outputs, stdout, &why) == 0)
        return decision->gate.status;
    tenure_complain("%s", why.text);
    return decision->gate.status > TENURE_EXIT_LEAK ? decision->gate.status
                                                    : TENURE_EXIT_USAGE;
}

/* Decides on what argv names, unless what is accepted could not be read. */
static int decide(struct tenure_suppressions *list,
                  struct tenure_baseline *baseline, char **argv, int count,
                  bool runs)
{
    struct tenure_decision decision = {0};
    struct tenure_why why;
    struct tenure_decision_input input = {&policy, list, baseline,
                                          (int)leak_status};
    decision.gate.details = &decision;
    decision.gate.root = find_root();
    decision.gate.command = argv[0];
    check.warmup = policy.warmup;
    check.min_snapshots = policy.min_snapshots;
    policy.unseen = &check.ignored;
    if (read_accepted(list, baseline, &why) < 0)
        tenure_decision_error(&decision, "%s", why.text);
    else if (runs)
        tenure_check_command(&check, argv, &decision);
    else
        tenure_check_files(&check, argv, (size_t)count, &decision);
    tenure_decide(&decision, &input);
    if (runs)
        tenure_check_conclude(&check, &decision);
    if (update_baseline)
        write_baseline(&decision);
    int status = print_results(&decision, runs);
    if (print_suppressions)
        print_rules(list, runs ? stderr : stdout);
    tenure_decision_drop(&decision);
    return status;
}

static int find_mistakes(int arguments)
{
    struct tenure_why why;
    if (leak_status > 255)
        return tenure_complain("--exit-code is an exit status, 0 to 255");
    if (check.launch.dormant)
        return tenure_complain(
            "--dormant is for tenure run: a check whose agent sleeps sees "
            "nothing");
    if (tenure_gate_outputs_check(&outputs, &why) < 0)
        return tenure_complain("%s", why.text);
    if (update_baseline && baselines.count != 1)
        return tenure_complain("--update-baseline wants one --baseline=FILE");
    if (arguments == 0 && !print_suppressions)
        return tenure_complain(
            "nothing to check: name snapshots, or a "
            "command behind --; see tenure check --help");
    return 0;
}

int tenure_cmd_check(int argc, char **argv)
{
    struct tenure_suppressions list = {0};
    struct tenure_baseline baseline = {0};
    struct tenure_why why;
    int first = tenure_options_parse(argc, argv, &usage);
    if (first < 0)
        return tenure_options_status(first);
    int status = find_mistakes(argc - first);
    if (status != 0)
        return status;
    check.launch.major = !minor;
    bool runs = first > 1 && strcmp(argv[first - 1], "--") == 0;
    if (first < argc)
        status = decide(&list, &baseline, argv + first, argc - first, runs);
    else if (read_accepted(&list, &baseline, &why) < 0)
        status = tenure_complain("%s", why.text);
    else
        print_rules(&list, stdout);
    tenure_suppressions_drop(&list);
    tenure_baseline_drop(&baseline);
    return status;
}
