/* The table; see policy_language.h.  A key stands below those whose names it uses. */
#include "policy_language_rows.h"
#include "policy_read.h"
#include "policy_text.h"

/* clang-format off */
static const struct language_key role_keys[] = {
    TITLE_KEY(role_read),
    {"outside", false, KIND_FLAG, INTO(role_read, outside), .fallback = "no",
     MEANS("Held by people outside the organisation: the customer, a regulator; any other role is "
           "for those of the organisation who hold it",
           "由组织以外的人担任：客户、监管机构等；其他角色只由组织中担任者办理",
           "由組織以外的人擔任：客戶、主管機關等；其他角色只由組織中擔任者辦理")},
};
const struct language_part language_role = {
    "role", "a role", KEYS(role_keys), STRUCT(role_read),
    MEANS("Somebody who acts", "办理案件的角色", "辦理案件的角色")};

static const struct language_key channel_keys[] = {
    TITLE_KEY(policy_channel),
    {"acknowledged-by-receipt", false, KIND_FLAG, INTO(policy_channel, acknowledged_by_receipt),
     .fallback = "no",
     MEANS("Whether the complainant hears the case number at once",
           "投诉人当场得知受理编号", "投訴人當場得知受理編號")},
};
static const struct language_part channel_part = {
    "channel", "a channel", KEYS(channel_keys), TITLED(policy_channel),
    MEANS("A way by which complaints come in", "投诉的来源渠道", "投訴的來源管道")};

static const struct language_key category_keys[] = {
    {"title", true, KIND_TITLE, .read = read_category_title,
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"patterns", false, KIND_PATTERNS, .read = read_category_patterns,
     MEANS("Texts that match belong here; matched in small letters, half width, simplified "
           "characters",
           "文本符合即归此类；按小写、半角、简体匹配", "文字符合即歸此類；依小寫、半形、簡體比對")},
    {"kinds", false, KIND_ROWS, .part = &language_category, .read = read_category_kinds,
     MEANS("Categories beneath it", "下级类别", "下級類別")},
};
const struct language_part language_category = {
    "category", "a category", KEYS(category_keys),
    MEANS("What a complaint is about", "投诉的内容类别", "投訴的內容類別")};

static const struct language_key class_keys[] = {
    TITLE_KEY(policy_class),
    {"from", false, KIND_NUMBER, INTO(policy_class, from_score), BETWEEN(-100000, 100000),
     MEANS("Score from which a case is in it; the last class has none and takes every other",
           "达到此分值即属此级；最后一级不写，收纳其余",
           "達到此分值即屬此級；最後一級不寫，收納其餘")},
    {"priority", true, KIND_NUMBER, INTO(policy_class, priority), BETWEEN(1, 5),
     MEANS("1 is the most urgent", "1 为最急", "1 為最急")},
};
static const struct language_part class_part = {
    "class", "a class", KEYS(class_keys), TITLED(policy_class), .begin = class_begin,
    MEANS("How grave a case is; the gravest stands first", "严重程度，最重的写在最前",
          "嚴重程度，最重的寫在最前")};

/* What a rule may look at: where what is decided says which of them. */
#define WHEN_CHANNELS \
    {"channels", false, KIND_NAMES, INTO(policy_when, channels), .thing = THING_CHANNEL, \
     MEANS("It came by one of these", "来自其中一个渠道", "來自其中一個管道")}
#define WHEN_CLASSES \
    {"classes", false, KIND_NAMES, INTO(policy_when, classes), .thing = THING_CLASS, \
     MEANS("It is of one of these classes", "属于其中一级", "屬於其中一級")}
#define WHEN_CATEGORIES \
    {"categories", false, KIND_INDEXES, INTO(policy_when, categories), \
     .count_into = offsetof(struct policy_when, category_count), .thing = THING_CATEGORY, \
     MEANS("It is about one of these, or a kind of them", "属于其中一类（含下级）", \
           "屬於其中一類（含下級）")}
#define WHEN_REPEATS \
    {"repeats", false, KIND_NUMBER, INTO(policy_when, repeats_min), BETWEEN(1, 1000), \
     MEANS("The customer complained so many times before within the repeat window", \
           "客户在重复期内此前至少投诉过这么多次", "客戶在重複期內此前至少投訴過這麼多次")}
#define WHEN_PATTERNS \
    {"patterns", false, KIND_NAMES, .thing = THING_PATTERN, .read = read_when_patterns, \
     MEANS("One of these patterns is in its text", "文本符合其中一个模式", \
           "文字符合其中一個樣式")}
