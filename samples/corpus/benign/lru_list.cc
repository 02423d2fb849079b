/*
 * The usual C++ cache: a std::list for the order, an unordered_map into it.
 *
 * Grows: to 250 entries within two rounds; after that each miss evicts the
 * entry used longest ago. Popular ones stay for ever.
 * Not to be flagged: nodes, strings and the map's array of buckets.
 *
 * EXPECT: cache|steady|warming|one-off|pool in remember
 */
#include "service.h"

#include <list>
#include <string>
#include <unordered_map>

namespace
{

constexpr std::size_t capacity = 250;

struct Entry {
    unsigned key;
    std::string value;
};

std::list<Entry> order;
std::unordered_map<unsigned, std::list<Entry>::iterator> entries;

NOINLINE void remember(unsigned key, const char *body)
{
    order.push_front(Entry{key, std::string(body, 70)});
    entries[key] = order.begin();
    if (order.size() > capacity) {
        entries.erase(order.back().key);
        order.pop_back();
    }
}

void serve(const request *request)
{
    unsigned key = service_skewed(1500);
    auto found = entries.find(key);

    if (found != entries.end())
        order.splice(order.begin(), order, found->second);
    else
        remember(key, request->body);
}

} // namespace

int main(int argc, char **argv)
{
    service web = {};

    web.request = serve;
    return service_run(argc, argv, &web);
}
