/*
 * The shells' completions, from the rows of the table.
 *
 * What the archive says is foreign to a shell: it is never given to anything that expands words,
 * compgen -W among them.
 */
#include "ctl_completion.h"

#include "ctl_options.h"

bool completion_begun_before(size_t index)
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

int completion_first_size(const char *name)
{
    return (int)strcspn(name, " ");
}

/* Words that may follow a first word, each once; "" when its verbs are of one word. */
static void second_words(FILE *to, const char *name)
{
    int size = completion_first_size(name);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const char *other = ctl_verbs[i].name;
        if (completion_first_size(other) == size && strncmp(other, name, (size_t)size) == 0 &&
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

const char *completion_argument_values(const struct ctl_verb *verb)
{
    static const struct {
        const char *place;
        const char *values;
    } places[] = {
        {"POLICY/QUEUE",   "@queue"       },
        {"NAME[@VERSION]", "@policy"      },
        {"bash|zsh|fish",  "bash|zsh|fish"},
        {"CASE [ACTION]",  "@action"      },
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strstr(verb->arguments, places[i].place)) {
            return places[i].values;
        }
    }
    return "";
}

void completion_choice_words(FILE *to, const char *choices)
{
    for (const char *at = choices; *at; at++) {
        (void)fputc(*at == '|' ? ' ' : *at, to);
    }
}

/* Names of what may be done to the case that was typed behind the verb. */
static void case_words(FILE *to, const struct ctl_verb *verb)
{
    static const struct {
        const char *words, *names;
    } places[] = {
        {" '*' '*", ""             },
        {" '*",     " names=action"},
        {"'",       ""             },
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        (void)fprintf(to, "    '%s%s) offered='", verb->name, places[i].words);
        option_words(to, verb);
        (void)fprintf(to, "'%s", places[i].names);
        if (places[i].names[0] != '\0') {
            (void)fprintf(to, " of=${verb#%s }", verb->name);
        }
        (void)fputs(" ;;\n", to);
    }
}

/* First words of verbs, each once. */
static void first_words(FILE *to)
{
    for (size_t i = 0; i < ctl_verb_count; i++) {
        if (!completion_begun_before(i)) {
            (void)fprintf(to, "%.*s ", completion_first_size(ctl_verbs[i].name), ctl_verbs[i].name);
        }
    }
}

void completion_helped_words(FILE *to)
{
    first_words(to);
    for (size_t i = 0; i < ctl_topic_count; i++) {
        (void)fprintf(to, "%s ", ctl_topics[i].name);
    }
}

bool completion_is_help(const struct ctl_verb *verb)
{
    return strcmp(verb->arguments, "[VERB]") == 0;
}

/* Behind the verb that takes verbs, and behind it and the first word of one. */
static void help_words(FILE *to, const struct ctl_verb *verb)
{
    (void)fprintf(to, "    '%s') offered='", verb->name);
    completion_helped_words(to);
    option_words(to, verb);
    (void)fputs("' ;;\n", to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const char *name = ctl_verbs[i].name;
        if (strchr(name, ' ') && !completion_begun_before(i)) {
            (void)fprintf(
                to, "    '%s %.*s') offered='", verb->name, completion_first_size(name), name);
            second_words(to, name);
            (void)fputs("' ;;\n", to);
        }
    }
}

/* What may come behind a verb. */
static void verb_words(FILE *to, const struct ctl_verb *verb)
{
    const char *values = completion_argument_values(verb);
    if (strcmp(values, "@action") == 0) { /* of the case before it, and no further word */
        case_words(to, verb);
        return;
    }
    if (completion_is_help(verb)) {
        help_words(to, verb);
    }
    (void)fprintf(to, "    '%s'*) offered='", verb->name);
    option_words(to, verb);
    completion_choice_words(to, values[0] == '@' ? "" : values);
    (void)fprintf(
        to, "'%s%s ;;\n", values[0] == '@' ? " names=" : "", values[0] == '@' ? values + 1 : "");
}

/* The cases of bash and zsh alike: from the words so far to those that may come. */
static void word_cases(FILE *to)
{
    (void)fputs("    '') offered='", to);
    first_words(to);
    (void)fputs("' ;;\n", to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const char *name = ctl_verbs[i].name;
        if (strchr(name, ' ') && !completion_begun_before(i)) {
            (void)fprintf(to, "    '%.*s') offered='", completion_first_size(name), name);
            second_words(to, name);
            (void)fputs("' ;;\n", to);
        }
    }
    for (size_t i = 0; i < ctl_verb_count; i++) {
        verb_words(to, &ctl_verbs[i]);
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

static void option_names(FILE *to, const struct ctl_option *option)
{
    (void)fprintf(to, "--%s", option->name);
    if (option->alias) {
        (void)fprintf(to, "|--%s", option->alias);
    }
    if (option->letter) {
        (void)fprintf(to, "|-%c", option->letter);
    }
}

void completion_valued_options(FILE *to)
{
    const char *before = "";
    for (size_t place = 0; place <= ctl_verb_count; place++) {
        size_t count;
        const struct ctl_option *rows = rows_at(place, &count);
        for (size_t i = 0; i < count; i++) {
            if (rows[i].kind != CTL_FLAG && !valued_before(place, rows[i].name)) {
                (void)fputs(before, to);
                option_names(to, &rows[i]);
                before = "|";
            }
        }
    }
}

/* The cases of bash and zsh alike: from the option to what it takes. */
static void value_cases(FILE *to)
{
    for (size_t place = 0; place <= ctl_verb_count; place++) {
        size_t count;
        const struct ctl_option *rows = rows_at(place, &count);
        for (size_t i = 0; i < count; i++) {
            const char *values = rows[i].values;
            if (!values || valued_before(place, rows[i].name)) {
                continue;
            }
            (void)fputs("    ", to);
            option_names(to, &rows[i]);
            (void)fputs(values[0] == '@' ? ") names='" : ") offered='", to);
            completion_choice_words(to, values + (values[0] == '@'));
            /* fields are those of the case and the action before them */
            (void)fprintf(to, "'%s ;;\n", strcmp(values, "@field") == 0 ? " of=${verb#* }" : "");
        }
    }
}

bool completion_takes_policy(const struct ctl_verb *verb)
{
    return strcmp(completion_argument_values(verb), "@policy") == 0;
}

/* The cases of bash and zsh alike: the policy on the line that is behind its verb. */
static void policy_cases(FILE *to)
{
    (void)fputs("    case $verb in\n", to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        const char *name = ctl_verbs[i].name;
        if (completion_takes_policy(&ctl_verbs[i])) {
            (void)fprintf(to, "    '%s '?*) policy=${verb#%s } ;;\n", name, name);
        }
    }
    (void)fputs("    esac\n"
                "    policy=${policy%%@*}\n",
                to);
}

/* The part of bash and zsh alike that finds the verb, to which options and their values do not
 * belong, and what may come. */
static void body(FILE *to, const char *words)
{
    (void)fprintf(
        to,
        "    for word in \"%s\"; do\n"
        "        case $word in\n" /* bash cuts --lang=TAG and FILE:NAME */
        "        *[^:=@]*|'') ;;\n"
        "        *) case $before in -c|--config) cut=1 ;; esac; value=${value:-=}; continue ;;\n"
        "        esac\n"
        "        before=$value\n"
        "        case $value in\n"
        "        '') ;;\n"
        "        -c|--config) config=$word; value=''; continue ;;\n"
        "        --policy) policy=$word; value=''; continue ;;\n"
        "        *) value=''; continue ;;\n"
        "        esac\n"
        "        case $word in\n"
        "        ",
        words);
    completion_valued_options(to);
    (void)fputs(") value=$word ;;\n"
                "        -*) ;;\n"
                "        *) verb=\"${verb:+$verb }$word\" ;;\n"
                "        esac\n"
                "    done\n"
                "    case $value in\n"
                "    '') case $verb in\n",
                to);
    word_cases(to);
    (void)fputs("    esac ;;\n", to);
    value_cases(to);
    (void)fputs("    esac\n", to);
    policy_cases(to);
}

/* The settings are a word as typed.  What the shell may make another file of, quotes that it takes
 * off apart, names some other archive: there are no names then. */
#define TAKEN_AS_TYPED(quotes)                                                                     \
    "    [[ -z $cut && $config != *[^[:alnum:]_/.:@%+," quotes "-]* ]] || names=''\n"

/* Names of a policy are those of the one on the line. */
#define OF_THE_POLICY "    case $names in queue|step|category|channel|role) of=$policy ;; esac\n"

/* Whoever types waits no longer than that for names; without an answer there are none. */
#define NAMES_OF(command)                                                                          \
    "timeout 2 " command                                                                           \
    " ${config:+-c} ${config:+\"$config\"} completion --names \"$names\" ${of:+\"$of\"} "          \
    "2>/dev/null"

/* A colon cuts a word for bash, which then puts what comes only behind it: what was typed without a
 * blank is one word again, and "glued" what of it bash will not replace. */
static void bash_joined(FILE *to)
{
    (void)fputs("    while [[ $at -gt 1 && $typed == *\"${COMP_WORDS[at-1]}$current\" &&\n"
                "        ( -z ${COMP_WORDS[at]//:} || -z ${COMP_WORDS[at-1]//:} ) ]]; do\n"
                "        at=$((at - 1)); current=${COMP_WORDS[at]}$current\n"
                "    done\n"
                "    [ \"$at\" = \"$COMP_CWORD\" ] || {\n"
                "        word=${COMP_WORDS[COMP_CWORD]}\n"
                "        [ -z \"${word//:}\" ] || glued=${current%\"$word\"}\n"
                "        glued=${glued:-$current} glued=${glued//\\\\}\n"
                "    }\n",
                to);
}

/* What bash quotes itself; it would look for a folder by what it puts, which is not all of it. */
static void bash_files(FILE *to)
{
    (void)fputs("    [[ $current == -* || -n ${value:+$offered} || ${#COMPREPLY[@]} -gt 0 ]] || {\n"
                "        compopt -o filenames 2>/dev/null\n"
                "        while IFS= read -r word; do\n"
                "            [[ -z $glued || ! -d $word ]] || { word+=/; compopt -o nospace; }\n"
                "            COMPREPLY+=(\"${word#\"$glued\"}\")\n"
                "        done < <(compgen -f -- \"$current\")\n"
                "    }\n",
                to);
}

static void bash(FILE *to)
{
    (void)fputs("_redress() {\n"
                "    local word value='' offered='' names='' verb='' config='' before='' cut='' "
                "of='' policy=''\n"
                "    local at=$COMP_CWORD typed=\"${COMP_LINE:0:${COMP_POINT:-0}}\" glued=''\n"
                "    local current=\"${COMP_WORDS[at]}\"\n"
                "    [ \"$current\" != = ] || current=''\n",
                to);
    bash_joined(to);
    body(to, "${COMP_WORDS[@]:1:at-1}");
    (void)fputs(TAKEN_AS_TYPED(""), to);
    (void)fputs("    [[ $policy != *[\\\\\\'\\\"]* ]] || policy=''\n" OF_THE_POLICY, to);
    (void)fputs("    [[ -z $names || $current == -* ]] || offered=''\n"
                "    mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$current\")\n"
                "    [[ -z $names || $current == -* ]] || while IFS= read -r word; do\n"
                "        [[ $word != \"$current\"* ]] ||\n"
                "            COMPREPLY+=(\"$(printf %q \"${word#\"$glued\"}\")\")\n"
                "        [[ $word != *= ]] || compopt -o nospace 2>/dev/null\n",
                to);
    (void)fputs("    done < <(" NAMES_OF("\"${1:-redress}\"") ")\n", to);
    bash_files(to);
    (void)fputs("}\n"
                "complete -F _redress redress\n",
                to);
}

static void zsh(FILE *to)
{
    (void)fputs("#compdef redress\n"
                "_redress() {\n"
                "    local word value='' offered='' names='' verb='' config='' before='' cut='' "
                "of='' policy=''\n"
                "    local -a found ends\n",
                to);
    body(to, "${(@)words[2,CURRENT-1]}");
    (void)fputs(
        TAKEN_AS_TYPED(
            "\\ \\'\\\"\\\\") "    config=${(Q)config} policy=${(Q)policy}\n" OF_THE_POLICY
                              "    [ -z \"$names\" ] || found=(${(f)\"$(" NAMES_OF(
                                  "\"${words[1]}\"") ")\"})\n"
                                                     "    [ \"$names\" != field ] || ends=(-S '')\n"
                                                     "    compadd \"${ends[@]}\" -- ${=offered} "
                                                     "$found\n"
                                                     "    [ -n \"${value:+$offered}\" ] || _files\n"
                                                     "}\n"
                                                     "compdef _redress redress\n",
        to);
}

int ctl_completion(struct ctl *ctl)
{
    const char *names = ctl_option_text(ctl, "names");
    const char *shell = ctl_argument(ctl, 0);
    if (names) {
        return completion_names_write(ctl, names);
    }
    if (!shell) {
        return ctl_fail(
            ctl, CTL_USAGE, TEXT_ARGUMENT_MISSING, CTL_ARGS("completion", "bash|zsh|fish"));
    }
    if (strcmp(shell, "bash") == 0) {
        bash(ctl->out);
    } else if (strcmp(shell, "zsh") == 0) {
        zsh(ctl->out);
    } else if (strcmp(shell, "fish") == 0) {
        completion_fish(ctl, ctl->out);
    } else {
        return ctl_fail(ctl, CTL_USAGE, TEXT_COMPLETION_SHELL, CTL_ARGS(shell));
    }
    return CTL_OK;
}