#define WHEN_FIELDS \
    {"fields", false, KIND_LIST, \
     ROWS(policy_when, compares, compare_count, 1, POLICY_COMPARES_MAX), \
     .part = &language_compare, \
     MEANS("What was filled in before and kept is as all of these say", \
           "此前填写并保留的字段均符合", "此前填寫並保留的欄位均符合")}
#define WHEN_MEANS \
    MEANS("What has to hold; every part that is given", "须同时成立的条件", \
          "須同時成立的條件")

static const struct language_key when_any_keys[] = {
    WHEN_CHANNELS, WHEN_CLASSES, WHEN_CATEGORIES, WHEN_REPEATS, WHEN_PATTERNS, WHEN_FIELDS,
};
static const struct language_part when_any = {.name = "condition", KEYS(when_any_keys)};

static const struct language_key when_scored_keys[] = {
    WHEN_CHANNELS, WHEN_CATEGORIES, WHEN_REPEATS, WHEN_PATTERNS,
};
static const struct language_part factor_when = {
    "condition-of-factor", "a condition", KEYS(when_scored_keys), .wider = &when_any,
    .cannot = "a factor cannot look at", .end = when_end, WHEN_MEANS};
static const struct language_part override_when = {
    "condition-of-override", "a condition", KEYS(when_scored_keys), .wider = &when_any,
    .cannot = "an override cannot look at", .end = when_end, WHEN_MEANS};

static const struct language_key when_routed_keys[] = {
    WHEN_CHANNELS, WHEN_CLASSES, WHEN_CATEGORIES, WHEN_REPEATS, WHEN_FIELDS,
};
static const struct language_part route_when = {
    "condition-of-route", "a condition", KEYS(when_routed_keys), .wider = &when_any,
    .cannot = "a route cannot look at", .end = when_end, WHEN_MEANS};

const struct language_part language_acted_when = {
    "condition-of-requirement", "a condition", KEYS(when_routed_keys), .wider = &when_any,
    .cannot = "a requirement cannot look at", .end = when_end, WHEN_MEANS};

static const struct language_key when_clocked_keys[] = {
    WHEN_CHANNELS, WHEN_CLASSES, WHEN_CATEGORIES,
};
const struct language_part language_clock_when = {
    "condition-of-clock", "a condition", KEYS(when_clocked_keys), .wider = &when_any,
    .cannot = "a clock cannot look at", .end = when_end, WHEN_MEANS};

static const struct language_key when_measured_keys[] = {
    WHEN_CHANNELS, WHEN_CATEGORIES,
};
const struct language_part language_measure_when = {
    "condition-of-measure", "a condition", KEYS(when_measured_keys), .wider = &when_any,
    .cannot = "a measure cannot look at", .end = when_end, WHEN_MEANS};

static const struct language_key factor_keys[] = {
    TITLE_KEY(policy_factor),
    {"when", true, KIND_PART, INTO(policy_factor, when), .part = &factor_when, WHEN_MEANS},
    {"points", true, KIND_NUMBER, INTO(policy_factor, points), BETWEEN(-1000, 1000),
     MEANS("Added to the severity score", "计入严重分值", "計入嚴重分值")},
};
static const struct language_part factor_part = {
    "factor", "a factor", KEYS(factor_keys), TITLED(policy_factor),
    MEANS("What makes a case graver, or milder", "使案件更重或更轻的因素",
          "使案件更重或更輕的因素")};

static const struct language_key override_keys[] = {
    {"when", true, KIND_PART, INTO(policy_override, when), .part = &override_when, WHEN_MEANS},
    {"class", true, KIND_NAME, INTO(policy_override, class_index), .thing = THING_CLASS,
     MEANS("This class at least, whatever the score", "不论分值，至少为此级",
           "不論分值，至少為此級")},
};
static const struct language_part override_part = {
    "override", "an override", KEYS(override_keys), STRUCT(policy_override),
    MEANS("A rule that is stronger than the score", "优先于分值的规则", "優先於分值的規則")};

