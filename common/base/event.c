#include "event.h"

static const struct kind_row {
    enum event_kind kind;
    enum service_id service;
    const char *name;
} kinds[] = {
    {EVENT_RECEIVED,          SERVICE_INTAKE,   "received"         },
    {EVENT_TRIAGED,           SERVICE_TRIAGE,   "triaged"          },
    {EVENT_TRIAGE_ASKED,      SERVICE_TRIAGE,   "triage_asked"     },
    {EVENT_OPENED,            SERVICE_DISPATCH, "opened"           },
    {EVENT_QUEUED,            SERVICE_DISPATCH, "queued"           },
    {EVENT_ASSIGNED,          SERVICE_DISPATCH, "assigned"         },
    {EVENT_RELEASED,          SERVICE_DISPATCH, "released"         },
    {EVENT_ACKNOWLEDGED,      SERVICE_DISPATCH, "acknowledged"     },
    {EVENT_CLASSIFIED,        SERVICE_DISPATCH, "classified"       },
    {EVENT_CONTACTED,         SERVICE_DISPATCH, "contacted"        },
    {EVENT_INVESTIGATED,      SERVICE_DISPATCH, "investigated"     },
    {EVENT_CONTAINED,         SERVICE_DISPATCH, "contained"        },
    {EVENT_PROPOSED,          SERVICE_DISPATCH, "proposed"         },
    {EVENT_APPROVED,          SERVICE_DISPATCH, "approved"         },
    {EVENT_REJECTED,          SERVICE_DISPATCH, "rejected"         },
    {EVENT_CONSENTED,         SERVICE_DISPATCH, "consented"        },
    {EVENT_DECLINED,          SERVICE_DISPATCH, "declined"         },
    {EVENT_IMPLEMENTED,       SERVICE_DISPATCH, "implemented"      },
    {EVENT_REPLIED,           SERVICE_DISPATCH, "replied"          },
    {EVENT_FOLLOWED_UP,       SERVICE_DISPATCH, "followed_up"      },
    {EVENT_CLOSED,            SERVICE_DISPATCH, "closed"           },
    {EVENT_REOPENED,          SERVICE_DISPATCH, "reopened"         },
    {EVENT_WITHDRAWN,         SERVICE_DISPATCH, "withdrawn"        },
    {EVENT_HANDED_OVER,       SERVICE_DISPATCH, "handed_over"      },
    {EVENT_NOTED,             SERVICE_DISPATCH, "noted"            },
    {EVENT_ESCALATED,         SERVICE_DISPATCH, "escalated"        },
    {EVENT_CUSTOMER_WROTE,    SERVICE_DISPATCH, "customer_wrote"   },
    {EVENT_EXTENDED,          SERVICE_DISPATCH, "extended"         },
    {EVENT_OFFERED,           SERVICE_DISPATCH, "offered"          },
    {EVENT_ACCEPTED,          SERVICE_DISPATCH, "accepted"         },
    {EVENT_TRANSFERRED,       SERVICE_DISPATCH, "transferred"      },
    {EVENT_MERGED,            SERVICE_DISPATCH, "merged"           },
    {EVENT_UNMERGED,          SERVICE_DISPATCH, "unmerged"         },
    {EVENT_LINKED,            SERVICE_DISPATCH, "linked"           },
    {EVENT_HELD,              SERVICE_DISPATCH, "held"             },
    {EVENT_HOLD_LIFTED,       SERVICE_DISPATCH, "hold_lifted"      },
    {EVENT_TASK_OPENED,       SERVICE_DISPATCH, "task_opened"      },
    {EVENT_TASK_DONE,         SERVICE_DISPATCH, "task_done"        },
    {EVENT_ERASED,            SERVICE_DISPATCH, "erased"           },
    {EVENT_ERASURE_REFUSED,   SERVICE_DISPATCH, "erasure_refused"  },
    {EVENT_READ,              SERVICE_DISPATCH, "read"             },
    {EVENT_CLOCKS_STARTED,    SERVICE_WATCHDOG, "clocks_started"   },
    {EVENT_CLOCKS_STOPPED,    SERVICE_WATCHDOG, "clocks_stopped"   },
    {EVENT_CLOCKS_PAUSED,     SERVICE_WATCHDOG, "clocks_paused"    },
    {EVENT_CLOCKS_RESUMED,    SERVICE_WATCHDOG, "clocks_resumed"   },
    {EVENT_CLOCK_WARNED,      SERVICE_WATCHDOG, "clock_warned"     },
    {EVENT_CLOCK_BREACHED,    SERVICE_WATCHDOG, "clock_breached"   },
    {EVENT_CLOCK_ESCALATED,   SERVICE_WATCHDOG, "clock_escalated"  },
    {EVENT_CLOCKS_RETARGETED, SERVICE_WATCHDOG, "clocks_retargeted"},
    {EVENT_CLOCKS_REFUSED,    SERVICE_WATCHDOG, "clocks_refused"   },
    {EVENT_CLOCKS_UNKNOWN,    SERVICE_WATCHDOG, "clocks_unknown"   },
};

enum { KIND_ROWS = sizeof kinds / sizeof *kinds };

static const char *const services[SERVICE_COUNT] = {
    "none", "intake", "triage", "dispatch", "watchdog", "analytics"};

enum service_id event_kind_service(enum event_kind kind)
{
    for (size_t i = 0; i < KIND_ROWS; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].service;
        }
    }
    return SERVICE_NONE;
}

const char *event_kind_name(enum event_kind kind)
{
    for (size_t i = 0; i < KIND_ROWS; i++) {
        if (kinds[i].kind == kind) {
            return kinds[i].name;
        }
    }
    return NULL;
}

uint32_t event_policy_id(const struct event *event)
{
    switch ((unsigned)event->kind) {
    case EVENT_RECEIVED:
        return event->received.policy_id;
    case EVENT_TRIAGED:
    case EVENT_TRIAGE_ASKED:
        return event->triaged.policy_id;
    case EVENT_OPENED:
        return event->opened.policy_id;
    default:
        return event->service == SERVICE_DISPATCH   ? event->advanced.policy_id
               : event->service == SERVICE_WATCHDOG ? event->clocks.policy_id
                                                    : 0;
    }
}

enum event_kind event_kind_parse(struct slice name)
{
    for (size_t i = 0; i < KIND_ROWS; i++) {
        if (slice_equal(name, slice_text(kinds[i].name))) {
            return kinds[i].kind;
        }
    }
    return EVENT_NONE;
}

const char *service_name(enum service_id service)
{
    return service < SERVICE_COUNT ? services[service] : "none";
}

enum service_id service_parse(struct slice name)
{
    for (unsigned i = SERVICE_INTAKE; i < SERVICE_COUNT; i++) {
        if (slice_equal(name, slice_text(services[i]))) {
            return (enum service_id)i;
        }
    }
    return SERVICE_NONE;
}
