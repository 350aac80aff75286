/* What a person answered, carried out as the one who was told, or as the one whose verified address it came from. A
 * text without a message of its own is matched to the last message that the sender's address got; an address that is
 * nobody's is refused, and said on the timeline of nothing: nobody knows what it meant. Where the channel's buttons
 * carry a token, or a text names a number, nothing is ever guessed. */
#include "core/paging/reply.h"
#include "lang/json.h"

enum { RESPOND_TRIES = 3, RESPOND_AGAIN_S = 5, NUMBER_CHARS_MAX = 30 };

/* Which message --------------------------------------------------------------------------------------------------- */

static const DbStmt LAST_TO_ADDRESS = {
    "callback_last",
    "SELECT COALESCE(n.bundle_id, n.id) FROM notification AS n JOIN contact_method AS c ON c.id = n.contact_method_id "
    "WHERE n.org_id = $1 AND "
    "c.kind = $2 AND c.address = $3 AND c.verified = $4 AND n.page_id > 0 AND n.id > $5 AND n.status IN ('sending', "
    "'sent', 'delivered', 'unconfirmed') ORDER BY n.id DESC LIMIT 1",
    NULL};
static const DbStmt OF_NUMBER = {
    "callback_number",
    "SELECT n.id FROM notification AS n JOIN contact_method AS c ON c.id = n.contact_method_id JOIN page AS p ON p.id "
    "= "
    "n.page_id JOIN alert AS a ON a.id = p.alert_id WHERE n.org_id = $1 AND c.kind = $2 AND c.address = $3 AND "
    "c.verified = $4 AND a.number = $6 AND n.id > $5 AND n.status IN ('sending', 'sent', 'delivered', 'unconfirmed') "
    "ORDER BY n.id DESC LIMIT 1",
    NULL};
static const DbStmt STOPPED = {
    "callback_stopped",
    "UPDATE contact_method SET broken = 'STOP was sent from there', updated_at = $4, version = "
    "version + 1 WHERE org_id = $1 AND kind = $2 AND address = $3",
    NULL};
static const DbStmt QUEUED_TO = {
    "callback_queued",
    "SELECT n.id FROM notification AS n JOIN contact_method AS c ON c.id = n.contact_method_id WHERE n.org_id = $1 AND "
    "c.kind = $2 AND c.address = $3 AND n.status = 'queued' ORDER BY n.id",
    NULL};
static const DbStmt BROKEN_AT = {
    "callback_broken",
    "SELECT COUNT(*) FROM contact_method WHERE org_id = $1 AND kind = $2 AND address = $3 AND broken IS NOT NULL",
    NULL};
static const DbStmt SENDER = {
    "callback_sender",
    "SELECT c.user_id FROM contact_method AS c JOIN account AS a ON a.id = c.user_id WHERE c.org_id = $1 AND c.kind = "
    "$2 AND c.address = $3 AND c.verified = 1 AND a.status <> 'deactivated' ORDER BY c.id LIMIT 1",
    NULL};

/* An answer is good for a week, like the link. */
static i64 oldest_id(void) {
  return id_at_time(clock_true_ms() - 7 * DAY_MS);
}

/* Of another server, or of a time that a backup does not know. */
static bool find_by_token(Cycle *cycle, Replying *r, Str token, Error *err) {
  Notification n = {0};
  i64 id = 0;
  bool found = false;
  if (ack_token_check(r->app, cycle->arena, token, &id) &&
      !notification_load(cycle->db, cycle->arena, id, &n, &found, err))
    return false;
  if (!found || n.org_id != r->org_id)
    return fail(err, ERR_NOT_FOUND,
                "This message is not known here, nothing was done: open the alert's page, or answer another message.");
  r->notification_id = id;
  return true;
}

