/* Who hears of cover requests: the one who is asked, else everybody of the schedule; the owners when an absence leaves
 * shifts open; who asked, when it is taken; and both, when that is taken back. All of it by the low-urgency rule. */
#include "core/oncall/cover_internal.h"
#include "core/paging/notify.h"

enum { TOLD_MAX = 100 };

typedef struct Readers {
  i64 ids[TOLD_MAX];
  size_t count;
} Readers;

static void add_reader(const Setup *setup, Readers *readers, i64 id, i64 but_id) {
  const SetupUser *user = setup_user(setup, id);
  if (!user || id == but_id || str_equal_c(user->status, "deactivated") || readers->count == TOLD_MAX) return;
  for (size_t i = 0; i < readers->count; i++)
    if (readers->ids[i] == id) return;
  readers->ids[readers->count++] = id;
}

static void add_members(const Setup *setup, const SetupSchedule *schedule, i64 but_id, Readers *out) {
  for (size_t l = 0; value_is(&schedule->layers, VALUE_LIST) && l < schedule->layers.size; l++) {
    const Value *members = value_get_c(value_at(&schedule->layers, l), "members");
    for (size_t t = 0; value_is(members, VALUE_LIST) && t < members->size; t++) {
      const Value *set = value_at(members, t);
      for (size_t i = 0; value_is(set, VALUE_LIST) && i < set->size; i++) {
        i64 id = 0;
        if (id_parse("usr", value_text_or(value_at(set, i), STR_NONE), &id)) add_reader(setup, out, id, but_id);
      }
    }
  }
}

static Str span_for(Arena *arena, const Setup *setup, const SetupSchedule *schedule, i64 reader_id, const Shift *when) {
  const SetupUser *user = setup_user(setup, reader_id);
  const Zone *zone = user && user->zone ? user->zone : schedule->zone;
  return str_format(arena, "%.*s to %.*s (%.*s to %.*s)", STR_ARG(zone_text_ms(arena, zone, when->starts_ms)),
                    STR_ARG(zone_text_ms(arena, zone, when->ends_ms)), STR_ARG(time_text_ms(arena, when->starts_ms)),
                    STR_ARG(time_text_ms(arena, when->ends_ms)));
}

/* Whose shift becomes whose, for both halves. */
static Str swap_text(Arena *arena, const Setup *setup, const SetupSchedule *schedule, i64 reader_id, i64 user_id,
                     i64 other_id, const Shift *when, const Shift *back) {
  Str user = cover_person(arena, setup, user_id), other = cover_person(arena, setup, other_id);
  return str_format(arena, "%.*s's shift goes to %.*s: %.*s\n%.*s's shift goes to %.*s: %.*s", STR_ARG(user),
                    STR_ARG(other), STR_ARG(span_for(arena, setup, schedule, reader_id, when)), STR_ARG(other),
                    STR_ARG(user), STR_ARG(span_for(arena, setup, schedule, reader_id, back)));
}

static bool tell(Cycle *cycle, i64 org_id, i64 user_id, const char *purpose, Str title, Str text, Error *err) {
  size_t queued = 0;
  NotifyText what = {
      .org_id = org_id, .user_id = user_id, .purpose = purpose, .low = true, .title = title, .text = text};
  return notify_text(cycle, &what, &queued, err);
}

bool cover_tell_asked(Cycle *cycle, const Setup *setup, const CoverNews *news, Error *err) {
  Arena *arena = cycle->arena;
  Readers readers = {0};
  Str name = cover_person(arena, setup, news->user_id);
  if (news->asked_id)
    add_reader(setup, &readers, news->asked_id, news->user_id);
  else
    add_members(setup, news->schedule, news->user_id, &readers);
  for (size_t i = 0; i < readers.count; i++) {
    Str title = str_format(arena, "%.*s asks %s: %.*s", STR_ARG(name),
                           news->back ? "to swap shifts with you" : "for somebody in their place",
                           STR_ARG(news->schedule->name));
    Str more = news->count > 1 ? str_format(arena, ", and %zu more", news->count - 1) : S("");
    Str when = news->back ? swap_text(arena, setup, news->schedule, readers.ids[i], news->user_id, news->asked_id,
                                      news->first, news->back)
                          : span_for(arena, setup, news->schedule, readers.ids[i], news->first);
    Str text = str_format(arena, "%.*s%.*s\n\n%.*s%sTake it or look at it: %s/schedules/%.*s", STR_ARG(when),
                          STR_ARG(more), STR_ARG(news->message), news->message.len ? "\n\n" : "",
                          cycle_app(cycle)->public_url, STR_ARG(news->schedule->slug));
    if (!tell(cycle, news->schedule->org_id, readers.ids[i], "cover_request", title, text, err)) return false;
  }
  return true;
}

