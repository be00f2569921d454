#include "ctl_phrase.h"

enum { BETWEEN = '|' };

/* The first row with a word of the title is it; the last one fits anything. */
static const struct {
    enum ctl_text words, texts;
} kinds[] = {
    {TEXT_PHRASE_NUMBER_WORDS,     TEXT_PHRASE_NUMBER    },
    {TEXT_PHRASE_MONTH_WORDS,      TEXT_PHRASE_MONTH     },
    {TEXT_PHRASE_REACH_WORDS,      TEXT_PHRASE_REACH     },
    {TEXT_PHRASE_OPINION_WORDS,    TEXT_PHRASE_OPINION   },
    {TEXT_PHRASE_LESSON_WORDS,     TEXT_PHRASE_LESSON    },
    {TEXT_PHRASE_SATISFIED_WORDS,  TEXT_PHRASE_SATISFIED },
    {TEXT_PHRASE_REPLY_WORDS,      TEXT_PHRASE_REPLY     },
    {TEXT_PHRASE_CAUSE_WORDS,      TEXT_PHRASE_CAUSE     },
    {TEXT_PHRASE_REASON_WORDS,     TEXT_PHRASE_REASON    },
    {TEXT_PHRASE_RESULT_WORDS,     TEXT_PHRASE_RESULT    },
    {TEXT_PHRASE_PERSON_WORDS,     TEXT_PHRASE_PERSON    },
    {TEXT_PHRASE_DEPARTMENT_WORDS, TEXT_PHRASE_DEPARTMENT},
    {TEXT_PHRASE_PRODUCT_WORDS,    TEXT_PHRASE_PRODUCT   },
    {TEXT_PHRASE_EVIDENCE_WORDS,   TEXT_PHRASE_EVIDENCE  },
    {TEXT_PHRASE_MEASURE_WORDS,    TEXT_PHRASE_MEASURE   },
    {TEXT_PHRASE_LEARNT_WORDS,     TEXT_PHRASE_LEARNT    },
    {TEXT_PHRASE_PLACE_WORDS,      TEXT_PHRASE_PLACE     },
    {CTL_TEXT_COUNT,               TEXT_PHRASE_NOTE      },
};

static enum ctl_language language_of(const struct policy *policy)
{
    static const enum ctl_language languages[LOCALE_COUNT] = {
        [LOCALE_EN] = CTL_EN, [LOCALE_ZH_CN] = CTL_ZH_CN, [LOCALE_ZH_TW] = CTL_ZH_TW};
    return languages[policy->home];
}

/* The part of the list behind so many others; its end in *size. */
static const char *part_of(const char *list, uint64_t which, size_t *size)
{
    for (; which > 0; which--) {
        list = strchr(list, BETWEEN) + 1;
    }
    *size = strcspn(list, (const char[]){BETWEEN, '\0'});
    return list;
}

static uint64_t parts_of(const char *list)
{
    uint64_t count = 1;
    for (; *list; list++) {
        count += *list == BETWEEN;
    }
    return count;
}

/* English letters in either case: titles begin with a capital. */
static bool has_word(const char *title, const char *words)
{
    for (const char *at = words;; at++) {
        char word[64];
        size_t size = 0;
        for (; *at && *at != BETWEEN && size < sizeof word - 1; at++) {
            word[size++] = *at;
        }
        word[size] = '\0';
        if (strcasestr(title, word)) {
            return true;
        }
        if (*at != BETWEEN) {
            return false;
        }
    }
}

const char *ctl_phrase(const struct policy *policy,
                       const struct policy_title *title,
                       uint64_t (*random)(void *self, uint64_t bound),
                       void *self,
                       char into[CTL_VALUE_MAX])
{
    enum ctl_language language = language_of(policy);
    const char *named = title->text[policy->home];
    size_t kind = 0;
    while (kinds[kind].words != CTL_TEXT_COUNT &&
           !has_word(named ? named : "", ctl_text_in(language, kinds[kind].words))) {
        kind++;
    }
    const char *texts = ctl_text_in(language, kinds[kind].texts);
    size_t size = 0;
    const char *text = part_of(texts, random(self, parts_of(texts)), &size);
    (void)snprintf(into, CTL_VALUE_MAX, "%.*s", (int)size, text);
    return into;
}

void ctl_phrase_reply(const struct policy *policy, const char *begin, char *into, size_t size)
{
    enum ctl_language language = language_of(policy);
    FILE *to = fmemopen(into, size, "w");
    if (!to) {
        into[0] = '\0';
        return;
    }
    (void)fputs(begin, to);
    for (uint16_t i = 0; i < policy->reply_part_count; i++) {
        const struct policy_reply_part *part = &policy->reply_parts[i];
        ctl_format(to,
                   ctl_text_in(language, TEXT_PHRASE_PART),
                   CTL_ARGS(part->title.text[policy->home], part->phrases[0]));
    }
    (void)fclose(to);
    into[size - 1] = '\0';
}
