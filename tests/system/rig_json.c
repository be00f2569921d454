#include "rig_json.h"

#include "rig_cmocka.h"

#include <stdio.h>
#include <sys/wait.h>

enum { LINE_SIZE = 1024 };

int rig_shell(char *said, size_t size, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    assert_in_range(vsnprintf(line, sizeof line, format, arguments), 1, LINE_SIZE - 1);
    va_end(arguments);
    FILE *pipe = popen(line, "r"); // NOLINT(cert-env33-c): the words are the test's own
    assert_non_null(pipe);
    said[fread(said, 1, size - 1, pipe)] = '\0';
    int ended = pclose(pipe);
    assert_true(WIFEXITED(ended));
    return WEXITSTATUS(ended);
}

json_t *rig_json(const struct rig *rig, const char *words, int *status)
{
    char line[LINE_SIZE];
    int size = snprintf(line,
                        sizeof line,
                        "%s/redress %s --config %s/redress.yaml --lang en --json",
                        REDRESS_BIN,
                        words,
                        rig->directory);
    assert_in_range(size, 1, LINE_SIZE - 1);
    FILE *pipe = popen(line, "r"); // NOLINT(cert-env33-c): the words are the test's own
    assert_non_null(pipe);
    json_t *json = json_loadf(pipe, JSON_DISABLE_EOF_CHECK, NULL);
    while (fgetc(pipe) != EOF) { /* or the rest of it kills the command */
    }
    int ended = pclose(pipe);
    assert_true(WIFEXITED(ended));
    *status = WEXITSTATUS(ended);
    return json;
}

json_t *rig_asks(const struct rig *rig, int wanted, const char *format, ...)
{
    char words[LINE_SIZE];
    int status;
    va_list arguments;
    va_start(arguments, format);
    assert_in_range(vsnprintf(words, sizeof words, format, arguments), 1, LINE_SIZE - 1);
    va_end(arguments);
    json_t *json = rig_json(rig, words, &status);
    if (status != wanted || !json) {
        fail_msg("%s: status %d", words, status);
    }
    return json;
}

void rig_says(const struct rig *rig, const char *words, int wanted, const char *text)
{
    char said[LINE_SIZE];
    int status = rig_shell(said,
                           sizeof said,
                           "%s/redress %s --config %s/redress.yaml --lang en 2>&1 >/dev/null",
                           REDRESS_BIN,
                           words,
                           rig->directory);
    if (status != wanted || !strstr(said, text)) {
        fail_msg("%s: status %d: %s", words, status, said);
    }
}

void rig_shows(const struct rig *rig, const char *words, int wanted, const char *text)
{
    char shown[4 * LINE_SIZE];
    int status = rig_shell(shown,
                           sizeof shown,
                           "%s/redress %s --config %s/redress.yaml --lang en",
                           REDRESS_BIN,
                           words,
                           rig->directory);
    if (status != wanted || !strstr(shown, text)) {
        fail_msg("%s: status %d: %s", words, status, shown);
    }
}

int64_t rig_json_number(const json_t *json, const char *key)
{
    const json_t *value = json_object_get(json, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}
