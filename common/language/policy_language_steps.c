/* The part of the table that is about the life of a case: steps and what may be done in them; see
 * policy_language.h. */
#include "policy_language_rows.h"
#include "policy_read.h"

/* clang-format off */
#define ACTION_KEYS \
    TITLE_KEY(policy_action), \
    {"fact", true, KIND_FACT, INTO(policy_action, fact), \
     MEANS("What it records in the journal", "记入日志的事实", "記入日誌的事實")}, \
    {"by", true, KIND_NAMES, INTO(policy_action, roles), .thing = THING_ROLE, \
     MEANS("Roles that may do it", "可办理的角色", "可辦理的角色")}, \
    {"to", false, KIND_NAME, INTO(policy_action, to_step), .thing = THING_STEP, \
     MEANS("The step that follows; stays where it is if not said", "之后的环节；不写则留在原处", \
           "之後的環節；不寫則留在原處")}, \
    {"queue", false, KIND_NAME, INTO(policy_action, queue), .thing = THING_QUEUE, \
     .words = by_routes, .read = read_action_queue, \
     MEANS("The case leaves its agent for this queue, or the one the routes give", \
           "案件离开经办人，进入此队列或按分派规则", "案件離開經辦人，進入此佇列或依分派規則")}, \
    {"needs", false, KIND_ROWS, .part = &language_field, .thing = THING_FIELD, \
     BETWEEN(0, POLICY_NEEDS_MAX), .read = read_action_needs, \
     MEANS("Fields that have to be filled in: names of fields, or fields that stand here", \
           "必填字段：字段名，或就地写出的字段", "必填欄位：欄位名，或就地寫出的欄位")}, \
    {"asks", false, KIND_ROWS, .part = &language_field, .thing = THING_FIELD, \
     BETWEEN(0, POLICY_NEEDS_MAX), .read = read_action_asks, \
     MEANS("Fields that may be filled in", "可填字段", "可填欄位")}, \
    {"same-person-may-not", false, KIND_FLAG, INTO(policy_action, same_person_may_not), \
     .fallback = "no", \
     MEANS("Whoever did the step before may not do this (four eyes)", "上一环节的办理人不得办理（双人复核）", \
           "上一環節的辦理人不得辦理（雙人複核）")}, \
    {"marks", false, KIND_NAMES, INTO(policy_action, marks), .thing = THING_MARK, \
     MEANS("What it counts as", "计入的计数项", "計入的計數項")}, \
    {"requires", false, KIND_LIST, \
     ROWS(policy_action, requirements, require_count, 1, POLICY_REQUIREMENTS_MAX), \
     .part = &language_requirement, \
     MEANS("What has to be so before it may be done", "办理前须满足的要求", "辦理前須滿足的要求")}, \
    {"moves-when", false, KIND_LIST, \
     ROWS(policy_action, moves, move_count, 1, POLICY_REQUIREMENTS_MAX), \
     .part = &language_requirement, \
     MEANS("It leads on only when these hold once it is done; till then the case stays", \
           "办理后符合这些才进入下一环节，否则留在原处", "辦理後符合這些才進入下一環節，否則留在原處")}, \
    {"limits", false, KIND_LIST, \
     ROWS(policy_action, limits, limit_count, 1, POLICY_LIMITS_MAX), .part = &language_limit, \
     MEANS("How much each role may decide", "各角色的权限上限", "各角色的權限上限")}, \
    {"opens", false, KIND_NAMES, INTO(policy_action, opens), .thing = THING_TASK, \
     MEANS("Obligations of which it opens one more", "开立的任务", "開立的任務")}, \
    {"settles", false, KIND_NAMES, INTO(policy_action, settles), .thing = THING_TASK, \
     MEANS("Obligations of which it settles one", "了结的任务", "了結的任務")}, \
    {"texts", false, KIND_NAMES, INTO(policy_action, texts), .thing = THING_TEXT, \
     MEANS("What its note may be started from", "所附文字可采用的文本", "所附文字可採用的文本")}, \
    {"gives", false, KIND_FLAG, INTO(policy_action, gives), .fallback = "no", \
     MEANS("The case goes to whom the field 'agent' names", "案件交给 agent 字段所写的人", \
           "案件交給 agent 欄位所寫的人")}, \
    {"even-if-concerned", false, KIND_FLAG, INTO(policy_action, even_if_concerned), \
     .fallback = "no", \
     MEANS("People the complaint names may do it, too", "被投诉的人也可办理", "被投訴的人也可辦理")}, \
    {"outcome", false, KIND_WORD, INTO(policy_action, outcome), .words = policy_outcome_names + 1, \
     .read = read_action_outcome, \
     MEANS("How the case ends with it; settled, or withdrawn by that fact, if not said", \
           "结案结果；不写为 settled，事实为 withdrawn 时为 withdrawn", \
           "結案結果；不寫為 settled，事實為 withdrawn 時為 withdrawn")}

