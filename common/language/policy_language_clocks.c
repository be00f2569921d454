/* The part of the table that is about time: clocks and calendars; see policy_language.h. */
#include "policy_language_rows.h"
#include "policy_read.h"

/* clang-format off */
static const char *const boundaries[] = {"closing", "opening", NULL};
static const char *const cleared[] = {"met", "paused", "closed", NULL};

static const struct language_key target_keys[] = {
    {"when", false, KIND_PART, .part = &language_clock_when, .read = target_when,
     MEANS("Which cases have this target", "适用的案件", "適用的案件")},
    {"priorities", false, KIND_NUMBER, BETWEEN(1, 5), .read = target_priorities,
     MEANS("Only cases of these priorities, a number or a list", "仅限这些优先级，可为列表", "僅限這些優先順序，可為清單")},
    {"within", true, KIND_LENGTH, .read = target_within,
     MEANS("How long it may take", "限时", "時限長度")},
    {"end-of-day", false, KIND_FLAG, .read = target_end_of_day,
     MEANS("Business days end at the end of the day, else at the same time of day",
           "工作日按当日结束计，否则到同一时刻", "工作日按當日結束計，否則到同一時刻")},
    {"roll", false, KIND_FLAG, .read = target_rolls,
     MEANS("A due time in a closed hour goes on to the next opening", "落在非工作时间则顺延至下次开始",
           "落在非工作時間則順延至下次開始")},
    {"calendar", false, KIND_NAME, .thing = THING_CALENDAR, .read = target_calendar,
     MEANS("Whose hours and days count", "按哪个日历计", "依哪個行事曆計")},
};
const struct language_part language_target = {
    "target", "a target", KEYS(target_keys),
    MEANS("Another target of a clock", "另一时限", "另一時限")};

static const struct language_key extension_keys[] = {
    {"by", false, KIND_LENGTH, .read = extension_by,
     MEANS("How much longer, each time", "每次延长多少", "每次延長多少")},
    {"to", false, KIND_LENGTH, .read = extension_to,
     MEANS("Or how long altogether", "或延长后共多久", "或延長後共多久")},
    {"times", false, KIND_NUMBER, BETWEEN(1, 20), .read = extension_times,
     MEANS("How often", "可延长次数", "可延長次數")},
    {"reason", false, KIND_FLAG, .read = extension_reason,
     MEANS("A reason has to be given", "须说明理由", "須說明理由")},
    {"after", false, KIND_INDEXES, .read = extension_after,
     MEANS("Actions that have to come before it", "须先完成的操作", "須先完成的操作")},
    {"further", false, KIND_LIST, .min = 1, .max = POLICY_FURTHER_MAX, .part = &language_extension,
     .read = extension_further,
     MEANS("Further ones, in this order, when those before are used up; 'to' counts from the start",
           "此前的用完之后，依次还可再延长；to 自起点计", "此前的用完之後，依次還可再延長；to 自起點計")},
};
const struct language_part language_extension = {
    "extension", "an extension", KEYS(extension_keys),
    MEANS("More time for a clock", "延长", "延長")};

static const struct language_key level_keys[] = {
    {"warn", false, KIND_OFFSET, .read = level_warn,
     MEANS("Warns at this time", "此时提醒", "此時提醒")},
    {"breach", false, KIND_DUE, .read = level_breach,
     MEANS("The due time", "到期即超时", "到期即逾時")},
    {"escalate", false, KIND_OFFSET, .read = level_escalate,
     MEANS("Escalates at this time", "此时升级", "此時升級")},
    {"notify", false, KIND_NAME, .thing = THING_ROLE, .read = level_notify,
     MEANS("Role that is told", "通知的角色", "通知的角色")},
    {"raise-to", false, KIND_NUMBER, BETWEEN(1, 5), .read = level_raise,
     MEANS("Priority is at least this from then on", "此后优先级至少为此", "此後優先順序至少為此")},
};
const struct language_part language_level = {
    "level", "a level", KEYS(level_keys),
    MEANS("What a clock does at one time", "时限的一个级别", "時限的一個級別")};

