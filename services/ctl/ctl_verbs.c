/* Every verb and every option, a row each. */
#include "ctl.h"

/* clang-format off */
#define OPTIONS(rows) (rows), sizeof(rows) / sizeof *(rows)
#define NO_OPTIONS    NULL, 0

#define FLAG(name, letter, help) {name, NULL, letter, CTL_FLAG, NULL, NULL, 0, 0, help, NULL, false}
#define WORD(name, letter, argument, help) \
    {name, NULL, letter, CTL_TEXT, argument, NULL, 0, 0, help, NULL, false}
#define OF(values, name, letter, argument, help) \
    {name, NULL, letter, CTL_TEXT, argument, NULL, 0, 0, help, values, false}
/* What the verb is refused without. */
#define NEEDED(values, name, letter, argument, help) \
    {name, NULL, letter, CTL_TEXT, argument, NULL, 0, 0, help, values, true}
#define CHOICE(choices, name, argument, fallback, help) \
    {name, NULL, 0, CTL_CHOICE, argument, fallback, 0, 0, help, choices, false}
#define NUMBER(name, letter, fallback, min, max, help) \
    {name, NULL, letter, CTL_NUMBER, "N", fallback, min, max, help, NULL, false}
#define TIME(name, fallback, min_ms, max_ms, help) \
    {name, NULL, 0, CTL_DURATION, "TIME", fallback, min_ms, max_ms, help, NULL, false}
#define JOURNALS "intake|triage|dispatch|watchdog"
#define LANGUAGES "en|zh-CN|zh-TW"
#define PATIENCE TIME("timeout", "10s", 100, DAY_MS, TEXT_OPTION_TIMEOUT)

enum { DAY_MS = 86400000, FILES_MAX = 256, IMPORTS_MAX = 64 };

const struct ctl_option ctl_common_options[] = {
    FLAG("help", 'h', TEXT_OPTION_HELP),
    FLAG("version", 'V', TEXT_OPTION_VERSION),
    FLAG("json", 0, TEXT_OPTION_JSON),
    FLAG("quiet", 'q', TEXT_OPTION_QUIET),
    FLAG("no-color", 0, TEXT_OPTION_NO_COLOR),
    WORD("config", 'c', "FILE", TEXT_OPTION_CONFIG),
    OF(LANGUAGES, "lang", 0, "TAG", TEXT_OPTION_LANG),
};
const size_t ctl_common_option_count = sizeof ctl_common_options / sizeof *ctl_common_options;

static const struct ctl_option archive_create_options[] = {
    NUMBER("partitions", 0, "64", 1, 1024, TEXT_OPTION_PARTITIONS),
};

static const struct ctl_option policy_options[] = {
    NUMBER("years", 0, "2", 0, 10, TEXT_OPTION_YEARS),
};

static const struct ctl_option policy_draw_options[] = {
    NUMBER("years", 0, "0", 0, 10, TEXT_OPTION_YEARS),
    FLAG("dot", 0, TEXT_OPTION_DOT),
};

static const struct ctl_option policy_diff_options[] = {
    NUMBER("years", 0, "0", 0, 10, TEXT_OPTION_YEARS),
};

static const struct ctl_option policy_explain_options[] = {
    NUMBER("years", 0, "0", 0, 10, TEXT_OPTION_YEARS),
    OF("@channel", "channel", 0, "ID", TEXT_OPTION_FACT_CHANNEL),
    OF("@category", "category", 0, "ID", TEXT_OPTION_FACT_CATEGORY),
    WORD("class", 0, "ID", TEXT_OPTION_FACT_CLASS),
    NUMBER("repeats", 0, NULL, 0, 1000, TEXT_OPTION_FACT_REPEATS),
    {"pattern", NULL, 0, CTL_MANY, "ID", NULL, 0, 0, TEXT_OPTION_FACT_PATTERN, NULL, false},
};

static const struct ctl_option org_apply_options[] = {
    FLAG("dry-run", 0, TEXT_OPTION_DRY_RUN),
    OF("@agent", "as", 0, "PERSON", TEXT_OPTION_ORG_AS),
};

static const struct ctl_option org_clear_options[] = {
    OF("@agent", "as", 0, "PERSON", TEXT_OPTION_ORG_AS),
};

