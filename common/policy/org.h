/*
 * Who works here, as the cores read it: departments, people, what they may do and when they are
 * there.  Immutable tables with names resolved to indexes, read by org_load.c from YAML; every
 * index is valid and every list bounded, so a core need not check (law 8).
 *
 * Where no organisation was applied nothing is asked of it: a core is lent NULL then.
 */
#ifndef REDRESS_ORG_H
#define REDRESS_ORG_H

#include "policy.h"

enum {
    ORG_PERSON_MAX = 48, /* bytes of a person's name, terminator included: as dispatch's agents */
    ORG_AGENTS_MAX = 4096,
    ORG_DEPARTMENTS_MAX = 256,
    ORG_SKILLS_MAX = 64,
    ORG_SHIFTS_MAX = 16,
    ORG_ROLES_MAX = 8,        /* of one person */
    ORG_KNOWN_ROLES_MAX = 64, /* of all together */
    ORG_LEAVES_MAX = 32,      /* of one person */
    ORG_LEVEL_MAX = 5,        /* of a skill: 1 a little … 5 a master */
    ORG_CAPACITY_MAX = 10000,
    ORG_ACCOUNTS_MAX = 1024,
    ORG_CUSTOMERS_MAX = 8192, /* of all key accounts together */
    ORG_NONE = 0xffff,
};

/* Absent from the first instant to before the last; whole days of the organisation's zone. */
struct org_leave {
    int32_t from_date, until_date; /* yyyymmdd, both included */
    int64_t from_s, until_s;
};

struct org_skill {
    uint16_t skill;
    uint8_t level; /* 1 … ORG_LEVEL_MAX */
};

struct org_agent {
    char name[ORG_PERSON_MAX];
    uint16_t department; /* ORG_NONE: none */
    uint16_t shift;      /* ORG_NONE: always at work */
    uint16_t deputy;     /* an agent; ORG_NONE: nobody */
    int32_t capacity;    /* cases at once; -1: as the policy says */
    uint16_t role_count, skill_count, leave_count;
    const char (*roles)[POLICY_NAME_MAX];
    const struct org_skill *skills;
    const struct org_leave *leaves; /* in order of their first day, none overlapping */
};

struct org_department {
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    uint16_t parent; /* ORG_NONE: none; never a circle */
    uint16_t head;   /* an agent; ORG_NONE: nobody */
};

struct org_shift {
    char id[POLICY_NAME_MAX];
    struct calendar hours;
};

/* Cases of its customers are kept for its manager a while, where the policy's step says so. */
struct org_account {
    char id[POLICY_NAME_MAX];
    uint16_t manager; /* an agent */
    uint16_t deputy;  /* may take them as well; ORG_NONE: nobody */
};

/* Known by the keyed index of contact or reference alone (see seal_blind_index), as cases are. */
struct org_customer {
    uint64_t customer;
    uint16_t account;
};

struct org {
    uint32_t version;      /* row of the archive's table org; 0 while it is only a file */
    char version_text[12]; /* the same, to be recorded where it decided */
    char id[POLICY_NAME_MAX];
    struct policy_title title;
    char zone[48]; /* of its days of leave, and in which its times are told */
    uint16_t agent_count, department_count, skill_count, shift_count, role_count;
    const struct org_agent *agents;
    const uint16_t *by_name; /* indexes of agents in the order of their names' bytes */
    const struct org_department *departments;
    const char (*skills)[POLICY_NAME_MAX];
    const struct org_shift *shifts;
    const char (*roles)[POLICY_NAME_MAX]; /* each that somebody has, once */
    uint16_t account_count, customer_count;
    const struct org_account *accounts;
    const struct org_customer *customers; /* rising */
};

/* NULL: nobody of that name. */
const struct org_agent *org_find(const struct org *org, struct slice name);

bool org_has_role(const struct org_agent *agent, struct slice role);

/* Somebody here has it. */
bool org_role_is_held(const struct org *org, struct slice role);

/* 0: has not got it. */
uint8_t org_level(const struct org *org, const struct org_agent *agent, struct slice skill);

/* The key account of this customer; NULL: of no key account, or 0, which is nobody known. */
const struct org_account *org_account_of(const struct org *org, uint64_t customer);

enum org_verdict {
    ORG_ADMITS,
    ORG_UNKNOWN,      /* nobody of that name works here */
    ORG_ROLE_NOT_HIS, /* works here, and not in that role */
    ORG_ROLE_UNHELD,  /* nobody here has it, and it is not of people outside */
    ORG_ON_LEAVE,
    ORG_OFF_SHIFT,
};

/*
 * May this person speak in this role now?  *stands_for is the person on leave whose role it is,
 * empty where it is his own.  A role that somebody here has is his; one that nobody has is
 * nobody's. Where the policy says that it is of people outside (the customer's), whoever does not
 * work here has it all the same, and all have it while nobody here does.  policy NULL: none is
 * outside.
 */
enum org_verdict org_speaks(const struct org *org,
                            const struct policy *policy,
                            struct slice name,
                            struct slice role,
                            int64_t now_s,
                            struct slice *stands_for);

/* The same where nothing else says who the actor is (erasing): one of people outside, too, is
 * nobody's while nobody here has it. */
enum org_verdict org_holds(const struct org *org,
                           struct slice name,
                           struct slice role,
                           int64_t now_s,
                           struct slice *stands_for);

/*
 * May this person take work in this role now?  *until_s is when an absence ends (0: it is none, or
 * nobody knows).  A shift whose calendar does not reach now keeps nobody away: work that stands
 * still is worse than work at an odd hour.
 */
enum org_verdict org_admits(const struct org *org,
                            const struct policy *policy,
                            struct slice name,
                            struct slice role,
                            int64_t now_s,
                            struct slice *stands_for,
                            int64_t *until_s);

/* May this person be given work by another?  Off shift it waits for him; on leave it would wait too
 * long. */
enum org_verdict
org_may_be_given(const struct org *org, struct slice name, int64_t now_s, int64_t *until_s);

/* Does this person represent somebody who is on leave now?  Only directly: a deputy's deputy does
 * not. */
bool org_stands_in(const struct org *org, struct slice deputy, struct slice absent, int64_t now_s);

#endif