static const struct language_key clock_keys[] = {
    {"title", true, KIND_TITLE, .read = clock_title,
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"starts", false, KIND_FACTS, .read = clock_starts,
     MEANS("Facts it starts at", "开始的事实", "開始的事實")},
    {"stops", false, KIND_FACTS, .read = clock_stops,
     MEANS("Facts it stops at", "停止的事实", "停止的事實")},
    {"rearms-at", false, KIND_FACTS, .read = clock_rearms,
     MEANS("Facts that end a run and begin the next", "结束一轮并开始下一轮的事实", "結束一輪並開始下一輪的事實")},
    {"starts-at-marks", false, KIND_NAMES, .thing = THING_MARK, .read = clock_start_marks,
     MEANS("Also at actions that make one of these marks", "计下这些事项的操作也开始", "計下這些事項的操作也開始")},
    {"stops-at-marks", false, KIND_NAMES, .thing = THING_MARK, .read = clock_stop_marks,
     MEANS("Also at actions that make one of these marks", "计下这些事项的操作也停止", "計下這些事項的操作也停止")},
    {"rearms-at-marks", false, KIND_NAMES, .thing = THING_MARK, .read = clock_rearm_marks,
     MEANS("Such actions end a run and begin the next", "此类操作结束一轮并开始下一轮", "此類操作結束一輪並開始下一輪")},
    {"of-steps", false, KIND_NAMES, .thing = THING_STEP, .read = clock_of_steps,
     MEANS("Runs while the case is in these steps, instead of starts and stops",
           "案件在这些环节时计时，代替 starts 与 stops", "案件在這些環節時計時，代替 starts 與 stops")},
    {"of-task", false, KIND_NAME, .thing = THING_TASK, .read = clock_of_task,
     MEANS("Each open task of this kind has its own, from opening to settling, also while the case "
           "is closed",
           "此类任务每项各计一次，自开立至了结，结案后照计", "此類任務每項各計一次，自開立至了結，結案後照計")},
    {"when", false, KIND_PART, .part = &language_clock_when, .read = clock_when,
     MEANS("Which cases have it; one that starts at received knows only the channel",
           "适用的案件；自 received 起的只知道渠道", "適用的案件；自 received 起的只知道管道")},
    {"within", false, KIND_LENGTH, .read = own_within,
     MEANS("How long it may take", "限时", "時限長度")},
    {"due-field", false, KIND_NAME, .thing = THING_FIELD, .read = clock_due_field,
     MEANS("Instead of within: the field of what starts it that says when it is due: an instant, "
           "or a date, at its last closing or, without hours, its end",
           "代替 within：开始计时的操作所填的到期时刻；或到期日，至当日最后下班时，当日无工作时间则至当日结束",
           "代替 within：開始計時的操作所填的到期時刻；或到期日，至當日最後下班時，當日無工作時間則至當日結束")},
    {"end-of-day", false, KIND_FLAG, .read = own_end_of_day,
     MEANS("Business days end at the end of the day, else at the same time of day",
           "工作日按当日结束计，否则到同一时刻", "工作日按當日結束計，否則到同一時刻")},
    {"roll", false, KIND_FLAG, .read = own_rolls,
     MEANS("A due time in a closed hour goes on to the next opening", "落在非工作时间则顺延至下次开始",
           "落在非工作時間則順延至下次開始")},
    {"calendar", true, KIND_NAME, .thing = THING_CALENDAR, .read = own_calendar,
     MEANS("Whose hours and days count", "按哪个日历计", "依哪個行事曆計")},
    {"targets", false, KIND_LIST, .min = 0, .max = POLICY_TARGETS_MAX, .part = &language_target,
     .read = clock_targets,
     MEANS("Other targets for some cases; the first that fits", "部分案件的其他时限；先符合者为准",
           "部分案件的其他時限；先符合者為準")},
    {"extension", false, KIND_PART, .part = &language_extension, .read = clock_extension,
     MEANS("How it may be given more time", "如何延长", "如何延長")},
    {"pauses-for-customer", false, KIND_FLAG, .read = clock_pauses,
     MEANS("Stands still in steps that wait for the customer", "等待客户的环节中暂停", "等待客戶的環節中暫停")},
    {"statutory", false, KIND_FLAG, .read = clock_statutory,
     MEANS("Set by law: never stands still, and time in which the case was closed or merged counts",
           "法定时限：从不暂停，结案或合并期间照计", "法定時限：從不暫停，結案或合併期間照計")},
    {"takes-back", false, KIND_FLAG, .read = clock_takes_back,
     MEANS("Its breach takes back an offer that was not accepted", "超时则收回未被接受的指派",
           "逾時則收回未被接受的指派")},
    {"pauses-in", false, KIND_NAMES, .thing = THING_STEP, .read = clock_pauses_in,
     MEANS("Stands still in these steps", "在这些环节暂停", "在這些環節暫停")},
    {"runs-in", false, KIND_NAMES, .thing = THING_STEP, .read = clock_runs_in,
     MEANS("Counts only in these steps", "仅在这些环节计时", "僅在這些環節計時")},
    {"on-boundary", false, KIND_WORD, .words = boundaries, .read = clock_boundary,
     MEANS("What a due time on a boundary is", "到期恰在边界时如何取", "到期恰在邊界時如何取")},
    {"due-cleared-when", false, KIND_WORDS, .words = cleared, .read = clock_cleared,
     MEANS("When no due time is shown", "何时不显示到期时间", "何時不顯示到期時間")},
    {"due-hidden-in", false, KIND_NAMES, .thing = THING_STEP, .read = clock_hidden_in,
     MEANS("Steps in which its due time is not shown", "不显示到期时间的环节", "不顯示到期時間的環節")},
    {"unknown-notify", false, KIND_NAME, .thing = THING_ROLE, .read = clock_unknown,
     MEANS("Role that is told when the due time cannot be computed", "无法计算到期时间时通知的角色",
           "無法計算到期時間時通知的角色")},
    {"levels", true, KIND_LIST, .min = 1, .max = POLICY_LEVELS_MAX, .part = &language_level,
     .read = clock_levels,
     MEANS("What happens when, in that order", "何时做什么，按先后", "何時做什麼，依先後")},
};
const struct language_part language_clock = {
    "clock", "a clock", KEYS(clock_keys),
    MEANS("A deadline: what starts and stops it, how long it may take, what happens then",
           "时限：起止、长短、到时做什么", "時限：起止、長短、到時做什麼")};

