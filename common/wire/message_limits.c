#include "message_limits.h"

/* Depths are those of the protos plus one level to grow; counts are several times what an honest
 * sender needs. */
const struct prescan_limits limits_submission = {
    .size_max = LIMIT_SUBMISSION_SIZE, .depth_max = 3, .fields_max = 64, .unknown_max = 16};
const struct prescan_limits limits_command = {
    .size_max = LIMIT_COMMAND_SIZE, .depth_max = 4, .fields_max = 256, .unknown_max = 16};
const struct prescan_limits limits_live = {
    .size_max = LIMIT_LIVE_SIZE, .depth_max = 4, .fields_max = 16384, .unknown_max = 64};
const struct prescan_limits limits_event = {
    .size_max = LIMIT_EVENT_SIZE, .depth_max = 4, .fields_max = 512, .unknown_max = 64};
const struct prescan_limits limits_reply = {
    .size_max = LIMIT_REPLY_SIZE, .depth_max = 4, .fields_max = 8192, .unknown_max = 64};
