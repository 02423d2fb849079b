/*
 * The names of the control sockets.
 */
#include "agent/format/address.h"

#include <string.h>
#include <sys/socket.h>

static size_t put_number(char *to, uint32_t number)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    for (size_t i = 0; i < count; i++)
        to[i] = digits[count - 1 - i];
    return count;
}

uint32_t tenure_format_address(struct sockaddr_un *address, uint32_t pid,
                               uint32_t which)
{
    static const char stem[] = "tenure/";
    char *path = address->sun_path;
    size_t used = 0;
    address->sun_family = AF_UNIX;
    path[used++] = 0;
    memcpy(path + used, stem, sizeof stem - 1);
    used += sizeof stem - 1;
    used += put_number(path + used, pid);
    if (which > 0) {
        path[used++] = '.';
        used += put_number(path + used, which);
    }
    return (uint32_t)(offsetof(struct sockaddr_un, sun_path) + used);
}
