/* What people do to a timeline's entries: mark what matters, put a text or a time right, see what stood there. */
#include "core/api/internal.h"
#include "core/incidents/timeline.h"
#include "core/resources.h"

static bool mark(Call *c, Cycle *cycle, bool key_event, Error *err) {
  i64 id = 0;
  return api_resolve(c, cycle->db, "timeline_entry", 0, &id, err) &&
         timeline_mark(cycle, id, key_event, &c->who, err) && api_answer_with(c, cycle->db, "timeline_entry", id, err);
}

static bool pin(Call *c, Cycle *cycle, Error *err) {
  return mark(c, cycle, true, err);
}
static bool unpin(Call *c, Cycle *cycle, Error *err) {
  return mark(c, cycle, false, err);
}

static bool correct(Call *c, Cycle *cycle, Error *err) {
  i64 id = 0;
  TimelineCorrection to = {.text = api_text(c, "text"), .reason = api_text(c, "reason")};
  const Value *at = value_get_c(&c->body, "at");
  if (!api_resolve(c, cycle->db, "timeline_entry", 0, &id, err)) return false;
  if (at && !value_is(at, VALUE_NULL) && !api_time(c, "at", &to.at_ms, err)) return false;
  return timeline_correct(cycle, id, &to, &c->who, err) && api_answer_with(c, cycle->db, "timeline_entry", id, err);
}

static bool history(Call *c, Db *db, Error *err) {
  i64 id = 0;
  return api_resolve(c, db, "timeline_entry", 0, &id, err) && timeline_history(db, c->arena, id, &c->answer, err);
}

static const Field CORRECTION[] = {{.name = "text",
                                    .kind = F_TEXT,
                                    .max = 20000,
                                    .doc = "What it should say; Markdown. Only where a person wrote it.",
                                    .example = "The cache was cold"},
                                   {.name = "at", .kind = F_TIME, .doc = "When it really happened."},
                                   {.name = "reason",
                                    .kind = F_TEXT,
                                    .required = true,
                                    .min = 1,
                                    .max = 500,
                                    .doc = "Why; kept with what stood there.",
                                    .example = "Wrong by an hour"}};

static const Field VERSION_FIELDS[] = {
    {.name = "edited_at", .kind = F_TIME, .required = true, .doc = "When it was changed."},
    {.name = "actor", .kind = F_ACTOR, .required = true, .doc = "By whom."},
    {.name = "reason", .kind = F_TEXT, .doc = "Why; null: it was only marked."},
    {.name = "at", .kind = F_TIME, .required = true, .doc = "When it was said to have happened before."},
    {.name = "data", .kind = F_JSON, .doc = "What it said before."},
    {.name = "key_event", .kind = F_BOOL, .required = true, .doc = "Whether it was marked before."}};
static const Field VERSION_ITEM = {.kind = F_OBJECT, .required = true, FIELDS(VERSION_FIELDS), .doc = "One version."};
static const Field VERSIONS[] = {
    {.name = "items", .kind = F_LIST, .of = &VERSION_ITEM, .required = true, .doc = "Newest first."},
    {.name = "next_cursor", .kind = F_TEXT, .doc = "Always null: all are here."}};

const Route TIMELINE_ROUTES[] = {
    {HTTP_POST, "timeline/{id}/pin", "timeline:write", .write = pin, .answers = "timeline_entry",
     .doc = "Marks it as a key event: it matters to the story."},
    {HTTP_POST, "timeline/{id}/unpin", "timeline:write", .write = unpin, .answers = "timeline_entry",
     .doc = "Takes the mark away."},
    {HTTP_POST, "timeline/{id}/correct", "timeline:write", .write = correct, BODY(CORRECTION),
     .answers = "timeline_entry", .doc = "Puts its text or its time right; what stood there is kept."},
    {HTTP_GET, "timeline/{id}/history", "timeline:read", .read = history, WHOLE_LIST, ANSWER(VERSIONS),
     .doc = "What stood there before each change."},
    {.path = NULL},
};
