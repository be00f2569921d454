/* The manual page and the shells' completions, from the rows of the table. */
#include "ctl.h"
#include "ctl_options.h"

enum { MANUAL_CELLS_MAX = 3, MANUAL_LINE_MAX = 2048 };

/* ---- mdoc ---- */

/* Text in roff: nothing of it is a request or an escape. */
static void roff(FILE *to, const char *text)
{
    for (const char *at = text; *at; at++) {
        bool first = at == text || at[-1] == '\n';
        if (first && (*at == '.' || *at == '\'')) {
            (void)fputs("\\&", to);
        }
        if (*at == '\\') {
            (void)fputs("\\e", to);
        } else if (*at == ' ' && !first && at[-1] == '.') {
            (void)fputc('\n', to); /* a new sentence begins a line */
        } else if (*at == '-') {
            (void)fputs("\\-", to);
        } else {
            (void)fputc(*at, to);
        }
    }
}

static void options_manual(const struct ctl *ctl, const struct ctl_option *options, size_t count)
{
    FILE *to = ctl->out;
    char places[CTL_USAGE_MAX];
    if (count == 0) {
        return;
    }
    (void)fputs(".Bl -tag -width Ds\n", to);
    for (size_t i = 0; i < count; i++) {
        (void)fputs(".It ", to);
        if (options[i].letter) {
            (void)fprintf(to, "Fl %c , ", options[i].letter);
        }
        (void)fputs("Fl \\-", to);
        roff(to, options[i].name);
        if (options[i].argument) {
            (void)fprintf(to, " Ar %s", ctl_places_say(ctl, options[i].argument, places));
        }
        (void)fputc('\n', to);
        roff(to, ctl_text_in(ctl->language, options[i].help));
        if (options[i].fallback) {
            ctl_format(
                to, ctl_text_in(ctl->language, TEXT_HELP_DEFAULT), CTL_ARGS(options[i].fallback));
        }
        (void)fputc('\n', to);
    }
    (void)fputs(".El\n", to);
}

static void section(const struct ctl *ctl, const char *name, enum ctl_text body)
{
    (void)fprintf(ctl->out, ".Sh %s\n", name);
    roff(ctl->out, ctl_text_in(ctl->language, body));
    (void)fputc('\n', ctl->out);
}

int ctl_manual(struct ctl *ctl)
{
    FILE *to = ctl->out;
    char places[CTL_USAGE_MAX];
    (void)fputs(".Dd November 21, 2026\n.Dt REDRESS 1\n.Os\n.Sh NAME\n.Nm redress\n.Nd ", to);
    roff(to, ctl_text_in(ctl->language, TEXT_MANUAL_NAME));
    (void)fputs("\n.Sh SYNOPSIS\n.Nm\n.Ar verb\n.Op Ar option ...\n.Op Ar argument ...\n", to);
    section(ctl, "DESCRIPTION", TEXT_MANUAL_DESCRIPTION);
    (void)fputs(".Ss Verbs\n.Bl -tag -width Ds\n", to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        (void)fprintf(to, ".It Cm %s", ctl_verbs[i].name);
        if (ctl_verbs[i].arguments[0] != '\0') {
            (void)fprintf(to, " Ar %s", ctl_places_say(ctl, ctl_verbs[i].arguments, places));
        }
        (void)fputc('\n', to);
        roff(to, ctl_text_in(ctl->language, ctl_verbs[i].help));
        (void)fputc('\n', to);
        options_manual(ctl, ctl_verbs[i].options, ctl_verbs[i].option_count);
    }
    (void)fputs(".El\n.Ss Options of every verb\n", to);
    options_manual(ctl, ctl_common_options, ctl_common_option_count);
    section(ctl, "ENVIRONMENT", TEXT_MANUAL_ENVIRONMENT);
    (void)fputs(".Sh FILES\n.Bl -tag -width Ds\n.It Pa /etc/redress/redress.yaml\n", to);
    roff(to, ctl_text_in(ctl->language, TEXT_MANUAL_FILES));
    (void)fputs("\n.El\n", to);
    section(ctl, "EXIT STATUS", TEXT_HELP_EXITS);
    (void)fputs(".Sh SEE ALSO\n.Xr redress-policy 5 :\n", to);
    roff(to, ctl_text_in(ctl->language, TEXT_MANUAL_LANGUAGE));
    (void)fputc('\n', to);
    return CTL_OK;
}

