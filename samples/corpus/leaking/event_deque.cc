/*
 * A std::deque of events that is read but never popped.
 *
 * Leaks: publish() appends; the deque takes a new chunk for every few events,
 * and now and then a larger array to point to the chunks.
 * Not to be flagged: the reader's copy.
 *
 * EXPECT: leak in publish
 * EXPECT major: leak|unbounded in publish
 */
#include "service.h"

#include <deque>
#include <string>

namespace
{

struct Event {
    unsigned number;
    unsigned client;
    char text[40];
};

std::deque<Event> events;

NOINLINE void publish(const request &request)
{
    Event event = {request.number, request.client, {}};

    std::string(request.body).copy(event.text, sizeof event.text - 1);
    events.push_back(event);
}

void serve(const request *request)
{
    publish(*request);
    if (request->number % 10 == 0) {
        std::string copy = events.back().text;

        copy += std::string(60, 'e');
    }
}

} // namespace

int main(int argc, char **argv)
{
    service bus = {};

    bus.request = serve;
    return service_run(argc, argv, &bus);
}
