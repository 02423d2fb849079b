/*
 * The gate's output formats against golden files: a gate with everything in
 * it, one that is clean, one that could not look. `test_gate_outputs DIR`
 * compares, `test_gate_outputs DIR --write` makes DIR's files anew.
 */
#include "report/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *directory;
static bool writing;

#define FRAMES(array)                                                          \
    {                                                                          \
        array, sizeof array / sizeof *array, 0                                 \
    }

static const struct tenure_charge_frame copy_key[] = {
    {"copy_key", "/src/app/store.c", "/opt/app/server", 0x1200, 41, true},
    {"store_set", "/src/app/store.c", "/opt/app/server", 0x1210, 88, false},
    {"on_request<int, \"x\">", "/src/app/dir with %/main.cc", "/opt/app/server",
     0x3000, 7, false},
    {"", "", "/usr/lib/libevent.so.2", 0x9f3, 0, false},
    {"main", "/src/app/main.cc", "/opt/app/server", 0x3100, 120, false},
};
static const struct tenure_charge_frame grow[] = {
    {"buffer_append", "/elsewhere/buffer.c", "/opt/app/server", 0x5000, 19,
     false},
};
static const struct tenure_charge_frame foreign[] = {
    {"lib_init", "", "/usr/lib/libforeign.so", 0x77, 0, false},
};

#define CHARGE(number, led_by, kind, what, why)                                \
    .id = number, .class = kind, .leader = led_by - 1, .state = what,          \
    .because = why, .confidence = 0.9, .thread = "main",                       \
    .process = "server (PID 12)"

static const struct tenure_charge charges[] = {
    {CHARGE(1, 1, TENURE_CLASS_LEAK, TENURE_CHARGE_FAILS, ""),
     .evidence = "0 deaths in 412 exposures at age >= 2",
     .stack = FRAMES(copy_key), .blocks = 3020, .bytes = 1258291,
     .rate = 34816.5, .members = 2, .since = "generation 3, 12 s after start"},
    {CHARGE(2, 2, TENURE_CLASS_GROWN, TENURE_CHARGE_FAILS,
            "the suppression leak:x (a.supp:1) ended on 2020-01-01"),
     .evidence = "living blocks grew | by 64 KiB, <always>",
     .stack = FRAMES(foreign), .grown_by = FRAMES(grow), .blocks = 1,
     .bytes = 65536, .since = ""},
    {CHARGE(3, 3, TENURE_CLASS_LOST, TENURE_CHARGE_SUPPRESSED,
            "leak:lib_init (a.supp:2)"),
     .evidence = "lost", .stack = FRAMES(foreign), .blocks = 1, .bytes = 16,
     .since = ""},
    {CHARGE(4, 4, TENURE_CLASS_LEAK, TENURE_CHARGE_KNOWN,
            "in the baseline, 1.1 MiB there"),
     .evidence = "e", .stack = FRAMES(copy_key), .blocks = 9, .bytes = 900,
     .since = ""},
    {CHARGE(5, 5, TENURE_CLASS_SUSPECT, TENURE_CHARGE_ALLOWED,
            "class suspect does not fail (--fail-on)"),
     .evidence = "e", .blocks = 2, .bytes = 20, .since = ""},
    {CHARGE(6, 1, TENURE_CLASS_LEAK, TENURE_CHARGE_FAILS, ""),
     .evidence = "folded", .stack = FRAMES(grow), .blocks = 2, .bytes = 20,
     .since = ""},
};

static const char *const reasons[] = {
    "leak in copy_key and 2 related sites, 34.0 KiB/s",
    "grown in libforeign.so"};
static const char *const blind[] = {
    "the agent saw no allocation; see tenure doctor"};
static const char *const warnings[] = {
    "leak:nothing (a.supp:3) matched nothing; remove it"};
static const struct tenure_gate_fixed fixed[] = {
    {"00000000000000aa", "leak", "old_leak", 4096}};
static const struct tenure_gate_process processes[] = {
    {"server (PID 12)", "/opt/app/server", 12, 36.5, 4000, 2000000, 16, 9000000,
     500000, 0, 0}};

static const struct tenure_gate leaking = {.verdict = TENURE_VERDICT_LEAK,
                                           .status = 1,
                                           .reasons = reasons,
                                           .reason_count = 2,
                                           .warnings = warnings,
                                           .warning_count = 1,
                                           .charges = charges,
                                           .charge_count =
                                               sizeof charges / sizeof *charges,
                                           .fixed = fixed,
                                           .fixed_count = 1,
                                           .processes = processes,
                                           .process_count = 1,
                                           .command = "./server --self-test",
                                           .root = "/src/app"};
static const struct tenure_gate clean = {.verdict = TENURE_VERDICT_CLEAN,
                                         .processes = processes,
                                         .process_count = 1,
                                         .command = "./server",
                                         .root = "/src/app"};
static const struct tenure_gate inconclusive = {.verdict =
                                                    TENURE_VERDICT_INCONCLUSIVE,
                                                .status = 3,
                                                .reasons = blind,
                                                .reason_count = 1,
                                                .command = "./server",
                                                .root = ""};

