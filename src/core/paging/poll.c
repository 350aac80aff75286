/* What people answered where the provider cannot call us: it is asked again and again, each time until something comes
 * or half a minute is over. A job, so that one node alone asks; the place where to go on is written with what was done,
 * so that an answer counts once. */
#include "core/paging/reply.h"

enum { PAUSE_MS = 1000, UNWELL_S = 30, REFUSED_S = 300 };

static const DbStmt CURSOR = {"connector_cursor", "SELECT COALESCE(poll_cursor, '') FROM connector WHERE id = $1",
                              NULL};
static const DbStmt CURSOR_SET = {"connector_cursor_set", "UPDATE connector SET poll_cursor = $2 WHERE id = $1", NULL};

typedef struct Reading {
  Arena *arena;
  Str text;
} Reading;

static bool read_text(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  r->text = db_row_text(row, 0, r->arena);
  return true;
}

static bool polls(const SetupConnector *c) {
  return c && c->enabled && c->channel && channel_can(c->channel, CHANNEL_POLL);
}

/* A connector that is gone, not used or called back has no job until it is written again. */
bool connector_poll_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  const SetupConnector *c = setup_connector(setup_current(cycle_app(cycle)->setup), job->subject_id);
  Reading cursor = {.arena = cycle->arena};
  MapBuilder map = map_builder(cycle->arena);
  bool found = false;
  Error why = {0};
  *out_verdict = JOB_DONE;
  if (!polls(c)) return true;
  if (!db_query_one(cycle->db, &CURSOR, DB_ARGS(db_int(c->id)), read_text, &cursor, &found, err)) return false;
  map_put_c(&map, "cursor", value_string(cursor.text.len ? cursor.text : S("")));
  Value facts = map_done(&map);
  Asking asking = {.job_kind = "connector.poll", .provider = {c->channel, c}, .ask = CHANNEL_POLL};
  asking.context = provider_context(cycle_app(cycle), cycle->arena, &asking.provider, 0, &facts);
  if (!ask_prepare(cycle, &asking, out_work, &why))
    log_warn("paging", "%.*s cannot be asked what people answered: %s", STR_ARG(c->name), why.message);
  if (*out_work) *out_verdict = JOB_OUTSIDE;
  return true;
}

typedef struct Item {
  const SetupConnector *connector;
  const Value *payload;
} Item;

static bool take_item(Cycle *cycle, void *ctx, Error *err) {
  const Item *item = ctx;
  const SetupConnector *c = item->connector;
  Replying replying = {.app = cycle_app(cycle), .connector = c, .channel = c->channel, .org_id = c->org_id};
  ChannelReply reply;
  Replied said;
  channel_read_item(c->channel, cycle->arena, item->payload, &reply);
  return (!reply.action.len && !reply.handle.len) || reply_take(cycle, &replying, &reply, &said, err);
}

static bool take_items(Cycle *cycle, const SetupConnector *c, const AskResult *result, Error *err) {
  for (size_t i = 0; i < result->items.size; i++) {
    Item item = {c, value_at(&result->items, i)};
    Error why = {0};
    bool ok = false;
    if (!cycle_try(cycle, take_item, &item, &ok, &why, err)) return false;
    if (!ok) log_warn("paging", "an answer from %.*s was not taken, ignoring: %s", STR_ARG(c->name), why.message);
  }
  return !result->cursor.len || db_run(cycle->db, &CURSOR_SET, err, db_int(c->id), db_text(result->cursor));
}

bool connector_poll_finish(Cycle *cycle, Job *job, void *context, JobVerdict *out_verdict, Error *err) {
  const AskResult *result = context;
  const SetupConnector *c = setup_connector(setup_current(cycle_app(cycle)->setup), job->subject_id);
  *out_verdict = JOB_DONE;
  if (!polls(c)) return true;
  *out_verdict = JOB_AGAIN;
  job->tries = 0;
  if (result->verdict == SEND_SENT) {
    job->due_ms = cycle->now_ms + (result->items.size ? 1 : PAUSE_MS);
    return take_items(cycle, c, result, err);
  }
  job->due_ms = cycle->now_ms + (result->verdict == SEND_RETRY ? UNWELL_S : REFUSED_S) * 1000;
  log_warn("paging", "%.*s does not say what people answered: %.*s", STR_ARG(c->name), STR_ARG(result->error));
  return result->verdict != SEND_CONFIGURATION || provider_judged(cycle, c->id, result->verdict, result->error, err);
}
