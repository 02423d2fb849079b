/* Keeps blocks in one way each until it ends: by a list, an array, another
 * block, the stack of a thread; and loses some. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))

struct node {
    uint64_t payload;
    struct node *next;
};

struct box {
    uint64_t payload[2];
    void *item[100];
};

static struct node *list_head;
static struct {
    uint64_t used;
    void *slot[100];
} table;
static struct box *the_box;
static uintptr_t hidden[100];
static int ready[2];

APART static void push_node(void)
{
    struct node *node = malloc(sizeof *node);
    node->payload = 0;
    node->next = list_head;
    list_head = node;
}

APART static void fill_table(void)
{
    for (int i = 0; i < 100; i++)
        table.slot[table.used++] = malloc(40);
}

APART static void make_box(void)
{
    the_box = calloc(1, sizeof *the_box);
}

APART static void make_item(int i)
{
    the_box->item[i] = malloc(72);
}

APART static void lose_some(void)
{
    for (int i = 0; i < 100; i++)
        hidden[i] = ~(uintptr_t)malloc(104);
}

APART static void *on_stack(void *unused)
{
    void *volatile mine[50];
    (void)unused;
    for (int i = 0; i < 50; i++)
        mine[i] = malloc(136);
    pthread_setname_np(pthread_self(), "holder");
    if (write(ready[1], "x", 1) != 1)
        abort();
    for (;;)
        pause();
    return mine[0];
}

int main(void)
{
    pthread_t thread;
    char byte;
    if (pipe(ready) != 0 || pthread_create(&thread, NULL, on_stack, NULL) != 0)
        return 1;
    for (int i = 0; i < 200; i++)
        push_node();
    fill_table();
    make_box();
    for (int i = 0; i < 100; i++)
        make_item(i);
    lose_some();
    return read(ready[0], &byte, 1) != 1;
}
