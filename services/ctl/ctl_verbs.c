/* Every verb and every option, a row each. */
#include "ctl.h"

#define OPTIONS(rows) rows, sizeof rows / sizeof *rows
#define NO_OPTIONS    NULL, 0

const struct ctl_option ctl_common_options[] = {
    {"help",     NULL, 'h', CTL_FLAG, NULL,   NULL, 0, 0, TEXT_OPTION_HELP    },
    {"version",  NULL, 'V', CTL_FLAG, NULL,   NULL, 0, 0, TEXT_OPTION_VERSION },
    {"json",     NULL, 0,   CTL_FLAG, NULL,   NULL, 0, 0, TEXT_OPTION_JSON    },
    {"quiet",    NULL, 'q', CTL_FLAG, NULL,   NULL, 0, 0, TEXT_OPTION_QUIET   },
    {"no-color", NULL, 0,   CTL_FLAG, NULL,   NULL, 0, 0, TEXT_OPTION_NO_COLOR},
    {"config",   NULL, 'c', CTL_TEXT, "FILE", NULL, 0, 0, TEXT_OPTION_CONFIG  },
    {"lang",     NULL, 0,   CTL_TEXT, "TAG",  NULL, 0, 0, TEXT_OPTION_LANG    },
};
const size_t ctl_common_option_count = sizeof ctl_common_options / sizeof *ctl_common_options;

static const struct ctl_option archive_create_options[] = {
    {"partitions", NULL, 0, CTL_NUMBER, "N", "64", 1, 1024, TEXT_OPTION_PARTITIONS},
};

static const struct ctl_option policy_options[] = {
    {"years", NULL, 0, CTL_NUMBER, "N", "2", 0, 10, TEXT_OPTION_YEARS},
};

static const struct ctl_option submit_options[] = {
    {"policy",      NULL, 0,   CTL_TEXT,     "NAME",     NULL,  0,   0,        TEXT_OPTION_POLICY     },
    {"channel",     NULL, 0,   CTL_TEXT,     "NAME",     NULL,  0,   0,        TEXT_OPTION_CHANNEL    },
    {"text",        NULL, 't', CTL_TEXT,     "TEXT",     NULL,  0,   0,        TEXT_OPTION_TEXT       },
    {"name",        NULL, 0,   CTL_TEXT,     "NAME",     NULL,  0,   0,        TEXT_OPTION_NAME       },
    {"contact",     NULL, 0,   CTL_TEXT,     "CONTACT",  NULL,  0,   0,        TEXT_OPTION_CONTACT    },
    {"reference",   NULL, 0,   CTL_TEXT,     "NUMBER",   NULL,  0,   0,        TEXT_OPTION_REFERENCE  },
    {"product",     NULL, 0,   CTL_TEXT,     "PRODUCT",  NULL,  0,   0,        TEXT_OPTION_PRODUCT    },
    {"demand",      NULL, 0,   CTL_TEXT,     "TEXT",     NULL,  0,   0,        TEXT_OPTION_DEMAND     },
    {"category",    NULL, 0,   CTL_TEXT,     "CATEGORY", NULL,  0,   0,        TEXT_OPTION_CATEGORY   },
    {"received-at", NULL, 0,   CTL_TEXT,     "TIME",     NULL,  0,   0,        TEXT_OPTION_RECEIVED_AT},
    {"occurred-at", NULL, 0,   CTL_TEXT,     "TIME",     NULL,  0,   0,        TEXT_OPTION_OCCURRED_AT},
    {"id",          NULL, 0,   CTL_TEXT,     "UUID",     NULL,  0,   0,        TEXT_OPTION_ID         },
    {"timeout",     NULL, 0,   CTL_DURATION, "TIME",     "10s", 100, 86400000, TEXT_OPTION_TIMEOUT    },
};

#define WHO                                                                                        \
    {"as", "actor", 0, CTL_TEXT, "PERSON", NULL, 0, 0, TEXT_OPTION_AS},                            \
        {"role", NULL, 0, CTL_TEXT, "ROLE", NULL, 0, 0, TEXT_OPTION_ROLE},                         \
    {                                                                                              \
        "timeout", NULL, 0, CTL_DURATION, "TIME", "10s", 100, 86400000, TEXT_OPTION_TIMEOUT        \
    }

static const struct ctl_option claim_options[] = {
    WHO,
    {"count", NULL, 'n', CTL_NUMBER, "N", "1", 1, 1000, TEXT_OPTION_CLAIM_COUNT},
};

