/* Import of calendar files. */
#include "core/oncall/import.h"

#include <stdio.h>

#include "lang/ical.h"

enum { SUMMARY_BYTES_MAX = 500 }; /* a mapping has as many */

typedef struct Person { /* as the file calls them */
  Str text;
  i64 user_id; /* 0: nobody here */
  bool left_out;
  const char *by; /* attendee, summary, mapped */
  i64 shifts, first_s;
} Person;

typedef struct Importing {
  Arena *arena;
  const Setup *setup;
  const ImportAsk *ask;
  VEC(Person) people;
  ValueVec shifts, warnings;
  i64 first_s, last_s;
} Importing;

/* Who is it -------------------------------------------------------------------------------------------------------- */

static i64 by_email(const Importing *im, Str text) {
  const SetupUser *user = setup_user_by_email(im->setup, im->ask->org_id, str_lower(im->arena, text));
  return user && !str_equal_c(user->status, "deactivated") ? user->id : 0;
}

/* Letters and digits, those beyond ASCII too, and what joins them in a name or an address. */
static bool is_inner(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (unsigned char)c > 127;
}
static bool is_joining(char c) {
  return c == '-' || c == '.' || c == '\'' || c == '+' || c == '@';
}

/* Does a word begin at `at`, as well as end there when it was one before? "Ann" is no word of "Mary-Ann". */
static bool is_border(Str text, size_t at) {
  if (at == 0 || at == text.len) return true;
  char before = text.ptr[at - 1], after = text.ptr[at];
  if (is_joining(before) && at > 1) before = is_inner(after) ? text.ptr[at - 2] : ' ';
  if (is_joining(after) && at + 1 < text.len) after = is_inner(before) ? text.ptr[at + 1] : ' ';
  return !is_inner(before) || !is_inner(after);
}

/* Is text[from, to) what exports put marks around? "On Call - Ann - Primary", "Ann (Primary)", "Primary: Ann". */
static bool is_marked(Str text, size_t from, size_t to) {
  static const char *const MARKS[] = {" - ", " (", "(", ")", ": ", " | ", ", "};
  bool before = from == 0, after = to == text.len;
  for (size_t m = 0; m < COUNT(MARKS); m++) {
    before = before || str_ends_with(str_slice(text, 0, from), str_from_c(MARKS[m]));
    after = after || str_starts_with(str_slice(text, to, text.len), str_from_c(MARKS[m]));
  }
  return before && after;
}

typedef struct Found {
  size_t from, to;
  i64 user_id;
} Found;

typedef VEC(Found) Founds;

/* A name of a single word is that of many: among other words it counts only between marks. */
static void find_word(const Importing *im, Str text, Str word, i64 user_id, Founds *out) {
  bool single = str_find(word, S(" "), 0) == SIZE_MAX && str_find(word, S("@"), 0) == SIZE_MAX;
  for (size_t at = 0; word.len && at + word.len <= text.len; at++) {
    size_t to = at + word.len;
    if (str_equal_nocase(str_slice(text, at, to), word) && is_border(text, at) && is_border(text, to) &&
        (!single || is_marked(text, at, to)))
      *VEC_PUSH(im->arena, out) = (Found){at, to, user_id};
  }
}

static bool is_within_longer(const Founds *all, const Found *one) {
  for (size_t i = 0; i < all->count; i++) {
    const Found *other = &all->items[i];
    if (other->from <= one->from && other->to >= one->to && other->to - other->from > one->to - one->from) return true;
  }
  return false;
}

/* A name or an address, also among other words; the longest that matches. Two people in one text, or two of one name,
 * are nobody: it may not be guessed who is woken. */
static i64 by_summary(const Importing *im, Str text) {
  Founds all = {0};
  i64 id = 0;
  if (text.len > SUMMARY_BYTES_MAX) return 0;
  for (size_t i = 0; i < setup_user_count(im->setup); i++) {
    const SetupUser *user = setup_user_at(im->setup, i);
    if (user->org_id != im->ask->org_id || str_equal_c(user->status, "deactivated")) continue;
    find_word(im, text, str_trim(user->name), user->id, &all);
    find_word(im, text, user->email, user->id, &all);
  }
  for (size_t i = 0; i < all.count; i++) {
    if (is_within_longer(&all, &all.items[i])) continue;
    if (id && id != all.items[i].user_id) return 0;
    id = all.items[i].user_id;
  }
  return id;
}

