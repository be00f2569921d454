#include "config.h"

#include "config_value.h"
#include "near.h"
#include "scope.h"

#include <assert.h>
#include <ctype.h>
#include <libfyaml.h>
#include <sys/stat.h>

enum { FILE_SIZE_MAX = 64 * 1024, ROWS_MAX = 128, NAME_MAX_SIZE = 64 };

enum source { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_COMMAND_LINE };

static const char *const source_names[] = {"default", "file", "environment", "command line"};

struct load {
    const struct config_row *rows;
    size_t count;
    void *settings;
    struct config_outcome *outcome;
    struct error *error;
    const char *program;
    const char *path;       /* of the YAML file */
    uint8_t from[ROWS_MAX]; /* enum source */
    bool help, check, version;
};

/* Keeps the whole text for people and its first line for the error. */
static bool refuse(struct load *load, const char *text)
{
    (void)snprintf(load->outcome->report, sizeof load->outcome->report, "%s", text);
    return error_set(load->error, ERROR_FATAL, "%.*s", (int)strcspn(text, "\n"), text);
}

static size_t row_find(const struct load *load, const char *name)
{
    size_t i = 0;
    while (i < load->count && strcmp(load->rows[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* "no setting is called x" and, when one is near, which. */
static void unknown_text(const struct load *load, const char *name, char *text, size_t size)
{
    size_t best = SIZE_MAX;
    const char *nearest = NULL;
    for (size_t i = 0; i < load->count; i++) {
        size_t far = near_distance(name, load->rows[i].name);
        if (far < best) {
            best = far;
            nearest = load->rows[i].name;
        }
    }
    int used = snprintf(text, size, "no setting is called \"%.64s\"", name);
    if (nearest && best <= near_enough(name)) {
        (void)snprintf(text + used, size - (size_t)used, "; did you mean \"%s\"?", nearest);
    } else {
        const char *lists = load->outcome->lists;
        (void)snprintf(text + used,
                       size - (size_t)used,
                       "; %s%s lists them",
                       lists ? lists : load->program,
                       lists ? "" : " --help");
    }
}

static bool defaults_set(struct load *load)
{
    char reason[CONFIG_VALUE_MAX];
    for (size_t i = 0; i < load->count; i++) {
        if (!config_value_set(&load->rows[i], load->rows[i].fallback, load->settings, reason)) {
            return refuse(load, reason);
        }
    }
    return true;
}

/* ---- the YAML file ---- */

static const char not_one_line[] = "a setting is one line: name: value";

static void document_destroy(struct fy_document **document_p)
{
    fy_document_destroy(*document_p);
    *document_p = NULL;
}

static void diag_destroy(struct fy_diag **diag_p)
{
    fy_diag_destroy(*diag_p);
    *diag_p = NULL;
}

static void diag_output(struct fy_diag *diag, void *user, const char *text, size_t size)
{
    (void)diag;
    struct config_outcome *outcome = user;
    size_t used = strlen(outcome->report);
    size_t room = sizeof outcome->report - 1 - used;
    size_t taken = size < room ? size : room;
    memcpy(outcome->report + used, text, taken);
    outcome->report[used + taken] = '\0';
}

/* Without the excerpt: it would show a secret, or what stands in a file that is none of settings.
 */
static void complain_bare(struct load *load, struct fy_node *at, const char *text)
{
    struct fy_token *token = at && fy_node_is_scalar(at) ? fy_node_get_scalar_token(at) : NULL;
    const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
    char line[CONFIG_VALUE_MAX + 320];
    int size = snprintf(line,
                        sizeof line,
                        "%s:%d:%d: error: %s\n",
                        load->path,
                        mark ? mark->line + 1 : 1,
                        mark ? mark->column + 1 : 1,
                        text);
    diag_output(NULL, load->outcome, line, (size_t)size);
}

/* A value written on more lines than that of its name. */
static bool spans_lines(struct fy_node *key, struct fy_node *node)
{
    struct fy_token *token = fy_node_is_scalar(node) ? fy_node_get_scalar_token(node) : NULL;
    const struct fy_mark *from = fy_token_start_mark(fy_node_get_scalar_token(key));
    const struct fy_mark *to = token ? fy_token_end_mark(token) : NULL;
    return !fy_node_is_scalar(node) || (from && to && to->line != from->line);
}

/* With an excerpt only of a line of its own: what else stands there, or further, may be secret. */
static void
complain(struct load *load, size_t row, struct fy_node *key, struct fy_node *node, const char *text)
{
    bool hides = config_value_hides(&load->rows[row]);
    bool spans = spans_lines(key, node);
    bool flows = fy_node_get_style(fy_document_root(fy_node_document(key))) == FYNS_FLOW;
    if (hides || spans || flows) {
        complain_bare(load, key, spans && !hides ? not_one_line : text);
    } else { /* an empty value has no place */
        fy_node_report(fy_node_get_scalar_length(node) > 0 ? node : key, FYET_ERROR, "%s", text);
    }
}

/* Of what the parser says the places and reasons, without its excerpts. */
static void excerpts_drop(const struct load *load)
{
    char *to = load->outcome->report;
    size_t named = strlen(load->path);
    for (const char *line = to; *line;) {
        size_t size = strcspn(line, "\n");
        size += line[size] == '\n';
        if (strncmp(line, load->path, named) == 0 && line[named] == ':') {
            memmove(to, line, size);
            to += size;
        }
        line += size;
    }
    *to = '\0';
}

static void row_set(struct load *load, size_t row, struct fy_node *key, struct fy_node *node)
{
    char value[CONFIG_VALUE_MAX];
    char reason[CONFIG_VALUE_MAX];
    size_t size = 0;
    const char *text = fy_node_get_scalar(node, &size);
    if (!text || fy_node_is_alias(node) || size >= sizeof value || memchr(text, '\0', size)) {
        complain(load, row, key, node, not_one_line);
        return;
    }
    (void)snprintf(value, sizeof value, "%.*s", (int)size, text);
    if (config_value_set(&load->rows[row], value, load->settings, reason)) {
        load->from[row] = FROM_FILE;
    } else {
        complain(load, row, key, node, reason);
    }
}

static void pair_set(struct load *load, struct fy_node_pair *pair)
{
    char name[NAME_MAX_SIZE + 1];
    char reason[CONFIG_VALUE_MAX];
    struct fy_node *key = fy_node_pair_key(pair);
    struct fy_node *node = fy_node_pair_value(pair);
    size_t size = 0;
    const char *text = fy_node_get_scalar(key, &size);
    if (!text || size > NAME_MAX_SIZE) {
        complain_bare(load, key, not_one_line);
        return;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)size, text);
    size_t row = row_find(load, name);
    if (row < load->count) {
        row_set(load, row, key, node);
    } else {
        unknown_text(load, name, reason, sizeof reason);
        complain_bare(load, key, reason);
    }
}

static bool file_finish(struct load *load, const char *path)
{
    if (load->outcome->report[0]) {
        char *report = load->outcome->report;
        return error_set(load->error, ERROR_FATAL, "%.*s", (int)strcspn(report, "\n"), report);
    }
    (void)snprintf(load->outcome->file, sizeof load->outcome->file, "%s", path);
    return true;
}

/* Anything but blank lines and comments?  libfyaml takes a file without for an error. */
static bool has_content(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return true; /* so that the parser says why */
    }
    bool comment = false;
    int c = getc(file);
    for (; c != EOF && (comment || isspace(c) || c == '#'); c = getc(file)) {
        comment = c == '#' || (comment && c != '\n');
    }
    (void)fclose(file);
    return c != EOF;
}

static bool file_load(struct load *load, const char *path)
{
    char text[512];
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > FILE_SIZE_MAX) {
        (void)snprintf(text, sizeof text, "%.256s: not a readable file of at most 64 KiB", path);
        return refuse(load, text);
    }
    if (!has_content(path)) {
        return file_finish(load, path);
    }
    load->path = path;
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.output_fn = diag_output;
    diag_cfg.user = load->outcome;
    diag_cfg.colorize = false;
    SCOPED(diag_destroy) struct fy_diag *diag = fy_diag_create(&diag_cfg);
    struct fy_parse_cfg cfg = {.flags = FYPCF_DEFAULT_PARSE, .diag = diag};
    SCOPED(document_destroy) struct fy_document *document = fy_document_build_from_file(&cfg, path);
    if (!document) {
        excerpts_drop(load);
        (void)snprintf(text, sizeof text, "%.256s: cannot be read", path);
        return load->outcome->report[0] ? file_finish(load, path) : refuse(load, text);
    }
    struct fy_node *root = fy_document_root(document);
    if (root && !fy_node_is_mapping(root)) {
        complain_bare(load, root, "no settings file: expected lines of the form name: value");
        return file_finish(load, path);
    }
    void *at = NULL;
    struct fy_node_pair *pair = NULL;
    while (root && (pair = fy_node_mapping_iterate(root, &at))) {
        pair_set(load, pair);
    }
    return file_finish(load, path);
}

/* ---- environment and command line ---- */

static bool environment_load(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        char name[NAME_MAX_SIZE + 16];
        char reason[CONFIG_VALUE_MAX];
        (void)snprintf(name, sizeof name, "REDRESS_%s", load->rows[i].name);
        for (char *c = name; *c; c++) {
            *c = (char)toupper((unsigned char)*c);
        }
        const char *value = getenv(name);
        if (!value) {
            continue;
        }
        if (!config_value_set(&load->rows[i], value, load->settings, reason)) {
            char text[CONFIG_VALUE_MAX + 128];
            (void)snprintf(text, sizeof text, "environment %s: %s", name, reason);
            return refuse(load, text);
        }
        load->from[i] = FROM_ENVIRONMENT;
    }
    return true;
}

