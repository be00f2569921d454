#include "ctl_fault.h"

#include "fault.h"

#include <assert.h>

static const char *const rows[][CTL_LANGUAGE_COUNT] = {
/* clang-format off */
#define FAULT(en, zh_cn, zh_tw) {en, zh_cn, zh_tw},
#define SAME(en) {en, en, en},
/* clang-format on */
#include "ctl_fault_calendar.def"
#include "ctl_fault_file.def"
#include "ctl_fault_map.def"
#include "ctl_fault_org.def"
#include "ctl_fault_pattern.def"
#include "ctl_fault_policy.def"
#include "ctl_fault_proof.def"
#include "ctl_fault_word.def"
#undef SAME
#undef FAULT
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

const char *ctl_fault_in(enum ctl_language language, size_t row)
{
    assert(language < CTL_LANGUAGE_COUNT);
    return row < ROW_COUNT ? rows[row][language] : NULL;
}

static const char *find(enum ctl_language language, const char *english)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i][CTL_EN], english) == 0) {
            return rows[i][language];
        }
    }
    return NULL;
}

static const char *simplified(const char *english)
{
    return find(CTL_ZH_CN, english);
}

static const char *traditional(const char *english)
{
    return find(CTL_ZH_TW, english);
}

void ctl_fault_speak(enum ctl_language language)
{
    static fault_tongue *const tongues[CTL_LANGUAGE_COUNT] = {
        [CTL_ZH_CN] = simplified, [CTL_ZH_TW] = traditional};
    assert(language < CTL_LANGUAGE_COUNT);
    fault_speak(tongues[language]);
}