static const struct ctl_option act_options[] = {
    WHO,
    {"field",   NULL, 'f', CTL_MANY,   "NAME=VALUE", NULL, 0, 0,          TEXT_OPTION_FIELD   },
    {"note",    NULL, 0,   CTL_TEXT,   "TEXT",       NULL, 0, 0,          TEXT_OPTION_NOTE    },
    {"version", NULL, 0,   CTL_NUMBER, "N",          "0",  0, UINT32_MAX, TEXT_OPTION_EXPECTED},
};

static const struct ctl_option queue_options[] = {
    {"count", NULL, 'n', CTL_NUMBER, "N", "10", 1, 1000, TEXT_OPTION_QUEUE_COUNT},
};

static const struct ctl_option play_options[] = {
    {"policy",  NULL, 0,   CTL_TEXT,     "NAME",    NULL,  0,   0,         TEXT_OPTION_PLAY_POLICY},
    {"cases",   NULL, 'n', CTL_NUMBER,   "N",       "20",  1,   100000,    TEXT_OPTION_PLAY_CASES },
    {"agents",  NULL, 0,   CTL_NUMBER,   "N",       "4",   1,   64,        TEXT_OPTION_PLAY_AGENTS},
    {"seed",    NULL, 0,   CTL_NUMBER,   "N",       "1",   0,   INT64_MAX, TEXT_OPTION_SEED       },
    {"leave",   NULL, 0,   CTL_NUMBER,   "PERCENT", "20",  0,   100,       TEXT_OPTION_LEAVE      },
    {"timeout", NULL, 0,   CTL_DURATION, "TIME",    "10s", 100, 86400000,  TEXT_OPTION_TIMEOUT    },
};

static const struct ctl_option release_options[] = {WHO};

static const struct ctl_option import_options[] = {
    {"map",      NULL, 'm', CTL_TEXT,     "FILE", NULL,   0,   0,         TEXT_OPTION_MAP           },
    {"policy",   NULL, 0,   CTL_TEXT,     "NAME", NULL,   0,   0,         TEXT_OPTION_IMPORT_POLICY },
    {"channel",  NULL, 0,   CTL_TEXT,     "NAME", NULL,   0,   0,         TEXT_OPTION_IMPORT_CHANNEL},
    {"count",    NULL, 'n', CTL_NUMBER,   "N",    NULL,   1,   INT64_MAX, TEXT_OPTION_IMPORT_COUNT  },
    {"rate",     NULL, 0,   CTL_NUMBER,   "N",    "0",    0,   10000000,  TEXT_OPTION_RATE          },
    {"window",   NULL, 0,   CTL_NUMBER,   "N",    "2000", 1,   65536,     TEXT_OPTION_WINDOW        },
    {"rejects",  NULL, 0,   CTL_TEXT,     "FILE", NULL,   0,   0,         TEXT_OPTION_REJECTS       },
    {"receipts", NULL, 0,   CTL_TEXT,     "FILE", NULL,   0,   0,         TEXT_OPTION_RECEIPTS      },
    {"timeout",  NULL, 0,   CTL_DURATION, "TIME", "60s",  100, 86400000,  TEXT_OPTION_IMPORT_TIMEOUT},
};

enum { FILES_MAX = 256 };

static const struct ctl_option list_options[] = {
    {"step",     NULL, 0,   CTL_TEXT,   "ID",    NULL,  0, 0,     TEXT_LOOK_STEP       },
    {"queue",    NULL, 0,   CTL_TEXT,   "ID",    NULL,  0, 0,     TEXT_LOOK_QUEUE      },
    {"agent",    NULL, 0,   CTL_TEXT,   "NAME",  NULL,  0, 0,     TEXT_LOOK_AGENT      },
    {"category", NULL, 0,   CTL_TEXT,   "ID",    NULL,  0, 0,     TEXT_LOOK_CATEGORY   },
    {"priority", NULL, 0,   CTL_NUMBER, "N",     NULL,  1, 5,     TEXT_LOOK_PRIORITY   },
    {"policy",   NULL, 0,   CTL_TEXT,   "NAME",  NULL,  0, 0,     TEXT_LOOK_POLICY_NAME},
    {"open",     NULL, 0,   CTL_FLAG,   NULL,    NULL,  0, 0,     TEXT_LOOK_OPEN       },
    {"closed",   NULL, 0,   CTL_FLAG,   NULL,    NULL,  0, 0,     TEXT_LOOK_CLOSED     },
    {"overdue",  NULL, 0,   CTL_FLAG,   NULL,    NULL,  0, 0,     TEXT_LOOK_OVERDUE    },
    {"limit",    NULL, 'n', CTL_NUMBER, "N",     "20",  1, 10000, TEXT_LOOK_LIMIT      },
    {"sort",     NULL, 0,   CTL_TEXT,   "ORDER", "due", 0, 0,     TEXT_LOOK_SORT       },
};