static bool find_message(Cycle *cycle, Replying *r, const ChannelReply *reply, Error *err) {
  i64 number = 0;
  bool found = false, named = reply->number.len > 0;
  size_t digits = 0;
  if (channel_replies_by_token(r->channel)) return find_by_token(cycle, r, reply->token, err);
  while (digits < reply->number.len && reply->number.ptr[digits] >= '0' && reply->number.ptr[digits] <= '9') digits++;
  Str digit_text = str_slice(reply->number, 0, digits);
  if (named && !str_to_i64(digit_text, 1, INT64_MAX, &number)) number = -1; /* no alert has it */
  DbValue args[] = {db_int(r->org_id),    db_text(channel_kind(r->channel)),
                    db_text(reply->from), db_int(1),
                    db_int(oldest_id()),  db_int(number)};
  if (!db_query_int(cycle->db, named ? &OF_NUMBER : &LAST_TO_ADDRESS, named ? 6 : 5, args, &r->notification_id, &found,
                    err))
    return false;
  if (found) return true;
  if (!named) return fail(err, ERR_NOT_FOUND, "no message was sent to this address lately");
  return fail(err, ERR_NOT_FOUND, "no message about alert %.*s was sent to this address",
              STR_ARG(utf8_cut(digit_text, NUMBER_CHARS_MAX)));
}

/* Acting ---------------------------------------------------------------------------------------------------------- */

typedef struct Queued {
  Arena *arena;
  VEC(i64) ids;
} Queued;

static bool read_queued(const DbRow *row, void *ctx) {
  Queued *queued = ctx;
  *VEC_PUSH(queued->arena, &queued->ids) = db_row_int(row, 0);
  return true;
}

/* What waits for the address, or for its minute to end, fails now: the next way, or the next level, goes on. */
static bool drop_queued(Cycle *cycle, const Replying *r, Str address, Error *err) {
  Queued queued = {.arena = cycle->arena};
  DbValue key[] = {db_int(r->org_id), db_text(channel_kind(r->channel)), db_text(address)};
  if (!db_query(cycle->db, &QUEUED_TO, COUNT(key), key, read_queued, &queued, err)) return false;
  for (size_t i = 0; i < queued.ids.count; i++)
    if (!notify_fail_queued(cycle, queued.ids.items[i], S("STOP was sent from there"), err)) return false;
  return true;
}

static bool stop_address(Cycle *cycle, const Replying *r, Str from, Replied *out, Error *err) {
  Notification n = {0};
  bool found = false;
  if (!from.len && !notification_load(cycle->db, cycle->arena, r->notification_id, &n, &found, err)) return false;
  if (!from.len) from = n.address;
  out->said = S("Nothing more is sent to this address.");
  setup_changed(r->app->setup);
  return db_run(cycle->db, &STOPPED, err, db_int(r->org_id), db_text(channel_kind(r->channel)), db_text(from),
                db_int(cycle->now_ms)) &&
         drop_queued(cycle, r, from, err);
}

/* START lifts what a carrier blocks; a method that is broken here needs more. */
static bool start_address(Cycle *cycle, const Replying *r, Str from, Replied *out, Error *err) {
  i64 broken = 0;
  bool found = false;
  DbValue key[] = {db_int(r->org_id), db_text(channel_kind(r->channel)), db_text(from)};
  if (!db_query_int(cycle->db, &BROKEN_AT, COUNT(key), key, &broken, &found, err)) return false;
  out->said = broken
                  ? S("Still nothing is sent to this address: verify it again, in Tocsin under your contact methods.")
                  : S("Nothing stops messages to this address.");
  return true;
}

typedef struct Act {
  Replying *replying;
  const ChannelReply *reply;
  Str said;
} Act;