static const char *const pushes[] = {"no", "least-load", NULL};
static const struct language_key queue_keys[] = {
    TITLE_KEY(policy_queue),
    {"push", false, KIND_WORD, INTO(policy_queue, push), .words = pushes, .fallback = "no",
     MEANS("To whom its cases are offered by themselves: of those who could claim one, whoever "
           "holds the least of what he may; without it they wait for who claims them",
           "案件自动派给谁：可领取者中在办案件占上限比例最低的人；不写则等人领取",
           "案件自動派給誰：可領取者中在辦案件佔上限比例最低的人；不寫則等人領取")},
};
static const struct language_part queue_part = {
    "queue", "a queue", KEYS(queue_keys), TITLED(policy_queue),
    MEANS("Where cases wait for somebody", "案件等待领取的队列", "案件等待領取的佇列")};

static const struct language_key route_keys[] = {
    {"when", false, KIND_PART, INTO(policy_route, when), .part = &route_when, WHEN_MEANS},
    {"queue", true, KIND_NAME, INTO(policy_route, queue), .thing = THING_QUEUE,
     MEANS("Where it then waits", "此时进入的队列", "此時進入的佇列")},
};
static const struct language_part route_part = {
    "route", "a route", KEYS(route_keys), STRUCT(policy_route),
    MEANS("Which queue a case goes to; the first that fits decides, the last has no 'when'",
          "案件进哪个队列；先符合者为准，最后一条不写 when",
          "案件進哪個佇列；先符合者為準，最後一條不寫 when")};

static const struct language_key choice_keys[] = {TITLE_KEY(policy_choice)};
static const struct language_part choice_part = {
    "choice", "a choice", KEYS(choice_keys), TITLED(policy_choice),
    MEANS("A value the field may have", "字段可取的值", "欄位可取的值")};

static const char *const field_types[] = {"text", "number", "money", "date", "choice", "yes-no",
                                          "instant", "hash", NULL};
static const struct language_key field_keys[] = {
    TITLE_KEY(policy_field),
    {"type", false, KIND_WORD, INTO(policy_field, type), .words = field_types, .fallback = "text",
     MEANS("What it holds; a hash is that of a file, taken where the file is (redress act --field "
           "NAME=@FILE): evidence is known again by it",
           "内容类型；hash 为文件的哈希，在文件所在处计算（redress act --field 名称=@文件），凭此核对证据",
           "內容類型；hash 為檔案的雜湊，於檔案所在處計算（redress act --field 名稱=@檔案），憑此核對證據")},
    {"decimals", false, KIND_NUMBER, INTO(policy_field, decimals), BETWEEN(0, 4),
     MEANS("Digits behind the point: of money 2, of numbers 0 if not said",
           "小数位数：金额默认 2，数字默认 0", "小數位數：金額預設 2，數字預設 0")},
    {"min", false, KIND_BOUND, INTO(policy_field, min), .read = read_field_min,
     MEANS("The least; of a text the fewest characters", "最小值；文本为最少字数",
           "最小值；文字為最少字數")},
    {"max", false, KIND_BOUND, INTO(policy_field, max), .read = read_field_max,
     MEANS("The most; of a text the most characters", "最大值；文本为最多字数",
           "最大值；文字為最多字數")},
    {"pattern", false, KIND_TEXT, INTO(policy_field, picture), .read = read_field_picture,
     MEANS("Form of a text: 9 a digit, A a capital, a a small letter, X letter or digit, ? "
         "anything, "
           "+ one or more of the one before, \\ the next as it is",
           "文本格式：9 数字，A 大写字母，a 小写字母，X 字母或数字，? 任意，+ 前一个可重复，\\ 后一个照字面",
           "文字格式：9 數字，A 大寫字母，a 小寫字母，X 字母或數字，? 任意，+ 前一個可重複，\\ 後一個照字面")},
    {"unit", false, KIND_TEXT, INTO(policy_field, unit), BETWEEN(1, POLICY_NAME_MAX - 1),
     MEANS("Currency or unit, shown beside it", "显示在旁的币种或单位", "顯示在旁的幣別或單位")},
    {"choices", false, KIND_ROWS, ROWS(policy_field, choices, choice_count, 1, POLICY_CHOICES_MAX),
     .part = &choice_part,
     MEANS("The values of a choice", "可选的值", "可選的值")},
    {"kept", false, KIND_FLAG, INTO(policy_field, kept), .fallback = "no",
     MEANS("Its last value stays with the case, for rules to look at", "最后填写的值留在案件中，供规则使用",
           "最後填寫的值留在案件中，供規則使用")},
    {"recuses", false, KIND_FLAG, INTO(policy_field, recuses), .fallback = "no",
     MEANS("People it names, with commas between, may neither claim nor act",
           "其中写明的人（以逗号分隔）不得领取或办理", "其中寫明的人（以逗號分隔）不得領取或辦理")},
    {"personal", false, KIND_FLAG, INTO(policy_field, personal), .fallback = "no",
     MEANS("It holds a name, phone, address, account of somebody: sealed under the case's own key "
           "before it is stored, so that no rule and no text can look at it",
           "含个人信息（姓名、电话、地址、账号等）：保存前以本案密钥加密，规则与文本均不能引用",
           "含個人資料（姓名、電話、地址、帳號等）：儲存前以本案金鑰加密，規則與文字均不能引用")},
};
const struct language_part language_field = {
    "field", "a field", KEYS(field_keys), TITLED(policy_field), .begin = field_begin,
    .end = field_end,
    MEANS("What is filled in when an action is done", "办理时填写的字段", "辦理時填寫的欄位")};

