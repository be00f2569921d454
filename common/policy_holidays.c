/* The sets of holidays in deploy/calendars, as they were when this was built: the loader needs no
 * file to be there. */
#include "policy_load.h"

__asm__(".pushsection .rodata\n"
        "holidays_cn: .incbin \"" HOLIDAYS_FOLDER "/cn.yaml\"\n"
        "holidays_cn_end: .byte 0\n"
        ".popsection\n");

extern const uint8_t holidays_cn[];
extern const uint8_t holidays_cn_end[];

const struct policy_holidays *policy_holidays_shipped(size_t *count)
{
    static struct policy_holidays sets[1];
    sets[0] = (struct policy_holidays){
        "cn", "calendars/cn.yaml", slice_of(holidays_cn, (size_t)(holidays_cn_end - holidays_cn))};
    *count = 1;
    return sets;
}
