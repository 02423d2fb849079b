/*
 * Chat rooms and members that own each other through shared_ptr.
 *
 * Leaks: a member who becomes the host of a room (10 % of the requests) is
 * owned by the room and owns it in turn, so neither count ever falls to zero.
 * Not to be flagged: rooms without a host, freed when the request ends.
 *
 * EXPECT: leak in open_room
 * EXPECT major: lost in open_room
 */
#include "service.h"

#include <memory>
#include <string>
#include <vector>

namespace
{

struct Room;

struct Member {
    std::string name;
    std::shared_ptr<Room> hosts;
};

struct Room {
    std::string topic;
    std::vector<std::shared_ptr<Member>> members;
};

NOINLINE std::shared_ptr<Room> open_room(const request &request, bool hosted)
{
    auto room = std::make_shared<Room>();
    auto member = std::make_shared<Member>();

    room->topic = std::string(request.body, 40);
    member->name = std::string(request.body, 20);
    room->members.push_back(member);
    if (hosted)
        member->hosts = room;
    return room;
}

void serve(const request *request)
{
    auto room = open_room(*request, service_percent(10));

    room->topic[0] = request->path[1];
}

} // namespace

int main(int argc, char **argv)
{
    service chat = {};

    chat.request = serve;
    return service_run(argc, argv, &chat);
}
