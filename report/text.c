/*
 * Text for a terminal.
 */
#include "report/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "report/memory.h"

struct tenure_number tenure_text_count(uint64_t value)
{
    char digits[24];
    struct tenure_number number = {""};
    int count = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *to = number.text;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = 0;
    return number;
}

static struct tenure_number with_sign(int64_t value, struct tenure_number of)
{
    struct tenure_number number = of;
    if (value != 0) {
        number.text[0] = value > 0 ? '+' : '-';
        memcpy(number.text + 1, of.text, sizeof of.text - 2);
        number.text[sizeof number.text - 1] = 0;
    }
    return number;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

struct tenure_number tenure_text_count_delta(int64_t value)
{
    return with_sign(value, tenure_text_count(magnitude(value)));
}

struct tenure_number tenure_text_bytes(uint64_t value)
{
    static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    struct tenure_number number;
    double scaled = (double)value;
    int unit = 0;
    while (scaled >= 1023.95 && unit < 6) {
        scaled /= 1024;
        unit++;
    }
    snprintf(number.text, sizeof number.text, unit ? "%.1f %s" : "%.0f %s",
             scaled, units[unit]);
    return number;
}

struct tenure_number tenure_text_bytes_delta(int64_t value)
{
    return with_sign(value, tenure_text_bytes(magnitude(value)));
}

struct tenure_number tenure_text_error(double bytes_variance)
{
    double error = sqrt(bytes_variance);
    return tenure_text_bytes(error < 1e18 ? (uint64_t)(error + 0.5)
                                          : UINT64_MAX);
}

struct tenure_number tenure_text_seconds(double seconds)
{
    struct tenure_number number;
    uint64_t whole = (uint64_t)(seconds + 0.5);
    if (seconds < 9.95)
        snprintf(number.text, sizeof number.text, "%.1f s", seconds);
    else if (whole < 120)
        snprintf(number.text, sizeof number.text, "%" PRIu64 " s", whole);
    else if (whole < 7200)
        snprintf(number.text, sizeof number.text,
                 "%" PRIu64 " min %" PRIu64 " s", whole / 60, whole % 60);
    else if (whole < 172800)
        snprintf(number.text, sizeof number.text,
                 "%" PRIu64 " h %" PRIu64 " min", whole / 3600,
                 whole / 60 % 60);
    else
        snprintf(number.text, sizeof number.text, "%" PRIu64 " d %" PRIu64 " h",
                 whole / 86400, whole / 3600 % 24);
    return number;
}

struct tenure_number tenure_text_time(uint64_t unix_ns, uint64_t since_ns)
{
    struct tenure_number number = {"?"};
    time_t at = (time_t)(unix_ns / 1000000000);
    time_t since = (time_t)(since_ns / 1000000000);
    struct tm local, local_since;
    if (!localtime_r(&at, &local) || !localtime_r(&since, &local_since))
        return number;
    bool same_day = local.tm_yday == local_since.tm_yday &&
                    local.tm_year == local_since.tm_year;
    strftime(number.text, sizeof number.text,
             same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &local);
    return number;
}

const char *const tenure_colour_names[] = {"auto", "always", "never", NULL};

struct tenure_paper tenure_paper_stdout(int colour_choice)
{
    struct tenure_paper paper = {.to = stdout};
    struct winsize size;
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
    bool terminal = isatty(STDOUT_FILENO);
    paper.colour = terminal && !(no_colour && *no_colour) &&
                   !(term && strcmp(term, "dumb") == 0);
    if (colour_choice != TENURE_COLOUR_AUTO)
        paper.colour = colour_choice == TENURE_COLOUR_ALWAYS;
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        paper.width = size.ws_col;
    return paper;
}

void tenure_ink(const struct tenure_paper *paper, enum tenure_ink ink)
{
    static const char *const codes[] = {
        [TENURE_PLAIN] = "\033[0m",  [TENURE_BOLD] = "\033[1m",
        [TENURE_DIM] = "\033[2m",    [TENURE_RED] = "\033[31m",
        [TENURE_GREEN] = "\033[32m", [TENURE_YELLOW] = "\033[33m"};
    if (paper->colour)
        fputs(codes[ink], paper->to);
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

size_t tenure_text_columns(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += starts_character(*text);
    return columns;
}

/* The byte at which column `columns` begins. */
static size_t bytes_of(const char *text, size_t columns)
{
    size_t at = 0;
    for (; text[at]; at++)
        if (starts_character(text[at]) && columns-- == 0)
            break;
    return at;
}

/* Bytes of the control character at `at`, or 0: C0, DEL, C1 in UTF-8. */
static size_t control_bytes(const char *at)
{
    unsigned char c = (unsigned char)at[0], next = (unsigned char)at[1];
    if ((c > 0 && c < ' ') || c == 127)
        return 1;
    return c == 0xc2 && next >= 0x80 && next < 0xa0 ? 2 : 0;
}

char *tenure_text_clean(char *text)
{
    for (char *at = text; *at; at++) {
        size_t bytes = control_bytes(at);
        memset(at, ' ', bytes);
    }
    return text;
}

static void print_bytes(const struct tenure_paper *paper, const char *text,
                        size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        size_t control = control_bytes(text + i);
        putc(control ? ' ' : text[i], paper->to);
        i += control > 1;
    }
}

void tenure_print_text(const struct tenure_paper *paper, const char *text)
{
    print_bytes(paper, text, strlen(text));
}

void tenure_print_cut(const struct tenure_paper *paper, const char *text,
                      size_t columns, size_t pad)
{
    size_t length = tenure_text_columns(text);
    if (length > columns && columns > 8) {
        size_t head = (columns - 3) / 2, tail = columns - 3 - head;
        print_bytes(paper, text, bytes_of(text, head));
        fputs("...", paper->to);
        tenure_print_text(paper, text + bytes_of(text, length - tail));
        length = columns;
    } else {
        tenure_print_text(paper, text);
    }
    for (; length < pad; length++)
        fputc(' ', paper->to);
}

static void add_text(struct tenure_table *table, const char *text)
{
    size_t column = table->rows % table->columns;
    size_t length = tenure_text_columns(text);
    table->cells = tenure_grow(table->cells, table->rows, &table->room,
                               sizeof *table->cells);
    snprintf(table->cells[table->rows++], sizeof *table->cells, "%s", text);
    if (length > table->width[column])
        table->width[column] = length;
}

void tenure_table_start(struct tenure_table *table, size_t columns,
                        const char *const *names)
{
    *table = (struct tenure_table){.columns = columns};
    for (size_t i = 0; i < columns; i++)
        add_text(table, names[i]);
}

void tenure_table_add(struct tenure_table *table, struct tenure_number cell)
{
    add_text(table, cell.text);
}

void tenure_table_print(const struct tenure_table *table, size_t row,
                        const struct tenure_paper *paper)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *cell = table->cells[row * table->columns + i];
        for (size_t at = tenure_text_columns(cell); at < table->width[i]; at++)
            fputc(' ', paper->to);
        fprintf(paper->to, "%s%s", cell, i + 1 < table->columns ? "  " : "");
    }
}

void tenure_table_drop(struct tenure_table *table)
{
    free(table->cells);
    *table = (struct tenure_table){0};
}