/* clang-format off */
static const struct ctl_option verify_options[] = {
    {"partition", NULL, 'p', CTL_NUMBER, "N",    "-1", -1, 1023, TEXT_LOOK_PARTITION},
    {"service",   NULL, 0,   CTL_TEXT,   "NAME", NULL, 0,  0,    TEXT_LOOK_SERVICE  },
};

static const struct ctl_option wait_options[] = {
    {"wait", NULL, 0, CTL_DURATION, "TIME", "60s", 0, 3600000, TEXT_LOOK_WAIT},
};

static const struct ctl_option watch_options[] = {
    {"service", NULL, 0,   CTL_TEXT,   "NAME", NULL, 0, 0,         TEXT_LOOK_SERVICE},
    {"case",    NULL, 0,   CTL_TEXT,   "CASE", NULL, 0, 0,         TEXT_LOOK_CASE   },
    {"kind",    NULL, 0,   CTL_TEXT,   "KIND", NULL, 0, 0,         TEXT_LOOK_KIND   },
    {"count",   NULL, 'n', CTL_NUMBER, "N",    "0",  0, 1000000000, TEXT_LOOK_COUNT },
};

static const struct ctl_option top_options[] = {
    {"once", NULL, 0, CTL_FLAG, NULL, NULL, 0, 0, TEXT_LOOK_ONCE},
};

static const struct ctl_option help_options[] = {
    {"man", NULL, 0, CTL_FLAG, NULL, NULL, 0, 0, TEXT_LOOK_MAN},
};

const struct ctl_verb ctl_verbs[] = {
    {"archive create", "", 0, 0, TEXT_VERB_ARCHIVE_CREATE, OPTIONS(archive_create_options), ctl_archive_create},
    {"keys create", "", 0, 0, TEXT_VERB_KEYS_CREATE, NO_OPTIONS, ctl_keys_create},
    {"policy load", "FILE…", 1, FILES_MAX, TEXT_VERB_POLICY_LOAD, OPTIONS(policy_options), ctl_policy_load},
    {"policy check", "FILE…", 1, FILES_MAX, TEXT_VERB_POLICY_CHECK, OPTIONS(policy_options), ctl_policy_check},
    {"policy list", "", 0, 0, TEXT_VERB_POLICY_LIST, NO_OPTIONS, ctl_policy_list},
    {"submit", "", 0, 0, TEXT_VERB_SUBMIT, OPTIONS(submit_options), ctl_submit},
    {"import", "FILE…", 1, FILES_MAX, TEXT_VERB_IMPORT, OPTIONS(import_options), ctl_import},
    {"queue", "[POLICY/QUEUE]", 0, 1, TEXT_VERB_QUEUE, OPTIONS(queue_options), ctl_queue},
    {"claim", "POLICY/QUEUE", 1, 1, TEXT_VERB_CLAIM, OPTIONS(claim_options), ctl_claim},
    {"act", "CASE ACTION", 2, 2, TEXT_VERB_ACT, OPTIONS(act_options), ctl_act},
    {"release", "CASE", 1, 1, TEXT_VERB_RELEASE, OPTIONS(release_options), ctl_release},
    {"play", "", 0, 0, TEXT_VERB_PLAY, OPTIONS(play_options), ctl_play},
    {"list", "", 0, 0, TEXT_VERB_LIST, OPTIONS(list_options), ctl_list},
    {"status", "", 0, 0, TEXT_VERB_STATUS, NO_OPTIONS, ctl_status},
    {"rebuild redis", "", 0, 0, TEXT_VERB_REBUILD_REDIS, OPTIONS(wait_options), ctl_rebuild_redis},
    {"watch", "", 0, 0, TEXT_VERB_WATCH, OPTIONS(watch_options), ctl_watch},
    {"top", "", 0, 0, TEXT_VERB_TOP, OPTIONS(top_options), ctl_top},
    {"verify", "", 0, 0, TEXT_VERB_VERIFY, OPTIONS(verify_options), ctl_verify},
    {"show", "CASE", 1, 1, TEXT_VERB_SHOW, NO_OPTIONS, ctl_show},
    {"completion", "SHELL", 1, 1, TEXT_VERB_COMPLETION, NO_OPTIONS, ctl_completion},
    {"help", "[VERB]", 0, 2, TEXT_VERB_HELP, OPTIONS(help_options), ctl_help},
    {"version", "", 0, 0, TEXT_VERB_VERSION, NO_OPTIONS, ctl_version},
};
/* clang-format on */
const size_t ctl_verb_count = sizeof ctl_verbs / sizeof *ctl_verbs;
