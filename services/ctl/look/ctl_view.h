/*
 * How the command shows things to people: policies' titles, local times, durations, bars, and the
 * states of clocks as sign, word and colour together, so that no one of the three is needed.
 *
 * Nothing here reads or shows what is sealed (law 10).
 */
#ifndef REDRESS_CTL_VIEW_H
#define REDRESS_CTL_VIEW_H

#include "ctl.h"
#include "policy_load.h"

enum {
    VIEW_TEXT_MAX = 256,
    VIEW_SPARK_MAX = 64,
};

/* ---- policies of the archive, compiled when they are first asked for ---- */

struct view_policies;

/* NULL: out of memory.  Borrows ctl. */
struct view_policies *view_policies_new(struct ctl *ctl);
void view_policies_free(struct view_policies **policies_p);

/* Lent for the life of policies.  NULL: there is none with this id, or it does not compile. */
const struct policy *view_policy(struct view_policies *policies, uint32_t id);

/* The title in the language of the command. */
const char *view_title(const struct ctl *ctl, const struct policy_title *title);

/* Titles by id; the id itself where the policy (NULL: none) does not know it.  Lent by into. */
const char *view_step(const struct ctl *ctl,
                      const struct policy *policy,
                      struct slice id,
                      char into[VIEW_TEXT_MAX]);
const char *view_queue(const struct ctl *ctl,
                       const struct policy *policy,
                       struct slice id,
                       char into[VIEW_TEXT_MAX]);
const char *view_category(const struct ctl *ctl,
                          const struct policy *policy,
                          struct slice id,
                          char into[VIEW_TEXT_MAX]);
const char *view_class(const struct ctl *ctl,
                       const struct policy *policy,
                       struct slice id,
                       char into[VIEW_TEXT_MAX]);
const char *view_channel(const struct ctl *ctl,
                         const struct policy *policy,
                         struct slice id,
                         char into[VIEW_TEXT_MAX]);
const char *view_clock(const struct ctl *ctl,
                       const struct policy *policy,
                       struct slice id,
                       char into[VIEW_TEXT_MAX]);
const char *view_factor(const struct ctl *ctl,
                        const struct policy *policy,
                        struct slice id,
                        char into[VIEW_TEXT_MAX]);

/* "账务组（billing）": the title for reading, the id for typing; the id alone where the title says
 * no more.  Returns into. */
const char *
view_named(const struct ctl *ctl, const char *title, const char *id, char into[VIEW_TEXT_MAX]);

/* What people call a calendar: its title, else its name.  Lent. */
const char *view_calendar(const struct ctl *ctl, const struct calendar *calendar);

/* The same of a work queue, POLICY/QUEUE, by a version of its policy. */
const char *view_work_queue(const struct ctl *ctl,
                            const struct policy *policy,
                            const char *name,
                            char into[VIEW_TEXT_MAX]);

/* "dispatch.0022".  Returns into. */
const char *view_stream(enum service_id service, uint32_t partition, char into[VIEW_TEXT_MAX]);

/* Bytes of others on a line, cut at VIEW_TEXT_MAX; what is a command becomes "?", so that none
 * reaches a terminal. */
const char *view_plain(struct slice text, char into[VIEW_TEXT_MAX]);

/* A text of the catalogue with its arguments, cut at VIEW_TEXT_MAX. */
const char *view_text(const struct ctl *ctl,
                      enum ctl_text id,
                      const char *const *args,
                      char into[VIEW_TEXT_MAX]);

/* ---- times ---- */

/* From now on this is the local zone of the command, called by this name; NULL, "" or a zone that
 * is not there: the one it was started in. */
void view_zone_use(const char *name);
/* The name in use, to be used again; "": the one it was started in. */
const char *view_zone_used(char into[VIEW_TEXT_MAX]);
/* The same, unless whoever runs the command named one by TZ: what people are shown is told in the
 * zone of its policy or organisation. */