struct option {
    char name[NAME_MAX_SIZE];
    const char *value; /* NULL: none given */
    int taken;         /* arguments */
};

/* "--name value" or "--name=value", and as `redress` takes it "-c FILE" or "-cFILE"; false when it
 * is no option at all. */
static bool option_read(struct option *option, int left, char **argv)
{
    const char *text = argv[0];
    bool letter = strncmp(text, "-c", 2) == 0;
    size_t size = letter ? 2 : strcspn(text, "=");
    if (!letter && (strncmp(text, "--", 2) != 0 || size < 3 || size - 2 >= sizeof option->name)) {
        return false;
    }
    (void)snprintf(option->name,
                   sizeof option->name,
                   "%.*s",
                   letter ? (int)strlen("config") : (int)(size - 2),
                   letter ? "config" : text + 2);
    for (char *c = option->name; *c; c++) {
        if (*c == '-') {
            *c = '_';
        }
    }
    bool joined = text[size] != '\0';
    option->value = joined ? text + size + !letter : left > 1 ? argv[1] : NULL;
    option->taken = joined || left < 2 ? 1 : 2;
    return true;
}

static bool is(const char *argument, const char *name, const char *letter)
{
    return strcmp(argument, name) == 0 || strcmp(argument, letter) == 0;
}

