/* The completion of fish, which has no cases but a line an option and a verb. */
#include "ctl_completion.h"
#include "ctl_options.h"

/* Text between single quotes of a shell. */
static void quoted(FILE *to, const char *text)
{
    (void)fputc('\'', to);
    for (const char *at = text; *at; at++) {
        (void)fputs(*at == '\'' ? "'\\''" : (char[]){*at, '\0'}, to);
    }
    (void)fputc('\'', to);
}

/* The words that are no options and no values of theirs, and the names that the archive of the
 * settings on the line has: for an action those of the case, the word behind the verb. */
static void fish_functions(FILE *to)
{
    (void)fputs("function __redress_words\n"
                "    set -l before\n"
                "    for word in (commandline -opc)[2..]\n"
                "        if contains -- \"$before\" (string split '|' -- '",
                to);
    completion_valued_options(to);
    (void)fputs(
        "')\n"
        "            set before\n"
        "        else if string match -q -- '-*' $word\n"
        "            set before $word\n"
        "        else\n"
        "            echo -- $word\n"
        "        end\n"
        "    end\n"
        "end\n"
        "function __redress_none\n"
        "    test (count (__redress_words)) -eq 0\n"
        "end\n"
        "function __redress_names\n"
        "    set -l words (__redress_words)\n"
        "    set -l line (commandline -opc)\n"
        "    set -l config\n"
        "    set -l of\n"
        "    for i in (seq 2 (count $line))\n"
        "        switch $line[$i]\n"
        "            case '--config=*'\n"
        "                set config -c (string replace -- --config= '' $line[$i])\n"
        "            case -c --config\n"
        "                set -q line[(math $i + 1)]; and set config -c $line[(math $i + 1)]\n"
        "        end\n"
        "    end\n"
        "    if test $argv[1] = action\n"
        "        test (count $words) -eq 2; or return\n"
        "        set of $words[2]\n"
        "    else if test $argv[1] = field\n"
        "        test (count $words) -ge 3; or return\n"
        "        set of \"$words[2] $words[3]\"\n"
        "    end\n"
        "    timeout 2 redress $config completion --names $argv[1] $of 2>/dev/null\n"
        "end\n",
        to);
}

/* Behind an option, or behind a verb. */
static void fish_values(FILE *to, const char *values)
{
    if (!values || values[0] == '\0') {
        return;
    }
    (void)fputs(" -a '", to);
    if (values[0] == '@') {
        (void)fprintf(to, "(__redress_names %s)", values + 1);
    } else {
        completion_choice_words(to, values);
    }
    (void)fputs("'", to);
}

static void fish_option(const struct ctl *ctl, const struct ctl_option *option, FILE *to)
{
    (void)fprintf(to, " -l %s%s", option->name, option->argument ? " -r" : "");
    if (option->letter) {
        (void)fprintf(to, " -s %c", option->letter);
    }
    fish_values(to, option->values);
    (void)fputs(" -d ", to);
    quoted(to, ctl_text_in(ctl->language, option->help));
    (void)fputc('\n', to);
}

static void fish_verb(const struct ctl *ctl, size_t i, FILE *to)
{
    const struct ctl_verb *verb = &ctl_verbs[i];
    const char *help = ctl_text_in(ctl->language, verb->help);
    int size = completion_first_size(verb->name);
    bool two = verb->name[size] == ' ';
    const char *last = two ? verb->name + size + 1 : verb->name;
    if (!completion_begun_before(i)) {
        (void)fprintf(to, "complete -c redress -n __redress_none -a %.*s", size, verb->name);
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
        (void)fprintf(to, "complete -c redress -n '__fish_seen_subcommand_from %s'", last);
        fish_option(ctl, &verb->options[o], to);
    }
    if (completion_is_help(verb)) {
        (void)fprintf(to, "complete -c redress -n '__fish_seen_subcommand_from %s' -a '", last);
        completion_helped_words(to);
        (void)fputs("'\n", to);
    }
    if (completion_argument_values(verb)[0] != '\0') {
        (void)fprintf(to, "complete -c redress -n '__fish_seen_subcommand_from %s'", last);
        fish_values(to, completion_argument_values(verb));
        (void)fputc('\n', to);
    }
}

void completion_fish(const struct ctl *ctl, FILE *to)
{
    fish_functions(to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        fish_verb(ctl, i, to);
    }
    for (size_t o = 0; o < ctl_common_option_count; o++) {
        (void)fputs("complete -c redress", to);
        fish_option(ctl, &ctl_common_options[o], to);
    }
}
