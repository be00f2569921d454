/*
 * A small policy built by hand, shared by the tests of the cores: three roles, three queues, seven
 * steps, four clocks, two calendars.  It is complete in the sense of the loader: every step
 * reachable, every clock starts and stops.
 *
 * The tables are laid out here, so that a test can say FIXTURE_STEP_APPROVAL instead of looking a
 * name up.
 */
#ifndef REDRESS_POLICY_FIXTURE_H
#define REDRESS_POLICY_FIXTURE_H

#include "policy.h"

enum fixture_role {
    FIXTURE_ROLE_HANDLER,
    FIXTURE_ROLE_SUPERVISOR,
    FIXTURE_ROLE_CUSTOMER,
};

enum fixture_channel {
    FIXTURE_CHANNEL_PHONE, /* acknowledged by receipt */
    FIXTURE_CHANNEL_MAIL,
    FIXTURE_CHANNEL_REGULATOR,
};

/* quality > {late, damaged > leaking}; attitude; safety; other */
enum fixture_category {
    FIXTURE_CATEGORY_QUALITY,
    FIXTURE_CATEGORY_LATE,
    FIXTURE_CATEGORY_DAMAGED,
    FIXTURE_CATEGORY_LEAKING,
    FIXTURE_CATEGORY_ATTITUDE,
    FIXTURE_CATEGORY_SAFETY,
    FIXTURE_CATEGORY_OTHER,
};

/* grave from 8 points (priority 1), serious from 4 (2), minor (4) */
enum fixture_class {
    FIXTURE_CLASS_GRAVE,
    FIXTURE_CLASS_SERIOUS,
    FIXTURE_CLASS_MINOR,
};

enum fixture_queue {
    FIXTURE_QUEUE_TRIAGE,
    FIXTURE_QUEUE_SERVICE,
    FIXTURE_QUEUE_SAFETY, /* category safety, or class grave */
};

enum fixture_step {
    FIXTURE_STEP_TRIAGE,
    FIXTURE_STEP_INVESTIGATION,
    FIXTURE_STEP_APPROVAL,
    FIXTURE_STEP_CONSENT, /* waits for the customer */
    FIXTURE_STEP_IMPLEMENTATION,
    FIXTURE_STEP_FOLLOW_UP,
    FIXTURE_STEP_CLOSED,
};

/*
 * acknowledge: 24 h elapsed, received → acknowledged or answered.  Warns at 50 %, breaches and
 * raises the priority to 2.
 *
 * handling: 16 business hours, opened → answered; operational: pauses for the customer.  Warns at
 * 75 %, breaches (raises to 2), escalates after 2 more business hours (raises to 1).
 *
 * answer: 5 business days, end of day, received → answered; statutory.  Warns a day before,
 * breaches.
 *
 * safety: 4 h elapsed, opened → contained or answered, class grave only.  Breaches (raises to 1),
 * escalates 1 h later.
 *
 * Answered is replied, closed or withdrawn.
 */
enum fixture_clock {
    FIXTURE_CLOCK_ACKNOWLEDGE,
    FIXTURE_CLOCK_HANDLING,
    FIXTURE_CLOCK_ANSWER,
    FIXTURE_CLOCK_SAFETY,
};

/*
 * weekdays: Monday to Friday 09:00–12:00 and 13:00–18:00 (8 h a day) in Asia/Shanghai (UTC+8, no
 * DST), 2024-01-01 up to and including 2026-12-31; Wednesday 2024-05-01 is a holiday, Saturday
 * 2024-05-11 a make-up working day.
 */
enum fixture_calendar {
    FIXTURE_CALENDAR_ALWAYS,
    FIXTURE_CALENDAR_WEEKDAYS,
};

enum { FIXTURE_POLICY_ID = 7 };

/* SQL: an archive in which there is a policy of that id; rows under none are not read. */
#define FIXTURE_POLICY_SQL                                                                         \
    "INSERT INTO redress.policy (id, name, version, hash, source) OVERRIDING SYSTEM VALUE "        \
    "VALUES (7, 'fixture', 1, 'f', '')"

/* Lent; lives as long as the program. */
const struct policy *policy_fixture(void);

/* An instant in Asia/Shanghai as microseconds since the epoch, UTC. */
int64_t fixture_at_us(int year, int month, int day, int hour, int minute);

#endif
