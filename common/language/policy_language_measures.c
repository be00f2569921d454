/* The part of the table that is about what an organisation is judged by; see policy_language.h. */
#include "policy_language_rows.h"
#include "policy_read.h"

/* clang-format off */
/* Read into the measure itself. */
static const struct language_key measure_target_keys[] = {
    {"at-least", false, KIND_BOUND, .read = read_measure_least,
     MEANS("It is at least this: 95%, 4.5, 2 days", "至少为此：95%、4.5、2 days",
           "至少為此：95%、4.5、2 days")},
    {"at-most", false, KIND_BOUND, .read = read_measure_most,
     MEANS("It is at most this: 5%, 10000, 36h", "至多为此：5%、10000、36h",
           "至多為此：5%、10000、36h")},
};
const struct language_part language_measure_target = {
    "target-of-measure", "a target", KEYS(measure_target_keys), .end = measure_target_end,
    MEANS("What a measure is meant to be: one of the two", "指标应达到的数值，两者取一",
          "指標應達到的數值，兩者取一")};

/* Likewise. */
static const struct language_key measure_duty_keys[] = {
    {"from", false, KIND_NUMBER, INTO(policy_measure, duty.from), BETWEEN(1, 1000000000),
     MEANS("From so many on; every period if not said", "达到此数即须履行，不写则每期均须履行",
           "達到此數即須履行，不寫則每期均須履行")},
    {"within", false, KIND_LENGTH, .read = read_measure_within,
     MEANS("By the end of which business day after the period: 30 business days",
           "期间结束后第几个工作日之内：30 business days",
           "期間結束後第幾個工作日之內：30 business days")},
    {"calendar", false, KIND_NAME, INTO(policy_measure, duty.calendar), .thing = THING_CALENDAR,
     MEANS("Whose business days", "按哪个日历的工作日", "依哪個行事曆的工作日")},
};
const struct language_part language_measure_duty = {
    "duty-of-measure", "a duty", KEYS(measure_duty_keys), .end = measure_duty_end,
    MEANS("What is owed for a period: a report, a publication", "一期结束后应履行的义务：报告、公布",
          "一期結束後應履行的義務：報告、公布")};

