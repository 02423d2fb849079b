/*
 * Whose malloc a library calls, on this process and a library of libc's that
 * is loaded in several ways. What is called "the hooks" here is libc's own
 * code, or nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "agent/bindings.h"
#include "agent/loader.h"
#include "agent/modules.h"
#include "agent/sites.h"
#include "agent/unwind.h"

#define PLUGIN "libresolv.so.2"      /* calls malloc; nobody has it open */
#define OTHER "libBrokenLocale.so.1" /* does not */

static int open_tables(void **state)
{
    (void)state;
    if (tenure__sites_open(UINT64_C(1) << 20) || tenure__unwind_open(64, 0))
        return -1;
    return tenure__modules_refresh();
}

static void libc_is_the_hooks(bool is_it)
{
    const struct tenure__module *libc =
        tenure__module_at(tenure__module_around((uint64_t)&malloc));
    tenure__hooks_code = (struct tenure__code){0, 0};
    if (is_it)
        tenure__hooks_code =
            (struct tenure__code){libc->start, libc->end - libc->start};
}

static bool is_unseen(const char *name)
{
    for (uint32_t i = 0; i < tenure__bindings_unseen(); i++)
        if (strstr(tenure__bindings_unseen_path(i), name))
            return true;
    return false;
}

static void unload(void *library)
{
    tenure__modules_unload_begin();
    assert_int_equal(dlclose(library), 0);
    tenure__modules_unload_end();
}

static void a_library_that_calls_the_hooks_is_seen(void **state)
{
    (void)state;
    libc_is_the_hooks(true);
    void *library = dlopen(PLUGIN, RTLD_NOW);
    assert_non_null(library);
    tenure__modules_refresh();
    tenure__modules_refresh_in_helper();
    unload(library);
    assert_int_equal(tenure__bindings_unseen(), 0);
}

static void a_call_that_is_not_bound_yet_says_nothing(void **state)
{
    (void)state;
    libc_is_the_hooks(false);
    void *library = dlopen(PLUGIN, RTLD_LAZY);
    assert_non_null(library);
    tenure__modules_refresh();
    unload(library);
    assert_false(is_unseen(PLUGIN));
}

static void a_library_without_such_calls_is_seen(void **state)
{
    (void)state;
    libc_is_the_hooks(false);
    void *library = dlopen(OTHER, RTLD_NOW);
    assert_non_null(library);
    unload(library);
    assert_false(is_unseen(OTHER));
}

static void one_that_calls_another_malloc_is_named_once(void **state)
{
    (void)state;
    libc_is_the_hooks(false);
    for (int i = 0; i < 3; i++) {
        void *library = dlopen(PLUGIN, RTLD_NOW);
        assert_non_null(library);
        unload(library);
    }
    assert_true(is_unseen(PLUGIN));
    assert_int_equal(tenure__bindings_unseen(), 1);
    assert_null(tenure__bindings_unseen_path(1));
}

static void another_namespace_is_found_without_the_loader(void **state)
{
    (void)state;
    uint32_t before = tenure__bindings_unseen();
    libc_is_the_hooks(true);
    void *library = dlmopen(LM_ID_NEWLM, "libnss_compat.so.2", RTLD_NOW);
    assert_non_null(library);
    tenure__modules_refresh_in_helper();
    assert_true(is_unseen("libnss_compat.so.2"));
    assert_false(is_unseen("libc.so.6")); /* it is what is called there */
    assert_int_equal(tenure__bindings_unseen(), before + 1);
    unload(library);
}

static int unreadable(void *to, uint64_t from, size_t bytes)
{
    (void)to;
    (void)from;
    (void)bytes;
    return -1;
}

static void what_cannot_be_read_says_nothing(void **state)
{
    (void)state;
    uint32_t before = tenure__bindings_unseen();
    uint32_t index = tenure__module_around((uint64_t)&malloc);
    struct tenure__module module = *tenure__module_at(index);
    tenure__bindings_look(index, &module, unreadable);
    tenure__bindings_look_elsewhere(unreadable);
    tenure__bindings_forget(index, &module);
    assert_int_equal(tenure__bindings_unseen(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_library_that_calls_the_hooks_is_seen),
        cmocka_unit_test(a_call_that_is_not_bound_yet_says_nothing),
        cmocka_unit_test(a_library_without_such_calls_is_seen),
        cmocka_unit_test(one_that_calls_another_malloc_is_named_once),
        cmocka_unit_test(another_namespace_is_found_without_the_loader),
        cmocka_unit_test(what_cannot_be_read_says_nothing),
    };
    return cmocka_run_group_tests(tests, open_tables, NULL);
}
