#include "ctl_story.h"

#include "event_wire.h"
#include "policy_fixture.h"
#include "unit.h"

const enum ctl_language story_languages[STORY_LANGUAGES] = {CTL_EN, CTL_ZH_CN, CTL_ZH_TW};
enum { CASE_SERIAL = 5, PARTITION = 3 };

static struct slice text(const char *words)
{
    return slice_text(words);
}

int64_t story_at(int day, int hour, int minute)
{
    return fixture_at_us(2026, 6, day, hour, minute);
}

void story_tell(struct story *story, struct event event)
{
    struct slice bytes;
    struct error error = {0};
    event.service = event_kind_service(event.kind);
    event.partition = PARTITION;
    event.case_id = case_id_make(PARTITION, CASE_SERIAL);
    event.seq = ++story->seqs[event.service];
    event.epoch = 1;
    event.schema = EVENT_SCHEMA;
    assert_true(event_encode(&event, story->arena, &bytes, &error));
    assert_int_equal(case_add(&story->ctl, &story->view, bytes), CTL_OK);
}

struct event_clock story_clock(const char *name, int64_t started_us, int64_t due_us)
{
    const struct policy *policy = policy_fixture();
    const struct policy_clock *rule = &policy->clocks[policy_clock_index(policy, text(name))];
    const struct calendar *calendar = &policy->calendars[rule->calendar];
    return (struct event_clock){.name = text(rule->id),
                                .generation = 1,
                                .started_at_us = started_us,
                                .due_us = due_us,
                                .target_s = rule->target_s,
                                .target_days = rule->target_days,
                                .calendar = text(calendar->name),
                                .calendar_version = text(calendar->version),
                                .zone_version = text(calendar->zone_version),
                                .rule = text("fixture@1:10")};
}

void story_tell_arrival(struct story *story)
{
    story_tell(story,
               (struct event){
                   .kind = EVENT_RECEIVED,
                   .at_us = story_at(5, 17, 0),
                   .received = {.submission_id = text("0123456789abcdef"),
                                .channel = text("mail"),
                                .policy_id = FIXTURE_POLICY_ID,
                                .received_at_us = story_at(5, 16, 59),
                                .text_characters = 142,
                                .label_count = 4, /* one counts as another, one as nothing */
                                .labels = {{text("damaged"), 1},
                                           {text("injury"), 2},
                                           {text("hospital"), 1},
                                           {text("wordless"), 1}},
                                .sealed_narrative = text("NARRATIVE-SEALED"),
                                .sealed_person = text("PERSON-SEALED")}
    });
    story_tell(story,
               (struct event){
                   .kind = EVENT_TRIAGED,
                   .at_us = story_at(5, 17, 0) + 1000,
                   .triaged = {.category = text("damaged"),
                               .score = 5,
                               .factor_count = 2,
                               .factors = {{text("injury"), 6}, {text("praise"), -1}},
                               .severity_class = text("serious"),
                               .priority = 2,
                               .repeats = 1,
                               .policy_id = FIXTURE_POLICY_ID,
                               .channel = text("mail"),
                               .received_at_us = story_at(5, 16, 59)}
    });
    story_tell(story,
               (struct event){
                   .kind = EVENT_OPENED,
                   .at_us = story_at(5, 17, 0) + 2000,
                   .opened = {.step = text("investigation"),
                              .queue = text("service"),
                              .priority = 2,
                              .category = text("damaged"),
                              .severity_class = text("serious"),
                              .policy_id = FIXTURE_POLICY_ID,
                              .channel = text("mail"),
                              .received_at_us = story_at(5, 16, 59),
                              .score = 5,
                              .repeats = 1}
    });
    struct event started = {.kind = EVENT_CLOCKS_STARTED, .at_us = story_at(5, 17, 0) + 3000};
    started.clocks.policy_id = FIXTURE_POLICY_ID;
    started.clocks.count = 3;
    started.clocks.clocks[0] = story_clock("acknowledge", story_at(5, 16, 59), story_at(6, 16, 59));
    started.clocks.clocks[1] = story_clock("handling", story_at(5, 17, 0), story_at(9, 17, 0));
    started.clocks.clocks[2] = story_clock("answer", story_at(5, 16, 59), story_at(12, 18, 0));
    story_tell(story, started);
}

void story_tell_life(struct story *story)
{
    struct event_clock breached =
        story_clock("acknowledge", story_at(5, 16, 59), story_at(6, 16, 59));
    breached.level = 2;
    breached.level_due_us = story_at(6, 16, 59);
    breached.verdict = CLOCK_MISSED;
    breached.used_s = 86400;
    breached.notify_role = text("supervisor");
    story_tell(story,
               (struct event){
                   .kind = EVENT_CLOCK_BREACHED,
                   .at_us = story_at(6, 16, 59) + 5000,
                   .clocks = {.policy_id = FIXTURE_POLICY_ID, .count = 1, .clocks = {breached}}
    });
    story_tell(story,
               (struct event){
                   .kind = EVENT_ASSIGNED,
                   .at_us = story_at(8, 9, 30),
                   .advanced = {.action = text("claim"),
                                .from_step = text("investigation"),
                                .to_step = text("investigation"),
                                .actor = text("wang\033[31m"),
                                .role = text("handler"),
                                .version = 2,
                                .agent = text("wang\033[31m"),
                                .priority = 2,
                                .category = text("damaged"),
                                .severity_class = text("serious"),
                                .policy_id = FIXTURE_POLICY_ID,
                                .channel = text("mail")}
    });
    story_tell(story,
               (struct event){
                   .kind = EVENT_NOTED,
                   .at_us = story_at(8, 9, 31),
                   .advanced = {.action = text("note"),
                                .from_step = text("investigation"),
                                .to_step = text("investigation"),
                                .actor = text("wang\033[31m"),
                                .role = text("handler"),
                                .version = 3,
                                .agent = text("wang\033[31m"),
                                .priority = 2,
                                .field_count = 1,
                                .fields = {{.name = text("cause"), .value = text("packed\nbadly")}},
                                .sealed_note = text("NOTE-SEALED"),
                                .policy_id = FIXTURE_POLICY_ID,
                                .channel = text("mail")}
    });
    struct event_clock paused = story_clock("handling", story_at(5, 17, 0), 0);
    paused.paused_at_us = story_at(8, 10, 0);
    paused.used_s = 7200;
    story_tell(story,
               (struct event){
                   .kind = EVENT_CLOCKS_PAUSED,
                   .at_us = story_at(8, 10, 0),
                   .clocks = {.policy_id = FIXTURE_POLICY_ID, .count = 1, .clocks = {paused}}
    });
}

void story_begin(struct story *story, enum ctl_language language)
{
    *story = (struct story){
        .ctl = {.language = language, .out = stdout, .err = stderr},
        .view = { .case_id = case_id_make(PARTITION, CASE_SERIAL),
                .policy = policy_fixture(),
                .now_us = story_at(9, 12, 30)},
        .arena = arena_new(1 << 20)
    };
    assert_non_null(story->arena);
}

void story_end(struct story *story)
{
    case_done(&story->view);
    arena_free(&story->arena);
}

char *story_shown(struct story *story)
{
    char *text = NULL;
    size_t size = 0;
    story->ctl.out = open_memstream(&text, &size);
    assert_non_null(story->ctl.out);
    case_print(&story->ctl, &story->view);
    (void)fclose(story->ctl.out);
    return text;
}