static const struct language_key policy_keys[] = {
    {"policy", true, KIND_ID, INTO(policy, name),
     MEANS("Its name", "规则名", "規則名")},
    {"version", true, KIND_NUMBER, INTO(policy, version), BETWEEN(1, 1000000),
     MEANS("Its number; a change gets a new one", "版本号；有改动即换新号", "版本號；有改動即換新號")},
    {"uses", false, KIND_FILES, BETWEEN(1, POLICY_FILES_MAX), .read = read_uses,
     MEANS("Files it builds on, the later over the earlier and this one over all: mappings are "
         "laid "
           "over key by key, anything else is replaced, ~ takes out",
           "所依据的文件，后者盖前者，本文件盖全部：映射逐键覆盖，其余整体替换，~ 表示去掉",
           "所依據的檔案，後者蓋前者，本檔案蓋全部：對映逐鍵覆蓋，其餘整體替換，~ 表示去掉")},
    {"languages", false, KIND_WORDS, .words = policy_locale_names, .read = read_languages,
     MEANS("Languages in which every text has to be there", "每条文本必备的语言", "每條文字必備的語言")},
    {"title", true, KIND_TITLE, INTO(policy, title),
     MEANS("What people read", "显示给人看的名称", "顯示給人看的名稱")},
    {"capacity", true, KIND_NUMBER, INTO(policy, capacity), BETWEEN(1, 1000),
     MEANS("Cases one agent may hold at a time", "每人同时可在办的案件数", "每人同時可在辦的案件數")},
    {"repeat-window", true, KIND_DAYS, INTO(policy, repeat_days),
     MEANS("How long an earlier complaint of the same customer counts", "同一客户此前投诉计入的期间",
           "同一客戶此前投訴計入的期間")},
    {"reopen-window", true, KIND_DAYS, INTO(policy, reopen_days),
     MEANS("How long a closed case may be reopened", "结案后可重新打开的期间", "結案後可重新開啟的期間")},
    {"roles", true, KIND_NEW_NAMES, ROWS(policy, roles, role_count, 1, POLICY_ROLES_MAX),
     .thing = THING_ROLE, .part = &language_role, .read = read_roles,
     MEANS("Those who act: a list of names, or names with titles", "各角色：名字列表，或带名称",
           "各角色：名字清單，或帶名稱")},
    {"channels", true, KIND_ROWS, ROWS(policy, channels, channel_count, 1, POLICY_CHANNELS_MAX),
     .thing = THING_CHANNEL, .part = &channel_part,
     MEANS("Ways by which complaints come in", "投诉渠道", "投訴管道")},
    {"taxonomy", true, KIND_ROWS, ROWS(policy, categories, category_count, 1,
        POLICY_CATEGORIES_MAX),
     .thing = THING_CATEGORY, .part = &language_category, .read = read_taxonomy,
     MEANS("What complaints are about", "投诉类别", "投訴類別")},
    {"patterns", false, KIND_PATTERNS, BETWEEN(0, POLICY_CATEGORIES_MAX), .thing = THING_PATTERN,
     .read = read_patterns,
     MEANS("Further patterns, by name, that factors and overrides look at",
           "供因素与优先规则使用的其他模式", "供因素與優先規則使用的其他樣式")},
    {"classes", true, KIND_ROWS, ROWS(policy, classes, class_count, 1, POLICY_CLASSES_MAX),
     .thing = THING_CLASS, .part = &class_part, .check = classes_check,
     MEANS("Severity, the gravest first", "严重程度，最重的在前", "嚴重程度，最重的在前")},
    {"factors", false, KIND_ROWS, ROWS(policy, factors, factor_count, 0, POLICY_FACTORS_MAX),
     .thing = THING_FACTOR, .part = &factor_part,
     MEANS("What the severity score is made of", "严重分值的构成", "嚴重分值的構成")},
    {"overrides", false, KIND_LIST, ROWS(policy, overrides, override_count, 0, POLICY_RULES_MAX),
     .thing = THING_OVERRIDE, .part = &override_part,
     MEANS("Rules stronger than the score", "优先于分值的规则", "優先於分值的規則")},
    {"queues", true, KIND_ROWS, ROWS(policy, queues, queue_count, 1, POLICY_QUEUES_MAX),
     .thing = THING_QUEUE, .part = &queue_part,
     MEANS("Where cases wait", "队列", "佇列")},
    {"fields", false, KIND_ROWS, ROWS(policy, fields, field_count, 0, POLICY_FIELDS_MAX),
     .thing = THING_FIELD, .part = &language_field, .check = fields_check,
     MEANS("Fields that several actions ask for", "多个操作共用的字段", "多個操作共用的欄位")},
    {"routes", true, KIND_LIST, ROWS(policy, routes, route_count, 1, POLICY_RULES_MAX),
     .thing = THING_ROUTE, .part = &route_part, .check = routes_check,
     MEANS("Which queue a case goes to", "分派规则", "分派規則")},
    {"forms", false, KIND_ROWS, BETWEEN(0, POLICY_FORMS_MAX), .thing = THING_FIELD,
     .part = NULL, .read = read_forms,
     MEANS("Groups of fields, by name, that needs and asks may name", "字段组，可在 needs 与 asks 中引用",
           "欄位組，可在 needs 與 asks 中引用")},
    {"marks", false, KIND_ROWS, ROWS(policy, marks, mark_count, 0, POLICY_MARKS_MAX),
     .thing = THING_MARK, .part = &language_mark,
     MEANS("What is counted of each case", "每个案件的计数项", "每個案件的計數項")},
    {"tasks", false, KIND_ROWS, ROWS(policy, tasks, task_count, 0, POLICY_TASKS_MAX),
     .thing = THING_TASK, .part = &language_task,
     MEANS("Obligations a case may have", "案件可有的任务", "案件可有的任務")},
    {"replies", false, KIND_PART, .part = &language_replies,
     MEANS("What written replies must and must not say", "书面答复的要求", "書面答覆的要求")},
    {"texts", false, KIND_ROWS, ROWS(policy, texts, text_count, 0, POLICY_TEXTS_MAX),
     .thing = THING_TEXT, .part = &language_text,
     MEANS("What acknowledgements, interim news and replies are started from",
           "确认、进展告知与答复所采用的文本", "確認、進度告知與答覆所採用的文本")},
    {"deputies", false, KIND_LIST, ROWS(policy, deputies, deputy_count, 0, POLICY_ROLES_MAX),
     .part = &language_deputy,
     MEANS("Who may act in whose place", "谁可代理谁", "誰可代理誰")},
    {"calendars", true, KIND_ROWS, BETWEEN(0, POLICY_CALENDARS_MAX), .thing = THING_CALENDAR,
     .part = &language_calendar, .read = read_calendars,
     MEANS("Working hours and holidays", "工作时间与假日", "工作時間與假日")},
    {"closing", false, KIND_LIST,
     ROWS(policy, closing, closing_count, 0, POLICY_CLOSING_MAX),
     .part = &language_requirement, .check = closing_check,
     MEANS("What has to be so before a case is closed; where outcomes are not said: settled",
           "结案前须满足的要求；未写结果者指 settled", "結案前須滿足的要求；未寫結果者指 settled")},
    {"steps", true, KIND_ROWS, ROWS(policy, steps, step_count, 1, POLICY_STEPS_MAX),
     .thing = THING_STEP, .part = &language_step,
     MEANS("The life of a case", "案件的各个环节", "案件的各個環節")},
    {"skills", false, KIND_LIST, ROWS(policy, skills, skill_count, 0, POLICY_SKILLS_MAX),
     .part = &language_skill,
     MEANS("What cases ask of who claims them; asked only where an organisation was applied",
           "案件对领取人的技能要求；应用了组织文件才要求", "案件對認領人的技能要求；套用了組織檔才要求")},
    {"everywhere", false, KIND_ROWS, BETWEEN(0, POLICY_ACTIONS_MAX),
     .part = &language_everywhere, .read = read_everywhere,
     MEANS("Actions added to the steps that are no end; a step's own of that name comes first",
           "加到各未结案环节的操作；环节自有同名操作优先",
           "加到各未結案環節的操作；環節自有同名操作優先")},
    {"opening", true, KIND_PART, .part = &language_opening,
     MEANS("How a case begins", "案件如何开始", "案件如何開始")},
    {"clocks", true, KIND_ROWS, BETWEEN(0, POLICY_CLOCKS_MAX), .thing = THING_CLOCK,
     .part = &language_clock, .read = read_clocks,
     MEANS("Deadlines", "时限", "時限")},
    {"measures", false, KIND_ROWS, ROWS(policy, measures, measure_count, 0, POLICY_MEASURES_MAX),
     .part = &language_measure,
     MEANS("What the organisation is judged by; no case is", "考核指标，不影响任何案件",
           "考核指標，不影響任何案件")},
    {"readers", false, KIND_NAMES, INTO(policy, readers), .thing = THING_ROLE,
     MEANS("Roles that may read what is sealed of a case; left out: those that own a step. Each "
           "read is recorded before it is given out",
           "可查阅案件中加密内容的角色；不写则为各环节的负责角色。每次查阅先记录再给出",
           "可查閱案件中加密內容的角色；不寫則為各環節的負責角色。每次查閱先記錄再給出")},
    {"retention", false, KIND_PART, INTO(policy, retention), .part = &language_retention,
     MEANS("How long the personal data of a case is kept", "案件的个人信息保存多久",
           "案件的個人資料保存多久")},
};
const struct language_part language_policy = {
    "policy", "a policy", KEYS(policy_keys),
    MEANS("The file", "整个文件", "整個檔案")};