bool cover_tell_owners(Cycle *cycle, const Setup *setup, const CoverNews *news, Error *err) {
  Arena *arena = cycle->arena;
  Finding f = finding_of(cycle);
  Snapshot none = {0};
  People owners = {0};
  Str name = cover_person(arena, setup, news->user_id);
  if (!exhausted_users(&f, &none, news->schedule->org_id, news->schedule->team_id, &owners, err)) return false;
  for (size_t i = 0; i < owners.count; i++) {
    Str title = str_format(arena, "%.*s is away: %zu shift%s of %.*s need%s somebody", STR_ARG(name), news->count,
                           news->count == 1 ? "" : "s", STR_ARG(news->schedule->name), news->count == 1 ? "s" : "");
    Str text = str_format(arena,
                          "The first: %.*s.\n\nCover requests are open; until one is taken %.*s is still on call: "
                          "%s/schedules/%.*s",
                          STR_ARG(span_for(arena, setup, news->schedule, owners.ids[i], news->first)), STR_ARG(name),
                          cycle_app(cycle)->public_url, STR_ARG(news->schedule->slug));
    if (!tell(cycle, news->schedule->org_id, owners.ids[i], "absence", title, text, err)) return false;
  }
  return true;
}

static bool tell_swapped(Cycle *cycle, const Setup *setup, const SetupSchedule *schedule, const Cover *cover,
                         i64 taker_id, Error *err) {
  Arena *arena = cycle->arena;
  Shift when = {.starts_ms = MAX(cover->starts_ms, cycle->now_ms), .ends_ms = cover->ends_ms},
        back = {.starts_ms = MAX(cover->return_starts_ms, cycle->now_ms), .ends_ms = cover->return_ends_ms};
  Readers readers = {0};
  add_reader(setup, &readers, cover->user_id, 0);
  add_reader(setup, &readers, taker_id, 0);
  for (size_t i = 0; i < readers.count; i++) {
    i64 reader = readers.ids[i];
    Str other = cover_person(arena, setup, reader == taker_id ? cover->user_id : taker_id);
    Str title = str_format(arena, "%.*s swaps shifts with you: %.*s", STR_ARG(other), STR_ARG(schedule->name));
    Str text = swap_text(arena, setup, schedule, reader, cover->user_id, taker_id, &when, &back);
    if (!tell(cycle, schedule->org_id, reader, "cover_taken", title, text, err)) return false;
  }
  return true;
}

bool cover_tell_taken(Cycle *cycle, const Setup *setup, const Cover *cover, i64 taker_id, Error *err) {
  Arena *arena = cycle->arena;
  const SetupSchedule *schedule = setup_schedule(setup, cover->schedule_id);
  const SetupUser *asker = setup_user(setup, cover->user_id);
  Shift when = {.starts_ms = cover->starts_ms, .ends_ms = cover->ends_ms};
  if (schedule && cover->return_ends_ms) return tell_swapped(cycle, setup, schedule, cover, taker_id, err);
  if (!schedule || !asker || str_equal_c(asker->status, "deactivated")) return true;
  Str title = str_format(arena, "%.*s covers your shift: %.*s", STR_ARG(cover_person(arena, setup, taker_id)),
                         STR_ARG(schedule->name));
  return tell(cycle, schedule->org_id, cover->user_id, "cover_taken", title,
              span_for(arena, setup, schedule, cover->user_id, &when), err);
}

/* What is left of it from now on. */
static Str again(Arena *arena, const Setup *setup, const SetupSchedule *schedule, i64 reader_id, i64 user_id,
                 i64 instead_id, const Shift *left) {
  return str_format(arena, "%.*s is on call again, not %.*s: %.*s", STR_ARG(cover_person(arena, setup, user_id)),
                    STR_ARG(cover_person(arena, setup, instead_id)),
                    STR_ARG(span_for(arena, setup, schedule, reader_id, left)));
}

bool cover_tell_undone(Cycle *cycle, const Setup *setup, const Cover *cover, Error *err) {
  Arena *arena = cycle->arena;
  const SetupSchedule *schedule = setup_schedule(setup, cover->schedule_id);
  i64 user = cover->user_id, taker = cover->taken_by_id;
  Shift left = {.starts_ms = MAX(cover->starts_ms, cycle->now_ms), .ends_ms = cover->ends_ms},
        back = {.starts_ms = MAX(cover->return_starts_ms, cycle->now_ms), .ends_ms = cover->return_ends_ms};
  Readers readers = {0};
  if (!schedule) return true;
  add_reader(setup, &readers, user, 0);
  add_reader(setup, &readers, taker, 0);
  for (size_t i = 0; i < readers.count; i++) {
    i64 reader = readers.ids[i];
    Str other = cover_person(arena, setup, reader == user ? taker : user);
    const char *what = cover->return_ends_ms ? "Your swap is taken back, with"
                       : reader == user      ? "You have your shift again, not"
                                             : "You are relieved, and no longer cover";
    Str title = str_format(arena, "%s %.*s: %.*s", what, STR_ARG(other), STR_ARG(schedule->name));
    Str text = again(arena, setup, schedule, reader, user, taker, &left);
    if (back.ends_ms > back.starts_ms)
      text = str_format(arena, "%.*s\n%.*s", STR_ARG(text),
                        STR_ARG(again(arena, setup, schedule, reader, taker, user, &back)));
    if (!tell(cycle, schedule->org_id, reader, "cover_undone", title, text, err)) return false;
  }
  return true;
}
