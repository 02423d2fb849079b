/*
 * Suppression files: from lines to rules.
 *
 * Both syntaxes may stand in one file: a line that begins with `{` starts a
 * rule of Valgrind's, which ends with a line `}`; everything else is blank, a
 * comment, or a `leak:` line.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/demangle.h"
#include "report/options.h"
#include "report/suppress.h"

enum { LINE_MAX_BYTES = 4096, FRAMES_MAX = 64, FILE_MAX = 16 << 20 };

struct reader {
    struct tenure_suppressions *list;
    struct tenure_why *why;
    const char *source;
    const char *next;          /* the rest of the text */
    uint32_t number;           /* of the line */
    char line[LINE_MAX_BYTES]; /* without blanks at its ends */
    /* From the comment above, for the rule that follows. */
    uint32_t until;
    uint64_t max_bytes;
};

static int wrong(const struct reader *reader, const char *what)
{
    return tenure_because(reader->why, "%s:%u: %s: '%.80s'", reader->source,
                          reader->number, what, reader->line);
}

/* 1 = a line, 0 = the end, -1 = too long. */
static int next_line(struct reader *reader)
{
    const char *from = reader->next;
    if (!*from)
        return 0;
    const char *end = strchrnul(from, '\n');
    reader->next = *end ? end + 1 : end;
    reader->number++;
    while (from < end && isspace((unsigned char)*from))
        from++;
    while (end > from && isspace((unsigned char)end[-1]))
        end--;
    size_t bytes = (size_t)(end - from);
    reader->line[0] = 0;
    if (bytes >= sizeof reader->line)
        return wrong(reader, "the line is too long");
    memcpy(reader->line, from, bytes);
    reader->line[bytes] = 0;
    return 1;
}