static const struct ctl_option submit_options[] = {
    NEEDED("@policy", "policy", 0, "NAME", TEXT_OPTION_POLICY),
    NEEDED("@channel", "channel", 0, "NAME", TEXT_OPTION_CHANNEL),
    WORD("text", 't', "TEXT|@FILE", TEXT_OPTION_TEXT),
    WORD("name", 0, "NAME", TEXT_OPTION_NAME),
    WORD("contact", 0, "CONTACT", TEXT_OPTION_CONTACT),
    WORD("reference", 0, "NUMBER", TEXT_OPTION_REFERENCE),
    WORD("product", 0, "PRODUCT", TEXT_OPTION_PRODUCT),
    WORD("demand", 0, "TEXT|@FILE", TEXT_OPTION_DEMAND),
    OF("@category", "category", 0, "CATEGORY", TEXT_OPTION_CATEGORY),
    WORD("received-at", 0, "TIME", TEXT_OPTION_RECEIVED_AT),
    WORD("occurred-at", 0, "TIME", TEXT_OPTION_OCCURRED_AT),
    WORD("id", 0, "UUID", TEXT_OPTION_ID),
    PATIENCE,
};

/* Who does it, of every verb that does something to a case; needed unless it may only look. */
#define BY(needed)                                                                                 \
    {"as", "actor", 0, CTL_TEXT, "PERSON", NULL, 0, 0, TEXT_OPTION_AS, "@agent", needed},          \
        {"role", NULL, 0, CTL_TEXT, "ROLE", NULL, 0, 0, TEXT_OPTION_ROLE, "@role", needed},        \
        PATIENCE
#define WHO BY(true)

static const struct ctl_option claim_options[] = {
    WHO,
    NUMBER("count", 'n', "1", 1, 1000, TEXT_OPTION_CLAIM_COUNT),
};

static const struct ctl_option act_options[] = {
    BY(false),
    {"field", NULL, 'f', CTL_MANY, "NAME=VALUE|@FILE", NULL, 0, 0, TEXT_OPTION_FIELD,
     "@field", false},
    WORD("note", 0, "TEXT|@FILE", TEXT_OPTION_NOTE),
    WORD("text", 0, "NAME", TEXT_OPTION_ACT_TEXT),
    OF(LANGUAGES, "text-language", 0, "TAG", TEXT_OPTION_TEXT_LANGUAGE),
    FLAG("draft", 0, TEXT_OPTION_DRAFT),
    {"version", NULL, 0, CTL_NUMBER, "VERSION", "0", 0, UINT32_MAX, TEXT_OPTION_EXPECTED, NULL,
     false},
};

static const struct ctl_option queue_options[] = {
    NUMBER("count", 'n', "10", 1, 1000, TEXT_OPTION_QUEUE_COUNT),
};

static const struct ctl_option play_options[] = {
    OF("@policy", "policy", 0, "NAME", TEXT_OPTION_PLAY_POLICY),
    WORD("script", 0, "FILE", TEXT_OPTION_PLAY_SCRIPT),
    NUMBER("cases", 'n', "20", 1, 100000000, TEXT_OPTION_PLAY_CASES),
    NUMBER("agents", 0, "4", 1, 1000, TEXT_OPTION_PLAY_AGENTS),
    NUMBER("at-once", 0, "0", 0, 4096, TEXT_OPTION_PLAY_AT_ONCE),
    NUMBER("seed", 0, "1", 0, INT64_MAX, TEXT_OPTION_SEED),
    {"leave", NULL, 0, CTL_NUMBER, "PERCENT", "20", 0, 100, TEXT_OPTION_LEAVE, NULL, false},
    PATIENCE,
};

static const struct ctl_option release_options[] = {WHO};

static const struct ctl_option erase_options[] = {
    WHO,
    NEEDED(NULL, "reason", 0, "TEXT|@FILE", TEXT_OPTION_ERASE_REASON),
};

static const struct ctl_option read_options[] = {
    WHO,
    WORD("reason", 0, "TEXT|@FILE", TEXT_OPTION_READ_REASON),
};

static const struct ctl_option retention_options[] = {
    OF("@policy", "policy", 0, "NAME", TEXT_LOOK_POLICY_NAME),
    WORD("by", 0, "DATE", TEXT_OPTION_RETENTION_BY),
    NUMBER("limit", 'n', "20", 1, 10000, TEXT_LOOK_LIMIT),
    FLAG("erase", 0, TEXT_OPTION_RETENTION_ERASE),
    FLAG("dry-run", 0, TEXT_OPTION_RETENTION_DRY_RUN),
    BY(false),
    WORD("reason", 0, "TEXT|@FILE", TEXT_OPTION_ERASE_REASON),
};

