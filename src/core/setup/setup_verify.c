/* Proves that a picture that was patched row by row is the one that is built from the whole configuration: both are
 * written as text, and the first line that differs is named. Tests ask for it (`picture` of test control). */
#include "core/alerts/rule.h"
#include "core/identity/access.h"
#include "core/setup/internal.h"
#include "lang/json.h"

#include <stdlib.h>

static void put_int(Buf *out, i64 n) {
  buf_putc(out, ' ');
  buf_i64(out, n);
}
static void put_text(Buf *out, Str text) {
  buf_putc(out, ' ');
  buf_put(out, text);
}
static void put_value(Buf *out, Arena *arena, const Value *value) {
  put_text(out, json_text(arena, value));
}
static void put_zone(Buf *out, const Zone *zone) {
  put_text(out, zone ? zone_name(zone) : S("-"));
}

static void put_grants(Buf *out, const Grants *grants) {
  buf_putc(out, ' ');
  for (size_t i = 0; i < access_count(grants->access); i++) buf_putc(out, (char)('0' + grants->scopes[i]));
}

static void put_steps(Buf *out, const SetupSteps *steps) {
  for (size_t i = 0; i < steps->count; i++) {
    buf_puts(out, " step");
    put_int(out, steps->items[i].delay_s);
    for (size_t k = 0; k < steps->items[i].contact_count; k++) put_int(out, steps->items[i].contact_ids[k]);
  }
}

static void put_user(Buf *out, const SetupUser *u) {
  buf_puts(out, "user");
  put_int(out, u->id);
  put_int(out, u->org_id);
  put_int(out, u->role_id);
  put_text(out, u->name);
  put_text(out, u->email);
  put_text(out, u->role);
  put_text(out, u->status);
  put_zone(out, u->zone);
  put_grants(out, u->grants);
  buf_puts(out, " leads");
  for (size_t i = 0; i < u->led_count; i++) put_int(out, u->led_team_ids[i]);
  for (size_t i = 0; i < u->contact_count; i++) {
    const SetupContact *c = &u->contacts[i];
    put_int(out, c->id);
    put_text(out, c->kind);
    put_text(out, c->address);
    put_int(out, c->verified + 2 * c->broken);
  }
  put_steps(out, &u->high);
  buf_puts(out, " low");
  put_steps(out, &u->low);
  buf_putc(out, '\n');
}

static void put_org(Buf *out, const SetupOrg *org) {
  buf_puts(out, "organization");
  put_int(out, org->id);
  put_int(out, org->policy_id);
  put_text(out, org->name);
  put_zone(out, org->zone);
  buf_puts(out, " owners");
  for (size_t i = 0; i < org->owner_count; i++) put_int(out, org->owner_ids[i]);
  buf_putc(out, '\n');
  for (size_t i = 0; i < org->rule_count; i++) {
    const Rule *rule = org->rules[i];
    buf_puts(out, "rule");
    put_int(out, rule->id);
    put_int(out, rule->team_id);
    put_int(out, rule->position);
    put_text(out, rule->name);
    put_int(out, rule->enabled + 2 * rule->stop + 4 * rule->match_any + 8 * rule->has_threshold);
    put_int(out, (i64)(rule->action_count + 100 * rule->condition_count + 10000 * rule->integration_count));
    put_text(out, str_from_c(rule->broken));
    buf_putc(out, '\n');
  }
}

static void put_integration(Buf *out, const SetupIntegration *in) {
  buf_puts(out, "integration");
  put_int(out, in->id);
  put_int(out, in->org_id);
  put_int(out, in->team_id);
  put_int(out, in->service_id);
  put_int(out, in->policy_id);
  put_text(out, in->name);
  put_text(out, in->key);
  put_text(out, in->template_name);
  put_int(out, in->enabled + 2 * in->quiet + 4 * in->shared_space);
  put_int(out, in->default_priority);
  put_int(out, in->reopen_window_s);
  put_int(out, in->resolve_after_s);
  put_zone(out, in->zone);
  put_int(out, in->spec != NULL);
  put_int(out, in->settings.filter != NULL);
  buf_putc(out, '\n');
}

static void put_policy(Buf *out, const SetupPolicy *p) {
  buf_puts(out, "policy");
  put_int(out, p->id);
  put_int(out, p->team_id);
  put_int(out, p->version);
  put_text(out, p->name);
  put_text(out, p->urgency);
  for (size_t i = 0; i < p->level_count; i++) {
    put_int(out, p->levels[i].wait_s);
    for (size_t k = 0; k < p->levels[i].target_count; k++) put_int(out, p->levels[i].targets[k].id);
  }
  buf_putc(out, '\n');
}

