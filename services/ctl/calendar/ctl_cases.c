/* Reading the cases one after the other and counting; see ctl_cases.h. */
#include "ctl_cases.h"

#include "ctl_file.h"
#include "fault.h"
#include "yaml.h"

#include <errno.h>
#include <unistd.h>

enum { EXCERPT_MAX = 200 }; /* bytes of a line that are shown */

struct cases {
    struct ctl *ctl;
    const char *path;
    FILE *file;
    size_t line, column;       /* of the byte that was read last; characters from 1 */
    char excerpt[EXCERPT_MAX]; /* the line so far */
    size_t excerpt_size;
    bool at_end;      /* the byte that was read last ended a line */
    size_t case_size; /* bytes of the case at hand */
    bool too_long;
    uint64_t count, agree;
    json_t *differ;
};

/* The line moves on with the first byte behind its end, so that a fault at the end has its line. */
static int next_byte(struct cases *cases)
{
    int byte = getc(cases->file);
    if (cases->at_end) {
        cases->line++;
        cases->column = 0;
        cases->excerpt_size = 0;
    }
    cases->at_end = byte == '\n';
    cases->column += byte != EOF && (byte & 0xc0) != 0x80;
    if (byte != EOF && byte != '\n' && cases->excerpt_size < EXCERPT_MAX) {
        cases->excerpt[cases->excerpt_size++] = (char)byte;
    }
    return byte;
}

/* The byte that was read last is given to the next reader. */
static void give_back(struct cases *cases, int byte)
{
    (void)ungetc(byte, cases->file);
    cases->column--;
    cases->excerpt_size -= cases->excerpt_size > 0;
}

