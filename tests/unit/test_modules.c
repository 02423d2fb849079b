/*
 * The table of mapped objects, on this very process and a library that is
 * loaded and unloaded while the test runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/modules.h"
#include "agent/sites.h"
#include "agent/unwind.h"

#define PLUGIN "libthread_db.so.1" /* of the C library; nobody has it open */

/* Stands before libc's: a refresh can be held in the middle. */
static sem_t reached, may_go_on;
static _Atomic bool hold_the_next;

static int (*each_of_libc)(int (*)(struct dl_phdr_info *, size_t, void *),
                           void *);

int dl_iterate_phdr(int (*visit)(struct dl_phdr_info *, size_t, void *),
                    void *with)
{
    if (hold_the_next) {
        hold_the_next = false;
        sem_post(&reached);
        sem_wait(&may_go_on);
    }
    return each_of_libc(visit, with);
}

static int open_tables(void **state)
{
    (void)state;
    sem_init(&reached, 0, 0);
    sem_init(&may_go_on, 0, 0);
    *(void **)&each_of_libc = dlsym(RTLD_NEXT, "dl_iterate_phdr");
    if (tenure__sites_open(UINT64_C(1) << 20) || tenure__unwind_open(64, 0))
        return -1;
    return tenure__modules_refresh();
}

static const struct tenure__module *module_of(uint64_t address)
{
    for (uint32_t i = tenure__modules_count(); i-- > 0;) {
        const struct tenure__module *module = tenure__module_at(i);
        if (address >= module->start && address < module->end)
            return module;
    }
    return NULL;
}

static void the_main_program_is_named_by_its_file(void **state)
{
    (void)state;
    char path[4096] = {0};
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    const struct tenure__module *module = module_of((uint64_t)module_of);
    assert_non_null(module);
    assert_string_equal(module->path, path);
    assert_int_not_equal(module->eh_frame_hdr, 0);
    assert_int_equal(module->unload_epoch, 0);
    assert_true(module->load_epoch > 0);
}

static void the_kernels_page_is_called_vdso(void **state)
{
    (void)state;
    uint64_t vdso = getauxval(AT_SYSINFO_EHDR);
    const struct tenure__module *module = module_of(vdso);
    if (vdso) {
        assert_non_null(module);
        assert_string_equal(module->path, "[vdso]");
    }
}

static void a_library_carries_its_build_id(void **state)
{
    (void)state;
    const struct tenure__module *libc =
        module_of((uint64_t)&gnu_get_libc_version);
    assert_non_null(libc);
    assert_non_null(strstr(libc->path, "libc.so"));
    assert_int_equal(libc->build_id_bytes, 20);
}

static void refreshing_without_a_change_adds_nothing(void **state)
{
    (void)state;
    uint32_t count = tenure__modules_count();
    for (int i = 0; i < 3; i++)
        assert_int_equal(tenure__modules_refresh(), 0);
    assert_int_equal(tenure__modules_count(), count);
}

static void
an_unloaded_library_keeps_its_entry_and_retires_its_nodes(void **state)
{
    (void)state;
    struct tenure__node node;
    uint32_t thread = tenure__site_thread("main");
    void *plugin = dlopen(PLUGIN, RTLD_LAZY | RTLD_LOCAL);
    assert_non_null(plugin);
    uint64_t pc = (uint64_t)dlsym(plugin, "td_init") + 4;
    assert_int_equal(tenure__modules_refresh(), 0);
    const struct tenure__module *module = module_of(pc);
    assert_non_null(module);
    assert_non_null(strstr(module->path, PLUGIN));
    uint32_t loaded = module->load_epoch;
    uint32_t old = tenure__site_child(thread, pc, false);
    assert_int_equal(module->unload_epoch, 0);

    tenure__modules_unload_begin();
    assert_int_equal(dlclose(plugin), 0);
    tenure__modules_unload_end();

    assert_true(module->unload_epoch > loaded);
    assert_non_null(strstr(module->path, PLUGIN));
    assert_true(tenure__site_get(old, &node));
    assert_ptr_equal(tenure__module_at(node.gone - 1), module);
    assert_int_not_equal(tenure__site_child(thread, pc, false), old);
}

/* Loads the library, makes the nodes of `pcs` calls in it below `parent`,
 * and unloads it again. The first node is returned. */
static uint32_t visit_plugin(uint32_t parent, uint32_t pcs)
{
    void *plugin = dlopen(PLUGIN, RTLD_LAZY | RTLD_LOCAL);
    assert_non_null(plugin);
    uint64_t pc = (uint64_t)dlsym(plugin, "td_init") + 4;
    uint32_t first = tenure__site_child(parent, pc, false);
    for (uint32_t i = 1; i < pcs; i++)
        tenure__site_child(parent, pc + i, false);
    tenure__modules_unload_begin();
    assert_int_equal(dlclose(plugin), 0);
    tenure__modules_unload_end();
    return first;
}

