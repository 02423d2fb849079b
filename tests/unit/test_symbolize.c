/* Names for addresses of this very program, and what must not be named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/demangle.h"
#include "report/stack.h"
#include "report/symbolize.h"
#include "snapshot_writer.h"

static char directory[] = "/tmp/tenure-test-XXXXXX";
static char self[4096], self_build_id[65];
static uint64_t self_bias;

static int remember_self(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    self_bias = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_NOTE)
            continue;
        const char *at =
            (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        const char *end = at + info->dlpi_phdr[i].p_memsz;
        while (at + sizeof(ElfW(Nhdr)) < end) {
            const ElfW(Nhdr) *note = (const void *)at;
            const char *name = at + sizeof *note;
            const uint8_t *id =
                (const uint8_t *)name + (note->n_namesz + 3) / 4 * 4;
            at = (const char *)id + (note->n_descsz + 3) / 4 * 4;
            if (note->n_type != 3 || memcmp(name, "GNU", 4) != 0)
                continue;
            for (unsigned k = 0; k < note->n_descsz && k < 32; k++)
                snprintf(self_build_id + 2 * k, 3, "%02x", id[k]);
        }
    }
    return 1; /* the program comes first */
}

static int begin(void **state)
{
    (void)state;
    ssize_t bytes = readlink("/proc/self/exe", self, sizeof self - 1);
    dl_iterate_phdr(remember_self, NULL);
    return bytes > 0 && self_build_id[0] && mkdtemp(directory) &&
                   setenv("XDG_CACHE_HOME", directory, 1) == 0
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/tenure/%s", directory, self_build_id);
    remove(path);
    snprintf(path, sizeof path, "%s/tenure", directory);
    rmdir(path);
    return rmdir(directory);
}

static void forget_cache(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tenure/%s", directory, self_build_id);
    remove(path);
}

__attribute__((noinline)) static uint64_t return_address(void)
{
    return (uint64_t)(uintptr_t)__builtin_return_address(0);
}

enum { INNER_LINE = __LINE__ + 4, OUTER_LINE = __LINE__ + 11 };

static inline __attribute__((always_inline)) uint64_t inner(void)
{
    uint64_t pc = return_address();
    __asm__ volatile("" : "+r"(pc));
    return pc;
}

__attribute__((noinline)) static uint64_t outer(void)
{
    uint64_t pc = inner();
    __asm__ volatile("" : "+r"(pc));
    return pc;
}

/* One site of one frame, and names for it. */
struct named {
    struct tenure_series series;
    struct tenure_symbols *symbols;
    struct writer *writer;
    void *image;
    const struct tenure_frames *frames;
};

static void name(struct named *to, const char *path, const char *build_id,
                 uint64_t pc)
{
    struct tenure_snapshot *snapshot = calloc(1, sizeof *snapshot);
    size_t bytes;
    to->writer = writer_new();
    writer_run(to->writer, 1, (uint32_t)getpid(), "/bin/server");
    uint32_t module = TENURE_NONE;
    if (path)
        module = writer_module(to->writer, path, build_id, self_bias,
                               self_bias + (1 << 30));
    uint32_t thread = writer_thread(to->writer, "t");
    uint64_t stack[] = {pc, 0};
    writer_row(to->writer, writer_stack(to->writer, thread, module, stack), 1,
               1, 1);
    to->image = writer_image(to->writer, &bytes);
    assert_non_null(snapshot);
    assert_int_equal(tenure_snapshot_use(snapshot, "a", to->image, bytes, NULL),
                     0);
    assert_int_equal(tenure_series_join(&to->series, snapshot, 1, NULL), 0);
    to->symbols = tenure_symbols_new(&to->series, NULL);
    tenure_symbols_want(to->symbols, to->series.sites.at[0].call);
    tenure_symbols_resolve(to->symbols);
    to->frames = tenure_symbols_of(to->symbols, to->series.sites.at[0].call);
    assert_non_null(to->frames);
}

static void forget(struct named *named)
{
    tenure_symbols_free(named->symbols);
    tenure_series_close(&named->series);
    writer_free(named->writer);
    free(named->image);
}

static void check_own_names(const struct tenure_frames *frames)
{
    assert_int_equal(frames->count, 2);
    assert_string_equal(frames->at[0].function, "inner");
    assert_int_equal(frames->at[0].kind, TENURE_FRAME_INLINE);
    assert_int_equal(frames->at[0].line, INNER_LINE);
    assert_non_null(strstr(frames->at[0].file, "test_symbolize.c"));
    assert_string_equal(frames->at[1].function, "outer");
    assert_int_equal(frames->at[1].kind, TENURE_FRAME_NATIVE);
    assert_int_equal(frames->at[1].line, OUTER_LINE);
}

static void an_inlined_call_has_both_names_and_both_lines(void **state)
{
    (void)state;
    struct named named;
    forget_cache();
    name(&named, self, self_build_id, outer());
    check_own_names(named.frames);
    assert_null(tenure_symbols_problem(named.symbols, 0));
    forget(&named);
}

static void what_was_found_is_found_again_without_the_file(void **state)
{
    (void)state;
    struct named named;
    name(&named, self, self_build_id, outer());
    forget(&named);
    name(&named, "/nowhere/server", self_build_id, outer());
    check_own_names(named.frames);
    forget(&named);
}

