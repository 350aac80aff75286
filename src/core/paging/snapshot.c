/* The policy as it was when a page began, as JSON in the page's row. */
#include "core/paging/internal.h"
#include "lang/json.h"

static void write_targets(Buf *buf, const SetupTarget *targets, size_t count) {
  buf_putc(buf, '[');
  for (size_t i = 0; i < count; i++)
    buf_format(buf, "%s[%d,%lld]", i ? "," : "", (int)targets[i].kind, (long long)targets[i].id);
  buf_putc(buf, ']');
}

Str snapshot_json(Arena *arena, const SetupPolicy *policy) {
  Buf buf = buf_new(arena, KIB(64));
  buf_format(&buf,
             "{\"repeat\":%lld,\"ack_timeout_s\":%lld,\"version\":%lld,\"on_empty\":%d,"
             "\"page_newcomers\":%s,\"stop_previous\":%s,\"exhausted\":",
             (long long)policy->repeat, (long long)policy->ack_timeout_s, (long long)policy->version,
             (int)policy->on_empty, policy->page_newcomers ? "true" : "false",
             policy->stop_previous ? "true" : "false");
  write_targets(&buf, policy->exhausted, policy->exhausted_count);
  buf_puts(&buf, ",\"levels\":[");
  for (size_t i = 0; i < policy->level_count; i++) {
    const SetupLevel *level = &policy->levels[i];
    buf_format(&buf, "%s{\"wait_s\":%lld,\"attempts\":%lld,\"round_robin\":%s,\"until_resolved\":%s,", i ? "," : "",
               (long long)level->wait_s, (long long)level->attempts, level->round_robin ? "true" : "false",
               level->until_resolved ? "true" : "false");
    if (level->when.kind == VALUE_MAP) {
      buf_puts(&buf, "\"when\":");
      json_write(&buf, &level->when);
      buf_putc(&buf, ',');
    }
    buf_puts(&buf, "\"targets\":");
    write_targets(&buf, level->targets, level->target_count);
    buf_putc(&buf, '}');
  }
  buf_puts(&buf, "]}");
  return buf_str(&buf);
}

Str snapshot_of_targets(Arena *arena, const SetupTarget *targets, size_t count) {
  SetupLevel level = {
      .targets = (SetupTarget *)(uintptr_t)targets, .target_count = count, .wait_s = 300, .attempts = 1};
  SetupPolicy policy = {.levels = &level, .level_count = 1, .repeat = 3, .page_newcomers = true};
  return snapshot_json(arena, &policy);
}

Str snapshot_of_owners(Arena *arena, const SetupOrg *org) {
  SetupTarget *targets = ARENA_ARRAY(arena, SetupTarget, org->owner_count + 1);
  for (size_t i = 0; i < org->owner_count; i++) targets[i] = (SetupTarget){TARGET_USER, org->owner_ids[i]};
  return snapshot_of_targets(arena, targets, org->owner_count);
}

static SetupTarget *read_targets(Arena *arena, const Value *list, size_t *out_count) {
  size_t count = value_is(list, VALUE_LIST) ? list->size : 0;
  SetupTarget *targets = ARENA_ARRAY(arena, SetupTarget, count + 1);
  for (size_t i = 0; i < count; i++)
    targets[i] = (SetupTarget){(TargetKind)value_int_or(value_at(value_at(list, i), 0), 0),
                               value_int_or(value_at(value_at(list, i), 1), 0)};
  *out_count = count;
  return targets;
}

bool snapshot_read(Arena *arena, Str json, Snapshot *out, Error *err) {
  Value value = value_null();
  if (!json_parse(arena, json, NULL, &value, err)) return error_prefix(err, "a page's policy: ");
  const Value *levels = value_get_c(&value, "levels");
  *out = (Snapshot){.repeat = value_int_or(value_get_c(&value, "repeat"), 3),
                    .ack_timeout_s = value_int_or(value_get_c(&value, "ack_timeout_s"), 0),
                    .version = value_int_or(value_get_c(&value, "version"), 0),
                    .on_empty = (OnEmpty)value_int_or(value_get_c(&value, "on_empty"), ON_EMPTY_NEXT),
                    .page_newcomers = value_bool_or(value_get_c(&value, "page_newcomers"), true),
                    .stop_previous = value_bool_or(value_get_c(&value, "stop_previous"), false)};
  out->exhausted = read_targets(arena, value_get_c(&value, "exhausted"), &out->exhausted_count);
  out->level_count = value_is(levels, VALUE_LIST) ? levels->size : 0;
  out->levels = ARENA_ARRAY(arena, SetupLevel, out->level_count + 1);
  for (size_t i = 0; i < out->level_count; i++) {
    const Value *level = value_at(levels, i);
    out->levels[i].wait_s = value_int_or(value_get_c(level, "wait_s"), 300);
    out->levels[i].attempts = value_int_or(value_get_c(level, "attempts"), 1);
    out->levels[i].round_robin = value_bool_or(value_get_c(level, "round_robin"), false);
    const Value *when = value_get_c(level, "when");
    out->levels[i].until_resolved = value_bool_or(value_get_c(level, "until_resolved"), false);
    out->levels[i].when = value_is(when, VALUE_MAP) ? *when : value_null();
    out->levels[i].targets = read_targets(arena, value_get_c(level, "targets"), &out->levels[i].target_count);
  }
  return true;
}

static void hand_over(SetupTarget *targets, size_t *count, i64 from_id, i64 to_id) {
  bool there = false;
  size_t kept = 0;
  for (size_t i = 0; i < *count; i++) there = there || (targets[i].kind == TARGET_USER && targets[i].id == to_id);
  for (size_t i = 0; i < *count; i++) {
    bool theirs = targets[i].kind == TARGET_USER && targets[i].id == from_id;
    if (theirs && there) continue;
    targets[kept++] = theirs ? (SetupTarget){TARGET_USER, to_id} : targets[i];
    there = there || theirs;
  }
  *count = kept;
}

bool snapshot_hand_over(Arena *arena, Str json, i64 from_id, i64 to_id, Str *out, Error *err) {
  Snapshot s = {0};
  if (!snapshot_read(arena, json, &s, err)) return false;
  for (size_t i = 0; i < s.level_count; i++) hand_over(s.levels[i].targets, &s.levels[i].target_count, from_id, to_id);
  hand_over(s.exhausted, &s.exhausted_count, from_id, to_id);
  SetupPolicy policy = {.version = s.version,
                        .levels = s.levels,
                        .level_count = s.level_count,
                        .repeat = s.repeat,
                        .exhausted = s.exhausted,
                        .exhausted_count = s.exhausted_count,
                        .ack_timeout_s = s.ack_timeout_s,
                        .on_empty = s.on_empty,
                        .page_newcomers = s.page_newcomers,
                        .stop_previous = s.stop_previous};
  *out = snapshot_json(arena, &policy);
  return true;
}
