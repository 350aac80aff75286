/* After a page was acknowledged, resolved or cancelled, the messages that were sent for it say so, where the provider
 * can change or take back what it showed (the channel's `update`). A job for each message, so that no page waits for
 * it; at most one for each message and state. A message that carries several pages is changed when none of them calls
 * any more. What cannot be changed stays as it is: nobody is told less by that. */
#include "core/paging/ask.h"
#include "lang/json.h"

enum { TRIES_MAX = 3 };
static const i64 AGAIN_S[TRIES_MAX] = {5, 30, 120};

#define ON_A_SCREEN "n.status IN ('sending', 'sent', 'delivered', 'unconfirmed') AND n.purpose IN ('page', 'exhausted')"
static const DbStmt OF_PAGE = {"update_of_page",
                               "SELECT DISTINCT COALESCE(n.bundle_id, n.id), n.kind, n.org_id FROM notification AS n "
                               "WHERE n.page_id = $1 AND " ON_A_SCREEN " ORDER BY 1 LIMIT 500",
                               NULL};
static const DbStmt OF_SUBJECT = {
    "update_of_subject",
    "SELECT DISTINCT COALESCE(n.bundle_id, n.id), n.kind, n.org_id FROM page AS p JOIN notification AS n ON n.page_id "
    "= p.id WHERE (p.alert_id = $1 OR p.incident_id = $1) AND p.subject_id = $1 AND p.status = 'acknowledged' "
    "AND " ON_A_SCREEN " ORDER BY 1 LIMIT 500",
    NULL};
static const DbStmt CALLING = {"update_calling",
                               "SELECT p.id FROM notification AS n JOIN page AS p ON p.id = n.page_id WHERE (n.id = $1 "
                               "OR n.bundle_id = $1) AND p.status IN ('active', 'exhausted') LIMIT 1",
                               NULL};
static const DbStmt FACTS = {"update_facts",
                             "SELECT n.provider_id, n.shown, COALESCE(p.acknowledged_at, 0), COALESCE(p.ended_at, 0) "
                             "FROM notification AS n JOIN page AS p ON p.id = n.page_id WHERE n.id = $1",
                             NULL};
static const DbStmt SHOWN = {
    "update_shown", "UPDATE notification SET shown = $2, updated_at = $3, version = version + 1 WHERE id = $1", NULL};

/* Which messages -------------------------------------------------------------------------------------------------- */

typedef struct Message {
  i64 id, org_id;
  Str kind;
} Message;
typedef struct Messages {
  Arena *arena;
  VEC(Message) items;
} Messages;

static bool read_message(const DbRow *row, void *ctx) {
  Messages *m = ctx;
  *VEC_PUSH(m->arena, &m->items) =
      (Message){.id = db_row_int(row, 0), .kind = db_row_text(row, 1, m->arena), .org_id = db_row_int(row, 2)};
  return true;
}

static bool kind_can_update(const Catalog *catalog, Str kind) {
  for (size_t i = 0; i < channel_count(catalog); i++) {
    const Channel *channel = channel_at(catalog, i);
    if (str_equal(channel_kind(channel), kind) && channel_can(channel, CHANNEL_UPDATE)) return true;
  }
  return false;
}

/* Behind the pages that are due now. */
static bool plan_one(Cycle *cycle, const Message *m, Error *err) {
  JobNew job = {.kind = "notify.update", .org_id = m->org_id, .subject_id = m->id, .due_ms = cycle->now_ms + 1};
  return !kind_can_update(cycle_app(cycle)->catalog, m->kind) ||
         (job_cancel(cycle, job.kind, m->id, err) && job_add(cycle, &job, err));
}

static bool plan(Cycle *cycle, const DbStmt *which, i64 id, Error *err) {
  Messages found = {.arena = cycle->arena};
  if (!db_query(cycle->db, which, DB_ARGS(db_int(id)), read_message, &found, err)) return false;
  for (size_t i = 0; i < found.items.count; i++)
    if (!plan_one(cycle, &found.items.items[i], err)) return false;
  return true;
}