static void
a_file_replaced_while_the_process_runs_is_found_in_proc(void **state)
{
    (void)state;
    struct named named;
    forget_cache();
    name(&named, "/bin/sh", self_build_id, outer());
    check_own_names(named.frames);
    assert_null(tenure_symbols_problem(named.symbols, 0));
    forget(&named);
}

static void another_build_under_the_same_path_names_nothing(void **state)
{
    (void)state;
    struct named named;
    name(&named, self, "abcdef", outer());
    assert_int_equal(named.frames->count, 1);
    assert_int_equal(named.frames->at[0].kind, TENURE_FRAME_UNKNOWN);
    assert_string_equal(named.frames->at[0].function, "");
    assert_string_equal(tenure_symbols_problem(named.symbols, 0),
                        "changed on disk");
    forget(&named);
}

static void a_younger_file_without_build_id_names_nothing(void **state)
{
    (void)state;
    struct named named; /* the run of the writer began in 2025 */
    name(&named, self, "", outer());
    assert_string_equal(tenure_symbols_problem(named.symbols, 0),
                        "changed on disk");
    forget(&named);
}

static void a_missing_file_is_said_to_be_missing(void **state)
{
    (void)state;
    struct named named;
    name(&named, "/nowhere/server", "0123456789", outer());
    assert_int_equal(named.frames->at[0].kind, TENURE_FRAME_UNKNOWN);
    assert_string_equal(tenure_symbols_problem(named.symbols, 0),
                        "not found on disk");
    forget(&named);
}

static void a_build_id_is_no_way_out_of_the_cache_directory(void **state)
{
    (void)state;
    struct named named;
    name(&named, self, "../../../tmp/evil", outer());
    assert_int_equal(named.frames->at[0].kind, TENURE_FRAME_UNKNOWN);
    forget(&named);
}

static void code_of_a_jit_is_named_by_its_last_line(void **state)
{
    (void)state;
    char path[64];
    struct named named;
    snprintf(path, sizeof path, "/tmp/perf-%d.map", getpid());
    FILE *map = fopen(path, "w");
    assert_non_null(map);
    fputs(
        "7f0000001000 200 Builtin:Old\n"
        "7f0000001000 100 JS:*read /srv/app.js:12:5\n"
        "not a line\n"
        "7f0000002000 100 JS:^later /srv/app.js:99:1\n",
        map);
    fclose(map);
    name(&named, NULL, NULL, 0x7f0000001010);
    assert_string_equal(named.frames->at[0].function, "read");
    assert_string_equal(named.frames->at[0].file, "/srv/app.js");
    assert_int_equal(named.frames->at[0].line, 12);
    assert_int_equal(named.frames->at[0].kind, TENURE_FRAME_JIT);
    forget(&named);
    remove(path);
    name(&named, NULL, NULL, 0x7f0000001010);
    assert_int_equal(named.frames->at[0].kind, TENURE_FRAME_UNKNOWN);
    forget(&named);
}

static void names_are_readable(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"_ZN6server7Request4readEPKc", "server::Request::read"},
        {"_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int>::push_back"},
        {"_ZNSt3mapINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEiSt4le"
         "ssIS5_ESaISt4pairIKS5_iEEEixERS9_",
         "std::map<std::string, int>::operator[]"},
        {"_ZThn8_N6server6Parser5allocEmPFvvE", "server::Parser::alloc"},
        {"_ZN3FooIXgtLi1ELi2EEE3barEv", "Foo<((1)>(2))>::bar"},
        {"_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write"},
        {"_RNvCs1234_7mycrate3foo", "mycrate::foo"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *readable = tenure_demangle(names[i][0]);
        assert_non_null(readable);
        assert_string_equal(readable, names[i][1]);
        free(readable);
    }
    assert_null(tenure_demangle("main"));
    assert_null(tenure_demangle("_Zero"));
}

static void wrappers_of_malloc_are_plumbing(void **state)
{
    (void)state;
    assert_true(tenure_is_plumbing("malloc"));
    assert_true(tenure_is_plumbing("CRYPTO_malloc"));
    assert_true(tenure_is_plumbing("ztryrealloc_usable_internal"));
    assert_true(tenure_is_plumbing("std::allocator<int>::allocate"));
    assert_true(tenure_is_plumbing("std::vector<int>::push_back"));
    assert_true(tenure_is_plumbing("alloc::vec::Vec<T>::push"));
    assert_true(tenure_is_plumbing("v8::internal::Malloced::operator new"));
    assert_false(tenure_is_plumbing("parse_header"));
    assert_false(tenure_is_plumbing(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inlined_call_has_both_names_and_both_lines),
        cmocka_unit_test(what_was_found_is_found_again_without_the_file),
        cmocka_unit_test(
            a_file_replaced_while_the_process_runs_is_found_in_proc),
        cmocka_unit_test(another_build_under_the_same_path_names_nothing),
        cmocka_unit_test(a_younger_file_without_build_id_names_nothing),
        cmocka_unit_test(a_missing_file_is_said_to_be_missing),
        cmocka_unit_test(a_build_id_is_no_way_out_of_the_cache_directory),
        cmocka_unit_test(code_of_a_jit_is_named_by_its_last_line),
        cmocka_unit_test(names_are_readable),
        cmocka_unit_test(wrappers_of_malloc_are_plumbing),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
