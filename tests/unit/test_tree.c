/*
 * The part of the call tree that a snapshot gets: what its sites need and no
 * more, each frame with its module, also one that has been unloaded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/modules.h"
#include "agent/sites.h"
#include "agent/tree.h"
#include "agent/unwind.h"

#define PLUGIN "libthread_db.so.1" /* of the C library; nobody has it open */

static int open_tables(void **state)
{
    (void)state;
    if (tenure__sites_open(UINT64_C(1) << 20) || tenure__unwind_open(64, 0))
        return -1;
    return tenure__modules_refresh();
}

static uint32_t thread_node(void)
{
    return tenure__site_thread("main");
}

static uint32_t site_at(uint32_t parent, uint64_t pc)
{
    uint32_t site = tenure__site_child(parent, pc, false);
    assert_int_not_equal(site, 0);
    return site;
}

/* What was written, as the reporter would find it. */
struct written {
    void *file;
    const struct tenure_node *node;
    const struct tenure_module *module;
    const char *strings;
    uint64_t nodes, modules;
};

static struct written read_back(struct tenure__output *output)
{
    char name[] = "/tmp/tenure-tree-XXXXXX";
    struct written w;
    uint64_t unused;
    struct tenure_process process = {.exe = 0};
    tenure__output_add(output, TENURE_SECTION_PROCESS, &process,
                       sizeof process);
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    assert_int_equal(tenure__output_write(output, fd), 0);
    size_t bytes = (size_t)lseek(fd, 0, SEEK_END);
    w.file = malloc(bytes);
    assert_int_equal(pread(fd, w.file, bytes, 0), (ssize_t)bytes);
    close(fd);
    assert_int_equal(tenure_format_check(w.file, bytes), 0);
    w.node = tenure_format_section(w.file, TENURE_SECTION_NODES, &w.nodes);
    w.module =
        tenure_format_section(w.file, TENURE_SECTION_MODULES, &w.modules);
    w.strings = tenure_format_section(w.file, TENURE_SECTION_STRINGS, &unused);
    tenure__output_drop(output);
    return w;
}

static struct written write_sites(const uint32_t *site, size_t count)
{
    struct tenure__tree tree;
    struct tenure__output output;
    tenure__output_start(&output);
    assert_int_equal(tenure__tree_start(&tree), 0);
    for (size_t i = 0; i < count; i++)
        tenure__tree_want(&tree, site[i]);
    uint64_t nodes = tenure__tree_write(&tree, &output);
    assert_int_equal(output.error, 0);
    tenure__tree_drop(&tree);
    struct written w = read_back(&output);
    assert_int_equal(w.nodes, nodes);
    return w;
}

static const struct tenure_node *node_of(const struct written *w, uint32_t id)
{
    for (uint64_t i = 0; i < w->nodes; i++)
        if (w->node[i].id == id)
            return &w->node[i];
    return NULL;
}

static void a_site_brings_all_nodes_out_to_its_thread(void **state)
{
    (void)state;
    uint32_t outer = site_at(thread_node(), 0x1111);
    uint32_t inner = site_at(outer, 0x2222);
    uint32_t other = site_at(outer, 0x3333);
    struct written w = write_sites(&inner, 1);
    assert_int_equal(w.nodes, 3);
    assert_int_equal(node_of(&w, inner)->parent, outer);
    assert_int_equal(node_of(&w, inner)->pc, 0x2222);
    assert_int_equal(node_of(&w, inner)->kind, TENURE_NODE_FRAME);
    assert_int_equal(node_of(&w, outer)->parent, thread_node());
    const struct tenure_node *thread = node_of(&w, thread_node());
    assert_int_equal(thread->kind, TENURE_NODE_THREAD);
    assert_string_equal(w.strings + thread->pc, "main");
    assert_null(node_of(&w, other));
    free(w.file);
}

static void what_several_sites_share_is_written_once(void **state)
{
    (void)state;
    uint32_t site[200];
    uint32_t outer = site_at(thread_node(), 0x4000);
    for (uint64_t i = 0; i < 200; i++)
        site[i] = site_at(outer, 0x5000 + i);
    struct written w = write_sites(site, 200);
    assert_int_equal(w.nodes, 202);
    for (uint64_t i = 1; i < w.nodes; i++)
        assert_true(w.node[i].id > w.node[i - 1].id);
    free(w.file);
}

static void no_site_and_unknown_sites_bring_nothing(void **state)
{
    (void)state;
    uint32_t site[] = {0, UINT32_MAX, tenure__sites_count() + 1};
    struct written w = write_sites(site, 3);
    assert_int_equal(w.nodes, 0);
    free(w.file);
}

static void a_frame_lies_in_the_module_that_holds_its_call(void **state)
{
    (void)state;
    uint64_t pc = (uint64_t)&site_at + 1; /* a call right at the start */
    uint32_t site[] = {site_at(thread_node(), pc), site_at(thread_node(), 8)};
    struct written w = write_sites(site, 2);
    const struct tenure_node *node = node_of(&w, site[0]);
    assert_int_not_equal(node->module, TENURE_NONE);
    const struct tenure_module *module = &w.module[node->module];
    assert_true(pc > module->start && pc <= module->end);
    assert_non_null(strstr(w.strings + module->path, "test_tree"));
    assert_int_equal(node_of(&w, site[1])->module, TENURE_NONE);
    free(w.file);
}

static void where_a_signal_struck_is_told_from_a_return_address(void **state)
{
    (void)state;
    uint32_t site = tenure__site_child(thread_node(), 0x6666, true);
    struct written w = write_sites(&site, 1);
    assert_int_equal(node_of(&w, site)->kind, TENURE_NODE_EXACT);
    free(w.file);
}

static void a_frame_of_an_unloaded_module_still_names_it(void **state)
{
    (void)state;
    void *plugin = dlopen(PLUGIN, RTLD_LAZY | RTLD_LOCAL);
    assert_non_null(plugin);
    assert_int_equal(tenure__modules_refresh(), 0);
    uint32_t site =
        site_at(thread_node(), (uint64_t)dlsym(plugin, "td_init") + 4);
    tenure__modules_unload_begin();
    dlclose(plugin);
    tenure__modules_unload_end();
    struct written w = write_sites(&site, 1);
    const struct tenure_node *node = node_of(&w, site);
    assert_int_not_equal(node->module, TENURE_NONE);
    assert_int_not_equal(w.module[node->module].unload_epoch, 0);
    assert_non_null(strstr(w.strings + w.module[node->module].path, PLUGIN));
    free(w.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_brings_all_nodes_out_to_its_thread),
        cmocka_unit_test(what_several_sites_share_is_written_once),
        cmocka_unit_test(no_site_and_unknown_sites_bring_nothing),
        cmocka_unit_test(a_frame_lies_in_the_module_that_holds_its_call),
        cmocka_unit_test(where_a_signal_struck_is_told_from_a_return_address),
        cmocka_unit_test(a_frame_of_an_unloaded_module_still_names_it),
    };
    return cmocka_run_group_tests(tests, open_tables, NULL);
}
