/*
 * The list of hooks: every name in hooks.def is exported by libtenure.so,
 * and every allocation function that glibc or the other allocators export
 * is in the list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static const char *const hooks[] = {
#define X(result, name, parameters) #name,
#include "preload/hooks.def"
#undef X
};

static int in_list(const char *name)
{
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++)
        if (strcmp(hooks[i], name) == 0)
            return 1;
    return 0;
}

/* By its symbol table: the library needs more static TLS than dlopen has. */
static void every_hook_is_exported(void **state)
{
    char line[512], exported[64 << 10] = " ";
    (void)state;
    FILE *names = popen("nm -D --defined-only " TENURE_LIBRARY, "r");
    assert_non_null(names);
    while (fgets(line, sizeof line, names) != NULL) {
        char name[256];
        if (sscanf(line, "%*s %*s %255s", name) == 1) {
            strncat(exported, name, sizeof exported - strlen(exported) - 1);
            strncat(exported, " ", sizeof exported - strlen(exported) - 1);
        }
    }
    assert_int_equal(pclose(names), 0);
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        snprintf(line, sizeof line, " %s ", hooks[i]);
        if (strstr(exported, line) == NULL)
            fail_msg("%s is not exported", hooks[i]);
    }
}

static void every_allocation_function_is_hooked(void **state)
{
    static const char *const all[] = {"malloc",
                                      "calloc",
                                      "realloc",
                                      "reallocarray",
                                      "free",
                                      "free_sized",
                                      "free_aligned_sized",
                                      "cfree",
                                      "posix_memalign",
                                      "aligned_alloc",
                                      "memalign",
                                      "valloc",
                                      "pvalloc",
                                      "mallocx",
                                      "rallocx",
                                      "xallocx",
                                      "sallocx",
                                      "dallocx",
                                      "sdallocx",
                                      "nallocx",
                                      "mmap",
                                      "mmap64",
                                      "munmap",
                                      "mremap",
                                      "sbrk"};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (!in_list(all[i]))
            fail_msg("%s is not in hooks.def", all[i]);
    assert_false(in_list("malloc_usable_size"));
}

static void every_operator_of_libstdcxx_is_hooked(void **state)
{
    static const char *const suffixes[] = {"", "RKSt9nothrow_t",
                                           "St11align_val_t",
                                           "St11align_val_tRKSt9nothrow_t"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        char name[64];
        for (int array = 0; array < 2; array++) {
            snprintf(name, sizeof name, "_Zn%cm%s", array ? 'a' : 'w',
                     suffixes[i]);
            assert_true(in_list(name));
            snprintf(name, sizeof name, "_Zd%cPv%s", array ? 'a' : 'l',
                     suffixes[i]);
            assert_true(in_list(name));
        }
    }
    assert_true(in_list("_ZdlPvm") && in_list("_ZdaPvm") &&
                in_list("_ZdlPvmSt11align_val_t") &&
                in_list("_ZdaPvmSt11align_val_t"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_hook_is_exported),
        cmocka_unit_test(every_allocation_function_is_hooked),
        cmocka_unit_test(every_operator_of_libstdcxx_is_hooked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
