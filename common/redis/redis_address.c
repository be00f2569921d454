#include "redis_address.h"

#include <arpa/inet.h>

static bool is_numeric_host(const char *host)
{
    unsigned char number[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, number) == 1 || inet_pton(AF_INET6, host, number) == 1;
}

/* host:port in the buffer is taken apart; false leaves it in pieces. */
static bool split(struct redis_address *address)
{
    char *colon = strrchr(address->host, ':');
    if (!colon) {
        return false;
    }
    char *end;
    long port = strtol(colon + 1, &end, 10);
    *colon = '\0';
    size_t size = (size_t)(colon - address->host);
    if (size > 2 && address->host[0] == '[' && address->host[size - 1] == ']') {
        memmove(address->host, address->host + 1, size - 2);
        address->host[size - 2] = '\0';
    }
    address->port = (int)port;
    return colon[1] >= '1' && colon[1] <= '9' && *end == '\0' && port < 65536 &&
           is_numeric_host(address->host);
}

bool redis_address_parse(const char *text, struct redis_address *address, struct error *error)
{
    size_t size = text ? strlen(text) : 0;
    *address = (struct redis_address){.port = 0};
    if (size > 0 && size < sizeof address->host) {
        memcpy(address->host, text, size + 1);
        if (text[0] == '/' || split(address)) {
            return true;
        }
    }
    return error_set(error,
                     ERROR_REJECT,
                     "redis address \"%s\": must be a socket's absolute path or a numeric "
                     "address:port",
                     text ? text : "");
}