/* clang-format on */

const struct language_part *const language_parts[] = {&language_policy,
                                                      &language_role,
                                                      &channel_part,
                                                      &language_category,
                                                      &class_part,
                                                      &factor_part,
                                                      &factor_when,
                                                      &override_part,
                                                      &override_when,
                                                      &queue_part,
                                                      &route_part,
                                                      &route_when,
                                                      &language_field,
                                                      &choice_part,
                                                      &language_step,
                                                      &language_action,
                                                      &language_everywhere,
                                                      &language_opening,
                                                      &language_calendar,
                                                      &language_clock,
                                                      &language_clock_when,
                                                      &language_target,
                                                      &language_extension,
                                                      &language_level,
                                                      &language_acted_when,
                                                      &language_compare,
                                                      &language_mark,
                                                      &language_requirement,
                                                      &language_limit,
                                                      &language_task,
                                                      &language_reply_part,
                                                      &language_replies,
                                                      &language_deputy,
                                                      &language_skill,
                                                      &language_relax,
                                                      &language_text,
                                                      &language_measure,
                                                      &language_measure_when,
                                                      &language_measure_target,
                                                      &language_retention,
                                                      &language_erasing,
                                                      &language_ground,
                                                      &language_measure_duty,
                                                      NULL};

#define THING(word, list, number, type)                                                            \
    {                                                                                              \
        word, offsetof(struct policy, list), offsetof(struct policy, number), sizeof(type)         \
    }

