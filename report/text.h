/*
 * Text for a terminal: numbers as people read them, colour, aligned columns.
 */
#ifndef TENURE_REPORT_TEXT_H
#define TENURE_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Room for any number below. */
enum { TENURE_NUMBER_MAX = 32 };
struct tenure_number {
    char text[TENURE_NUMBER_MAX];
};

struct tenure_number tenure_text_count(uint64_t value);      /* 1,000 */
struct tenure_number tenure_text_count_delta(int64_t value); /* +1,000 */
struct tenure_number tenure_text_bytes(uint64_t value);      /* 97.7 KiB */
struct tenure_number tenure_text_bytes_delta(int64_t value); /* +97.7 KiB */
/* The standard error that a variance in bytes squared stands for. */
struct tenure_number tenure_text_error(double bytes_variance);
struct tenure_number tenure_text_seconds(double seconds); /* 2 min 10 s */
/* Local wall clock: "10:12:05", of a different day than `since` with date. */
struct tenure_number tenure_text_time(uint64_t unix_ns, uint64_t since_ns);

/* How to print: decided once by the command. */
struct tenure_paper {
    FILE *to;
    bool colour;
    unsigned width; /* of a line; 0 = as long as it gets */
};

enum tenure_colour_choice {
    TENURE_COLOUR_AUTO,
    TENURE_COLOUR_ALWAYS,
    TENURE_COLOUR_NEVER
};
extern const char *const tenure_colour_names[]; /* for an option's choices */

/* stdout: colour only on a terminal, not with NO_COLOR or TERM=dumb; the
 * width of the terminal. */
struct tenure_paper tenure_paper_stdout(int colour_choice);

enum tenure_ink {
    TENURE_PLAIN,
    TENURE_BOLD,
    TENURE_DIM,
    TENURE_RED,
    TENURE_GREEN,
    TENURE_YELLOW
};
void tenure_ink(const struct tenure_paper *paper, enum tenure_ink ink);

/* Terminal columns that UTF-8 text takes, one per character. */
size_t tenure_text_columns(const char *text);

/* Files are not trusted: control characters, which a terminal would obey,
 * become blanks. In place; returns `text`. */
char *tenure_text_clean(char *text);

/* Prints a text from a file, cleaned. */
void tenure_print_text(const struct tenure_paper *paper, const char *text);

/* Prints at most `columns` of text, cleaned, "..." in place of the middle if it
 * is longer, then blanks up to `pad` columns. */
void tenure_print_cut(const struct tenure_paper *paper, const char *text,
                      size_t columns, size_t pad);

/* A table of right-aligned cells: fill it, then every row prints with the
 * width of the widest cell of each column. */
enum { TENURE_COLUMNS_MAX = 12 };
struct tenure_table {
    size_t columns;
    size_t width[TENURE_COLUMNS_MAX];
    char (*cells)[TENURE_NUMBER_MAX];
    size_t rows, room;
};
void tenure_table_start(struct tenure_table *table, size_t columns,
                        const char *const *names);
/* The next cell of the row that is being filled. */
void tenure_table_add(struct tenure_table *table, struct tenure_number cell);
/* Row 0 holds the names. Cells are separated by two blanks. */
void tenure_table_print(const struct tenure_table *table, size_t row,
                        const struct tenure_paper *paper);
void tenure_table_drop(struct tenure_table *table);

#endif
