/* Suppressions: what is read, what matches, when a rule does not hold. */
#include "report/demangle.h"
#include "report/suppress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tenure_suppressions list;
static struct tenure_why why;

static const struct tenure_charge_frame frames[] = {
    {.function = "copy_key", .file = "/src/store.c", .module = "/bin/server"},
    {.function = "store_set", .file = "/src/store.c", .module = "/bin/server"},
    {.function = "foo::Bar::run", .file = "", .module = "/lib/libbar.so.2"},
    {.file = "", .module = "/lib/libodd.so", .function = "", .offset = 0x12f3},
    {.function = "main", .file = "/src/main.c", .module = "/bin/server"},
};

static struct tenure_charge finding(enum tenure_site_class class,
                                    uint64_t bytes)
{
    return (struct tenure_charge){
        .class = class,
        .blocks = 1,
        .bytes = bytes,
        .because = "",
        .stack = {frames, sizeof frames / sizeof *frames, 0}};
}

static int set_up(void **state)
{
    (void)state;
    tenure_suppressions_open(&list);
    list.today = 20260601;
    why.text[0] = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tenure_suppressions_drop(&list);
    return 0;
}

static bool suppresses(const char *text)
{
    struct tenure_charge leak = finding(TENURE_CLASS_LEAK, 1000);
    tenure_suppressions_drop(&list);
    set_up(NULL);
    assert_int_equal(tenure_suppressions_parse(&list, "t", text, &why), 0);
    tenure_suppressions_apply(&list, &leak, 1);
    assert_int_equal(leak.state == TENURE_CHARGE_SUPPRESSED, leak.rule != NULL);
    return leak.rule != NULL;
}

static void any_frame_is_matched_by_function_file_or_module(void **state)
{
    (void)state;
    assert_true(suppresses("leak:copy_key"));
    assert_true(suppresses("leak:foo::Bar"));
    assert_true(suppresses("leak:main.c"));
    assert_true(suppresses("leak:libbar.so"));
    assert_true(suppresses("leak:^main$"));
    assert_false(suppresses("leak:^key"));
    assert_false(suppresses("leak:nothing_of_it"));
    assert_false(suppresses(""));
}

/* As LeakSanitizer does: what hangs below a suppressed leak is no other. */
static void what_is_below_a_suppressed_loss_goes_with_it(void **state)
{
    (void)state;
    struct tenure_charge charges[3];
    static const struct tenure_charge_frame other = {
        .function = "elsewhere", .file = "", .module = "/bin/server"};
    for (uint32_t i = 0; i < 3; i++)
        charges[i] = finding(TENURE_CLASS_LOST, 1000);
    charges[1].stack = charges[2].stack =
        (struct tenure_charge_stack){&other, 1, 0};
    charges[1].above = 1;
    assert_int_equal(
        tenure_suppressions_parse(&list, "t", "leak:copy_key", &why), 0);
    tenure_suppressions_apply(&list, charges, 3);
    assert_int_equal(charges[0].state, TENURE_CHARGE_SUPPRESSED);
    assert_int_equal(charges[1].state, TENURE_CHARGE_SUPPRESSED);
    assert_int_equal(charges[2].state, TENURE_CHARGE_FAILS);
    assert_int_equal(list.at[0].bytes, 2000);
}

static void blanks_comments_and_line_ends_do_not_matter(void **state)
{
    (void)state;
    assert_true(suppresses("# why\n\n   leak:copy_key  \n"));
    assert_true(suppresses("leak:other\r\nleak:copy_key\r\n"));
    assert_true(suppresses("leak:copy_key # a reason"));
    assert_false(suppresses("leak:copy_key#reason"));
}

static void a_rule_holds_to_the_end_of_its_day(void **state)
{
    (void)state;
    assert_true(suppresses("# until=2026-06-01\nleak:copy_key"));
    assert_true(suppresses("leak:copy_key # until=2026-06-01"));
    assert_false(suppresses("# until=2026-05-31\nleak:copy_key"));
    /* A blank line ends what a comment says. */
    assert_true(suppresses("# until=2026-05-31\n\nleak:copy_key"));
    /* A bound is for one rule only. */
    assert_true(suppresses("# until=2020-01-01\nleak:x\nleak:copy_key"));
}

static void an_expired_rule_is_named_in_the_finding(void **state)
{
    (void)state;
    struct tenure_charge leak = finding(TENURE_CLASS_LEAK, 1000);
    tenure_suppressions_parse(&list, "a.supp",
                              "\nleak:copy_key # until=2020-02-03", &why);
    tenure_suppressions_apply(&list, &leak, 1);
    assert_int_equal(leak.state, TENURE_CHARGE_FAILS);
    assert_string_equal(leak.because,
                        "the suppression leak:copy_key "
                        "(a.supp:2) ended on 2020-02-03");
}