static char *contents(const char *path)
{
    static char text[1 << 18];
    FILE *file = fopen(path, "re");
    text[0] = 0;
    if (file) {
        text[fread(text, 1, sizeof text - 1, file)] = 0;
        fclose(file);
    }
    return text;
}

static void check(const struct tenure_gate_output *output, const char *name,
                  const struct tenure_gate *gate, const char *extension)
{
    char path[4096], *printed;
    size_t bytes;
    snprintf(path, sizeof path, "%s/%s.%s", directory, name, extension);
    FILE *to = writing ? fopen(path, "we") : open_memstream(&printed, &bytes);
    assert_non_null(to);
    output->print(gate, to);
    fclose(to);
    if (writing)
        return;
    if (strcmp(printed, contents(path)) != 0)
        fail_msg("not as in %s:\n%s", path, printed);
    free(printed);
}

static void check_all(const struct tenure_gate_output *output,
                      const char *extension)
{
    unsetenv("GITHUB_STEP_SUMMARY");
    check(output, "leaking", &leaking, extension);
    check(output, "clean", &clean, extension);
    check(output, "inconclusive", &inconclusive, extension);
}

static void text_says_what_leaks_where_and_what_to_do(void **state)
{
    (void)state;
    check_all(&tenure_gate_text, "txt");
}

static void junit_has_a_case_for_each_charge(void **state)
{
    (void)state;
    check_all(&tenure_gate_junit, "junit.xml");
}

static void sarif_has_a_result_for_each_charge(void **state)
{
    (void)state;
    check_all(&tenure_gate_sarif, "sarif");
}

static void gitlab_has_what_fails(void **state)
{
    (void)state;
    check_all(&tenure_gate_gitlab, "gitlab.json");
}

static void github_annotates_what_fails(void **state)
{
    (void)state;
    check_all(&tenure_gate_github, "github.txt");
}

static void markdown_is_a_summary(void **state)
{
    (void)state;
    check_all(&tenure_gate_markdown, "md");
}

static void openmetrics_has_the_sums(void **state)
{
    (void)state;
    check_all(&tenure_gate_openmetrics, "openmetrics.txt");
}

static void annotations_are_cut_with_a_word(void **state)
{
    (void)state;
    struct tenure_charge many[30];
    struct tenure_gate gate = leaking;
    for (uint32_t i = 0; i < 30; i++) {
        many[i] = charges[0];
        many[i].leader = i;
    }
    gate.charges = many;
    gate.charge_count = 30;
    gate.warning_count = 0;
    char *printed;
    size_t bytes, lines = 0;
    FILE *to = open_memstream(&printed, &bytes);
    tenure_gate_github.print(&gate, to);
    fclose(to);
    for (const char *at = printed; *at; at++)
        lines += *at == '\n';
    assert_int_equal(lines, 10);
    assert_non_null(strstr(printed, "9 of 30 leaks"));
    free(printed);
}

static void the_summary_is_appended_to(void **state)
{
    (void)state;
    char path[] = "/tmp/tenure_summary_XXXXXX", *printed;
    size_t bytes;
    close(mkstemp(path));
    setenv("GITHUB_STEP_SUMMARY", path, 1);
    for (int i = 0; i < 2; i++) {
        FILE *to = open_memstream(&printed, &bytes);
        tenure_gate_github.print(&clean, to);
        fclose(to);
        assert_string_equal(printed, "");
        free(printed);
    }
    unsetenv("GITHUB_STEP_SUMMARY");
    char *text = contents(path), *first = strstr(text, "tenure check: clean");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "tenure check: clean"));
    unlink(path);
}

static void bytes_that_are_no_text_are_replaced(void **state)
{
    (void)state;
    static const char *const odd[] = {"\xff<\x01&\xc3\xa9"};
    struct tenure_gate gate = inconclusive;
    gate.reasons = odd;
    char *printed;
    size_t bytes;
    FILE *to = open_memstream(&printed, &bytes);
    tenure_gate_junit.print(&gate, to);
    fclose(to);
    assert_non_null(strstr(printed, "message=\"?&lt;?&amp;\xc3\xa9\""));
    free(printed);
}

int main(int argc, char **argv)
{
    directory = argc > 1 ? argv[1] : ".";
    writing = argc > 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_says_what_leaks_where_and_what_to_do),
        cmocka_unit_test(junit_has_a_case_for_each_charge),
        cmocka_unit_test(sarif_has_a_result_for_each_charge),
        cmocka_unit_test(gitlab_has_what_fails),
        cmocka_unit_test(github_annotates_what_fails),
        cmocka_unit_test(markdown_is_a_summary),
        cmocka_unit_test(openmetrics_has_the_sums),
        cmocka_unit_test(annotations_are_cut_with_a_word),
        cmocka_unit_test(the_summary_is_appended_to),
        cmocka_unit_test(bytes_that_are_no_text_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
