/* The settings all daemons share. */
#include "conninfo.h"
#include "key_file.h"
#include "service_private.h"

#include <sodium.h>
#include <unistd.h>

enum { SOCKET_PATH_MAX = 107 }; /* sockaddr_un.sun_path without its end */

#define AT(member) CONFIG_AT(struct service_settings, member)

/* clang-format off */
const struct config_row service_settings_rows[] = {
    {"instance", CONFIG_TEXT, AT(instance), "", 0, 63, NULL,
     "name among the live instances of a service; empty: host name and process"},
    {"database", CONFIG_CONNINFO, AT(database), "dbname=redress", 1, 399, NULL,
     "PostgreSQL connection string (libpq); without user= each daemon has its own role; a password "
     "belongs into a passfile"},
    {"redis", CONFIG_TEXT, AT(redis), "127.0.0.1:6379", 1, 255, NULL,
     "Redis: path of a unix socket, or host:port"},
    {"redis_user", CONFIG_TEXT, AT(redis_user), "", 0, 63, NULL,
     "ACL user of Redis; empty: its default user"},
    {"redis_password", CONFIG_SECRET, AT(redis_password), "", 0, 127, NULL,
     "password of that user; better in REDRESS_REDIS_PASSWORD or in redis_password_file"},
    {"redis_password_file", CONFIG_PATH, AT(redis_password_file), "", 0, 255, NULL,
     "file with that password and nothing else, mode 0600; empty: none"},
    {"redis_prefix", CONFIG_TEXT, AT(redis_prefix), "redress:", 1, 31, NULL,
     "before every key"},
    {"run_dir", CONFIG_PATH, AT(run_dir), "/run/redress", 1, 80, NULL,
     "folder of the sockets between the daemons of a host"},
    {"publisher", CONFIG_TEXT, AT(publisher), "", 0, 159, NULL,
     "endpoint our events are published on, ipc:// or tcp://; empty: a socket in run_dir"},
    {"requests", CONFIG_TEXT, AT(requests), "", 0, 159, NULL,
     "endpoint for submissions or commands; empty: a socket in run_dir"},
    {"advertise", CONFIG_TEXT, AT(advertise), "", 0, 127, NULL,
     "address of this host for others, where tcp endpoints are bound to all addresses"},
    {"curve_key_file", CONFIG_PATH, AT(curve_key_file), "", 0, 255, NULL,
     "key pair of this host for tcp endpoints; empty: no tcp"},
    {"curve_allow_file", CONFIG_PATH, AT(curve_allow_file), "/etc/redress/curve.allow", 1, 255,
     NULL, "keys that are admitted over tcp, with their roles"},
    {"admin", CONFIG_TEXT, AT(admin), "", 0, 191, NULL,
     "host:port or socket path of health and metrics; empty: a socket in run_dir"},
    {"key_file", CONFIG_PATH, AT(key_file), "/etc/redress/seal.key", 1, 255, NULL,
     "keys that wrap case keys"},
    {"receipt_key_file", CONFIG_PATH, AT(receipt_key_file), "/etc/redress/receipt.key", 1, 255,
     NULL, "key that signs receipts"},
    {"receipt_public_keys", CONFIG_PATH, AT(receipt_public_keys), "", 0, 255, NULL,
     "public keys whose receipts are believed; empty: receipt_key_file with .pub behind it"},
    {"log_level", CONFIG_TEXT, AT(log_level), "info", 1, 15, NULL,
     "debug, info, warn or error"},
    {"batch_max", CONFIG_INTEGER, AT(batch_max), "1000", 1, SERVICE_BATCH_MAX, "requests",
     "most submissions or commands of one transaction"},
    {"partition_fill", CONFIG_INTEGER, AT(partition_fill), "32", 1, SERVICE_BATCH_MAX, "cases",
     "where few come at a time: new ones of a partition before it is the turn of the next"},
    {"behind_s", CONFIG_INTEGER, AT(behind_s), "30", 1, 86400, "s",
     "/readyz tells when the oldest event not yet processed is older"},
    {"memory_max", CONFIG_INTEGER, AT(memory_max), "2048", 256, 1048576, "MiB",
     "most memory of a daemon; one that would need more ends, and its supervisor starts it again"},
};
/* clang-format on */
const size_t service_settings_count = sizeof service_settings_rows / sizeof *service_settings_rows;

bool service_settings_secrets(struct service_settings *settings, struct error *error)
{
    if (settings->redis_password_file[0] == '\0') {
        return true;
    }
    char text[KEY_FILE_MAX];
    if (!key_file_read(settings->redis_password_file, NULL, text, error)) {
        return false;
    }
    text[strcspn(text, "\r\n")] = '\0';
    bool good = text[0] != '\0' && strlen(text) < sizeof settings->redis_password;
    if (good) {
        (void)snprintf(settings->redis_password, sizeof settings->redis_password, "%s", text);
    }
    sodium_memzero(text, sizeof text);
    return good || error_set(error,
                             ERROR_FATAL,
                             "redis_password_file %s: its first line must have 1 to %zu bytes",
                             settings->redis_password_file,
                             sizeof settings->redis_password - 1);
}

/* The name becomes part of paths: letters, digits and . _ - only. */
static bool name_is_good(const char *name)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[0] != '.' && name[strspn(name, letters)] == '\0';
}

/* A name is never cut, or two instances would share a socket. */
static bool path_complete(const struct service *service,
                          const char *scheme,
                          const char *kind,
                          char *place,
                          size_t size,
                          struct error *error)
{
    const struct service_settings *settings = &service->settings;
    if (place[0] != '\0') {
        return true;
    }
    char path[sizeof settings->run_dir + sizeof settings->instance + 32];
    int length = snprintf(path,
                          sizeof path,
                          "%s/%s-%s.%s",
                          settings->run_dir,
                          service_name(service->spec->id),
                          settings->instance,
                          kind);
    if (length > SOCKET_PATH_MAX || (size_t)length + strlen(scheme) >= size) {
        return error_set(error,
                         ERROR_REJECT,
                         "run_dir and instance make the socket path %s, %d bytes: at most %d; "
                         "shorten one of them",
                         path,
                         length,
                         SOCKET_PATH_MAX);
    }
    (void)snprintf(place, size, "%s%s", scheme, path);
    return true;
}

bool service_settings_complete(struct service *service, struct error *error)
{
    struct service_settings *settings = &service->settings;
    if (settings->instance[0] == '\0') {
        char host[40] = "host";
        (void)gethostname(host, sizeof host - 1);
        (void)snprintf(settings->instance, sizeof settings->instance, "%s-%d", host, (int)getpid());
    }
    if (!name_is_good(settings->instance)) {
        return error_set(error,
                         ERROR_REJECT,
                         "instance \"%s\": permitted are letters, digits and . _ -",
                         settings->instance);
    }
    char role[48];
    (void)snprintf(role, sizeof role, "redress_%s", service_name(service->spec->id));
    conninfo_user(settings->database, sizeof settings->database, role);
    return path_complete(
               service, "ipc://", "pub", settings->publisher, sizeof settings->publisher, error) &&
           path_complete(
               service, "ipc://", "req", settings->requests, sizeof settings->requests, error) &&
           path_complete(service, "unix:", "admin", settings->admin, sizeof settings->admin, error);
}
