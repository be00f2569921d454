/* The manual pages: the command's from the rows of the table, the policy language's from its
 * reference. */
#include "ctl.h"

enum { MANUAL_CELLS_MAX = 3, MANUAL_LINE_MAX = 2048 };

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
        if (options[i].needed) {
            (void)fputs(ctl_text_in(ctl->language, TEXT_HELP_NEEDED), to);
        }
        if (options[i].fallback && options[i].fallback[0] != '-') { /* as in help */
            ctl_format(
                to, ctl_text_in(ctl->language, TEXT_HELP_DEFAULT), CTL_ARGS(options[i].fallback));
        }
        (void)fputc('\n', to);
    }
    (void)fputs(".El\n", to);
}

static void heading(const struct ctl *ctl, enum ctl_text id)
{
    (void)fprintf(ctl->out, ".Sh %s\n", ctl_text_in(ctl->language, id));
}

/* What page it is of, and what that is in a line: what apropos looks through. */
static void name_say(const struct ctl *ctl, const char *title, const char *name, enum ctl_text line)
{
    if (ctl->language != CTL_EN) { /* groff breaks Chinese only where these say that it may */
        (void)fputs(".if \\n(.x .mso zh.tmac\n", ctl->out);
    }
    (void)fprintf(ctl->out, ".Dd November 21, 2026\n.Dt %s\n.Os\n", title);
    if (ctl->language != CTL_EN) { /* where groff sees it, the page has its first and last line */
        (void)fprintf(ctl->out,
                      ".if \\n(.x .ds doc-section-name %s\n",
                      ctl_text_in(ctl->language, TEXT_MANUAL_HEAD_NAME));
    }
    heading(ctl, TEXT_MANUAL_HEAD_NAME);
    (void)fprintf(ctl->out, ".Nm %s\n.Nd ", name);
    roff(ctl->out, ctl_text_in(ctl->language, line));
    (void)fputc('\n', ctl->out);
}

static void section(const struct ctl *ctl, enum ctl_text head, enum ctl_text body)
{
    heading(ctl, head);
    roff(ctl->out, ctl_text_in(ctl->language, body));
    (void)fputc('\n', ctl->out);
}

int ctl_manual(struct ctl *ctl)
{
    FILE *to = ctl->out;
    char places[CTL_USAGE_MAX];
    name_say(ctl, "REDRESS 1", "redress", TEXT_MANUAL_NAME);
    heading(ctl, TEXT_MANUAL_HEAD_SYNOPSIS);
    (void)fprintf(to, ".Nm\n%s\n", ctl_text_in(ctl->language, TEXT_MANUAL_SYNOPSIS));
    section(ctl, TEXT_MANUAL_HEAD_DESCRIPTION, TEXT_MANUAL_DESCRIPTION);
    (void)fprintf(
        to, ".Ss %s\n.Bl -tag -width Ds\n", ctl_text_in(ctl->language, TEXT_MANUAL_VERBS));
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
    (void)fprintf(to, ".El\n.Ss %s\n", ctl_text_in(ctl->language, TEXT_MANUAL_COMMON));
    options_manual(ctl, ctl_common_options, ctl_common_option_count);
    section(ctl, TEXT_MANUAL_HEAD_ENVIRONMENT, TEXT_MANUAL_ENVIRONMENT);
    heading(ctl, TEXT_MANUAL_HEAD_FILES);
    (void)fputs(".Bl -tag -width Ds\n.It Pa /etc/redress/redress.yaml\n", to);
    roff(to, ctl_text_in(ctl->language, TEXT_MANUAL_FILES));
    (void)fputs("\n.El\n", to);
    section(ctl, TEXT_MANUAL_HEAD_EXITS, TEXT_HELP_EXITS);
    heading(ctl, TEXT_MANUAL_HEAD_SEE);
    (void)fputs(".Xr redress-policy 5 :\n", to);
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
    name_say(ctl, "REDRESS-POLICY 5", "redress-policy", TEXT_VERB_POLICY_MANUAL);
    heading(ctl, TEXT_MANUAL_HEAD_DESCRIPTION);
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
    heading(ctl, TEXT_MANUAL_HEAD_SEE);
    (void)fputs(".Xr redress 1\n", to);
}
