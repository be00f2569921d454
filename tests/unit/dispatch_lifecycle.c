#include "dispatch_lifecycle.h"

#include "dispatch_store_more.h"
#include "golden.h"
#include "unit.h"

enum { YAML_MAX = 64 * 1024 };

struct policy_object *lifecycle;

int lifecycle_load(void **state)
{
    (void)state;
    static char yaml[YAML_MAX];
    struct policy_report report;
    size_t size = golden_read(LIFECYCLE_POLICY, yaml, sizeof yaml);
    lifecycle = policy_load("lifecycle", slice_of(yaml, size), 2024, 2025, &report);
    return play_loaded(lifecycle, &report);
}

int lifecycle_free(void **state)
{
    (void)state;
    return play_unload(&lifecycle);
}

/* And through the archive's bytes and back. */
void story_end(const struct play *play)
{
    uint8_t bytes[DISPATCH_MORE_SIZE];
    struct dispatch_more again;
    size_t size = dispatch_more_pack(&play->state.more, bytes);
    assert_true(dispatch_more_unpack(slice_of(bytes, size), &again));
    assert_memory_equal(&again, &play->state.more, sizeof again);
    play_end(play);
}

void refused_for(const struct play *play, const char *what)
{
    if (!slice_equal(play->refused, slice_text(what))) {
        fail_msg("refused for '%.*s', not for '%s'",
                 (int)play->refused.size,
                 (const char *)play->refused.bytes,
                 what);
    }
}

const char *step_of(const struct play *play)
{
    return lifecycle->policy.steps[play->state.step].id;
}