void view_zone_take(const char *name);
/* The zone that all policies have of which something is shown; beginning with zeros. */
struct view_zones {
    const char *common; /* NULL: none so far */
    bool differ;
};
void view_zones_add(struct view_zones *zones, const struct policy *policy);
void view_zones_take(const struct view_zones *zones);
/* That of the newest version of this policy.  CTL_NOT_FOUND, and nothing said: there is none. */
int view_zone_take_named(struct ctl *ctl, struct view_policies *policies, const char *name);
/* The same of all policies under which there are cases, for what is shown of the whole archive. */
int view_zone_take_all(struct ctl *ctl, struct view_policies *policies);
/* A cell of a table: as view_time for people, RFC 3339 in UTC in JSON, "" for never. */
const char *view_time_cell(const struct ctl *ctl, int64_t at_us, char into[VIEW_TEXT_MAX]);
/* The same, as view_due for people. */
const char *view_due_cell(const struct ctl *ctl, int64_t at_us, char into[VIEW_TEXT_MAX]);
/* Beneath a table with times: the zone they are told in.  Nothing with --json, which is in UTC. */
void view_zone_tell(const struct ctl *ctl);
struct ctl_table;
/* A table of cases, of which there are total: as {"cases":[…],"total":N}, or for people with the
 * zone and, where it is not all, how many of how many and that the option shows up to most (more).
 */
void view_cases(const struct ctl *ctl,
                struct ctl_table *table,
                int64_t total,
                enum ctl_text more,
                int64_t most);
/* Of the first of its calendars that closes, else of the first; NULL: it has none. */
const char *view_policy_zone(const struct policy *policy);
/* "2026-11-21 19:46:01" in the local zone; "-" for 0 and for never. */
const char *view_time(int64_t at_us, char into[VIEW_TEXT_MAX]);
/* The same of an instant by which something is due: the end of a day is its 24:00. */
const char *view_due(int64_t at_us, char into[VIEW_TEXT_MAX]);
/* The zone it is told in, as people call it, and how far it is from UTC; "" when it has no name. */
const char *view_zone(int64_t at_us, char into[VIEW_TEXT_MAX]);
/* "3 d 4 h", "3 天 4 小时": the two greatest units, rounded down. */
const char *view_duration(const struct ctl *ctl, int64_t seconds, char into[VIEW_TEXT_MAX]);
/* To the second, for arithmetic; without days where in_days is false. */
const char *
view_exact(const struct ctl *ctl, int64_t seconds, bool in_days, char into[VIEW_TEXT_MAX]);
/* RFC 3339 in UTC, or null. */
json_t *view_time_json(int64_t at_us);

/* "2026-11-21 19:46:01.123456+08" of a text result, in any zone; 0 for NULL, INT64_MAX for
 * infinity. */
int64_t view_pg_time(const PGresult *rows, int row, int column);

/* ---- drawings ---- */

/* A bar of width columns, filled by share (0 … 1) to an eighth of a column. */
const char *view_bar(double share, unsigned width, char into[VIEW_TEXT_MAX]);
/* One column a value, the highest is full; at most VIEW_SPARK_MAX, the last ones. */
const char *view_spark(const uint64_t *values, unsigned count, char into[VIEW_TEXT_MAX]);
/* Cuts text to at most width columns, with … where something was cut, and fills up with blanks. */
const char *view_fit(const char *text, unsigned width, char into[VIEW_TEXT_MAX]);

enum view_status {
    VIEW_RUNNING,
    VIEW_AT_RISK,
    VIEW_BREACHED, /* still running, or stopped too late */
    VIEW_PAUSED,
    VIEW_MET,
    VIEW_STOPPED, /* without a verdict */
    VIEW_CANCELLED,
    VIEW_STATUS_COUNT,
};

/* Sign and word, coloured when ctl->color. */
const char *view_status(const struct ctl *ctl, enum view_status status, char into[VIEW_TEXT_MAX]);
/* The sign alone, of any language. */
const char *view_sign(enum view_status status);
/* "running", "at_risk", …: for JSON. */
const char *view_status_name(enum view_status status);
/* The escape that begins its colour, "" without colours; view_color_end ends it. */
const char *view_color(const struct ctl *ctl, enum view_status status);
const char *view_color_end(const struct ctl *ctl);
const char *view_bold(const struct ctl *ctl);
const char *view_faint(const struct ctl *ctl);

#endif