/* The line under a table's head in Markdown. */
static bool is_rule(const char *line)
{
    return strcspn(line, "\n") > 2 && line[0] == '|' && line[2] == '-';
}

/* A row of a table in Markdown; ends[i] is where cell i ends.  False: it is none, or the line under
 * a table's head. */
static bool cells_of(const char *line, size_t size, const char *ends[MANUAL_CELLS_MAX])
{
    unsigned count = 0;
    if (size < 3 || line[0] != '|' || is_rule(line)) {
        return false;
    }
    for (const char *at = line + 1; at < line + size && count < MANUAL_CELLS_MAX; at++) {
        if (*at == '|' && at[-1] != '\\') {
            ends[count++] = at;
        }
    }
    return count == MANUAL_CELLS_MAX;
}

/* No quote, no bracket of a link, nothing that only shields a bar. */
static bool is_text(const char *at)
{
    return *at != '`' && *at != '[' && *at != ']' && (*at != '\\' || at[1] != '|');
}

/* Without what marks it up in Markdown. */
static void plain(FILE *to, const char *from, const char *until)
{
    char text[MANUAL_LINE_MAX];
    size_t used = 0;
    for (; from < until && *from == ' '; from++) {
    }
    for (; until > from && until[-1] == ' '; until--) {
    }
    for (; from < until && used < sizeof text - 1; from++) {
        if (*from == '(' && from[1] == '#' && used > 0) { /* the target of a link */
            while (from + 1 < until && *from != ')') {
                from++;
            }
        } else if (is_text(from)) {
            text[used++] = *from;
        }
    }
    text[used] = '\0';
    roff(to, text);
    (void)fputc('\n', to);
}

struct page {
    FILE *to;
    bool list;
    bool headed; /* nothing stands under the heading yet */
};

static void page_row(struct page *page, const char *line, const char *const ends[MANUAL_CELLS_MAX])
{
    (void)fputs(page->list ? ".It " : ".Bl -tag -width Ds\n.It ", page->to);
    page->list = true;
    plain(page->to, line + 1, ends[0]);
    plain(page->to, ends[0] + 1, ends[1]);
    (void)fputs(".br\n", page->to);
    plain(page->to, ends[1] + 1, ends[2]);
}

static void page_list_end(struct page *page)
{
    (void)fputs(page->list ? ".El\n" : "", page->to);
    page->list = false;
}

/* A heading or a paragraph. */
static void page_line(struct page *page, const char *line, size_t size)
{
    bool part = strncmp(line, "## ", 3) == 0;
    page_list_end(page);
    (void)fputs(part ? ".Ss " : page->headed ? "" : ".Pp\n", page->to);
    plain(page->to, line + strspn(line, "# "), line + size);
    page->headed = part;
}

void ctl_manual_language(const struct ctl *ctl, const char *markdown)
{
    FILE *to = ctl->out;
    struct page page = {.to = to, .headed = true};
    (void)fputs(
        ".Dd November 21, 2026\n.Dt REDRESS-POLICY 5\n.Os\n.Sh NAME\n.Nm redress-policy\n.Nd ", to);
    roff(to, ctl_text_in(ctl->language, TEXT_VERB_POLICY_MANUAL));
    (void)fputs("\n.Sh DESCRIPTION\n", to);
    for (const char *line = markdown; *line;) {
        size_t size = strcspn(line, "\n");
        const char *ends[MANUAL_CELLS_MAX];
        bool row = cells_of(line, size, ends);
        const char *after = line + size + (line[size] == '\n');
        bool of_head = is_rule(line) || (row && is_rule(after));
        if (row && !of_head) {
            page_row(&page, line, ends);
        } else if (!of_head && size > 0) {
            page_line(&page, line, size);
        }
        line = after;
    }
    page_list_end(&page);
    (void)fputs(".Sh SEE ALSO\n.Xr redress 1\n", to);
}

