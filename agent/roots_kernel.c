/*
 * Reads /proc/PID/fdinfo of epoll descriptors, and /proc/PID/timers.
 *
 *   tfd:        7 events:       19 data:     55d0c1a2f2c0  pos:0 ino:...
 *   signal: 60/00007fff86e452a8
 */
#include "agent/roots_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/text.h"

struct collecting {
    struct tenure__kernel_words *words;
    int directory; /* of descriptors */
};

/* Adds the number behind every `key`, up to the last whole line; how much of
 * the text that was. */
static size_t collect(struct tenure__kernel_words *words, char *text,
                      const char *key, char skip_to)
{
    char *end = strrchr(text, '\n');
    if (end == NULL)
        return strlen(text);
    *end = 0;
    for (const char *at = text; (at = tenure__proc_find(at, key)) != NULL;) {
        uint64_t word;
        while (skip_to != 0 && *at != 0 && *at != '\n' && at[-1] != skip_to)
            at++;
        while (*at == ' ')
            at++;
        if (tenure__proc_hex(&at, &word) &&
            words->count < TENURE_KERNEL_WORDS_MAX)
            words->word[words->count++] = word;
    }
    return (size_t)(end + 1 - text);
}

static void collect_file(struct tenure__kernel_words *words, int fd,
                         const char *key, char skip_to)
{
    char text[4096];
    size_t used = 0;
    long got;
    while ((got = tenure__syscall3(SYS_read, fd, text + used,
                                   sizeof text - 1 - used)) > 0) {
        used += (size_t)got;
        text[used] = 0;
        size_t done = collect(words, text, key, skip_to);
        used -= done;
        memmove(text, text + done, used);
    }
    tenure__syscall1(SYS_close, fd);
}

static bool is_epoll(int directory, const char *name)
{
    static const char wanted[] = "anon_inode:[eventpoll]";
    char target[sizeof wanted];
    long got = tenure__syscall4(SYS_readlinkat, directory, name, target,
                                sizeof target);
    return got == sizeof wanted - 1 &&
           memcmp(target, wanted, sizeof wanted - 1) == 0;
}

static bool visit_descriptor(int number, void *with)
{
    struct collecting *collecting = with;
    char name[32];
    struct tenure__text text;
    tenure__text_start(&text, name, sizeof name);
    tenure__text_number(&text, (uint64_t)number, 1);
    if (!is_epoll(collecting->directory, name))
        return true;
    tenure__text_start(&text, name, sizeof name);
    tenure__text_add(&text, "fdinfo/");
    tenure__text_number(&text, (uint64_t)number, 1);
    int fd = tenure__proc_open(0, 0, name, O_RDONLY);
    if (fd >= 0)
        collect_file(collecting->words, fd, "data:", 0);
    return true;
}

/* /proc/self shows the descriptors of the service's first thread, not those
 * of the helper. */
int tenure__kernel_words_read(struct tenure__kernel_words *words)
{
    struct collecting collecting = {.words = words};
    words->count = 0;
    if (words->word == NULL)
        words->word = tenure__os_map(TENURE_KERNEL_WORDS_MAX * 8);
    if (words->word == NULL)
        return -ENOMEM;
    int listing = tenure__proc_open(0, 0, "fd", O_RDONLY | O_DIRECTORY);
    collecting.directory =
        tenure__proc_open(0, 0, "fd", O_RDONLY | O_DIRECTORY);
    if (listing >= 0 && collecting.directory >= 0)
        tenure__proc_numbers(listing, visit_descriptor, &collecting);
    else if (listing >= 0)
        tenure__syscall1(SYS_close, listing);
    if (collecting.directory >= 0)
        tenure__syscall1(SYS_close, collecting.directory);
    int timers = tenure__proc_open(0, 0, "timers", O_RDONLY);
    if (timers >= 0)
        collect_file(words, timers, "signal:", '/');
    words->of_kernel = words->count;
    return 0;
}
