/*
 * The load for leaky_server: connections one after the other, each of which
 * sends some commands, waits for the answers and hangs up.
 *
 * Usage: load SOCKET SECONDS. One connection in four watches two keys. There
 * are 300 keys, so the store stops growing after a moment. Prints what it
 * did; exit status 1 when the server does not answer.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define KEYS 300
#define COMMANDS 20
#define PAUSE_NS 1000000 /* between two connections */

static uint32_t random_state = 1;
static unsigned long requests;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool request(int fd, const char *command)
{
    char answer[512];
    size_t used = 0;

    if (send(fd, command, strlen(command), MSG_NOSIGNAL) < 0)
        return false;
    do {
        ssize_t got = recv(fd, answer + used, sizeof answer - used, 0);

        if (got <= 0)
            return false;
        used += (size_t)got;
    } while (answer[used - 1] != '\n' && used < sizeof answer);
    requests++;
    return true;
}

static bool one_of_many(int fd)
{
    uint32_t key = random_below(KEYS);
    uint32_t what = random_below(10);
    char command[256];

    if (what < 6)
        snprintf(command, sizeof command, "GET key:%u\n", key);
    else if (what < 9)
        snprintf(command, sizeof command, "SET key:%u %0*u\n", key,
                 (int)(20 + random_below(100)), key);
    else
        snprintf(command, sizeof command, "DEL key:%u\n", key);
    return request(fd, command);
}

static bool watch(int fd)
{
    char command[64];

    snprintf(command, sizeof command, "WATCH key:%u\n", random_below(KEYS));
    return request(fd, command);
}

static bool connection(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, (const struct sockaddr *)address,
                                   sizeof *address) == 0;

    if (good && random_below(4) == 0)
        good = watch(fd) && watch(fd);
    for (int i = 0; good && i < COMMANDS; i++)
        good = one_of_many(fd);
    if (fd >= 0)
        close(fd);
    return good;
}

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timespec pause = {.tv_nsec = PAUSE_NS};
    unsigned long connections = 0;
    double seconds;
    double start;

    if (argc != 3 || strlen(argv[1]) >= sizeof address.sun_path) {
        fputs("usage: load SOCKET SECONDS\n", stderr);
        return 64;
    }
    strcpy(address.sun_path, argv[1]);
    seconds = strtod(argv[2], NULL);
    for (start = now_s(); now_s() - start < seconds; connections++) {
        if (!connection(&address)) {
            fprintf(stderr, "load: %s: %s\n", argv[1], strerror(errno));
            return 1;
        }
        nanosleep(&pause, NULL);
    }
    printf("%lu requests over %lu connections in %.1f s\n", requests,
           connections, now_s() - start);
    return 0;
}