static const struct ctl_option import_options[] = {
    NEEDED(NULL, "map", 'm', "FILE", TEXT_OPTION_MAP),
    OF("@policy", "policy", 0, "NAME", TEXT_OPTION_IMPORT_POLICY),
    OF("@channel", "channel", 0, "NAME", TEXT_OPTION_IMPORT_CHANNEL),
    NUMBER("count", 'n', NULL, 1, INT64_MAX, TEXT_OPTION_IMPORT_COUNT),
    NUMBER("rate", 0, "0", 0, 10000000, TEXT_OPTION_RATE),
    NUMBER("window", 0, "2000", 1, 65536, TEXT_OPTION_WINDOW),
    WORD("rejects", 0, "FILE", TEXT_OPTION_REJECTS),
    WORD("receipts", 0, "FILE", TEXT_OPTION_RECEIPTS),
    TIME("timeout", "60s", 100, DAY_MS, TEXT_OPTION_IMPORT_TIMEOUT),
};

static const struct ctl_option drill_options[] = {
    NEEDED("@policy", "policy", 'p', "POLICY", TEXT_OPTION_DRILL_POLICY),
    OF("@policy", "against", 0, "POLICY", TEXT_OPTION_DRILL_AGAINST),
    WORD("from", 0, "TIME", TEXT_OPTION_DRILL_FROM),
    WORD("to", 0, "TIME", TEXT_OPTION_DRILL_TO),
    WORD("until", 0, "TIME", TEXT_OPTION_DRILL_UNTIL),
    WORD("csv", 0, "FILE", TEXT_OPTION_DRILL_CSV),
    WORD("map", 'm', "FILE", TEXT_OPTION_DRILL_MAP),
    WORD("staff", 0, "FILE", TEXT_OPTION_DRILL_STAFF),
    WORD("target", 0, "PERCENT", TEXT_OPTION_DRILL_TARGET),
    WORD("clock", 0, "ID", TEXT_OPTION_DRILL_CLOCK),
    NUMBER("seed", 0, "1", 0, INT64_MAX, TEXT_OPTION_SEED),
    WORD("html", 0, "FILE", TEXT_OPTION_DRILL_HTML),
};

static const struct ctl_option list_options[] = {
    OF("@step", "step", 0, "ID", TEXT_LOOK_STEP),
    OF("@queue", "queue", 0, "[POLICY/]ID", TEXT_LOOK_QUEUE),
    OF("@agent", "agent", 0, "NAME", TEXT_LOOK_AGENT),
    OF("@department", "department", 0, "ID", TEXT_LOOK_DEPARTMENT),
    OF("@channel", "channel", 0, "ID", TEXT_LOOK_CHANNEL),
    OF("@category", "category", 0, "ID", TEXT_LOOK_CATEGORY),
    {"priority", NULL, 0, CTL_NUMBER, "LEVEL", NULL, 1, 5, TEXT_LOOK_PRIORITY, "1|2|3|4|5", false},
    OF("@policy", "policy", 0, "NAME", TEXT_LOOK_POLICY_NAME),
    FLAG("open", 0, TEXT_LOOK_OPEN),
    FLAG("closed", 0, TEXT_LOOK_CLOSED),
    FLAG("overdue", 0, TEXT_LOOK_OVERDUE),
    NUMBER("limit", 'n', "20", 1, 10000, TEXT_LOOK_LIMIT),
    CHOICE("due|priority|received|updated", "sort", "ORDER", "due", TEXT_LOOK_SORT),
};

static const struct ctl_option measures_options[] = {
    OF("@policy", "policy", 0, "NAME", TEXT_LOOK_POLICY_NAME),
    CHOICE("day|week|month|quarter|half-year|year",
           "period", "PERIOD", NULL, TEXT_OPTION_MEASURE_PERIOD),
    WORD("at", 0, "DATE", TEXT_OPTION_MEASURE_AT),
    NUMBER("trend", 0, "6", 1, 60, TEXT_OPTION_MEASURE_TREND),
    WORD("return", 0, "FILE", TEXT_OPTION_MEASURE_RETURN),
};

static const struct ctl_option verify_options[] = {
    {"partition", NULL, 'p', CTL_NUMBER, "NUMBER", "-1", -1, 1023, TEXT_LOOK_PARTITION, NULL,
     false},
    CHOICE(JOURNALS, "service", "NAME", NULL, TEXT_LOOK_SERVICE),
};

static const struct ctl_option keys_create_options[] = {
    FLAG("anew", 0, TEXT_OPTION_ANEW),
    FLAG("bus", 0, TEXT_OPTION_BUS),
};

static const struct ctl_option wait_options[] = {
    TIME("wait", "60s", 0, 3600000, TEXT_LOOK_WAIT),
};