static const char *const by_routes[] = {"by-routes", NULL};
static const struct language_key action_keys[] = {ACTION_KEYS};
const struct language_part language_action = {
    "action", "an action", KEYS(action_keys), TITLED(policy_action), .end = action_end,
    MEANS("What may be done in a step", "环节中可做的操作", "環節中可做的操作")};

static const struct language_key everywhere_keys[] = {
    ACTION_KEYS,
    {"only-in", false, KIND_NAMES, .thing = THING_STEP, .read = read_only_in,
     MEANS("Only in these steps", "仅限这些环节", "僅限這些環節")},
};
const struct language_part language_everywhere = {
    "shared-action", "an action", KEYS(everywhere_keys), TITLED(policy_action), .end = action_end,
    MEANS("An action of several steps; of all but the ends, if not said otherwise",
          "多个环节共用的操作；不另说明则为所有未结案环节",
          "多個環節共用的操作；不另說明則為所有未結案環節")};

static const struct language_key step_keys[] = {
    TITLE_KEY(policy_step),
    {"phase", true, KIND_WORD, INTO(policy_step, phase), .words = policy_phase_names,
     MEANS("Of ISO 10002; 'closed' makes it an end", "ISO 10002 的阶段；closed 即为终点",
           "ISO 10002 的階段；closed 即為終點")},
    {"owner", true, KIND_NAME, INTO(policy_step, owner_role), .thing = THING_ROLE,
     MEANS("Role whose work it is", "负责的角色", "負責的角色")},
    {"waits-for-customer", false, KIND_FLAG, INTO(policy_step, waits_for_customer),
     .fallback = "no",
     MEANS("Clocks that pause for the customer stand still here", "等待客户，此处相应时限暂停",
           "等待客戶，此處相應時限暫停")},
    {"not-by-earlier-handler", false, KIND_FLAG, INTO(policy_step, other_handler),
     .fallback = "no",
     MEANS("Who held the case in an earlier step may not claim it here (independent review)",
           "此前环节的经办人不得领取（独立复核）", "此前環節的經辦人不得領取（獨立複核）")},
    {"affinity", false, KIND_LENGTH, INTO(policy_step, affinity_s), .read = read_step_affinity,
     MEANS("So long after it came here a case is kept for who held it in this role before: back "
           "from approval, reopened, or the customer's next one",
           "到达后在此时长内留给此前以本角色经办的人：审批退回、重新打开、同一客户再次投诉",
           "到達後在此時長內留給此前以本角色經辦的人：簽核退回、重新開啟、同一客戶再次投訴")},
    {"key-accounts", false, KIND_LENGTH, INTO(policy_step, key_account_s),
     .read = read_step_key_accounts,
     MEANS("So long the case of a key account is kept for its manager, whom the organisation names",
           "大客户的案件在此时长内留给组织文件所定的客户经理",
           "大客戶的案件在此時長內留給組織檔所定的客戶經理")},
    {"actions", true, KIND_ROWS, ROWS(policy_step, actions, action_count, 0, POLICY_ACTIONS_MAX),
     .in_place = true, .part = &language_action,
     MEANS("What may be done in it", "可做的操作", "可做的操作")},
};
const struct language_part language_step = {
    "step", "a step", KEYS(step_keys), TITLED(policy_step), .end = step_end,
    MEANS("Where a case stands in its life", "案件所处的环节", "案件所處的環節")};

static const struct language_key opening_keys[] = {
    {"step", true, KIND_NAME, INTO(policy, first_step), .thing = THING_STEP,
     MEANS("Where a case begins", "案件的起始环节", "案件的起始環節")},
    {"unsure-step", true, KIND_NAME, INTO(policy, triage_step), .thing = THING_STEP,
     MEANS("Where it begins when a person has to classify it", "需人工分类时的起始环节",
           "需人工分類時的起始環節")},
    {"unsure-queue", true, KIND_NAME, INTO(policy, triage_queue), .thing = THING_QUEUE,
     MEANS("And the queue it then waits in", "此时所在的队列", "此時所在的佇列")},
};
const struct language_part language_opening = {
    "opening", "opening", KEYS(opening_keys),
    MEANS("How a case begins", "案件如何开始", "案件如何開始")};
/* clang-format on */
