#include "behind.h"

void behind_took(struct behind *behind, int64_t made_us, int64_t now_us)
{
    behind->took_age_us = made_us < now_us ? now_us - made_us : 0;
}

int64_t behind_look(struct behind *behind, uint64_t done, uint64_t known, int64_t now_us)
{
    if (done >= known) {
        *behind = (struct behind){0};
        return 0;
    }
    if (behind->mark_us == 0 || done >= behind->mark_seq || now_us < behind->mark_us) {
        behind->mark_seq = known;
        behind->mark_us = now_us;
    }
    int64_t stood_us = now_us - behind->mark_us;
    return stood_us > behind->took_age_us ? stood_us : behind->took_age_us;
}
