#include "ctl_said.h"

#include "unit.h"

struct said said_by(const char *const *words)
{
    char *argv[SAID_WORDS_MAX + 2] = {(char *)(uintptr_t) "redress"};
    int argc = 1;
    struct said said = {.code = CTL_FAILED};
    size_t out_size = 0;
    size_t err_size = 0;
    for (; *words; words++) {
        assert_true(argc <= SAID_WORDS_MAX);
        argv[argc++] = (char *)(uintptr_t)*words;
    }
    FILE *out = open_memstream(&said.out, &out_size);
    FILE *err = open_memstream(&said.err, &err_size);
    assert_true(out && err);
    said.code = ctl_run(argc, argv, out, err);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(err), 0);
    return said;
}

struct said said_line(const char *line)
{
    char text[SAID_LINE_MAX];
    const char *words[SAID_WORDS_MAX + 1] = {NULL};
    unsigned count = 0;
    assert_in_range(strlen(line), 0, sizeof text - 1);
    (void)snprintf(text, sizeof text, "%s", line);
    char *rest = text;
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " ")) {
        if (word[0] != '\0') {
            assert_true(count < SAID_WORDS_MAX);
            words[count++] = word;
        }
    }
    return said_by(words);
}

void said_done(struct said *said)
{
    free(said->out);
    free(said->err);
}

json_t *said_json(struct said said, int code)
{
    json_t *json = json_loads(said.out, 0, NULL);
    if (said.code != code || !json) {
        fail_msg("%d: %s%s", said.code, said.out, said.err);
    }
    said_done(&said);
    return json;
}
