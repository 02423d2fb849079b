/*
 * Outputs to files.
 */
#include "report/gate_write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "report/replace.h"

const char tenure_gate_formats[] =
    "text, json, junit, sarif, github, markdown, gitlab or openmetrics";

static const struct tenure_gate_output *const formats[] = {
    &tenure_gate_text,   &tenure_gate_json,       &tenure_gate_junit,
    &tenure_gate_sarif,  &tenure_gate_github,     &tenure_gate_markdown,
    &tenure_gate_gitlab, &tenure_gate_openmetrics};

/* The format of "junit:leaks.xml"; *path is what follows, "-" without. */
static const struct tenure_gate_output *split(const char *output,
                                              const char **path)
{
    size_t bytes = strcspn(output, ":");
    *path = output[bytes] && output[bytes + 1] ? output + bytes + 1 : "-";
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strlen(formats[i]->name) == bytes &&
            memcmp(formats[i]->name, output, bytes) == 0)
            return formats[i];
    return NULL;
}

int tenure_gate_outputs_check(const struct tenure_texts *outputs,
                              struct tenure_why *why)
{
    const char *path;
    for (uint32_t i = 0; i < outputs->count; i++)
        if (!split(outputs->at[i], &path))
            return tenure_because(why,
                                  "--output wants FORMAT:PATH with %s, "
                                  "not '%s'",
                                  tenure_gate_formats, outputs->at[i]);
    return 0;
}

static int write_file(const struct tenure_gate *gate,
                      const struct tenure_gate_output *format, const char *path,
                      struct tenure_why *why)
{
    struct tenure_replace file;
    if (tenure_replace_begin(&file, path, why) < 0)
        return -1;
    int fd = dup(file.fd);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    if (to)
        format->print(gate, to);
    bool failed = !to || ferror(to);
    if ((to && fclose(to) != 0) || failed) {
        int error = errno;
        tenure_replace_abandon(&file);
        return tenure_because(why, "cannot write %s: %s", path,
                              strerror(error));
    }
    return tenure_replace_commit(&file, why);
}

int tenure_gate_outputs_write(const struct tenure_gate *gate,
                              const struct tenure_texts *outputs,
                              FILE *standard, struct tenure_why *why)
{
    int result = 0;
    for (uint32_t i = 0; i < outputs->count; i++) {
        struct tenure_why reason;
        const char *path;
        const struct tenure_gate_output *format = split(outputs->at[i], &path);
        if (strcmp(path, "-") == 0) {
            format->print(gate, standard);
        } else if (write_file(gate, format, path, &reason) < 0 && result == 0) {
            result = -1;
            *why = reason;
        }
    }
    if (fflush(standard) != 0 && result == 0)
        result =
            tenure_because(why, "cannot write the report: %s", strerror(errno));
    return result;
}