bool update_page(Cycle *cycle, i64 page_id, Error *err) {
  return plan(cycle, &OF_PAGE, page_id, err);
}

bool update_resolved(Cycle *cycle, i64 subject_id, Error *err) {
  return plan(cycle, &OF_SUBJECT, subject_id, err);
}

bool update_late(Cycle *cycle, i64 notification_id, i64 page_id, Str kind, Error *err) {
  Page page = {0};
  bool found = false;
  if (!page_id || !kind_can_update(cycle_app(cycle)->catalog, kind)) return true;
  if (!page_load(cycle->db, cycle->arena, page_id, &page, &found, err)) return false;
  Message m = {.id = notification_id, .org_id = page.org_id, .kind = kind};
  return !found || page.status == PAGE_ACTIVE || page.status == PAGE_EXHAUSTED || plan_one(cycle, &m, err);
}

/* What it says now ------------------------------------------------------------------------------------------------ */

typedef struct Facts {
  Arena *arena;
  Str provider_id, shown;
  i64 acknowledged_ms, ended_ms;
} Facts;

static bool read_facts(const DbRow *row, void *ctx) {
  Facts *f = ctx;
  f->provider_id = db_row_text(row, 0, f->arena);
  f->shown = db_row_text(row, 1, f->arena);
  f->acknowledged_ms = db_row_int(row, 2);
  f->ended_ms = db_row_int(row, 3);
  return true;
}

/* An acknowledged page stays so when its subject is resolved. NULL: it calls. */
static bool state_of(Cycle *cycle, const Page *page, const char **out, Error *err) {
  bool burns = true;
  *out = NULL;
  switch (page->status) {
  case PAGE_RESOLVED: *out = "resolved"; break;
  case PAGE_CANCELLED: *out = "cancelled"; break;
  case PAGE_ACKNOWLEDGED:
    if (page->subject_id && !page_still_burns(cycle, page, &burns, err)) return false;
    *out = burns ? "acknowledged" : "resolved";
    break;
  case PAGE_ACTIVE:
  case PAGE_EXHAUSTED:
  case PAGE_STATUS_COUNT: break;
  }
  return true;
}

static Str clock_text(Arena *arena, const Zone *zone, i64 ms) {
  Civil c = zone_to_local(zone, ms / 1000);
  return str_format(arena, "%02d:%02d", c.hour, c.minute);
}

/* "Acknowledged by Ann at 03:12", by the reader's clock. */
static Str state_line(Cycle *cycle, const Notification *n, const Page *page, const Facts *f, const char *state) {
  Arena *arena = cycle->arena;
  const Setup *setup = setup_current(cycle_app(cycle)->setup);
  const SetupUser *user = setup_user(setup, n->user_id);
  const SetupOrg *org = setup_org(setup, n->org_id);
  const Zone *zone = user && user->zone ? user->zone : org ? org->zone : zone_utc();
  Value by = value_null();
  Error ignored = {0};
  Str who = STR_NONE;
  if (page->acknowledged_by.len && json_parse(arena, page->acknowledged_by, NULL, &by, &ignored))
    who = value_text_or(value_get_c(&by, "name"), STR_NONE);
  Str answered = who.len && f->acknowledged_ms ? str_format(arena, "cknowledged by %.*s at %.*s", STR_ARG(who),
                                                            STR_ARG(clock_text(arena, zone, f->acknowledged_ms)))
                                               : STR_NONE;
  if (str_equal_c(S("acknowledged"), state))
    return answered.len ? str_format(arena, "A%.*s", STR_ARG(answered)) : S("Acknowledged");
  i64 end_ms = page->status == PAGE_ACKNOWLEDGED || !f->ended_ms ? cycle->now_ms : f->ended_ms;
  Str at = clock_text(arena, zone, end_ms);
  if (str_equal_c(S("cancelled"), state)) return str_format(arena, "Not paged any more since %.*s", STR_ARG(at));
  return answered.len ? str_format(arena, "Resolved at %.*s, a%.*s", STR_ARG(at), STR_ARG(answered))
                      : str_format(arena, "Resolved at %.*s", STR_ARG(at));
}

/* Jobs ------------------------------------------------------------------------------------------------------------ */