const struct thing_row language_things[THING_COUNT] = {
    [THING_ROLE] = THING("role", roles, role_count, char[POLICY_NAME_MAX]),
    [THING_CHANNEL] = THING("channel", channels, channel_count, struct policy_channel),
    [THING_CATEGORY] = THING("category", categories, category_count, struct policy_category),
    [THING_PATTERN] = {"pattern", 0, 0, POLICY_NAME_MAX},
    [THING_CLASS] = THING("class", classes, class_count, struct policy_class),
    [THING_FACTOR] = THING("factor", factors, factor_count, struct policy_factor),
    [THING_OVERRIDE] = THING("override", overrides, override_count, struct policy_override),
    [THING_QUEUE] = THING("queue", queues, queue_count, struct policy_queue),
    [THING_ROUTE] = THING("route", routes, route_count, struct policy_route),
    [THING_FIELD] = THING("field", fields, field_count, struct policy_field),
    [THING_TASK] = THING("task", tasks, task_count, struct policy_task),
    [THING_TEXT] = THING("text", texts, text_count, struct policy_text),
    [THING_MARK] = THING("mark", marks, mark_count, struct policy_tally),
    [THING_STEP] = THING("step", steps, step_count, struct policy_step),
    [THING_CALENDAR] = THING("calendar", calendars, calendar_count, struct calendar),
    [THING_CLOCK] = THING("clock", clocks, clock_count, struct policy_clock),
};