/* ---- completions ---- */

/* The first word of a verb's name is the same as that of an earlier row. */
static bool begun_before(size_t index)
{
    size_t size = strcspn(ctl_verbs[index].name, " ");
    for (size_t i = 0; i < index; i++) {
        if (strcspn(ctl_verbs[i].name, " ") == size &&
            strncmp(ctl_verbs[i].name, ctl_verbs[index].name, size) == 0) {
            return true;
        }
    }
    return false;
}

static int first_size(const char *name)
{
    return (int)strcspn(name, " ");
}

/* Words that may follow a first word, each once; "" when its verbs are of one word. */
static void second_words(FILE *to, const char *name)
{
    int size = first_size(name);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const char *other = ctl_verbs[i].name;
        if (first_size(other) == size && strncmp(other, name, (size_t)size) == 0 &&
            other[size] == ' ') {
            (void)fprintf(to, "%s ", other + size + 1);
        }
    }
}

static void option_words(FILE *to, const struct ctl_verb *verb)
{
    const struct ctl_option *option;
    for (size_t i = 0; (option = ctl_option_at(verb, i)) != NULL; i++) {
        (void)fprintf(to, "--%s ", option->name);
    }
}

/* Text between single quotes of a shell. */
static void quoted(FILE *to, const char *text)
{
    (void)fputc('\'', to);
    for (const char *at = text; *at; at++) {
        (void)fputs(*at == '\'' ? "'\\''" : (char[]){*at, '\0'}, to);
    }
    (void)fputc('\'', to);
}

/* The cases of bash and zsh alike: from the words so far to those that may come. */
static void word_cases(FILE *to)
{
    (void)fputs("    '') words='", to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        if (!begun_before(i)) {
            (void)fprintf(to, "%.*s ", first_size(ctl_verbs[i].name), ctl_verbs[i].name);
        }
    }
    (void)fputs("' ;;\n", to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const char *name = ctl_verbs[i].name;
        if (strchr(name, ' ') && !begun_before(i)) {
            (void)fprintf(to, "    '%.*s') words='", first_size(name), name);
            second_words(to, name);
            (void)fputs("' ;;\n", to);
        }
    }
    for (size_t i = 0; i < ctl_verb_count; i++) {
        (void)fprintf(to, "    '%s'*) words='", ctl_verbs[i].name);
        option_words(to, &ctl_verbs[i]);
        (void)fputs("' ;;\n", to);
    }
}

/* The rows of a place: 0 is what every verb has, i + 1 what verb i has. */
static const struct ctl_option *rows_at(size_t place, size_t *count)
{
    *count = place == 0 ? ctl_common_option_count : ctl_verbs[place - 1].option_count;
    return place == 0 ? ctl_common_options : ctl_verbs[place - 1].options;
}