static const char *const between[] = {"channels", NULL};
static const struct language_key measure_keys[] = {
    TITLE_KEY(policy_measure),
    {"what", true, KIND_WORD, INTO(policy_measure, what), .words = measure_words,
     MEANS("What is counted: for a hundred, in-time, of a clock's verdicts; closed-as, of closings "
           "those with these outcomes; closed-at-once, of closings those straight from the step "
           "in which cases open; closed, closings for cases opened; reopened, reopenings for "
           "closings; repeated, of complaints those of a customer who complained before; "
           "answered, of a field's answers these; else mean and sum of a field's answers; "
           "mean-time and median-time spent in a phase, the latter within 5 %; opened, how many "
           "cases were opened; closings, how many were closed",
           "统计内容：百分比为 in-time 时限按时率；closed-as 结案中属所列结果的占比；closed-at-once "
           "在受理环节当即办结的占比；closed 结案数与新开案件数之比；reopened 重开数与结案数之比；repeated "
           "重复投诉占比；answered 某字段中属所列答案的占比；其他为 mean、sum 某字段的平均值、合计；mean-time、"
           "median-time 在某阶段用时的平均值、中位数（误差 5 % 以内）；opened 新开案件数；closings 结案数",
           "統計內容：百分比為 in-time 時限如期率；closed-as 結案中屬所列結果的占比；closed-at-once "
           "在受理環節當即辦結的占比；closed 結案數與新開案件數之比；reopened 重開數與結案數之比；repeated "
           "重複投訴占比；answered 某欄位中屬所列答案的占比；其他為 mean、sum 某欄位的平均值、合計；mean-time、"
           "median-time 在某階段耗時的平均值、中位數（誤差 5 % 以內）；opened 新開案件數；closings 結案數")},
    {"clock", false, KIND_NAME, INTO(policy_measure, clock), .thing = THING_CLOCK,
     MEANS("Whose verdicts", "哪个时限", "哪個時限")},
    {"outcomes", false, KIND_WORDS, INTO(policy_measure, outcomes),
     .words = policy_outcome_names + 1, .read = read_measure_outcomes,
     MEANS("Closings that count", "计入的结果", "計入的結果")},
    {"among", false, KIND_WORDS, INTO(policy_measure, among),
     .words = policy_outcome_names + 1, .read = read_measure_among,
     MEANS("Out of closings with these outcomes alone; out of all if not said",
           "仅在这些结果的结案中计算，不写则为全部", "僅在這些結果的結案中計算，不寫則為全部")},
    {"field", false, KIND_NAME, INTO(policy_measure, answer.field), .thing = THING_FIELD,
     MEANS("Whose answers; what was answered before a policy measured it is not known",
           "哪个字段；规则写入指标之前的答案不计", "哪個欄位；規則寫入指標之前的答案不計")},
    {"is", false, KIND_TEXTS, INTO(policy_measure, answer.choices), .read = read_measure_is,
     MEANS("Answers that count: choices of the field, or yes or no", "计入的答案：该字段的选项，或 yes、no",
           "計入的答案：該欄位的選項，或 yes、no")},
    {"score", false, KIND_BOUND, INTO(policy_measure, answer.min), .read = read_measure_score,
     MEANS("Or: answers of a score that are at least this", "或：至少为此分的答案",
           "或：至少為此分的答案")},
    {"phase", false, KIND_WORD, INTO(policy_measure, phase), .words = policy_phase_names,
     MEANS("Time in which phase", "哪个阶段的用时", "哪個階段的耗時")},
    {"period", false, KIND_WORD, INTO(policy_measure, period), .words = measure_periods,
     .fallback = "month",
     MEANS("Over how long, in the zone of the policy's first calendar; a week begins on Monday",
           "统计期间，按规则首个日历的时区；每周自周一起", "統計期間，依規則首個行事曆的時區；每週自週一起")},
    {"where", false, KIND_PART, INTO(policy_measure, where), .part = &language_measure_when,
     MEANS("Of which cases; of all if not said", "统计哪些案件，不写则为全部", "統計哪些案件，不寫則為全部")},
    {"between", false, KIND_WORD, .words = between, .read = read_measure_between,
     MEANS("Not the value itself but the largest difference of it between two channels",
           "不看数值本身，而看各渠道之间的最大差距", "不看數值本身，而看各管道之間的最大差距")},
    {"target", false, KIND_PART, .part = &language_measure_target,
     MEANS("What it is meant to be", "目标", "目標")},
    {"duty", false, KIND_PART, .part = &language_measure_duty,
     MEANS("Instead of a target, of opened: what is owed for the period",
           "opened 可不设目标，改写一期应履行的义务",
           "opened 可不設目標，改寫一期應履行的義務")},
    {"owner", false, KIND_NAME, INTO(policy_measure, owner), .thing = THING_ROLE,
     MEANS("Who sees it without asking when a target is missed or a duty has begun: redress status "
           "and top name this role. What more cases can only make worse is said while the period "
           "runs, all else when it is over",
           "未达目标或义务发生时无须查询即告知的角色，redress status、top 会写明；"
           "只增不减的数目在期间内即告知，其余待期间结束",
           "未達目標或義務發生時無須查詢即告知的角色，redress status、top 會寫明；"
           "只增不減的數目在期間內即告知，其餘待期間結束")},
};
const struct language_part language_measure = {
    "measure", "a measure", KEYS(measure_keys), TITLED(policy_measure), .end = measure_end,
    MEANS("An indicator the organisation is judged by; redress measures shows it",
          "考核指标，由 redress measures 显示", "考核指標，由 redress measures 顯示")};
/* clang-format on */