static void a_ceiling_is_for_all_that_a_rule_suppresses(void **state)
{
    (void)state;
    struct tenure_charge leaks[2] = {finding(TENURE_CLASS_LEAK, 600),
                                     finding(TENURE_CLASS_LOST, 400)};
    tenure_suppressions_parse(&list, "a", "leak:copy_key # max=1000", &why);
    tenure_suppressions_apply(&list, leaks, 2);
    assert_int_equal(leaks[0].state, TENURE_CHARGE_SUPPRESSED);
    assert_int_equal(leaks[1].state, TENURE_CHARGE_SUPPRESSED);
    assert_int_equal(list.at[0].charges, 2);

    leaks[0] = finding(TENURE_CLASS_LEAK, 601);
    leaks[1] = finding(TENURE_CLASS_LOST, 400);
    tenure_suppressions_apply(&list, leaks, 2);
    assert_int_equal(leaks[0].state, TENURE_CHARGE_FAILS);
    assert_int_equal(leaks[1].state, TENURE_CHARGE_FAILS);
    assert_string_equal(leaks[0].because,
                        "the suppression leak:copy_key (a:1) allows 1000 B, "
                        "and this is 1001 B");
}

static void the_next_rule_gets_what_a_full_one_gives_up(void **state)
{
    (void)state;
    struct tenure_charge leak = finding(TENURE_CLASS_LEAK, 5000);
    tenure_suppressions_parse(&list, "a",
                              "leak:copy_key # max=1K\nleak:store_set", &why);
    tenure_suppressions_apply(&list, &leak, 1);
    assert_int_equal(leak.state, TENURE_CHARGE_SUPPRESSED);
    assert_string_equal(leak.because, "leak:store_set (a:2)");
}

static void valgrind_rules_match_frames_in_order(void **state)
{
    (void)state;
    assert_true(suppresses("{\n  name\n  Memcheck:Leak\n  fun:copy_key\n}"));
    assert_false(suppresses("{\nname\nMemcheck:Leak\nfun:store_set\n}"));
    assert_true(suppresses("{\nn\nMemcheck:Leak\n...\nfun:store_set\n}"));
    assert_true(
        suppresses("{\nn\nMemcheck:Leak\nfun:malloc\nfun:copy_key\n"
                   "fun:store_set\n}"));
    assert_true(
        suppresses("{\nn\nMemcheck:Leak\nfun:*alloc\nfun:copy_*\n...\n"
                   "obj:*/libbar.so*\n...\nfun:main\n}"));
    assert_false(
        suppresses("{\nn\nMemcheck:Leak\n...\nfun:main\n"
                   "fun:copy_key\n}"));
    assert_true(suppresses("{\nn\nMemcheck:Leak\nsrc:/src/store.c:12\n}"));
}

static void a_mangled_name_is_read_as_we_have_it(void **state)
{
    (void)state;
    assert_true(
        suppresses("{\nn\nMemcheck:Leak\n...\n"
                   "fun:_ZN3foo3Bar3runEi\n}"));
}

static void wildcards_in_a_mangled_name_stay_wildcards(void **state)
{
    static const char *const patterns[][2] = {
        {"_ZN3foo3barE*", "foo::bar"},
        {"_ZN3foo*3barE*", "foo*bar"},
        {"_ZN3foo3Ba*", "foo::Ba*"},
        {"_ZN3foo3B*", "foo::B*"},
        {"_ZN*3Bar*", "*Bar*"},
        {"_Z8copy_key*", "copy_key*"},
        {"_Z8copy_keyPK?*", "copy_key"},
        {"_ZNSt6vectorI*E9push_backE*", "std::vector*push_back"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        char *made = tenure_demangle_pattern(patterns[i][0]);
        assert_string_equal(made, patterns[i][1]);
        free(made);
    }
    assert_null(tenure_demangle_pattern("_Znw*"));
    assert_null(tenure_demangle_pattern("main*"));
    assert_true(
        suppresses("{\nn\nMemcheck:Leak\nfun:_Znw*\nfun:_Z8copy_key*\n}"));
}

static void valgrind_rules_for_other_tools_are_left_out(void **state)
{
    (void)state;
    assert_false(
        suppresses("{\nn\nMemcheck:Cond\nfun:copy_key\n}\n"
                   "{\nn\nHelgrind:Race\nfun:copy_key\n}"));
    assert_int_equal(list.count, 0);
}

static void leak_kinds_tell_lost_from_reachable(void **state)
{
    (void)state;
    const char *text =
        "{\nn\nMemcheck:Leak\nmatch-leak-kinds: definite\n"
        "fun:copy_key\n}";
    struct tenure_charge lost = finding(TENURE_CLASS_LOST, 1);
    assert_false(suppresses(text));
    tenure_suppressions_apply(&list, &lost, 1);
    assert_int_equal(lost.state, TENURE_CHARGE_SUPPRESSED);
    assert_true(
        suppresses("{\nn\nMemcheck:Leak\n"
                   "match-leak-kinds: reachable\nfun:copy_key\n}"));
}

static void what_is_not_understood_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"leak:a\nlaek:b", "f:2: no suppression"},
        {"race:x", "f:1: no suppression"},
        {"leak:", "f:1: the pattern matches everything"},
        {"leak:*", "f:1: the pattern matches everything"},
        {"leak:a # until=soon", "f:1: until= wants a day"},
        {"# until=2026-13-01", "f:1: until= wants a day"},
        {"# until=2026-1-1", "f:1: until= wants a day"},
        {"leak:a # max=lots", "f:1: max= wants a size"},
        {"{\nn\nMemcheck:Leak\nfun:a", "the rule has no end"},
        {"{\nn\nMemcheck:Leak\nfan:a\n}", "f:4: no frame"},
        {"{\nn\nMemcheck:Leak\n}", "f:4: the rule has no frame"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            tenure_suppressions_parse(&list, "f", cases[i].text, &why), -1);
        if (!strstr(why.text, cases[i].says))
            fail_msg("'%s' is not in '%s'", cases[i].says, why.text);
    }
}