/* The next byte that is no blank. */
static int next_sign(struct cases *cases)
{
    int byte;
    do {
        byte = next_byte(cases);
    } while (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n');
    return byte;
}

/* One byte at a time: the reader must not take what belongs to the next case. */
static size_t give_byte(void *buffer, size_t size, void *data)
{
    struct cases *cases = data;
    (void)size;
    if (++cases->case_size > CTL_CASE_SIZE_MAX) {
        cases->too_long = true;
        return (size_t)-1;
    }
    int byte = next_byte(cases);
    if (byte == EOF) {
        return ferror(cases->file) ? (size_t)-1 : 0;
    }
    *(char *)buffer = (char)byte;
    return 1;
}

/* Tells of the place that was read last. */
static int broken(const struct cases *cases, const char *why)
{
    const struct ctl *ctl = cases->ctl;
    size_t column = cases->column > 0 ? cases->column : 1;
    const struct yaml_node place = {
        .line = (unsigned)cases->line, .column = (unsigned)column, .width = 1};
    (void)fprintf(ctl->err,
                  "%s:%zu:%zu: %s%s\n",
                  cases->path,
                  cases->line,
                  column,
                  fault_text("error: "),
                  fault_text(why));
    yaml_excerpt(ctl->err, slice_of(cases->excerpt, cases->excerpt_size), &place);
    return ctl_fail(ctl, CTL_FAILED, TEXT_POLICY_BAD, CTL_ARGS(cases->path, "1"));
}

static void judge_one(struct cases *cases, const json_t *row, ctl_case_judge *judge, void *self)
{
    struct ctl_case_answer answer = {0};
    cases->count++;
    if (judge(self, row, &answer)) {
        cases->agree++;
    } else if (json_array_size(cases->differ) < CTL_CASES_DIFFER_MAX) {
        json_t *id = json_object_get(row, "id");
        (void)json_array_append_new(
            cases->differ,
            json_pack(
                "{s:O?, s:O?, s:O?}", "id", id, "expected", answer.expected, "got", answer.got));
    }
    json_decref(answer.expected);
    json_decref(answer.got);
}

/* The sign behind a case's comma or the array's end; EOF for anything else. */
static int sign_behind(struct cases *cases)
{
    int sign = next_sign(cases);
    if (sign == ',') {
        sign = next_sign(cases);
        return sign == ']' ? ',' : sign; /* nothing may follow a comma but a case */
    }
    return sign == ']' ? sign : EOF;
}

static int judge_all(struct cases *cases, ctl_case_judge *judge, void *self)
{
    int sign = next_sign(cases);
    if (sign == EOF && ferror(cases->file)) {
        return ctl_file_refused(cases->ctl, cases->path, errno);
    }
    if (sign != '[') {
        return broken(cases, "not an array of cases");
    }
    sign = next_sign(cases);
    while (sign != ']') {
        if (sign != '{') {
            return broken(cases, "a case has to be an object");
        }
        give_back(cases, sign);
        cases->case_size = 0;
        json_error_t why;
        json_t *row = json_load_callback(
            give_byte, cases, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &why);
        if (!row) {
            return broken(cases, cases->too_long ? "a case longer than 1 MiB" : why.text);
        }
        judge_one(cases, row, judge, self);
        json_decref(row);
        sign = sign_behind(cases);
        if (sign == EOF) {
            return broken(cases, "neither a comma nor the end of the array");
        }
    }
    return next_sign(cases) == EOF ? CTL_OK : broken(cases, "more than one array");
}

static void say_json(struct cases *cases)
{
    uint64_t told = json_array_size(cases->differ);
    json_t *value = json_pack("{s:I, s:I, s:O}",
                              "cases",
                              (json_int_t)cases->count,
                              "agree",
                              (json_int_t)cases->agree,
                              "differ",
                              cases->differ);
    uint64_t more = cases->count - cases->agree - told;
    if (more > 0) {
        (void)json_object_set_new(value, "differ_not_listed", json_integer((json_int_t)more));
    }
    ctl_print_json(cases->ctl, &value);
}

static void say_text(struct cases *cases)
{
    size_t i;
    json_t *row;
    json_array_foreach(cases->differ, i, row)
    {
        char *texts[3];
        static const char *const keys[] = {"id", "expected", "got"};
        for (int k = 0; k < 3; k++) {
            texts[k] = json_dumps(json_object_get(row, keys[k]), JSON_ENCODE_ANY | JSON_COMPACT);
        }
        if (texts[0] && texts[1] && texts[2]) {
            ctl_print(cases->ctl,
                      TEXT_CASES_DIFFER,
                      (const char *const[]){texts[0], texts[1], texts[2], NULL});
        }
        for (int k = 0; k < 3; k++) {
            free(texts[k]);
        }
    }
    ctl_print(cases->ctl,
              TEXT_CASES_COUNT,
              CTL_ARGS(CTL_NUMBER_TEXT(cases->count),
                       CTL_NUMBER_TEXT(cases->agree),
                       CTL_NUMBER_TEXT(cases->count - cases->agree)));
}

int ctl_cases_check(struct ctl *ctl, const char *path, ctl_case_judge *judge, void *self)
{
    FILE *file = NULL;
    int code = ctl_file_stream(ctl, path, &file);
    if (code != CTL_OK) {
        return code;
    }
    struct cases cases = {
        .ctl = ctl, .path = path, .file = file, .line = 1, .differ = json_array()};
    code = judge_all(&cases, judge, self);
    ctl_file_close(file);
    if (code == CTL_OK && cases.count == 0) {
        code = ctl_fail(ctl, CTL_FAILED, TEXT_CASES_NONE, CTL_ARGS(path));
    } else if (code == CTL_OK) {
        ctl->json ? say_json(&cases) : say_text(&cases);
        code = cases.count == cases.agree ? CTL_OK : CTL_FAILED;
    }
    json_decref(cases.differ);
    return code;
}

/* Behind the bracket of an array: its first object begins as a day does, not as a case. */
static bool is_of_days(struct cases *cases)
{
    static const char *const keys[] = {"date", "name", "kind", "isOffDay"};
    char key[16] = "";
    size_t size = 0;
    int object = next_sign(cases);
    int quote = next_sign(cases);
    int byte = object == '{' && quote == '"' ? next_byte(cases) : EOF;
    while (byte != EOF && byte != '"' && size + 1 < sizeof key) {
        key[size++] = (char)byte;
        byte = next_byte(cases);
    }
    bool found = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        found = found || strcmp(key, keys[i]) == 0;
    }
    return found;
}

bool ctl_cases_is(const char *path)
{
    int number = -1;
    if (ctl_file_open(path, &number) != 0) {
        return false;
    }
    FILE *file = number == STDIN_FILENO ? stdin : fdopen(number, "rb");
    if (!file) {
        (void)close(number);
        return false;
    }
    struct cases cases = {.file = file};
    int sign = next_sign(&cases);
    bool are = sign == '[' && (file == stdin || !is_of_days(&cases));
    if (file == stdin) {
        (void)ungetc(sign, file);
    }
    ctl_file_close(file);
    return are;
}
