/* The part of the table that is about what is asked before something is done; see
 * policy_language.h. */
#include "policy_language_rows.h"
#include "policy_read.h"

/* clang-format off */
static const struct language_key compare_keys[] = {
    {"field", true, KIND_NAME, INTO(policy_compare, field), .thing = THING_FIELD,
     MEANS("A field that is kept", "保留在案件中的字段", "保留在案件中的欄位")},
    {"at-least", false, KIND_BOUND, INTO(policy_compare, min), .read = read_compare_min,
     MEANS("It is at least this", "至少为此", "至少為此")},
    {"at-most", false, KIND_BOUND, INTO(policy_compare, max), .read = read_compare_max,
     MEANS("It is at most this", "至多为此", "至多為此")},
    {"is", false, KIND_TEXTS, INTO(policy_compare, choices), .read = read_compare_is,
     MEANS("It is one of these: choices of the field, or yes or no", "为其中之一：该字段的选项，或 yes、no",
           "為其中之一：該欄位的選項，或 yes、no")},
};
const struct language_part language_compare = {
    "comparison", "a comparison", KEYS(compare_keys), STRUCT(policy_compare), .end = compare_end,
    MEANS("A field of the case and what it has to be", "案件的字段及其应有的值",
          "案件的欄位及其應有的值")};

static const struct language_key mark_keys[] = {
    {"title", true, KIND_TITLE, INTO(policy_tally, title),
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"per-round", false, KIND_FLAG, INTO(policy_tally, per_round), .fallback = "no",
     MEANS("Reopening begins at nought again", "重新打开后从零计起", "重新開啟後從零計起")},
};
const struct language_part language_mark = {
    "mark", "a mark", KEYS(mark_keys), TITLED(policy_tally),
    MEANS("What is counted of a case: how often it was done, and by whom", "案件上计数的事项：做过几次、由谁做",
          "案件上計數的事項：做過幾次、由誰做")};