static const struct ctl_option watch_options[] = {
    CHOICE(JOURNALS, "service", "NAME", NULL, TEXT_LOOK_SERVICE),
    WORD("case", 0, "CASE", TEXT_LOOK_CASE),
    OF("@kind", "kind", 0, "KIND", TEXT_LOOK_KIND),
    NUMBER("count", 'n', "0", 0, 1000000000, TEXT_LOOK_COUNT),
};

static const struct ctl_option top_options[] = {
    FLAG("once", 0, TEXT_LOOK_ONCE),
};

static const struct ctl_option clock_explain_options[] = {
    WORD("clock", 0, "ID", TEXT_OPTION_CLOCK),
};

static const struct ctl_option calendar_import_options[] = {
    NEEDED(NULL, "name", 0, "NAME", TEXT_OPTION_CALENDAR_NAME),
    WORD("source", 0, "TEXT", TEXT_OPTION_CALENDAR_SOURCE),
    {"first-year", NULL, 0, CTL_NUMBER, "YEAR", "0", 0, 2199, TEXT_OPTION_FIRST_YEAR, NULL, false},
    {"last-year", NULL, 0, CTL_NUMBER, "YEAR", "0", 0, 2199, TEXT_OPTION_LAST_YEAR, NULL, false},
};

static const struct ctl_option calendar_show_options[] = {
    {"year", NULL, 'y', CTL_NUMBER, "YEAR", NULL, 1970, 2199, TEXT_OPTION_YEAR, NULL, false},
    WORD("calendar", 0, "NAME", TEXT_OPTION_CALENDAR),
};

static const struct ctl_option completion_options[] = {
    CHOICE("policy|queue|step|category|channel|role|agent|department|kind|action|field",
           "names", "KIND", NULL, TEXT_OPTION_COMPLETION_NAMES),
};

static const struct ctl_option help_options[] = {
    FLAG("man", 0, TEXT_LOOK_MAN),
};