static bool *flag_find(struct load *load, const char *argument)
{
    return is(argument, "--help", "-h")       ? &load->help
           : is(argument, "--version", "-V")  ? &load->version
           : strcmp(argument, "--check") == 0 ? &load->check
                                              : NULL;
}

/* Takes an option; with file only --config, without only the settings. */
static bool option_take(struct load *load, const struct option *option, const char **file)
{
    char text[CONFIG_VALUE_MAX + 128];
    char reason[CONFIG_VALUE_MAX];
    size_t row = row_find(load, option->name);
    bool config = strcmp(option->name, "config") == 0;
    if (!config && row == load->count) {
        unknown_text(load, option->name, reason, sizeof reason);
        (void)snprintf(text, sizeof text, "command line: %s", reason);
        return refuse(load, text);
    }
    if (!option->value) {
        (void)snprintf(text, sizeof text, "command line: --%s needs a value", option->name);
        return refuse(load, text);
    }
    if (config && file) {
        *file = option->value;
    }
    if (config || file) {
        return true;
    }
    if (load->rows[row].kind == CONFIG_SECRET) {
        (void)snprintf(text,
                       sizeof text,
                       "command line: --%s: everybody on this host could read it there; use the "
                       "environment or a file",
                       option->name);
        return refuse(load, text);
    }
    if (!config_value_set(&load->rows[row], option->value, load->settings, reason)) {
        (void)snprintf(text, sizeof text, "command line: %s", reason);
        return refuse(load, text);
    }
    load->from[row] = FROM_COMMAND_LINE;
    return true;
}