/* An earlier place has an option with a value that is called so. */
static bool valued_before(size_t place, const char *name)
{
    for (size_t i = 0; i < place; i++) {
        size_t count;
        const struct ctl_option *rows = rows_at(i, &count);
        for (size_t o = 0; o < count; o++) {
            if (rows[o].kind != CTL_FLAG && strcmp(rows[o].name, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void valued_option(FILE *to, const struct ctl_option *option, const char **before)
{
    (void)fprintf(to, "%s--%s", *before, option->name);
    *before = "|";
    if (option->alias) {
        (void)fprintf(to, "|--%s", option->alias);
    }
    if (option->letter) {
        (void)fprintf(to, "|-%c", option->letter);
    }
}

/* "--config|-c|--lang": the options after which a word is their value, each once. */
static void valued_options(FILE *to)
{
    const char *before = "";
    for (size_t place = 0; place <= ctl_verb_count; place++) {
        size_t count;
        const struct ctl_option *rows = rows_at(place, &count);
        for (size_t i = 0; i < count; i++) {
            if (rows[i].kind != CTL_FLAG && !valued_before(place, rows[i].name)) {
                valued_option(to, &rows[i], &before);
            }
        }
    }
}

/* The loop of bash and zsh alike that finds the verb: options and their values are none of it. */
static void verb_loop(FILE *to, const char *words)
{
    (void)fprintf(
        to,
        "    for word in \"%s\"; do\n"
        "        [ \"$word\" != = ] || { value=yes; continue; }\n" /* bash cuts --lang=TAG */
        "        [ -z \"$value\" ] || { value=''; continue; }\n"
        "        case $word in\n"
        "        ",
        words);
    valued_options(to);
    (void)fputs(") value=yes ;;\n"
                "        -*) ;;\n"
                "        *) verb=\"${verb:+$verb }$word\" ;;\n"
                "        esac\n"
                "    done\n",
                to);
}

static void bash(FILE *to)
{
    (void)fputs("_redress() {\n"
                "    local word value='' words='' verb='' current=\"${COMP_WORDS[COMP_CWORD]}\"\n",
                to);
    verb_loop(to, "${COMP_WORDS[@]:1:COMP_CWORD-1}");
    (void)fputs("    case $verb in\n", to);
    word_cases(to);
    (void)fputs("    esac\n"
                "    [ -z \"$value\" ] || words=''\n"
                "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                "    [[ $current == -* || ${#COMPREPLY[@]} -gt 0 ]] ||\n"
                "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                "}\n"
                "complete -F _redress redress\n",
                to);
}

static void zsh(FILE *to)
{
    (void)fputs("#compdef redress\n"
                "_redress() {\n"
                "    local word value='' verb='' candidates=''\n",
                to);
    verb_loop(to, "${(@)words[2,CURRENT-1]}");
    (void)fputs("    local words=''\n"
                "    case $verb in\n",
                to);
    word_cases(to);
    (void)fputs("    esac\n"
                "    [ -z \"$value\" ] || words=''\n"
                "    candidates=$words\n"
                "    compadd -- ${=candidates}\n"
                "    _files\n"
                "}\n"
                "compdef _redress redress\n",
                to);
}

static void fish_verb(const struct ctl *ctl, size_t i, FILE *to)
{
    const struct ctl_verb *verb = &ctl_verbs[i];
    const char *help = ctl_text_in(ctl->language, verb->help);
    int size = first_size(verb->name);
    bool two = verb->name[size] == ' ';
    if (!begun_before(i)) {
        (void)fprintf(to, "complete -c redress -n __fish_use_subcommand -a %.*s", size, verb->name);
        if (!two) {
            (void)fputs(" -d ", to);
            quoted(to, help);
        }
        (void)fputc('\n', to);
    }
    if (two) {
        (void)fprintf(to,
                      "complete -c redress -n '__fish_seen_subcommand_from %.*s' -a %s -d ",
                      size,
                      verb->name,
                      verb->name + size + 1);
        quoted(to, help);
        (void)fputc('\n', to);
    }
    for (size_t o = 0; o < verb->option_count; o++) {
        (void)fprintf(to,
                      "complete -c redress -n '__fish_seen_subcommand_from %s' -l %s%s -d ",
                      two ? verb->name + size + 1 : verb->name,
                      verb->options[o].name,
                      verb->options[o].argument ? " -r" : "");
        quoted(to, ctl_text_in(ctl->language, verb->options[o].help));
        (void)fputc('\n', to);
    }
}

static void fish(const struct ctl *ctl, FILE *to)
{
    for (size_t i = 0; i < ctl_verb_count; i++) {
        fish_verb(ctl, i, to);
    }
    for (size_t o = 0; o < ctl_common_option_count; o++) {
        (void)fprintf(to, "complete -c redress -l %s -d ", ctl_common_options[o].name);
        quoted(to, ctl_text_in(ctl->language, ctl_common_options[o].help));
        (void)fputc('\n', to);
    }
}

int ctl_completion(struct ctl *ctl)
{
    const char *shell = ctl_argument(ctl, 0);
    if (strcmp(shell, "bash") == 0) {
        bash(ctl->out);
    } else if (strcmp(shell, "zsh") == 0) {
        zsh(ctl->out);
    } else if (strcmp(shell, "fish") == 0) {
        fish(ctl, ctl->out);
    } else {
        return ctl_fail(ctl, CTL_USAGE, TEXT_COMPLETION_SHELL, CTL_ARGS(shell));
    }
    return CTL_OK;
}
