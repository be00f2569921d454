/* Redis as an operator asks it; see rig.h. */
#include "rig.h"
#include "rig_cmocka.h"

#include <hiredis/hiredis.h>

void rig_redis(struct rig *rig, char *text, size_t size, const char *format, ...)
{
    redisContext *redis = redisConnectUnix(server_socket(rig->redis));
    assert_true(redis && !redis->err);
    va_list arguments;
    va_start(arguments, format);
    redisReply *reply = redisvCommand(redis, format, arguments);
    va_end(arguments);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR) {
        fail_msg("%s: %s", format, reply->str);
    }
    if (reply->type == REDIS_REPLY_INTEGER) {
        (void)snprintf(text, size, "%lld", reply->integer);
    } else {
        (void)snprintf(text, size, "%s", reply->str ? reply->str : "");
    }
    freeReplyObject(reply);
    redisFree(redis);
}