/* First pass: flags and --config only.  Second pass: the settings. */
static bool arguments_load(struct load *load, int argc, char **argv, const char **file)
{
    struct option option;
    for (int i = 1; i < argc; i += option.taken) {
        option.taken = 1;
        bool *flag = flag_find(load, argv[i]);
        if (flag) {
            *flag = true;
        } else if (!option_read(&option, argc - i, argv + i)) {
            char text[128];
            (void)snprintf(text, sizeof text, "\"%.64s\" is not an option; see --help", argv[i]);
            return refuse(load, text);
        } else if (!option_take(load, &option, file)) {
            return false;
        }
    }
    return true;
}

/* ---- answers ---- */

static void help_print(const struct load *load, FILE *out)
{
    (void)fprintf(out,
                  "usage: %s [-c | --config FILE] [--check | -h | --help | -V | --version]\n"
                  "       [--NAME VALUE]...\n\n"
                  "A setting is taken from the command line, else from the environment\n"
                  "(REDRESS_NAME), else from the YAML file, else from its default.\n\n",
                  load->program);
    for (size_t i = 0; i < load->count; i++) {
        config_value_help(&load->rows[i], "--", out);
    }
}

/* Prints what the file could say, so that the output is itself a settings file. */
static void settings_print(const struct load *load, FILE *out)
{
    for (size_t i = 0; i < load->count; i++) {
        config_value_line(&load->rows[i], load->settings, out);
        (void)fprintf(out, " # %s\n", source_names[load->from[i]]);
    }
}

static bool answer(struct load *load)
{
    FILE *out = load->outcome->out ? load->outcome->out : stdout;
    load->outcome->done = true;
    if (load->version) {
        (void)fprintf(out, "%s %s\n", load->program, REDRESS_VERSION);
    } else {
        load->outcome->checked = !load->help;
        load->help ? help_print(load, out) : settings_print(load, out);
    }
    return true;
}

static bool load_all(struct load *load, int argc, char **argv)
{
    const char *file = getenv("REDRESS_CONFIG");
    if (!defaults_set(load) || !arguments_load(load, argc, argv, &file)) {
        return false;
    }
    if (load->help || load->version) {
        return answer(load);
    }
    if (file && file[0] && !file_load(load, file)) {
        return false;
    }
    return environment_load(load) && arguments_load(load, argc, argv, NULL) &&
           (!load->check || answer(load));
}

bool config_load(const struct config_row *rows,
                 size_t count,
                 void *settings,
                 int argc,
                 char **argv,
                 struct config_outcome *outcome,
                 struct error *error)
{
    assert(count <= ROWS_MAX);
    struct load load = {
        rows, count, settings, outcome, error, "redress", NULL, {0}, false, false, false};
    if (argc > 0) {
        const char *slash = strrchr(argv[0], '/');
        load.program = slash ? slash + 1 : argv[0];
    }
    if (load_all(&load, argc, argv)) {
        return true;
    }
    outcome->exit_code = load.check ? 1 : 2;
    return false;
}

bool config_start(const struct config_row *rows,
                  size_t count,
                  void *settings,
                  config_look *look,
                  int argc,
                  char **argv,
                  int *exit_code)
{
    struct config_outcome outcome = {0};
    struct error error = {0};
    if (!config_load(rows, count, settings, argc, argv, &outcome, &error)) {
        const char *end = strchr(outcome.report, '\n') ? "" : "\n";
        (void)fprintf(stderr, "%s%s", outcome.report, end);
        *exit_code = outcome.exit_code;
        return false;
    }
    *exit_code = outcome.checked && !look(settings, &error);
    if (*exit_code != 0) {
        (void)fprintf(stderr, "%s\n", error.text);
    }
    return !outcome.done;
}
