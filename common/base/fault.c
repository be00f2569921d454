#include "fault.h"

#include <printf.h>
#include <string.h>

enum { ARGUMENTS_MAX = 8 };

static fault_tongue *speaking;

void fault_speak(fault_tongue *tongue)
{
    speaking = tongue;
}

bool fault_fits(const char *english, const char *other)
{
    int taken[ARGUMENTS_MAX];
    int given[ARGUMENTS_MAX];
    memset(taken, -1, sizeof taken); /* what a format with places leaves out stays so */
    memset(given, -1, sizeof given);
    size_t count = parse_printf_format(english, ARGUMENTS_MAX, taken);
    return count <= ARGUMENTS_MAX && parse_printf_format(other, ARGUMENTS_MAX, given) == count &&
           memcmp(taken, given, sizeof taken) == 0;
}

const char *fault_text(const char *english)
{
    const char *said = speaking ? speaking(english) : NULL;
    return said && fault_fits(english, said) ? said : english;
}
