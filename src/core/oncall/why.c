/* Why somebody is on call, as one sentence. */
#include "core/oncall/oncall.h"

typedef struct Telling {
  Arena *arena;
  const Setup *setup;
  const Zone *zone;
  i64 at_ms;
  Buf out;
} Telling;

static Str name_of(const Telling *t, i64 user_id) {
  const SetupUser *user = setup_user(t->setup, user_id);
  return user ? user->name : id_text(t->arena, "usr", user_id);
}

/* "18:00" on the same day, else with the date. */
static void put_time(Telling *t, i64 ms) {
  Civil at = zone_to_local(t->zone, ms / 1000), from = zone_to_local(t->zone, t->at_ms / 1000);
  bool same_day = at.year == from.year && at.month == from.month && at.day == from.day;
  if (!same_day) buf_format(&t->out, "%04d-%02d-%02d ", (int)at.year, (int)at.month, (int)at.day);
  buf_format(&t->out, "%02d:%02d", (int)at.hour, (int)at.minute);
}

static void put_layers(Telling *t, const Cause *cause) {
  if (cause->layer_count == 0) buf_puts(&t->out, "nobody");
  for (size_t i = 0; i < cause->layer_count; i++) {
    const LayerCause *layer = &cause->layers[i];
    if (layer->fixed) {
      buf_format(&t->out, "%slayer %.*s, its shift %lld", i ? " and " : "", STR_ARG(layer->name),
                 (long long)layer->turn);
      continue;
    }
    buf_format(&t->out, "%slayer %.*s, turn %lld", i ? " and " : "", STR_ARG(layer->name), (long long)layer->turn);
    if (layer->turn != layer->given_turn)
      buf_format(&t->out, " in place of turn %lld, who are absent", (long long)layer->given_turn);
  }
}

static void put_override(Telling *t, const Override *o) {
  Str kind = str_from_c(o->kind), name = name_of(t, o->user_id);
  bool add = str_equal_c(kind, "add");
  if (add)
    buf_format(&t->out, "%.*s added until ", STR_ARG(name));
  else if (str_equal_c(kind, "remove"))
    buf_format(&t->out, "%.*s taken off until ", STR_ARG(name));
  else if (o->replaces_user_id)
    buf_format(&t->out, "cover of %.*s by %.*s until ", STR_ARG(name_of(t, o->replaces_user_id)), STR_ARG(name));
  else
    buf_format(&t->out, "cover by %.*s until ", STR_ARG(name));
  put_time(t, o->ends_ms);
  buf_puts(&t->out, add ? ", beside " : ", otherwise ");
}

static void put_block(Telling *t, const Block *block) {
  buf_format(&t->out, "fixed block %.*s until ", STR_ARG(block->name));
  put_time(t, block->ends_ms);
}

static void put_nobody(Telling *t, const LayerCause *nobody) {
  if (nobody->given_turn == 0)
    buf_puts(&t->out, "no layer has anybody then");
  else if (nobody->turn == 0)
    buf_format(&t->out, "all of layer %.*s are absent", STR_ARG(nobody->name));
  else if (nobody->fixed)
    buf_format(&t->out, "shift %lld of layer %.*s has nobody", (long long)nobody->turn, STR_ARG(nobody->name));
  else
    buf_format(&t->out, "turn %lld of layer %.*s is empty, on purpose", (long long)nobody->turn, STR_ARG(nobody->name));
}

Str oncall_why(Arena *arena, const Setup *setup, const Zone *zone, const Shift *shift) {
  Telling t = {arena, setup, zone, shift->starts_ms, buf_new(arena, KIB(64))};
  if (shift->user_count == 0) buf_puts(&t.out, "nobody: ");
  if (shift->cause.over) put_override(&t, shift->cause.over);
  if (shift->cause.block) {
    put_block(&t, shift->cause.block);
    if (shift->user_count == 0 && !shift->cause.over) return buf_puts(&t.out, " has nobody then"), buf_str(&t.out);
    buf_puts(&t.out, ", otherwise ");
  }
  if (shift->user_count == 0 && !shift->cause.over)
    put_nobody(&t, &shift->cause.nobody);
  else
    put_layers(&t, &shift->cause);
  return buf_str(&t.out);
}