static const struct language_key calendar_keys[] = {
    {"title", false, KIND_TITLE, .read = calendar_title,
     MEANS("What people read; its name if not said", "显示给人看的名称，不写则为其名字",
           "顯示給人看的名稱，不寫則為其名字")},
    {"zone", true, KIND_ZONE, .read = calendar_zone,
     MEANS("Its time zone", "时区", "時區")},
    {"always", false, KIND_FLAG, .read = calendar_always,
     MEANS("Always open, instead of hours", "全天候，代替 hours", "全天候，代替 hours")},
    {"hours", false, KIND_WEEK, .read = calendar_week,
     MEANS("Hours of the week; midnight at the end is 24:00", "每周工作时间；一天末的零点写 24:00",
           "每週工作時間；一天末的零點寫 24:00")},
    {"make-up", false, KIND_HOURS, .read = calendar_make_up,
     MEANS("Hours of a worked day off; those of Monday if not said", "调休上班日的时间；不写则同周一",
           "補班日的時間；不寫則同週一")},
    {"closed", false, KIND_DATES, .read = calendar_closed,
     MEANS("Dates without hours", "休息日期", "休息日期")},
    {"open", false, KIND_DATED, .read = calendar_open,
     MEANS("Dates with hours of their own", "另定时间的日期", "另定時間的日期")},
    {"breaks", false, KIND_DATED, .read = calendar_breaks,
     MEANS("Times left out of a date", "某日除外的时间", "某日除外的時間")},
    {"holidays", false, KIND_FILES, .read = calendar_holidays,
     MEANS("Sets of holidays", "假日集", "假日集")},
};
const struct language_part language_calendar = {
    "calendar", "a calendar", KEYS(calendar_keys),
    MEANS("Working hours and holidays", "工作时间与假日", "工作時間與假日")};

