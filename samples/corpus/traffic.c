/*
 * The ordinary part of a corpus service: reads and parses requests, keeps a
 * session table and a page cache, writes responses. Nothing in here leaks,
 * and no verdict may say so.
 *
 * traffic_request() makes one request up, carries it through the stages and
 * lets the service under test see it in between. Buffers die with their
 * request, pages and sessions within a round or two.
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 64
#define PAGES 300
#define CACHE_SLOTS 64
#define SESSION_REQUESTS 3

struct header {
    char *name;
    char *value;
    struct header *next;
};

struct session {
    char *token;
    unsigned left;
};

struct page {
    char *path;
    char *content;
};

static struct session *sessions[CLIENTS];
static struct page *cache[CACHE_SLOTS];

char *service_text(uint32_t number, size_t pad)
{
    char *text = must(malloc(pad));
    int used = snprintf(text, pad, "%08x", number);

    for (size_t i = (size_t)used; i + 1 < pad; i++)
        text[i] = (char)('a' + (number + i) % 26);
    text[pad - 1] = '\0';
    return text;
}

static struct header *headers_parse(const char *wire)
{
    struct header *first = NULL;
    unsigned count = 3 + service_random(4);

    for (unsigned i = 0; i < count; i++) {
        struct header *header = must(malloc(sizeof *header));

        header->name = must(strndup(wire + i, 8 + i));
        header->value = must(strndup(wire + 2 * i, 20));
        header->next = first;
        first = header;
    }
    return first;
}

static void headers_free(struct header *header)
{
    while (header) {
        struct header *next = header->next;

        free(header->name);
        free(header->value);
        free(header);
        header = next;
    }
}

static void session_end(unsigned client)
{
    if (!sessions[client])
        return;
    free(sessions[client]->token);
    free(sessions[client]);
    sessions[client] = NULL;
}

static void session_touch(unsigned client)
{
    if (!sessions[client]) {
        sessions[client] = must(malloc(sizeof *sessions[client]));
        sessions[client]->token = service_text(client, 33);
        sessions[client]->left = SESSION_REQUESTS;
    }
    if (--sessions[client]->left == 0)
        session_end(client);
}

static void page_free(struct page *page)
{
    if (!page)
        return;
    free(page->path);
    free(page->content);
    free(page);
}

static const char *page_get(const char *path, unsigned number)
{
    struct page **slot = &cache[number % CACHE_SLOTS];

    if (*slot && strcmp((*slot)->path, path) == 0)
        return (*slot)->content;
    page_free(*slot);
    *slot = must(malloc(sizeof **slot));
    (*slot)->path = must(strdup(path));
    (*slot)->content = service_text(number, 100 + number % 200);
    return (*slot)->content;
}

static void respond(const char *content, const struct header *headers)
{
    size_t length = 0;
    char *response = NULL;

    for (; headers; headers = headers->next) {
        size_t more = strlen(headers->name) + strlen(headers->value) + 4;

        response = must(realloc(response, length + more));
        length += (size_t)sprintf(response + length, "%s: %s\n", headers->name,
                                  headers->value);
    }
    response = must(realloc(response, length + strlen(content) + 1));
    strcpy(response + length, content);
    free(response);
}

void traffic_request(const struct service *service, unsigned number)
{
    unsigned page = service_random(PAGES);
    unsigned client = service_random(CLIENTS);
    char *wire = service_text(number, 256 + service_random(1200));
    struct header *headers = headers_parse(wire);
    char *path = must(malloc(24));

    snprintf(path, 24, "/page/%u", page);
    session_touch(client);
    if (service->request)
        service->request(
            &(struct request){number, client, path, wire, strlen(wire)});
    respond(page_get(path, page), headers);
    free(path);
    headers_free(headers);
    free(wire);
}

void traffic_stop(void)
{
    for (unsigned i = 0; i < CLIENTS; i++)
        session_end(i);
    for (unsigned i = 0; i < CACHE_SLOTS; i++) {
        page_free(cache[i]);
        cache[i] = NULL;
    }
}
