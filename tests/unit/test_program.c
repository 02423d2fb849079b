/* Which programs can carry the agent, and what is said about the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/program.h"
#include "tests/unit/scratch.h"

static struct tenure_program program;
static struct tenure_why why;

/* Any file of our own machine may stand for the agent. */
static int find(const char *name)
{
    why.text[0] = 0;
    return tenure_program_find(name, "/proc/self/exe", &program, &why);
}

static const char *in_dir(const char *name)
{
    static char path[2][128];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", scratch, name);
    return path[turn];
}

static const char *put(const char *name, const void *data, size_t bytes,
                       mode_t mode)
{
    const char *path = in_dir(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, data, bytes), bytes);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

static const char *put_text(const char *name, const char *text)
{
    return put(name, text, strlen(text), 0755);
}

/* A program with nothing but headers. */
struct small {
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    char interpreter[64];
};

static struct small small_program(const char *interpreter)
{
    struct small elf = {0};
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, &elf.header, sizeof elf.header),
                     sizeof elf.header);
    close(fd);
    elf.header.e_phoff = offsetof(struct small, segment);
    elf.header.e_phnum = 1;
    elf.header.e_shoff = elf.header.e_shnum = 0;
    elf.segment.p_type = interpreter ? PT_INTERP : PT_LOAD;
    elf.segment.p_offset = offsetof(struct small, interpreter);
    if (interpreter) {
        strcpy(elf.interpreter, interpreter);
        elf.segment.p_filesz = strlen(interpreter) + 1;
    }
    return elf;
}

static void a_program_is_found_in_path_as_the_shell_finds_it(void **state)
{
    (void)state;
    assert_int_equal(find("sh"), 0);
    assert_non_null(strstr(program.path, "/sh"));
    assert_string_equal(program.warning, "");
    assert_int_equal(find("no-such-program-here"), 127);
    assert_non_null(strstr(why.text, "not found in PATH"));
    assert_int_equal(find("/no/such/file"), 127);
    assert_int_equal(find(""), 127);
}

static void what_cannot_be_executed_is_126(void **state)
{
    (void)state;
    assert_int_equal(find(scratch), 126);
    assert_non_null(strstr(why.text, "is a directory"));
    if (geteuid() == 0) /* root needs one execute bit, too */
        assert_int_equal(find(put("plain", "x", 1, 0666)), 126);
    else
        assert_int_equal(find(put("plain", "x", 1, 0644)), 126);
    assert_non_null(strstr(why.text, "execute permission"));
}

static void a_script_is_its_interpreter(void **state)
{
    (void)state;
    char text[256];
    assert_int_equal(find(put_text("script", "#! /bin/sh -e\n")), 0);
    assert_int_equal(find(put_text("bare", "echo hello\n")), 0);
    assert_int_equal(find(put_text("wrong", "#!/no/such/shell\n")), 127);
    assert_non_null(strstr(why.text, "/no/such/shell"));
    struct small alone = small_program(NULL);
    const char *lonely = put("alone", &alone, sizeof alone, 0755);
    snprintf(text, sizeof text, "#!%s\n", lonely);
    assert_int_equal(find(put_text("through", text)), 125);
    assert_non_null(strstr(why.text, "statically linked"));
    snprintf(text, sizeof text, "#!%s/itself\n", scratch);
    assert_int_equal(find(put_text("itself", text)), 126);
}

static void a_static_program_is_refused(void **state)
{
    (void)state;
    struct small elf = small_program(NULL);
    assert_int_equal(find(put("static", &elf, sizeof elf, 0755)), 125);
    assert_non_null(strstr(why.text, "statically linked"));
}

static void another_machine_is_refused_by_name(void **state)
{
    (void)state;
    struct small elf = small_program("/lib64/ld.so");
    bool is_arm = elf.header.e_machine == EM_AARCH64;
    elf.header.e_machine = is_arm ? EM_X86_64 : EM_AARCH64;
    assert_int_equal(find(put("foreign", &elf, sizeof elf, 0755)), 125);
    assert_non_null(strstr(why.text, is_arm ? "x86_64" : "aarch64"));
    elf.header.e_ident[EI_CLASS] = ELFCLASS32;
    elf.header.e_machine = EM_386;
    assert_int_equal(find(put("short", &elf, sizeof elf, 0755)), 125);
    assert_non_null(strstr(why.text, "32-bit i386"));
}

static void another_c_library_is_refused(void **state)
{
    (void)state;
    struct small elf = small_program("/lib/ld-musl-x86_64.so.1");
    assert_int_equal(find(put("musl", &elf, sizeof elf, 0755)), 125);
    assert_non_null(strstr(why.text, "musl"));
    elf = small_program("/no/such/loader");
    assert_int_equal(find(put("loader", &elf, sizeof elf, 0755)), 127);
    assert_non_null(strstr(why.text, "/no/such/loader"));
}

static void raised_privileges_are_refused(void **state)
{
    (void)state;
    struct small elf = small_program("/bin/sh");
    const char *path = put("raised", &elf, sizeof elf, 0755);
    assert_int_equal(find(path), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(path, 1234, 1234), 0);
    else
        path = "/bin/su";
    assert_int_equal(geteuid() == 0 ? chmod(path, 04755) : 0, 0);
    assert_int_equal(find(path), 125);
    assert_non_null(strstr(why.text, "setuid"));
}

static void damaged_headers_are_survived(void **state)
{
    (void)state;
    char data[4096];
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, data, sizeof data), sizeof data);
    close(fd);
    srand(7);
    for (int i = 0; i < 500; i++) {
        char damaged[4096];
        memcpy(damaged, data, sizeof data);
        for (int j = 0; j < 4; j++)
            damaged[16 + rand() % 900] = (char)rand();
        size_t bytes = 4 + (size_t)rand() % (sizeof data - 4);
        find(put("damaged", damaged, bytes, 0755));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_is_found_in_path_as_the_shell_finds_it),
        cmocka_unit_test(what_cannot_be_executed_is_126),
        cmocka_unit_test(a_script_is_its_interpreter),
        cmocka_unit_test(a_static_program_is_refused),
        cmocka_unit_test(another_machine_is_refused_by_name),
        cmocka_unit_test(another_c_library_is_refused),
        cmocka_unit_test(raised_privileges_are_refused),
        cmocka_unit_test(damaged_headers_are_survived),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