static const char *const since[] = {"received", "opened", "step", "closed", "implemented", NULL};
static const struct language_key requirement_keys[] = {
    {"mark", false, KIND_NAME, INTO(policy_requirement, mark), .thing = THING_MARK,
     MEANS("This was done", "此事已做", "此事已做")},
    {"times", false, KIND_NUMBER, INTO(policy_requirement, times), BETWEEN(0, 250),
     MEANS("So often at least; once if not said", "至少这么多次，不写为一次", "至少這麼多次，不寫為一次")},
    {"persons", false, KIND_NUMBER, INTO(policy_requirement, persons), BETWEEN(1, 15),
     MEANS("By so many different people at least", "至少由这么多不同的人", "至少由這麼多不同的人")},
    {"no-more-than", false, KIND_NUMBER, INTO(policy_requirement, at_most), BETWEEN(0, 250),
     MEANS("And so often at most; of complaints-of-same: at most so many, none if not said",
           "至多这么多次；与 complaints-of-same 同写时为至多这么多件，不写为零",
           "至多這麼多次；與 complaints-of-same 同寫時為至多這麼多件，不寫為零")},
    {"complaints-of-same", false, KIND_NAME, INTO(policy_requirement, same), .thing = THING_FIELD,
     MEANS("Other complaints that have the same choice in this kept field are counted in the "
           "archive, of all versions of this policy, registered after what 'since' names; those "
           "merged into another, not founded, not ours or malicious do not count",
           "在档案中统计此保留字段的选项与本案相同的其他投诉：本规则各版本，于 since 所指时刻之后登记；"
           "已并入他案、不成立、非我方责任、恶意的不计",
           "在檔案中統計此保留欄位的選項與本案相同的其他投訴：本規則各版本，於 since 所指時刻之後登記；"
           "已併入他案、不成立、非我方責任、惡意的不計")},
    {"not-by-who-did", false, KIND_NAME, INTO(policy_requirement, not_by), .thing = THING_MARK,
     MEANS("Whoever acts has not done this", "办理人未做过此事", "辦理人未做過此事")},
    {"task", false, KIND_NAME, INTO(policy_requirement, task), .thing = THING_TASK,
     MEANS("None of these obligations is open", "此类任务均已了结", "此類任務均已了結")},
    {"field", false, KIND_NAME, INTO(policy_requirement, compare.field), .thing = THING_FIELD,
     MEANS("A field of the action's form, or one that is kept", "本操作填写的或保留的字段",
           "本操作填寫的或保留的欄位")},
    {"at-least", false, KIND_BOUND, INTO(policy_requirement, compare.min),
     .read = read_required_min,
     MEANS("It is at least this", "至少为此", "至少為此")},
    {"at-most", false, KIND_BOUND, INTO(policy_requirement, compare.max),
     .read = read_required_max,
     MEANS("It is at most this", "至多为此", "至多為此")},
    {"is", false, KIND_TEXTS, INTO(policy_requirement, compare.choices), .read = read_required_is,
     MEANS("It is one of these: choices of the field, or yes or no", "为其中之一：该字段的选项，或 yes、no",
           "為其中之一：該欄位的選項，或 yes、no")},
    {"same-channel", false, KIND_FLAG, INTO(policy_requirement, same_channel), .fallback = "no",
     MEANS("It names the channel the complaint came by", "与投诉来源渠道相同", "與投訴來源管道相同")},
    {"before", false, KIND_LENGTH, .read = read_required_before,
     MEANS("Not later than so long after what 'since' names", "不晚于 since 所指时刻之后这么久",
           "不晚於 since 所指時刻之後這麼久")},
    {"after", false, KIND_LENGTH, .read = read_required_after,
     MEANS("Not earlier than that", "不早于该时刻", "不早於該時刻")},
    {"since", false, KIND_WORD, INTO(policy_requirement, window.since), .words = since,
     .fallback = "received",
     MEANS("What before, after and complaints-of-same count from: receipt, opening, coming into "
           "the step, closing, the last action of fact implemented",
           "before、after、complaints-of-same 的起算时刻：受理、立案、进入当前环节、结案、"
           "最近一次事实为 implemented 的操作",
           "before、after、complaints-of-same 的起算時刻：受理、立案、進入目前環節、結案、"
           "最近一次事實為 implemented 的操作")},
    {"calendar", false, KIND_NAME, INTO(policy_requirement, window.calendar),
     .thing = THING_CALENDAR,
     MEANS("Whose hours and days count", "按哪个日历计", "依哪個行事曆計")},
    {"end-of-day", false, KIND_FLAG, INTO(policy_requirement, window.end_of_day), .fallback = "no",
     MEANS("Business days end at the end of the day, else at the same time of day",
           "工作日按当日结束计，否则到同一时刻", "工作日按當日結束計，否則到同一時刻")},
    {"by", false, KIND_NAMES, INTO(policy_requirement, roles), .thing = THING_ROLE,
     MEANS("Asked only of these roles", "仅对这些角色要求", "僅對這些角色要求")},
    {"outcomes", false, KIND_WORDS, INTO(policy_requirement, outcomes),
     .words = policy_outcome_names + 1, .read = read_required_outcomes,
     MEANS("Of closing: asked only where the case ends so", "结案要求：仅限这些结果",
           "結案要求：僅限這些結果")},
    {"when", false, KIND_PART, INTO(policy_requirement, when), .part = &language_acted_when,
     MEANS("What has to hold; every part that is given", "须同时成立的条件", "須同時成立的條件")},
    {"title", false, KIND_TITLE, INTO(policy_requirement, title),
     MEANS("What people are told where it does not hold; made of what is asked for if not said",
           "不符合时告知的文字；不写则由所要求的内容组成", "不符合時告知的文字；不寫則由所要求的內容組成")},
};
const struct language_part language_requirement = {
    "requirement", "a requirement", KEYS(requirement_keys), STRUCT(policy_requirement),
    .begin = requirement_begin, .end = requirement_end,
    MEANS("What has to be so first", "须先满足的要求", "須先滿足的要求")};