static void a_missing_or_binary_file_is_said_to_be(void **state)
{
    (void)state;
    assert_int_equal(tenure_suppressions_read(&list, "/no/such", &why), -1);
    assert_non_null(strstr(why.text, "/no/such"));
    assert_int_equal(tenure_suppressions_read(&list, "/proc/self/exe", &why),
                     -1);
    assert_non_null(strstr(why.text, "not a suppression file"));
    assert_int_equal(tenure_suppressions_read(&list, "/", &why), -1);
}

static void the_builtin_list_has_reasons_and_is_never_unused(void **state)
{
    (void)state;
    tenure_suppressions_add_builtin(&list);
    assert_true(list.count > 10);
    for (size_t i = 0; i < list.count; i++) {
        assert_true(list.at[i].optional);
        assert_true(list.at[i].reason[0] != 0);
        assert_int_equal(list.at[i].frame_count, 1);
    }
}

/* Without symbols of the loader no other rule knows its stack. */
static void what_tcmalloc_loses_of_its_own_is_no_finding(void **state)
{
    (void)state;
    static const struct tenure_charge_frame stack[] = {
        {.function = "MallocExtension::Register",
         .file = "",
         .module = "/lib/libtcmalloc_minimal.so.4"},
        {.function = "",
         .file = "",
         .module = "/lib/libtcmalloc_minimal.so.4",
         .offset = 0xe1cf},
    };
    struct tenure_charge lost = finding(TENURE_CLASS_LOST, 8);
    lost.stack.at = stack;
    lost.stack.depth = 2;
    tenure_suppressions_add_builtin(&list);
    tenure_suppressions_apply(&list, &lost, 1);
    assert_int_equal(lost.state, TENURE_CHARGE_SUPPRESSED);
}

static void a_findings_own_line_suppresses_it(void **state)
{
    (void)state;
    struct tenure_charge leak = finding(TENURE_CLASS_LEAK, 1);
    char line[256];
    for (uint32_t title = 0; title < 5; title++) {
        leak.stack.title = title;
        assert_true(
            suppresses(tenure_charge_suppression(&leak, line, sizeof line)));
    }
    assert_true(suppresses("leak:libodd.so+0x12f3"));
    leak.stack.title = 3;
    assert_string_equal(tenure_charge_suppression(&leak, line, sizeof line),
                        "leak:libodd.so+0x12f3");
    leak.stack.title = 0;
    assert_string_equal(tenure_charge_suppression(&leak, line, sizeof line),
                        "leak:^copy_key$");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_below_a_suppressed_loss_goes_with_it),
        TEST(any_frame_is_matched_by_function_file_or_module),
        TEST(blanks_comments_and_line_ends_do_not_matter),
        TEST(a_rule_holds_to_the_end_of_its_day),
        TEST(an_expired_rule_is_named_in_the_finding),
        TEST(a_ceiling_is_for_all_that_a_rule_suppresses),
        TEST(the_next_rule_gets_what_a_full_one_gives_up),
        TEST(valgrind_rules_match_frames_in_order),
        TEST(a_mangled_name_is_read_as_we_have_it),
        TEST(wildcards_in_a_mangled_name_stay_wildcards),
        TEST(valgrind_rules_for_other_tools_are_left_out),
        TEST(leak_kinds_tell_lost_from_reachable),
        TEST(what_is_not_understood_is_named_with_its_line),
        TEST(a_missing_or_binary_file_is_said_to_be),
        TEST(the_builtin_list_has_reasons_and_is_never_unused),
        TEST(what_tcmalloc_loses_of_its_own_is_no_finding),
        TEST(a_findings_own_line_suppresses_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
