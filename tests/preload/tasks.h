/*
 * For victims that look at all threads of their process, through /proc.
 */
#ifndef TENURE_TESTS_TASKS_H
#define TENURE_TESTS_TASKS_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>

/* In how many threads is there a line of their status that passes? */
static inline int tasks_with(bool (*passes)(const char *line))
{
    int found = 0;
    struct dirent *entry;
    DIR *tasks = opendir("/proc/self/task");
    while (tasks && (entry = readdir(tasks))) {
        char path[300], line[256];
        bool passed = false;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        while (file && fgets(line, sizeof line, file))
            passed |= passes(line);
        if (file)
            fclose(file);
        found += passed;
    }
    if (tasks)
        closedir(tasks);
    return found;
}

/* Root in any way? */
static inline bool is_root(const char *line)
{
    int id[4];
    return sscanf(line, "Uid: %d %d %d %d", &id[0], &id[1], &id[2], &id[3]) ==
               4 &&
           !(id[0] && id[1] && id[2] && id[3]);
}

static inline bool has_capabilities(const char *line)
{
    unsigned long long permitted;
    return sscanf(line, "CapPrm: %llx", &permitted) == 1 && permitted != 0;
}

#endif
