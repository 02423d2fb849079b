/*
 * A small key-value server on a UNIX socket, with one realistic leak.
 *
 * Leaks: a client may WATCH a key. When it hangs up, watchers_remove() takes
 * its watchers off the keys' lists but does not free them, and each keeps the
 * copy of the key it was made with. Every connection leaks as many as it had.
 * Not to be flagged: connections, requests, and the store, which holds at
 * most a few hundred keys that are overwritten all the time.
 * Expected: class leak, in watch_key().
 *
 * Usage: leaky_server SOCKET. One thread, ppoll(2). The protocol is one
 * command a line: SET key value, GET key, DEL key, WATCH key; each is
 * answered by one line. SIGTERM ends it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define BUCKETS 256
#define CLIENTS 64
#define LINE 512

struct watcher {
    struct watcher *next;
    char *key;
    unsigned client;
    unsigned long seen;
};

struct entry {
    struct entry *next;
    char *key;
    char *value;
};

struct client {
    int fd; /* -1 = free slot */
    size_t used;
    char *input;
};

static struct entry *store[BUCKETS];
static struct watcher *watchers[BUCKETS];
static struct client clients[CLIENTS];
static volatile sig_atomic_t stopping;

static void *must(void *pointer)
{
    if (!pointer) {
        fputs("leaky_server: out of memory\n", stderr);
        exit(70);
    }
    return pointer;
}

static unsigned hash(const char *key)
{
    unsigned value = 5381;

    while (*key)
        value = value * 33 + (unsigned char)*key++;
    return value % BUCKETS;
}

static struct entry **find(const char *key)
{
    struct entry **link = &store[hash(key)];

    while (*link && strcmp((*link)->key, key) != 0)
        link = &(*link)->next;
    return link;
}

static NOINLINE void store_set(const char *key, const char *value)
{
    struct entry **link = find(key);

    if (!*link) {
        *link = must(calloc(1, sizeof **link));
        (*link)->key = must(strdup(key));
    }
    free((*link)->value);
    (*link)->value = must(strdup(value));
}

static NOINLINE void store_delete(const char *key)
{
    struct entry **link = find(key);
    struct entry *entry = *link;

    if (!entry)
        return;
    *link = entry->next;
    free(entry->key);
    free(entry->value);
    free(entry);
}

static NOINLINE void watch_key(const char *key, unsigned client)
{
    struct watcher *watcher = must(malloc(sizeof *watcher));
    unsigned bucket = hash(key);

    watcher->key = must(strdup(key));
    watcher->client = client;
    watcher->seen = 0;
    watcher->next = watchers[bucket];
    watchers[bucket] = watcher;
}

static void watchers_notify(const char *key)
{
    struct watcher *watcher = watchers[hash(key)];

    for (; watcher; watcher = watcher->next)
        if (strcmp(watcher->key, key) == 0)
            watcher->seen++;
}

static void watchers_remove(unsigned client)
{
    for (unsigned i = 0; i < BUCKETS; i++) {
        struct watcher **link = &watchers[i];

        while (*link) {
            if ((*link)->client == client)
                *link = (*link)->next; /* and who frees it? */
            else
                link = &(*link)->next;
        }
    }
}

static NOINLINE char *execute(char *line, unsigned client)
{
    char *command = strtok(line, " ");
    char *key = strtok(NULL, " ");
    char *value = strtok(NULL, "");
    char *answer = NULL;

    if (!command || !key)
        return must(strdup("ERR\n"));
    if (strcmp(command, "SET") == 0 && value) {
        store_set(key, value);
        watchers_notify(key);
    } else if (strcmp(command, "DEL") == 0) {
        store_delete(key);
        watchers_notify(key);
    } else if (strcmp(command, "WATCH") == 0) {
        watch_key(key, client);
    } else if (strcmp(command, "GET") == 0 && *find(key)) {
        if (asprintf(&answer, "%s\n", (*find(key))->value) < 0)
            answer = NULL;
        return must(answer);
    }
    return must(strdup("OK\n"));
}

static void client_open(int fd)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (clients[i].fd >= 0)
            continue;
        clients[i] = (struct client){.fd = fd, .input = must(malloc(LINE))};
        return;
    }
    close(fd);
}

static void client_close(unsigned client)
{
    watchers_remove(client);
    free(clients[client].input);
    close(clients[client].fd);
    clients[client].fd = -1;
}

/* False when the client has gone. */
static bool client_line(unsigned number, char *end)
{
    struct client *client = &clients[number];
    size_t rest = client->used - (size_t)(end + 1 - client->input);
    char *answer;
    ssize_t sent;

    *end = '\0';
    answer = execute(client->input, number);
    sent = send(client->fd, answer, strlen(answer), MSG_NOSIGNAL);
    free(answer);
    memmove(client->input, end + 1, rest);
    client->used = rest;
    return sent > 0;
}

static void client_read(unsigned number)
{
    struct client *client = &clients[number];
    ssize_t got =
        recv(client->fd, client->input + client->used, LINE - client->used, 0);
    char *end;

    if (got <= 0) {
        client_close(number);
        return;
    }
    client->used += (size_t)got;
    while ((end = memchr(client->input, '\n', client->used))) {
        if (!client_line(number, end)) {
            client_close(number);
            return;
        }
    }
    if (client->used == LINE)
        client_close(number);
}

static void on_signal(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof address.sun_path) {
        fprintf(stderr, "leaky_server: %s is too long a path\n", path);
        exit(64);
    }
    strcpy(address.sun_path, path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) ||
        listen(fd, CLIENTS)) {
        fprintf(stderr, "leaky_server: %s: %s\n", path, strerror(errno));
        exit(71);
    }
    return fd;
}

static void serve(int listener, const sigset_t *unblocked)
{
    struct pollfd polled[CLIENTS + 1] = {{.fd = listener, .events = POLLIN}};

    for (unsigned i = 0; i < CLIENTS; i++)
        polled[i + 1] = (struct pollfd){clients[i].fd, POLLIN, 0};
    if (ppoll(polled, CLIENTS + 1, NULL, unblocked) < 0)
        return;
    for (unsigned i = 0; i < CLIENTS; i++)
        if (polled[i + 1].revents)
            client_read(i);
    if (polled[0].revents)
        client_open(accept(listener, NULL, NULL));
}

int main(int argc, char **argv)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigset_t unblocked;
    int listener;

    if (argc != 2) {
        fputs("usage: leaky_server SOCKET\n", stderr);
        return 64;
    }
    /* Signals arrive in ppoll only: none falls between the test and it. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &unblocked);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    for (unsigned i = 0; i < CLIENTS; i++)
        clients[i].fd = -1;
    listener = listen_on(argv[1]);
    while (!stopping)
        serve(listener, &unblocked);
    unlink(argv[1]);
    return 0;
}