static bool carry_out(Cycle *cycle, void *ctx, Error *err) {
  Act *act = ctx;
  Replying *r = act->replying;
  const ChannelReply *reply = act->reply;
  i64 sender_id = 0;
  bool found = false;
  if (!r->notification_id && !find_message(cycle, r, reply, err)) return false;
  if (reply->from.len &&
      !db_query_int(cycle->db, &SENDER,
                    DB_ARGS(db_int(r->org_id), db_text(channel_kind(r->channel)), db_text(reply->from)), &sender_id,
                    &found, err))
    return false;
  AckReply ack = {
      .notification_id = r->notification_id, .org_id = r->org_id, .sender_id = sender_id, .action = reply->action};
  if (!ack_by_callback(r->app, r->request, cycle, &ack, &act->said, err)) return false;
  ChannelReceipt reached = {.verdict = SEND_DELIVERED};
  return notify_receipt(cycle, r->notification_id, &reached, err);
}

/* A refusal that a person can read is an answer: the provider did its work. */
static bool try_to(Cycle *cycle, Replying *r, const ChannelReply *reply, Replied *out, Error *err) {
  Act act = {.replying = r, .reply = reply};
  Error why = {0};
  bool ok = false;
  if (!cycle_try(cycle, carry_out, &act, &ok, &why, err)) return false;
  if (!ok && why.code != ERR_NOT_FOUND && why.code != ERR_CONFLICT) return *err = why, false;
  out->said = ok ? act.said : str_copy(cycle->arena, str_from_c(why.message));
  if (!ok) log_info("paging", "an answer was refused: %s", why.message);
  return true;
}

static bool respond_later(Cycle *cycle, const Replying *r, const ChannelReply *reply, Str said, Error *err) {
  MapBuilder map = map_builder(cycle->arena);
  bool wanted = reply->handle.len && said.len && r->connector && channel_can(r->channel, CHANNEL_RESPOND);
  if (!wanted || (r->request && channel_answers(r->channel))) return true;
  map_put_c(&map, "handle", value_string(reply->handle));
  map_put_c(&map, "said", value_string(said));
  Value data = map_done(&map);
  JobNew job = {.kind = "connector.respond",
                .org_id = r->org_id,
                .subject_id = r->connector->id,
                .due_ms = cycle->now_ms,
                .data = json_text(cycle->arena, &data)};
  return job_add(cycle, &job, err);
}

bool reply_take(Cycle *cycle, Replying *r, const ChannelReply *reply, Replied *out, Error *err) {
  *out = (Replied){0};
  if (reply->stop) return stop_address(cycle, r, reply->from, out, err);
  if (reply->start) return start_address(cycle, r, reply->from, out, err);
  if (str_equal_c(reply->action, "repeat") || (r->notification_id && !reply->action.len))
    return out->again = true, true;
  if (str_equal_c(reply->action, "end")) return true;
  if (!reply->action.len)
    out->said = channel_reply_help(r->channel);
  else if (!try_to(cycle, r, reply, out, err))
    return false;
  return respond_later(cycle, r, reply, out->said, err);
}

/* Responding ------------------------------------------------------------------------------------------------------ */

bool connector_respond_claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  const SetupConnector *c = setup_connector(setup_current(cycle_app(cycle)->setup), job->subject_id);
  Error why = {0};
  (void)err;
  *out_verdict = JOB_DONE;
  if (!c || !c->enabled || !c->channel || !channel_can(c->channel, CHANNEL_RESPOND)) return true;
  Asking asking = {.job_kind = "connector.respond", .provider = {c->channel, c}, .ask = CHANNEL_RESPOND};
  asking.context = provider_context(cycle_app(cycle), cycle->arena, &asking.provider, 0, &job->data);
  if (!ask_prepare(cycle, &asking, out_work, &why)) log_info("paging", "ignoring: %s", why.message);
  if (*out_work) *out_verdict = JOB_OUTSIDE;
  return true;
}

bool connector_respond_finish(Cycle *cycle, Job *job, void *context, JobVerdict *out_verdict, Error *err) {
  const AskResult *result = context;
  (void)err;
  *out_verdict = result->verdict == SEND_RETRY && job->tries < RESPOND_TRIES ? JOB_AGAIN : JOB_DONE;
  job->due_ms = cycle->now_ms + RESPOND_AGAIN_S * 1000;
  return true;
}