static const struct language_key calendar_file_keys[] = {
    {"calendar", true, KIND_ID, .read = file_id,
     MEANS("Its name", "名字", "名字")},
    {"title", false, KIND_TITLE, .read = calendar_title,
     MEANS("What people read; its name if not said", "显示给人看的名称，不写则为其名字",
           "顯示給人看的名稱，不寫則為其名字")},
    {"source", false, KIND_TEXT, .read = file_origin,
     MEANS("Where it is from", "来源", "來源")},
    {"zone", true, KIND_ZONE, .read = calendar_zone,
     MEANS("Its time zone", "时区", "時區")},
    {"always", false, KIND_FLAG, .read = calendar_always,
     MEANS("Always open, instead of hours", "全天候，代替 hours", "全天候，代替 hours")},
    {"hours", false, KIND_WEEK, .read = calendar_week,
     MEANS("Hours of the week; midnight at the end is 24:00", "每周工作时间；一天末的零点写 24:00",
           "每週工作時間；一天末的零點寫 24:00")},
    {"make-up", false, KIND_HOURS, .read = calendar_make_up,
     MEANS("Hours of a worked day off; those of Monday if not said", "调休上班日的时间；不写则同周一",
           "補班日的時間；不寫則同週一")},
    {"closed", false, KIND_DATES, .read = calendar_closed,
     MEANS("Dates without hours", "休息日期", "休息日期")},
    {"open", false, KIND_DATED, .read = calendar_open,
     MEANS("Dates with hours of their own", "另定时间的日期", "另定時間的日期")},
    {"breaks", false, KIND_DATED, .read = calendar_breaks,
     MEANS("Times left out of a date", "某日除外的时间", "某日除外的時間")},
    {"holidays", false, KIND_FILES, .read = calendar_holidays,
     MEANS("Sets of holidays", "假日集", "假日集")},
};
const struct language_part language_calendar_file = {
    "calendar-file", "a calendar", KEYS(calendar_file_keys),
    MEANS("A calendar in a file of its own", "独立文件中的日历", "獨立檔案中的行事曆")};

static const struct language_key holiday_set_keys[] = {
    {"holidays", true, KIND_ID, .read = file_id,
     MEANS("Its name", "名字", "名字")},
    {"title", false, KIND_TITLE, .read = calendar_title,
     MEANS("What people read; its name if not said", "显示给人看的名称，不写则为其名字",
           "顯示給人看的名稱，不寫則為其名字")},
    {"source", true, KIND_TEXT, .read = file_origin,
     MEANS("Where it is from", "来源", "來源")},
    {"off", true, KIND_DATED, .read = set_off,
     MEANS("Days off, each with its name", "放假日，各带名称", "放假日，各帶名稱")},
    {"worked", false, KIND_DATED, .read = set_worked,
     MEANS("Worked days, each with its name", "上班日，各带名称", "上班日，各帶名稱")},
};
const struct language_part language_holiday_set = {
    "holiday-set", "a set of holidays", KEYS(holiday_set_keys),
    MEANS("A file of holidays", "假日文件", "假日檔案")};

/* clang-format on */