static bool parse_date(const char *text, uint32_t *date)
{
    unsigned year, month, day;
    int end = 0;
    if (sscanf(text, "%4u-%2u-%2u%n", &year, &month, &day, &end) != 3 ||
        end != 10 || text[end])
        return false;
    *date = year * 10000 + month * 100 + day;
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* Takes until= and max= out of a comment's words; others are for people. */
static int read_bounds(struct reader *reader, const char *comment)
{
    char word[64];
    int bytes;
    while (sscanf(comment, " %63[^ \t,;]%n", word, &bytes) == 1) {
        comment += bytes;
        comment += strspn(comment, " \t,;");
        if (strncmp(word, "until=", 6) == 0 &&
            !parse_date(word + 6, &reader->until))
            return wrong(reader, "until= wants a day such as 2027-01-31");
        if (strncmp(word, "max=", 4) == 0 &&
            tenure_parse_size(word + 4, &reader->max_bytes) != 0)
            return wrong(reader, "max= wants a size such as 64K or 1MiB");
    }
    return 0;
}

static void no_bounds(struct reader *reader)
{
    reader->until = 0;
    reader->max_bytes = UINT64_MAX;
}

static const char *keep(struct reader *reader, const char *text)
{
    return tenure_arena_text(&reader->list->arena, text, strlen(text));
}

static void add(struct reader *reader, const struct tenure_rule_frame *frames,
                uint32_t count, struct tenure_rule rule, uint32_t line)
{
    char source[LINE_MAX_BYTES];
    struct tenure_rule_frame *copy =
        tenure_arena_take(&reader->list->arena, count, sizeof *copy);
    memcpy(copy, frames, count * sizeof *copy);
    snprintf(source, sizeof source, "%s:%u", reader->source, line);
    rule.source = keep(reader, source);
    rule.reason = "";
    rule.frames = copy;
    rule.frame_count = count;
    rule.until = reader->until;
    rule.max_bytes = reader->max_bytes;
    tenure_suppressions_add(reader->list, &rule);
    no_bounds(reader);
}

/* A `#` belongs to the pattern unless a blank stands before it. */
static char *comment_in(char *line)
{
    for (char *at = strchr(line, '#'); at; at = strchr(at + 1, '#'))
        if (at > line && isblank((unsigned char)at[-1]))
            return at;
    return NULL;
}

static int read_leak(struct reader *reader)
{
    static const char prefix[] = "leak:";
    char *line = reader->line;
    char *comment = comment_in(line);
    if (comment && read_bounds(reader, comment + 1) < 0)
        return -1;
    if (comment)
        *comment = 0;
    size_t bytes = strlen(line);
    while (bytes > 0 && isblank((unsigned char)line[bytes - 1]))
        line[--bytes] = 0;
    if (strncmp(line, prefix, sizeof prefix - 1) != 0)
        return wrong(reader, "no suppression; write leak:PATTERN");
    if (strspn(line + sizeof prefix - 1, "*^$") == bytes - sizeof prefix + 1)
        return wrong(reader, "the pattern matches everything or nothing");
    const char *text = keep(reader, line);
    struct tenure_rule_frame frame = {TENURE_RULE_ANY_OF_ITS,
                                      text + sizeof prefix - 1};
    struct tenure_rule rule = {.text = text, .lost = true, .reachable = true};
    add(reader, &frame, 1, rule, reader->number);
    return 0;
}

/* Valgrind has C++ names as the linker does; we have them as people do. */
static const char *function_pattern(struct reader *reader, const char *text)
{
    char *name = strpbrk(text, "*?") ? tenure_demangle_pattern(text)
                                     : tenure_demangle(text);
    const char *kept = keep(reader, name ? name : text);
    free(name);
    return kept;
}

static int read_frame(struct reader *reader, struct tenure_rule_frame *frame)
{
    const char *line = reader->line;
    if (strcmp(line, "...") == 0)
        *frame = (struct tenure_rule_frame){TENURE_RULE_FRAMES, ""};
    else if (strncmp(line, "fun:", 4) == 0)
        *frame = (struct tenure_rule_frame){TENURE_RULE_FUNCTION,
                                            function_pattern(reader, line + 4)};
    else if (strncmp(line, "obj:", 4) == 0)
        *frame = (struct tenure_rule_frame){TENURE_RULE_OBJECT,
                                            keep(reader, line + 4)};
    else if (strncmp(line, "src:", 4) == 0) {
        char *colon = strrchr(reader->line + 4, ':');
        if (colon) /* a line of the source: it moves too much to matter */
            *colon = 0;
        *frame = (struct tenure_rule_frame){TENURE_RULE_SOURCE,
                                            keep(reader, line + 4)};
    } else {
        return wrong(reader, "no frame; write fun:, obj:, src: or ...");
    }
    return 0;
}

/* "Memcheck:Leak", "Memcheck,Helgrind:Leak", "Leak". */
static bool is_for_leaks(const char *line)
{
    const char *colon = strrchr(line, ':');
    return strcmp(colon ? colon + 1 : line, "Leak") == 0;
}

static void read_kinds(const char *kinds, struct tenure_rule *rule)
{
    bool all = strstr(kinds, "all") != NULL;
    rule->reachable = all || strstr(kinds, "reachable");
    rule->lost = all || strstr(kinds, "definite") ||
                 strstr(kinds, "indirect") || strstr(kinds, "possible");
}

/* The next line that says something, inside a rule. */
static int line_inside(struct reader *reader)
{
    int got;
    do {
        got = next_line(reader);
    } while (got > 0 && (!reader->line[0] || reader->line[0] == '#'));
    return got == 0 ? wrong(reader, "the rule has no end; write }") : got;
}

static int read_valgrind(struct reader *reader)
{
    static const char kinds[] = "match-leak-kinds:";
    struct tenure_rule rule = {.lost = true, .reachable = true};
    struct tenure_rule_frame frames[FRAMES_MAX];
    uint32_t count = 0, start = reader->number;
    if (line_inside(reader) < 0)
        return -1;
    rule.text = keep(reader, reader->line);
    if (line_inside(reader) < 0)
        return -1;
    bool wanted = is_for_leaks(reader->line);
    for (;;) {
        if (line_inside(reader) < 0)
            return -1;
        if (strcmp(reader->line, "}") == 0)
            break;
        if (wanted && strncmp(reader->line, kinds, sizeof kinds - 1) == 0) {
            read_kinds(reader->line + sizeof kinds - 1, &rule);
            continue;
        }
        if (count == FRAMES_MAX)
            return wrong(reader, "the rule has too many frames");
        if (wanted && read_frame(reader, &frames[count++]) < 0)
            return -1;
    }
    if (wanted && count == 0)
        return wrong(reader, "the rule has no frame");
    if (wanted)
        add(reader, frames, count, rule, start);
    return 0;
}

static int read_rule(struct reader *reader)
{
    switch (reader->line[0]) {
    case 0:
        no_bounds(reader);
        return 0;
    case '#':
        return read_bounds(reader, reader->line + 1);
    case '{':
        return read_valgrind(reader);
    default:
        return read_leak(reader);
    }
}

int tenure_suppressions_parse(struct tenure_suppressions *list,
                              const char *source, const char *text,
                              struct tenure_why *why)
{
    struct reader reader = {
        .list = list, .why = why, .source = source, .next = text};
    int got;
    no_bounds(&reader);
    while ((got = next_line(&reader)) > 0)
        if (read_rule(&reader) < 0)
            return -1;
    return got;
}

int tenure_suppressions_read(struct tenure_suppressions *list, const char *path,
                             struct tenure_why *why)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file)
        return tenure_because(why, "%s: %s; --suppressions wants a file", path,
                              strerror(errno));
    char *text = tenure_zeroed(1, FILE_MAX + 1);
    size_t bytes = fread(text, 1, FILE_MAX, file);
    int error = ferror(file) ? errno : 0;
    bool whole = feof(file) || fgetc(file) == EOF;
    if (!standard)
        fclose(file);
    int result = 0;
    if (error)
        result = tenure_because(why, "%s: %s", path, strerror(error));
    else if (!whole || memchr(text, 0, bytes))
        result = tenure_because(why, "%s is not a suppression file; it is %s",
                                path, whole ? "binary" : "too large");
    else
        result = tenure_suppressions_parse(list, standard ? "stdin" : path,
                                           text, why);
    free(text);
    return result;
}