static Person *person_of(Importing *im, Str text) {
  for (size_t i = 0; i < im->people.count; i++)
    if (str_equal(im->people.items[i].text, text)) return &im->people.items[i];
  Person *person = VEC_PUSH(im->arena, &im->people);
  *person = (Person){.text = text};
  return person;
}

/* What the caller says of this word; NULL: nothing. */
static const Value *mapping_of(const Importing *im, Str text) {
  const Value *list = im->ask->people;
  for (size_t i = 0; value_is(list, VALUE_LIST) && i < list->size; i++)
    if (str_equal(value_text_or(value_get_c(value_at(list, i), "text"), STR_NONE), text)) return value_at(list, i);
  return NULL;
}

static Person *resolve(Importing *im, Str text, bool attendee, i64 at_s) {
  Person *person = person_of(im, text);
  const Value *mapping = mapping_of(im, text);
  if (person->shifts++ > 0) return person;
  person->first_s = at_s;
  person->user_id = mapping    ? setup_ref(value_get_c(mapping, "user_id"))
                    : attendee ? by_email(im, text)
                               : by_summary(im, text);
  person->left_out = mapping && !person->user_id;
  person->by = mapping ? "mapped" : attendee ? "attendee" : "summary";
  return person;
}

/* Shifts ----------------------------------------------------------------------------------------------------------- */

static void add_id(const Importing *im, ValueVec *ids, const Person *person) {
  Value id = value_string(id_text(im->arena, "usr", person->user_id));
  for (size_t i = 0; i < ids->count; i++)
    if (value_equal(&ids->items[i], &id)) return;
  if (person->user_id) *VEC_PUSH(im->arena, ids) = id;
}

/* Is the event its attendees'? When one of them is somebody here or was mapped, or its summary is nobody. */
static bool is_attendees(const Importing *im, const IcalEvent *event, Str summary) {
  for (size_t i = 0; i < event->attendee_count; i++)
    if (by_email(im, event->attendees[i]) || mapping_of(im, event->attendees[i])) return true;
  return event->attendee_count && !mapping_of(im, summary) && !by_summary(im, summary);
}

static void people_of(Importing *im, const IcalEvent *event, ValueVec *ids) {
  Str summary = str_trim(event->summary);
  bool attendees = is_attendees(im, event, summary);
  for (size_t i = 0; attendees && i < event->attendee_count; i++)
    add_id(im, ids, resolve(im, event->attendees[i], true, event->start.at_s));
  if (!attendees) add_id(im, ids, resolve(im, summary.len ? summary : S("(no summary)"), false, event->start.at_s));
}

static i64 instant_of(const Importing *im, const IcalEvent *event, const IcalTime *time) {
  return event->all_day ? zone_to_utc(im->ask->zone, time->local) : time->at_s;
}

static void add_event(Importing *im, const IcalEvent *event) {
  i64 from = instant_of(im, event, &event->start), to = instant_of(im, event, &event->end);
  ValueVec ids = {0};
  if (event->cancelled) return;
  if (to <= from) {
    *VEC_PUSH(im->arena, &im->warnings) =
        value_string(str_format(im->arena, "event \"%.*s\" at %.*s was passed over: it has no end after its beginning",
                                STR_ARG(utf8_cut(event->uid, 80)), STR_ARG(time_text_ms(im->arena, from * 1000))));
    return;
  }
  people_of(im, event, &ids);
  if (ids.count == 0) return;
  MapBuilder shift = map_builder(im->arena);
  map_put_c(&shift, "starts_at", value_string(time_text_ms(im->arena, from * 1000)));
  map_put_c(&shift, "ends_at", value_string(time_text_ms(im->arena, to * 1000)));
  map_put_c(&shift, "user_ids", list_done(&ids));
  if (im->shifts.count == 0 || from < im->first_s) im->first_s = from;
  im->last_s = MAX(im->last_s, to);
  *VEC_PUSH(im->arena, &im->shifts) = map_done(&shift);
}

/* What comes out --------------------------------------------------------------------------------------------------- */

static Str local_text(const Importing *im, i64 at_s) {
  Buf out = buf_new(im->arena, 64);
  civil_write(zone_to_local(im->ask->zone, at_s), &out);
  return buf_str(&out);
}