static Provider provider_of(Cycle *cycle, const Notification *n) {
  App *app = cycle_app(cycle);
  const SetupConnector *c = n->connector_id ? setup_connector(setup_current(app->setup), n->connector_id) : NULL;
  if (n->connector_id) return (Provider){.channel = c && c->enabled ? c->channel : NULL, .connector = c};
  return (Provider){.channel = provider_free(app->catalog, n->kind)};
}

static bool make_context(Cycle *cycle, const Notification *n, const Page *page, const Facts *f, const char *state,
                         Asking *asking, Error *err) {
  Value facts = value_null();
  MapBuilder map = map_builder(cycle->arena);
  if (!message_context(cycle, n, page, &facts, err)) return false;
  facts = provider_context(cycle_app(cycle), cycle->arena, &asking->provider, n->id, &facts);
  for (size_t i = 0; i < facts.size; i++) map_put(&map, value_text(&facts.members[i].key), facts.members[i].value);
  map_put_c(&map, "provider_id", value_string(f->provider_id.len ? f->provider_id : S("")));
  map_put_c(&map, "state", value_c(state));
  map_put_c(&map, "state_line", value_string(state_line(cycle, n, page, f, state)));
  asking->context = map_done(&map);
  asking->note = str_from_c(state);
  return true;
}

bool notify_update_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Notification n = {0};
  Page page = {0};
  Facts f = {.arena = cycle->arena};
  const char *state = NULL;
  bool found = false, calling = false;
  i64 id = 0;
  Error why = {0};
  *out_verdict = JOB_DONE;
  if (!notification_load(cycle->db, cycle->arena, job->subject_id, &n, &found, err)) return false;
  if (!found || str_equal_c(n.status, "sending")) return true; /* what is on its way asks again when it was sent */
  if (!page_load(cycle->db, cycle->arena, n.page_id, &page, &found, err)) return false;
  if (!found || !state_of(cycle, &page, &state, err)) return !found;
  if (!db_query_int(cycle->db, &CALLING, DB_ARGS(db_int(n.id)), &id, &calling, err) ||
      !db_query_one(cycle->db, &FACTS, DB_ARGS(db_int(n.id)), read_facts, &f, &found, err))
    return false;
  Asking asking = {.job_kind = "notify.update", .provider = provider_of(cycle, &n), .ask = CHANNEL_UPDATE};
  if (!state || calling || str_equal_c(f.shown, state) || !asking.provider.channel ||
      !channel_can(asking.provider.channel, CHANNEL_UPDATE))
    return true;
  if (!make_context(cycle, &n, &page, &f, state, &asking, err)) return false;
  if (!ask_prepare(cycle, &asking, out_work, &why)) {
    log_info("paging", "a message that was sent cannot be changed, ignoring: %s", why.message);
    return true;
  }
  if (*out_work) *out_verdict = JOB_OUTSIDE;
  return true;
}

bool notify_update_finish(Cycle *cycle, Job *job, void *context, JobVerdict *out_verdict, Error *err) {
  const AskResult *result = context;
  Notification n = {0};
  bool found = false;
  *out_verdict = JOB_DONE;
  if (!notification_load(cycle->db, cycle->arena, job->subject_id, &n, &found, err)) return false;
  if (!found) return true;
  if (result->verdict == SEND_RETRY && job->tries < TRIES_MAX) {
    *out_verdict = JOB_AGAIN;
    job->due_ms = cycle->now_ms + AGAIN_S[job->tries ? job->tries - 1 : 0] * 1000;
    return true;
  }
  bool done = result->verdict == SEND_SENT;
  notify_count(cycle_app(cycle), n.kind, done ? "updated" : "update_failed");
  if (!done) {
    log_info("paging", "a message by %.*s cannot be changed, ignoring: %.*s", STR_ARG(n.kind), STR_ARG(result->error));
    return true;
  }
  cycle_publish(cycle, n.org_id, "notification", n.id, n.version + 1);
  return db_run(cycle->db, &SHOWN, err, db_int(n.id), db_text(result->note), db_int(cycle->now_ms));
}