static void put_key(Buf *out, Arena *arena, const SetupKey *key) {
  buf_puts(out, "key");
  put_int(out, key->id);
  put_int(out, key->user_id);
  put_text(out, key->hash);
  put_text(out, key->name);
  put_int(out, key->expires_ms);
  put_value(out, arena, &key->scopes);
  put_grants(out, key->grants);
  buf_putc(out, '\n');
}

static void put_service(Buf *out, Arena *arena, const SetupService *s) {
  buf_puts(out, "service");
  put_int(out, s->id);
  put_int(out, s->org_id);
  put_int(out, s->team_id);
  put_int(out, s->policy_id);
  put_text(out, s->slug);
  put_text(out, s->name);
  put_text(out, s->tier);
  put_text(out, s->urgency);
  put_int(out, s->failure_severity);
  put_value(out, arena, &s->labels);
  put_value(out, arena, &s->aliases);
  buf_putc(out, '\n');
}

static void put_names(Buf *out, const char *what, const SetupName *names, size_t count) {
  for (size_t i = 0; i < count; i++) {
    buf_puts(out, what);
    put_int(out, (i64)(names[i].hash >> 1));
    put_int(out, names[i].id);
    buf_putc(out, '\n');
  }
}

static void put_rest(Buf *out, Arena *arena, const Setup *s) {
  for (size_t i = 0; i < s->teams.count; i++) {
    const SetupTeam *team = &s->teams.items[i];
    buf_puts(out, "team");
    put_int(out, team->id);
    put_int(out, team->policy_id);
    put_text(out, team->name);
    for (size_t k = 0; k < team->member_count; k++) put_int(out, team->members[k].user_id * 2 + team->members[k].owner);
    buf_putc(out, '\n');
  }
  for (size_t i = 0; i < s->schedules.count; i++) {
    const SetupSchedule *schedule = &s->schedules.items[i];
    buf_puts(out, "schedule");
    put_int(out, schedule->id);
    put_int(out, schedule->team_id);
    put_text(out, schedule->name);
    put_zone(out, schedule->zone);
    put_value(out, arena, &schedule->layers);
    put_int(out, schedule->coverage);
    put_int(out, schedule->effective_ms);
    put_int(out, schedule->skip_absent);
    buf_putc(out, '\n');
  }
}

static Str picture_text(Arena *arena, const Setup *s) {
  Buf out = buf_new(arena, MIB(64));
  for (size_t i = 0; i < s->orgs.count; i++) put_org(&out, &s->orgs.items[i]);
  for (size_t i = 0; i < s->users_list.count; i++) put_user(&out, &s->users_list.items[i]);
  for (size_t i = 0; i < s->services.count; i++) put_service(&out, arena, &s->services.items[i]);
  for (size_t i = 0; i < s->policies.count; i++) put_policy(&out, &s->policies.items[i]);
  for (size_t i = 0; i < s->integrations.count; i++) put_integration(&out, &s->integrations.items[i]);
  for (size_t i = 0; i < s->keys.count; i++) put_key(&out, arena, &s->keys.items[i]);
  put_rest(&out, arena, s);
  put_names(&out, "service name", s->service_names.items, s->service_names.count);
  put_names(&out, "integration key", s->integration_keys.items, s->integration_keys.count);
  put_names(&out, "key hash", s->key_hashes.items, s->key_hashes.count);
  return buf_str(&out);
}

static bool compare(Str present, Str whole, Error *err) {
  while (present.len || whole.len) {
    Str left, right;
    if (!str_cut(present, '\n', &left, &present)) left = present, present = S("");
    if (!str_cut(whole, '\n', &right, &whole)) right = whole, whole = S("");
    if (!str_equal(left, right))
      return fail(err, ERR_INTERNAL, "the picture has \"%.*s\", the configuration \"%.*s\"", STR_ARG(left),
                  STR_ARG(right));
  }
  return true;
}

bool setup_verify(Cycle *cycle, void *ctx, Error *err) {
  App *app = cycle_app(cycle);
  (void)ctx;
  if (!setup_refresh(cycle, err)) return false;
  SetupBase base = {.arena = arena_new()};
  Setup *whole = xcalloc(1, sizeof *whole);
  whole->base = &base;
  bool same = setup_build(app, cycle->db, whole, err) &&
              compare(picture_text(cycle->arena, setup_current(app->setup)), picture_text(cycle->arena, whole), err);
  arena_free(base.arena);
  free(whole);
  return same;
}
