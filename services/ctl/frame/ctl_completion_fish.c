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
        "function __redress_at\n"
        "    set -l words (__redress_words)\n"
        "    test \"$words\" = \"$argv\"\n"
        "end\n"
        "function __redress_behind\n"
        "    set -l words (__redress_words)\n"
        "    string match -q -- \"$argv *\" \"$words \"\n"
        "end\n"
        "function __redress_names\n"
        "    set -l words (__redress_words)\n"
        "    set -l line (commandline -opc)\n"
        "    set -l config\n"
        "    set -l policy\n"
        "    set -l of\n"
        "    for i in (seq 2 (count $line))\n"
        "        switch $line[$i]\n"
        "            case '--config=*'\n"
        "                set config -c (string replace -- --config= '' $line[$i])\n"
        "            case -c --config\n"
        "                set -q line[(math $i + 1)]; and set config -c $line[(math $i + 1)]\n"
        "            case '--policy=*'\n"
        "                set policy (string replace -- --policy= '' $line[$i])\n"
        "            case --policy\n"
        "                set -q line[(math $i + 1)]; and set policy $line[(math $i + 1)]\n"
        "        end\n"
        "    end\n"
        "    if test $argv[1] = action\n"
        "        test (count $words) -eq 2; or return\n"
        "        set of $words[2]\n"
        "    else if test $argv[1] = field\n"
        "        test (count $words) -ge 3; or return\n"
        "        set of \"$words[2] $words[3]\"\n"
        "    else if contains -- $argv[1] queue step category channel role\n"
        "        contains -- \"$words[1] $words[2]\"",
        to);
    for (size_t i = 0; i < ctl_verb_count; i++) {
        if (completion_takes_policy(&ctl_verbs[i])) {
            (void)fprintf(to, " '%s'", ctl_verbs[i].name);
        }
    }
    (void)fputs("; and set -q words[3]; and set policy $words[3]\n"
                "        set of (string replace -r -- '@.*' '' $policy)\n"
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
    bool file = !option->values && option->argument && strstr(option->argument, "FILE");
    (void)fprintf(to, " -l %s%s", option->name, file ? " -r" : option->argument ? " -x" : "");
    if (option->letter) {
        (void)fprintf(to, " -s %c", option->letter);
    }
    fish_values(to, option->values);
    (void)fputs(" -d ", to);
    quoted(to, ctl_text_in(ctl->language, option->help));
    (void)fputc('\n', to);
}

/* Behind these words, or only right behind them. */
static void fish_behind(FILE *to, bool right, const char *words, int size)
{
    (void)fprintf(
        to, "complete -c redress -n '__redress_%s %.*s'", right ? "at" : "behind", size, words);
}

/* The second word of a verb of two: right behind the first, and behind that where help is asked
 * for. */
static void fish_second(const struct ctl *ctl, const struct ctl_verb *verb, int size, FILE *to)
{
    const char *last = verb->name + size + 1;
    fish_behind(to, true, verb->name, size);
    (void)fprintf(to, " -f -a %s -d ", last);
    quoted(to, ctl_text_in(ctl->language, verb->help));
    (void)fprintf(
        to, "\ncomplete -c redress -n '__redress_at help %.*s' -a %s\n", size, verb->name, last);
}

static void fish_verb(const struct ctl *ctl, size_t i, FILE *to)
{
    const struct ctl_verb *verb = &ctl_verbs[i];
    int size = completion_first_size(verb->name);
    bool two = verb->name[size] == ' ';
    int whole = (int)strlen(verb->name);
    if (!completion_begun_before(i)) {
        (void)fprintf(to, "complete -c redress -n __redress_none -f -a %.*s", size, verb->name);
        if (!two) {
            (void)fputs(" -d ", to);
            quoted(to, ctl_text_in(ctl->language, verb->help));
        }
        (void)fputc('\n', to);
    }
    if (two) {
        fish_second(ctl, verb, size, to);
    }
    if (!strstr(verb->arguments, "FILE")) {
        fish_behind(to, false, verb->name, whole);
        (void)fputs(" -f\n", to);
    }
    for (size_t o = 0; o < verb->option_count; o++) {
        fish_behind(to, false, verb->name, whole);
        fish_option(ctl, &verb->options[o], to);
    }
    if (completion_is_help(verb)) {
        fish_behind(to, true, verb->name, whole);
        (void)fputs(" -a '", to);
        completion_helped_words(to);
        (void)fputs("'\n", to);
    }
    if (completion_argument_values(verb)[0] != '\0') {
        fish_behind(to, false, verb->name, whole);
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