static const char *const blocked[] = {"closing", "nothing", NULL};
static const struct language_key task_keys[] = {
    {"title", true, KIND_TITLE, INTO(policy_task, title),
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"of", false, KIND_NAME, INTO(policy_task, role), .thing = THING_ROLE,
     MEANS("Whose it is", "由谁办理", "由誰辦理")},
    {"blocks", false, KIND_WORD, INTO(policy_task, blocks_nothing), .words = blocked,
     .fallback = "closing",
     MEANS("What it stands in the way of while one is open", "未了结时阻止什么", "未了結時阻止什麼")},
    {"at-once", false, KIND_NUMBER, INTO(policy_task, at_once), BETWEEN(1, POLICY_AT_ONCE_MAX),
     .fallback = "8",
     MEANS("So many may be open at a time", "最多可同时开立几项", "最多可同時開立幾項")},
};
const struct language_part language_task = {
    "task", "a task", KEYS(task_keys), TITLED(policy_task),
    MEANS("An obligation of a case: actions open it and settle it", "案件的任务：由操作开立、了结",
          "案件的任務：由操作開立、了結")};

static const struct language_key reply_part_keys[] = {
    {"title", true, KIND_TITLE, INTO(policy_reply_part, title),
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"any-of", true, KIND_TEXTS, INTO(policy_reply_part, phrases), .read = read_part_phrases,
     MEANS("It is there when one of these is", "出现其中之一即为具备", "出現其中之一即為具備")},
};
const struct language_part language_reply_part = {
    "reply-part", "a part", KEYS(reply_part_keys), TITLED(policy_reply_part),
    MEANS("What a written reply has to say", "书面答复必须写到的内容", "書面答覆必須寫到的內容")};

static const struct language_key reply_keys[] = {
    {"forbidden-phrases", false, KIND_TEXTS, .read = read_forbidden,
     MEANS("Phrases no reply may have; blanks, width, capitals and traditional characters aside",
           "答复中不得出现的用语；不计空白、全半角、大小写与繁简",
           "答覆中不得出現的用語；不計空白、全半形、大小寫與繁簡")},
    {"parts", false, KIND_ROWS, .into = offsetof(struct policy, reply_parts),
     .size = sizeof(((struct policy *)0)->reply_parts),
     .count_into = offsetof(struct policy, reply_part_count), .min = 0, .max = 16,
     .part = &language_reply_part,
     MEANS("What every reply has to say", "每份答复必须写到的内容", "每份答覆必須寫到的內容")},
};
const struct language_part language_replies = {
    "replies", "replies", KEYS(reply_keys),
    MEANS("The note of an action of fact replied", "事实为 replied 的操作所附文字",
          "事實為 replied 的操作所附文字")};

static const struct language_key text_keys[] = {
    {"title", true, KIND_TITLE, INTO(policy_text, title),
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"says", true, KIND_TITLE, INTO(policy_text, says), .read = read_text_says,
     MEANS("What it says; filled in: {number}, {received}, {today}, {channel}, {category}, "
           "{class}, {due:CLOCK}, and {FIELD} for what the action needs; {{ is a brace",
           "文本内容；可填入 {number}、{received}、{today}、{channel}、{category}、{class}、"
           "{due:时限}，及操作必填的 {字段}；{{ 为花括号本身",
           "文本內容；可填入 {number}、{received}、{today}、{channel}、{category}、{class}、"
           "{due:時限}，及操作必填的 {欄位}；{{ 為大括號本身")},
};
const struct language_part language_text = {
    "text", "a text", KEYS(text_keys), TITLED(policy_text),
    MEANS("What a note may be started from, in each language", "各语言的文本，供所附文字采用",
          "各語言的文本，供所附文字採用")};

static const struct language_key deputy_keys[] = {
    {"of", true, KIND_NAME, INTO(policy_deputy, of), .thing = THING_ROLE,
     MEANS("Instead of this role", "代理此角色", "代理此角色")},
    {"by", true, KIND_NAMES, INTO(policy_deputy, roles), .thing = THING_ROLE,
     MEANS("These may do what it may, within its limits if they have none of their own",
           "这些角色可代为办理，自身未设权限上限者从其上限", "這些角色可代為辦理，自身未設權限上限者從其上限")},
};
const struct language_part language_deputy = {
    "deputy", "a deputy", KEYS(deputy_keys), STRUCT(policy_deputy),
    MEANS("Who may act in whose place", "谁可代理谁", "誰可代理誰")};