static void
a_library_that_comes_back_has_its_entry_and_nodes_again(void **state)
{
    (void)state;
    /* More calls than a list of children holds: most are in the hash. */
    uint32_t parent =
        tenure__site_child(tenure__site_thread("cycles"), 0x1000, false);
    struct tenure__node node;
    uint32_t first = visit_plugin(parent, 20);
    uint32_t nodes = tenure__sites_count(), modules = tenure__modules_count();
    for (int i = 0; i < 600; i++) {
        assert_int_equal(visit_plugin(parent, 20), first);
        assert_int_equal(tenure__sites_count(), nodes);
        assert_int_equal(tenure__modules_count(), modules);
    }
    assert_true(tenure__site_get(first, &node));
    assert_int_not_equal(node.gone, 0);
    const struct tenure__module *module = tenure__module_at(node.gone - 1);
    assert_non_null(strstr(module->path, PLUGIN));
    assert_true(module->unload_epoch > module->load_epoch);
}

static void what_is_elsewhere_now_does_not_get_the_nodes_back(void **state)
{
    (void)state;
    struct tenure__node node;
    uint32_t thread = tenure__site_thread("cycles");
    uint32_t old = visit_plugin(thread, 1);
    assert_true(tenure__site_get(old, &node));
    assert_false(tenure__module_is_back(node.gone - 1, node.pc - 1));
    uint32_t fresh = tenure__site_child(thread, node.pc, false);
    assert_int_not_equal(fresh, old);
    /* Nor does another object at that index of the table. */
    uint64_t here = (uint64_t)module_of;
    assert_false(tenure__module_is_back(node.gone - 1, here));
    assert_false(tenure__module_is_back(UINT32_MAX, here));
    tenure__sites_retire(node.pc - 1, node.pc, node.gone);
}

static void *refresh_until_told(void *result)
{
    *(int *)result = tenure__modules_refresh();
    return NULL;
}

static pthread_t begin_a_refresh(int *result)
{
    pthread_t thread;
    hold_the_next = true;
    pthread_create(&thread, NULL, refresh_until_told, result);
    sem_wait(&reached);
    return thread;
}

static void end_it(pthread_t thread, const int *result)
{
    sem_post(&may_go_on);
    pthread_join(thread, NULL);
    assert_int_equal(*result, 0);
}

static void a_refresh_waits_only_so_long_for_another(void **state)
{
    (void)state;
    int result = 1;
    pthread_t thread = begin_a_refresh(&result);
    assert_int_equal(tenure__modules_refresh(), -ETIMEDOUT);
    end_it(thread, &result);
    assert_int_equal(tenure__modules_refresh(), 0);
}

/* Exit status of the child: 0 if it finds what was loaded since. */
static int refresh_in_a_child(void)
{
    tenure__modules_after_fork();
    void *plugin = dlopen(PLUGIN, RTLD_LAZY | RTLD_LOCAL);
    if (plugin == NULL || tenure__modules_refresh() != 0)
        return 1;
    const struct tenure__module *module =
        module_of((uint64_t)dlsym(plugin, "td_init"));
    if (module == NULL || module->unload_epoch != 0)
        return 2;
    dlclose(plugin);
    return tenure__modules_refresh() == 0 && module->unload_epoch != 0 ? 0 : 3;
}

static void
a_child_forked_in_the_middle_of_a_refresh_can_refresh_itself(void **state)
{
    (void)state;
    int result = 1, status;
    pthread_t thread = begin_a_refresh(&result);
    pid_t child = fork();
    if (child == 0)
        _exit(refresh_in_a_child());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    end_it(thread, &result);
}

static void *refresh_often(void *plugin)
{
    for (int i = 0; i < 200; i++) {
        if (plugin != NULL) {
            void *handle = dlopen(plugin, RTLD_LAZY | RTLD_LOCAL);
            tenure__modules_unload_begin();
            dlclose(handle);
            tenure__modules_unload_end();
        }
        tenure__modules_refresh();
    }
    return NULL;
}

static void refreshes_of_several_threads_leave_one_entry_for_each(void **state)
{
    (void)state;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, refresh_often,
                       i == 0 ? PLUGIN : NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t i = 0; i < tenure__modules_count(); i++)
        for (uint32_t j = 0; j < i; j++)
            assert_false(tenure__module_at(i)->unload_epoch == 0 &&
                         tenure__module_at(j)->unload_epoch == 0 &&
                         tenure__module_at(i)->start ==
                             tenure__module_at(j)->start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_main_program_is_named_by_its_file),
        cmocka_unit_test(the_kernels_page_is_called_vdso),
        cmocka_unit_test(a_library_carries_its_build_id),
        cmocka_unit_test(refreshing_without_a_change_adds_nothing),
        cmocka_unit_test(
            an_unloaded_library_keeps_its_entry_and_retires_its_nodes),
        cmocka_unit_test(
            a_library_that_comes_back_has_its_entry_and_nodes_again),
        cmocka_unit_test(what_is_elsewhere_now_does_not_get_the_nodes_back),
        cmocka_unit_test(a_refresh_waits_only_so_long_for_another),
        cmocka_unit_test(
            a_child_forked_in_the_middle_of_a_refresh_can_refresh_itself),
        cmocka_unit_test(refreshes_of_several_threads_leave_one_entry_for_each),
    };
    return cmocka_run_group_tests(tests, open_tables, NULL);
}
