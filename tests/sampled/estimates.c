/*
 * Runs the known heap a hundred times under the agent's sampling and holds
 * the estimates against the truth: their mean is right within its own
 * standard error, and the 95 % intervals cover the truth about 95 times in a
 * hundred.
 *
 *   estimates LIBRARY PROGRAM DIRECTORY
 */
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/format/format.h"

#define RUNS 100
#define SITES 4

static const struct {
    double bytes, blocks;
} truth[SITES] = {{48, 40000}, {1000, 3000}, {20000, 300}, {1600, 3000}};

static struct {
    double sum, variance;
    int covered;
} found[SITES];

static void run_once(const char *library, const char *program,
                     const char *directory)
{
    char preload[4200], options[4200];
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", library);
    snprintf(options, sizeof options, "TENURE_OPTIONS=dir=%s:sample=64K",
             directory);
    pid_t child = fork();
    if (child == 0) {
        char *environment[] = {preload, options, NULL};
        execle(program, program, (char *)NULL, environment);
        _exit(127);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        fprintf(stderr, "%s did not run\n", program);
        exit(1);
    }
}

static void *read_whole(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *data = aligned_alloc(8, 1 << 20);
    if (file == NULL || data == NULL)
        exit(1);
    *bytes = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

/* The site whose blocks have this mean size, or -1. */
static int site_of(const struct tenure_row *row)
{
    double mean = (double)row->bytes / (double)row->blocks;
    for (int i = 0; i < SITES; i++)
        if (fabs(mean - truth[i].bytes) < 0.02 * truth[i].bytes)
            return i;
    return -1;
}

static void look_at(const char *path)
{
    size_t bytes;
    uint64_t rows, spreads;
    double estimate[SITES] = {0}, variance[SITES] = {0};
    void *data = read_whole(path, &bytes);
    if (tenure_format_check(data, bytes) != 0) {
        fprintf(stderr, "%s is no snapshot\n", path);
        exit(1);
    }
    const struct tenure_row *row =
        tenure_format_section(data, TENURE_SECTION_ROWS, &rows);
    const struct tenure_spread *spread =
        tenure_format_section(data, TENURE_SECTION_SPREAD, &spreads);
    if (rows != spreads) {
        fprintf(stderr, "%s: not every row has its spread\n", path);
        exit(1);
    }
    for (uint64_t i = 0; i < rows; i++) {
        int site = site_of(&row[i]);
        if (site < 0)
            continue;
        estimate[site] += (double)row[i].bytes;
        variance[site] += spread[i].bytes_variance;
    }
    for (int i = 0; i < SITES; i++) {
        double real = truth[i].bytes * truth[i].blocks;
        found[i].sum += estimate[i];
        found[i].variance += variance[i];
        if (fabs(estimate[i] - real) <= 1.96 * sqrt(variance[i]))
            found[i].covered++;
    }
    free(data);
    unlink(path);
}

static int judge(void)
{
    int failures = 0;
    for (int i = 0; i < SITES; i++) {
        double real = truth[i].bytes * truth[i].blocks;
        double mean = found[i].sum / RUNS;
        double error = sqrt(found[i].variance) / RUNS;
        int bad = fabs(mean - real) > 4 * error || found[i].covered < 86;
        printf(
            "%6.0f bytes: mean %.4f of the truth (standard error %.4f), "
            "covered %d of %d%s\n",
            truth[i].bytes, mean / real, error / real, found[i].covered, RUNS,
            bad ? "  WRONG" : "");
        failures += bad;
    }
    return failures != 0;
}

int main(int argc, char **argv)
{
    char pattern[4200];
    glob_t files;
    if (argc != 4)
        return 2;
    for (int i = 0; i < RUNS; i++)
        run_once(argv[1], argv[2], argv[3]);
    snprintf(pattern, sizeof pattern, "%s/*.tenure", argv[3]);
    if (glob(pattern, 0, NULL, &files) != 0 || files.gl_pathc != RUNS) {
        fprintf(stderr, "not %d snapshots in %s\n", RUNS, argv[3]);
        return 1;
    }
    for (size_t i = 0; i < files.gl_pathc; i++)
        look_at(files.gl_pathv[i]);
    globfree(&files);
    rmdir(argv[3]);
    return judge();
}
