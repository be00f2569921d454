/* The calendars and sets of holidays in deploy/calendars, as they were when this was built: the
 * loader needs no file to be there. */
#include "policy_load.h"

#define TAKE_IN(id, file)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            "calendar_" #id ": .incbin \"" HOLIDAYS_FOLDER "/" file "\"\n"                         \
            "calendar_" #id "_end: .byte 0\n"                                                      \
            ".popsection\n");                                                                      \
    extern const uint8_t calendar_##id[];                                                          \
    extern const uint8_t calendar_##id##_end[]

TAKE_IN(cn, "cn.yaml");
TAKE_IN(uk, "uk.yaml");
TAKE_IN(us, "us.yaml");
TAKE_IN(always, "24x7.yaml");

enum { SHIPPED_COUNT = 4 };

static struct slice taken(const uint8_t *begin, const uint8_t *end)
{
    return slice_of(begin, (size_t)(end - begin));
}

const struct policy_holidays *policy_holidays_shipped(size_t *count)
{
    static struct policy_holidays files[SHIPPED_COUNT];
    const struct policy_holidays all[SHIPPED_COUNT] = {
        {"cn",   "calendars/cn.yaml",   taken(calendar_cn,     calendar_cn_end)    },
        {"uk",   "calendars/uk.yaml",   taken(calendar_uk,     calendar_uk_end)    },
        {"us",   "calendars/us.yaml",   taken(calendar_us,     calendar_us_end)    },
        {"24x7", "calendars/24x7.yaml", taken(calendar_always, calendar_always_end)},
    };
    memcpy(files, all, sizeof all);
    *count = SHIPPED_COUNT;
    return files;
}