static const char *const case_languages[] = {"zh-CN", "zh-TW", "en", "other", NULL};
static const struct language_key relax_keys[] = {
    {"after", true, KIND_LENGTH, INTO(policy_relax, after_s), .read = read_relax_after,
     MEANS("When the case has been in its step so long", "在环节中等待达到此时长后", "在環節中等待達到此時長後")},
    {"level", false, KIND_NUMBER, INTO(policy_relax, level), BETWEEN(0, POLICY_LEVEL_MAX - 1),
     MEANS("This level is enough; left out, the skill is not asked for any more",
           "此等级即可；不写则不再要求该技能", "此等級即可；不寫則不再要求該技能")},
};
const struct language_part language_relax = {
    "relaxing", "a relaxing", KEYS(relax_keys), STRUCT(policy_relax),
    MEANS("How much less is asked as a case waits", "随等待降低要求", "隨等待降低要求")};

static const struct language_key skill_keys[] = {
    {"skill", true, KIND_ID, INTO(policy_skill, skill),
     MEANS("As the organisation calls it", "技能名，与组织文件一致", "技能名，與組織檔一致")},
    {"level", false, KIND_NUMBER, INTO(policy_skill, level), BETWEEN(1, POLICY_LEVEL_MAX),
     .fallback = "1",
     MEANS("At least so much of it: 1 a little … 5 a master", "至少此等级：1 略懂 … 5 精通",
           "至少此等級：1 略懂 … 5 精通")},
    {"languages", false, KIND_WORDS, INTO(policy_skill, languages), .words = case_languages,
     .read = read_skill_languages,
     MEANS("Of complaints written in one of these", "仅限以这些语言写的投诉", "僅限以這些語言寫的投訴")},
    {"when", false, KIND_PART, INTO(policy_skill, when), .part = &language_acted_when,
     MEANS("What has to hold; every part that is given", "须同时成立的条件", "須同時成立的條件")},
    {"steps", false, KIND_NAMES, INTO(policy_skill, steps), .thing = THING_STEP,
     .read = read_skill_steps,
     MEANS("Only in these steps", "仅限这些环节", "僅限這些環節")},
    {"relax", false, KIND_LIST, .into = offsetof(struct policy_skill, relax),
     .size = sizeof(((struct policy_skill *)0)->relax),
     .count_into = offsetof(struct policy_skill, relax_count), .min = 1, .max = POLICY_RELAX_MAX,
     .in_place = true, .part = &language_relax,
     MEANS("What is asked for less and less, so that nobody waits for ever",
           "逐步放宽，以免无人可领", "逐步放寬，以免無人可領")},
};
const struct language_part language_skill = {
    "skill", "a skill", KEYS(skill_keys), STRUCT(policy_skill), .end = skill_end,
    MEANS("A skill that is asked of who claims a case", "领取案件所需的技能", "認領案件所需的技能")};

static const struct language_key limit_keys[] = {
    {"by", true, KIND_NAME, INTO(policy_limit, role), .thing = THING_ROLE,
     MEANS("This role", "此角色", "此角色")},
    {"field", true, KIND_NAME, INTO(policy_limit, field), .thing = THING_FIELD,
     MEANS("Of this field", "对此字段", "對此欄位")},
    {"at-most", true, KIND_BOUND, INTO(policy_limit, most), .read = read_limit_most,
     MEANS("May decide at most this", "至多可决定此数", "至多可決定此數")},
};
const struct language_part language_limit = {
    "limit", "a limit", KEYS(limit_keys), STRUCT(policy_limit),
    MEANS("How much a role may decide; a role without one has none", "角色的权限上限；未写者无上限",
          "角色的權限上限；未寫者無上限")};
/* clang-format on */