/* Where the clock repeats an hour its local start may be the later of two: the shifts themselves say when. */
static Value layer_value(Importing *im) {
  MapBuilder map = map_builder(im->arena);
  ValueVec none = {0};
  map_put_c(&map, "name", value_string(im->ask->layer));
  map_put_c(&map, "starts_at", value_string(local_text(im, im->first_s - 3600)));
  map_put_c(&map, "ends_at", value_string(local_text(im, im->last_s + 3600)));
  map_put_c(&map, "members", list_done(&none));
  map_put_c(&map, "shifts", list_done(&im->shifts));
  return map_done(&map);
}

static void write_people(Importing *im, Imported *out) {
  ValueVec matched = {0}, unmatched = {0};
  for (size_t i = 0; i < im->people.count; i++) {
    const Person *p = &im->people.items[i];
    bool known = p->user_id || p->left_out;
    MapBuilder map = map_builder(im->arena);
    map_put_c(&map, "text", value_string(p->text));
    if (known)
      map_put_c(&map, "user_id", p->user_id ? value_string(id_text(im->arena, "usr", p->user_id)) : value_null());
    if (known) map_put_c(&map, "by", value_c(p->by));
    map_put_c(&map, "shifts", value_int(p->shifts));
    if (!known) map_put_c(&map, "first_at", value_string(time_text_ms(im->arena, p->first_s * 1000)));
    *VEC_PUSH(im->arena, known ? &matched : &unmatched) = map_done(&map);
  }
  out->matched = list_done(&matched);
  out->unmatched = list_done(&unmatched);
}

/* A mapping of nobody is a slip of the keys: whom it meant would be missed. Those whom the file has, but only in an
 * event that was passed over, are told by that. */
static bool all_mapped(const Importing *im, Error *err) {
  const Value *list = im->ask->people;
  for (size_t i = 0; im->warnings.count == 0 && value_is(list, VALUE_LIST) && i < list->size; i++) {
    Str text = value_text_or(value_get_c(value_at(list, i), "text"), STR_NONE);
    bool used = false;
    for (size_t p = 0; p < im->people.count && !used; p++) used = str_equal(im->people.items[p].text, text);
    if (used) continue;
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/people/%zu/text", i);
    return fail_at(
        err, ERR_INVALID, pointer,
        "no event from %d days back to %d days ahead is of \"%.*s\": write it as the file does, whole (a try "
        "lists the names), or leave this mapping away",
        IMPORT_DAYS_BACK, IMPORT_DAYS_AHEAD, STR_ARG(utf8_cut(text, 100)));
  }
  return true;
}

bool oncall_import(Arena *arena, ZoneDb *zones, const Setup *setup, const ImportAsk *ask, Imported *out, Error *err) {
  Importing im = {.arena = arena, .setup = setup, .ask = ask};
  IcalRange range = {.from_s = (ask->now_ms - IMPORT_DAYS_BACK * DAY_MS) / 1000,
                     .to_s = (ask->now_ms + IMPORT_DAYS_AHEAD * DAY_MS) / 1000};
  IcalEvents events = {0};
  if (!ical_read(arena, ask->ics, zones, ask->zone, &range, &events, err)) return false;
  if (events.count == 0 && events.warning_count == 0)
    return fail(err, ERR_INVALID,
                "the file holds no event from %d days back to %d days ahead: there is nothing to import",
                IMPORT_DAYS_BACK, IMPORT_DAYS_AHEAD);
  if (events.count > IMPORT_SHIFTS_MAX)
    return fail(err, ERR_TOO_LARGE,
                "the file holds %zu events until %d days ahead; a layer holds at most %d shifts: "
                "export a shorter time",
                events.count, IMPORT_DAYS_AHEAD, IMPORT_SHIFTS_MAX);
  for (size_t i = 0; i < events.count; i++) add_event(&im, &events.items[i]);
  for (size_t i = 0; i < events.warning_count; i++) *VEC_PUSH(arena, &im.warnings) = value_string(events.warnings[i]);
  if (!all_mapped(&im, err)) return false;
  *out = (Imported){.shift_count = im.shifts.count, .warnings = list_done(&im.warnings)};
  out->layer = im.shifts.count ? layer_value(&im) : value_null();
  write_people(&im, out);
  return true;
}