/* As help shows them: what is done every day first, what is done once at the end. */
const struct ctl_verb ctl_verbs[] = {
    {"submit", "", 0, 0, TEXT_VERB_SUBMIT,
     OPTIONS(submit_options), ctl_submit},
    {"import", "FILE…", 1, FILES_MAX, TEXT_VERB_IMPORT,
     OPTIONS(import_options), ctl_import},
    {"queue", "[POLICY/QUEUE]", 0, 1, TEXT_VERB_QUEUE,
     OPTIONS(queue_options), ctl_queue},
    {"list", "", 0, 0, TEXT_VERB_LIST,
     OPTIONS(list_options), ctl_list},
    {"show", "CASE", 1, 1, TEXT_VERB_SHOW,
     NO_OPTIONS, ctl_show},
    {"claim", "POLICY/QUEUE", 0, 1, TEXT_VERB_CLAIM,
     OPTIONS(claim_options), ctl_claim},
    {"act", "CASE [ACTION]", 1, 2, TEXT_VERB_ACT,
     OPTIONS(act_options), ctl_act},
    {"read", "CASE", 1, 1, TEXT_VERB_READ,
     OPTIONS(read_options), ctl_read},
    {"release", "CASE", 1, 1, TEXT_VERB_RELEASE,
     OPTIONS(release_options), ctl_release},
    {"watch", "", 0, 0, TEXT_VERB_WATCH,
     OPTIONS(watch_options), ctl_watch},
    {"top", "", 0, 0, TEXT_VERB_TOP,
     OPTIONS(top_options), ctl_top},
    {"status", "", 0, 0, TEXT_VERB_STATUS,
     NO_OPTIONS, ctl_status},
    {"measures", "", 0, 0, TEXT_VERB_MEASURES,
     OPTIONS(measures_options), ctl_measures},
    {"clock explain", "CASE", 1, 1, TEXT_VERB_CLOCK_EXPLAIN,
     OPTIONS(clock_explain_options), ctl_clock_explain},
    {"clock check", "FILE…", 1, FILES_MAX, TEXT_VERB_CLOCK_CHECK,
     NO_OPTIONS, ctl_clock_check},
    {"policy check", "FILE…", 1, FILES_MAX, TEXT_VERB_POLICY_CHECK,
     OPTIONS(policy_options), ctl_policy_check},
    {"policy load", "FILE…", 1, FILES_MAX, TEXT_VERB_POLICY_LOAD,
     OPTIONS(policy_options), ctl_policy_load},
    {"policy list", "", 0, 0, TEXT_VERB_POLICY_LIST,
     NO_OPTIONS, ctl_policy_list},
    {"policy explain", "FILE|NAME[@VERSION]", 1, 1, TEXT_VERB_POLICY_EXPLAIN,
     OPTIONS(policy_explain_options), ctl_policy_explain},
    {"policy diff", "FILE|NAME[@VERSION] FILE|NAME[@VERSION]", 2, 2, TEXT_VERB_POLICY_DIFF,
     OPTIONS(policy_diff_options), ctl_policy_diff},
    {"policy draw", "FILE|NAME[@VERSION]", 1, 1, TEXT_VERB_POLICY_DRAW,
     OPTIONS(policy_draw_options), ctl_policy_draw},
    {"policy manual", "", 0, 0, TEXT_VERB_POLICY_MANUAL,
     OPTIONS(help_options), ctl_policy_manual},
    {"policy schema", "", 0, 0, TEXT_VERB_POLICY_SCHEMA,
     NO_OPTIONS, ctl_policy_schema},
    {"drill", "", 0, 0, TEXT_VERB_DRILL,
     OPTIONS(drill_options), ctl_drill},
    {"play", "", 0, 0, TEXT_VERB_PLAY,
     OPTIONS(play_options), ctl_play},
    {"calendar check", "FILE…", 1, FILES_MAX, TEXT_VERB_CALENDAR_CHECK,
     NO_OPTIONS, ctl_calendar_check},
    {"calendar import", "FILE…", 1, IMPORTS_MAX, TEXT_VERB_CALENDAR_IMPORT,
     OPTIONS(calendar_import_options), ctl_calendar_import},
    {"calendar show", "FILE|NAME|POLICY/CALENDAR", 1, 1, TEXT_VERB_CALENDAR_SHOW,
     OPTIONS(calendar_show_options), ctl_calendar_show},
    {"org apply", "FILE", 1, FILES_MAX, TEXT_VERB_ORG_APPLY,
     OPTIONS(org_apply_options), ctl_org_apply},
    {"org diff", "FILE", 1, FILES_MAX, TEXT_VERB_ORG_DIFF,
     NO_OPTIONS, ctl_org_diff},
    {"org show", "", 0, 0, TEXT_VERB_ORG_SHOW,
     NO_OPTIONS, ctl_org_show},
    {"org clear", "", 0, 0, TEXT_VERB_ORG_CLEAR,
     OPTIONS(org_clear_options), ctl_org_clear},
    {"org customer", "CONTACT…", 1, 64, TEXT_VERB_ORG_CUSTOMER,
     NO_OPTIONS, ctl_org_customer},
    {"evidence check", "CASE FILE", 2, 2, TEXT_VERB_EVIDENCE_CHECK,
     NO_OPTIONS, ctl_evidence_check},
    {"erase", "CASE", 1, 1, TEXT_VERB_ERASE,
     OPTIONS(erase_options), ctl_erase},
    {"retention", "", 0, 0, TEXT_VERB_RETENTION,
     OPTIONS(retention_options), ctl_retention},
    {"archive create", "", 0, 0, TEXT_VERB_ARCHIVE_CREATE,
     OPTIONS(archive_create_options), ctl_archive_create},
    {"archive list", "", 0, 0, TEXT_VERB_ARCHIVE_LIST,
     NO_OPTIONS, ctl_archive_list},
    {"archive turn", "", 0, 0, TEXT_VERB_ARCHIVE_TURN,
     NO_OPTIONS, ctl_archive_turn},
    {"archive detach", "PERIOD", 1, 1, TEXT_VERB_ARCHIVE_DETACH,
     NO_OPTIONS, ctl_archive_detach},
    {"archive attach", "PERIOD", 1, 1, TEXT_VERB_ARCHIVE_ATTACH,
     NO_OPTIONS, ctl_archive_attach},
    {"keys create", "", 0, 0, TEXT_VERB_KEYS_CREATE,
     OPTIONS(keys_create_options), ctl_keys_create},
    {"rebuild redis", "", 0, 0, TEXT_VERB_REBUILD_REDIS,
     OPTIONS(wait_options), ctl_rebuild_redis},
    {"verify", "", 0, 0, TEXT_VERB_VERIFY,
     OPTIONS(verify_options), ctl_verify},
    {"completion", "bash|zsh|fish", 0, 1, TEXT_VERB_COMPLETION,
     OPTIONS(completion_options), ctl_completion},
    {"help", "[VERB]", 0, 2, TEXT_VERB_HELP,
     OPTIONS(help_options), ctl_help},
    {"version", "", 0, 0, TEXT_VERB_VERSION,
     NO_OPTIONS, ctl_version},
};
/* clang-format on */
const size_t ctl_verb_count = sizeof ctl_verbs / sizeof *ctl_verbs;
