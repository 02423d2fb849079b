/*
 * The same of C++ containers, whose types DWARF knows by their pointers.
 *
 *   holders_cxx HOLDER
 */
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "agent/include/tenure.h"

#define NOINLINE __attribute__((noinline, noclone))

struct Session {
    int id;
    char text[96];
};

struct Server {
    long before;
    std::vector<std::unique_ptr<Session>> sessions;
    std::map<int, Session *> by_id;
};

static const int blocks = 50;
Server server;
std::unique_ptr<std::map<int, Session *>> registry;

static NOINLINE Session *born(int id)
{
    auto session = new Session();
    session->id = id;
    return session;
}

static NOINLINE void take()
{
    char dead[8192];
    memset(dead, 0, sizeof dead);
    __asm__ volatile("" : : "r"(dead) : "memory");
    for (int i = 0; i < 3; i++)
        tenure_take_snapshot(nullptr);
}

static NOINLINE void by_vector()
{
    for (int i = 0; i < blocks; i++)
        server.sessions.emplace_back(born(i));
    take();
}

static NOINLINE void by_unique()
{
    registry = std::make_unique<std::map<int, Session *>>();
    for (int i = 0; i < blocks; i++)
        (*registry)[i] = born(i);
    take();
}

/* Whose header points to its root, its first and its last. */
static NOINLINE void by_map()
{
    for (int i = 0; i < blocks; i++)
        server.by_id[i] = born(i);
    take();
}

int main(int count, char **words)
{
    if (count != 2)
        return 2;
    if (strcmp(words[1], "by_vector") == 0)
        by_vector();
    else if (strcmp(words[1], "by_map") == 0)
        by_map();
    else
        by_unique();
    return 0;
}
