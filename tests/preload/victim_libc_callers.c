/*
 * Blocks that libc hands out: strdup, getline, asprintf, open_memstream,
 * opendir, realpath, getcwd, scandir.
 *
 * expect: verify
 * expect: live keep_a_copy 10 60
 * expect: live read_a_line 1 any
 * expect: live print_to_memory 1 any
 * expect: live list_the_root 0 0
 */
#include "victim.h"

#include <dirent.h>

static NOINLINE char *keep_a_copy(void)
{
    return used(strdup("12345"));
}

static NOINLINE char *read_a_line(void)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen("/proc/self/stat", "r");
    CHECK(file && getline(&line, &room, file) > 0);
    fclose(file);
    return used(line);
}

static NOINLINE char *print_to_memory(void)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    for (int i = 0; i < 5000; i++)
        fprintf(file, "%d,", i);
    fclose(file);
    say("%zu bytes in memory\n", length);
    return used(text);
}

static NOINLINE void list_the_root(void)
{
    struct dirent **names;
    int count = scandir("/proc/self/net/..", &names, NULL, alphasort);
    CHECK(count > 2);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    free(realpath("/usr/../usr/bin", NULL));
    free(getcwd(NULL, 0));
}

int main(void)
{
    static char *kept[12];
    for (int i = 0; i < 10; i++)
        kept[i] = keep_a_copy();
    kept[10] = read_a_line();
    kept[11] = print_to_memory();
    list_the_root();
    char *text = NULL;
    CHECK(asprintf(&text, "%s and %d", kept[3], 42) == 12);
    printf("%s\n", text);
    free(text);
    fflush(stdout);
    pause_ms(150);
    return 0;
}
