/* Letters: from the row of their job to the provider, and what it answered into the row of the contact method. */
#include "core/identity/letter.h"

#include "catalog/channel.h"
#include "core/identity/invitation.h"
#include "core/paging/notify.h"
#include "core/setup/setup.h"
#include "net/mime.h"

enum { TRIES_MAX = 4, AGAIN_S = 10 };

static const char *const PURPOSES[] = {"code", "test", "reset", "invitation"};

bool letter_add(Cycle *cycle, i64 org_id, LetterPurpose purpose, i64 subject_id, i64 at_ms, Error *err) {
  JobNew job = {.kind = "letter.send",
                .org_id = org_id,
                .subject_id = subject_id,
                .due_ms = cycle->now_ms,
                .data =
                    str_format(cycle->arena, "{\"purpose\":\"%s\",\"at\":%lld}", PURPOSES[purpose], (long long)at_ms)};
  return job_add(cycle, &job, err);
}

bool letter_ask(Cycle *cycle, i64 org_id, LetterPurpose purpose, i64 user_id, Error *err) {
  static const DbStmt ASKED = {"letter_asked", "UPDATE account SET reset_at = $3 WHERE id = $1 AND org_id = $2", NULL};
  return db_run(cycle->db, &ASKED, err, db_int(user_id), db_int(org_id), db_int(cycle->now_ms)) &&
         letter_add(cycle, org_id, purpose, user_id, cycle->now_ms, err);
}

Str letter_code(const App *app, Arena *arena, i64 method_id, Str address, i64 at_ms) {
  Str covered = str_format(arena, "code %lld %lld %.*s", (long long)method_id, (long long)at_ms, STR_ARG(address));
  Str mac = hmac_sha256_raw(arena, app->link_secret, covered);
  u64 number = 0;
  for (size_t i = 0; i < 8; i++) number = number << 8 | (u8)mac.ptr[i];
  return str_format(arena, "%06llu", (unsigned long long)(number % 1000000));
}

/* What it says ---------------------------------------------------------------------------------------------------- */

typedef struct Letter {
  i64 org_id, subject_id, user_id, at_ms;
  LetterPurpose purpose;
  Str kind, address, name, headline, text;
} Letter;

static bool is_link(const Letter *letter) {
  return letter->purpose == LETTER_RESET || letter->purpose == LETTER_INVITATION;
}

typedef struct Reading {
  Arena *arena;
  Letter *letter;
  i64 asked_ms;
} Reading;

static bool read_row(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  r->letter->kind = db_row_text(row, 0, r->arena);
  r->letter->address = db_row_text(row, 1, r->arena);
  r->letter->user_id = db_row_int(row, 2);
  r->asked_ms = db_row_int(row, 3);
  return true;
}

/* Its addressee; *out_found false: it is not wanted any more. */
static bool load(Cycle *cycle, Letter *letter, bool *out_found, Error *err) {
  static const DbStmt METHOD = {"letter_method",
                                "SELECT kind, address, user_id, checked_at FROM contact_method WHERE id = $1", NULL};
  static const DbStmt ACCOUNT = {
      "letter_account", "SELECT 'email', email, id, reset_at FROM account WHERE id = $1 AND status <> 'deactivated'",
      NULL};
  Reading reading = {.arena = cycle->arena, .letter = letter};
  const DbStmt *stmt = is_link(letter) ? &ACCOUNT : &METHOD;
  if (!db_query_one(cycle->db, stmt, DB_ARGS(db_int(letter->subject_id)), read_row, &reading, out_found, err))
    return false;
  *out_found = *out_found && reading.asked_ms == letter->at_ms;
  return true;
}

static bool say_link(Cycle *cycle, Letter *letter, Error *err) {
  App *app = cycle_app(cycle);
  const SetupOrg *org = setup_org(setup_current(app->setup), letter->org_id);
  Str token = STR_NONE, name = org ? org->name : S("your organization");
  i64 expires_ms = 0;
  if (!invitation_make(app, cycle->db, cycle->arena, letter->org_id, letter->user_id, cycle->now_ms, &token,
                       &expires_ms, err))
    return false;
  if (letter->purpose == LETTER_RESET) {
    letter->headline = S("A new password for Tocsin");
    letter->text =
        str_format(cycle->arena,
                   "Somebody, probably you, asked for a new password. Set it here:\n\n%s/join/%.*s\n\nThe link "
                   "is good once. If it was not you, do nothing: your password stays as it is.",
                   app->public_url, STR_ARG(token));
    return true;
  }
  letter->headline = str_format(cycle->arena, "Welcome to Tocsin at %.*s", STR_ARG(name));
  letter->text = str_format(cycle->arena,
                            "Tocsin tells the right person when something breaks. Set your password here; it signs you "
                            "in:\n\n%s/join/%.*s\n\nThe link is good once, for %d days.",
                            app->public_url, STR_ARG(token), INVITATION_DAYS);
  return true;
}

static bool say(Cycle *cycle, Letter *letter, Error *err) {
  App *app = cycle_app(cycle);
  if (is_link(letter)) return say_link(cycle, letter, err);
  if (letter->purpose == LETTER_TEST) {
    letter->headline = S("Tocsin reaches you here");
    letter->text = S("This is a test that you asked for. A page would have come the same way. Nothing is to be done.");
    return true;
  }
  Str code = letter_code(app, cycle->arena, letter->subject_id, letter->address, letter->at_ms);
  letter->headline = str_format(cycle->arena, "%.*s is your code for Tocsin", STR_ARG(code));
  letter->text =
      str_format(cycle->arena,
                 "Type %.*s at your contact methods: then pages may come to this address. The code is good for "
                 "%d minutes. If you did not ask for it, somebody mistyped an address: do nothing.",
                 STR_ARG(code), CODE_MINUTES);
  return true;
}

static Value context_of(Cycle *cycle, const Letter *letter) {
  Arena *arena = cycle->arena;
  MapBuilder map = map_builder(arena), user = map_builder(arena), one = map_builder(arena);
  map_put_c(&user, "name", value_string(letter->name));
  map_put_c(
      &one, "id",
      value_string(str_format(arena, "letter-%lld-%lld", (long long)letter->subject_id, (long long)letter->at_ms)));
  map_put_c(&map, "title", value_string(letter->headline));
  map_put_c(&map, "headline", value_string(letter->headline));
  map_put_c(&map, "text", value_string(letter->text));
  map_put_c(&map, "address", value_string(letter->address));
  map_put_c(&map, "urgency", value_c("high"));
  map_put_c(&map, "purpose", value_c(PURPOSES[letter->purpose]));
  static const char *const EMPTY[] = {"status", "priority", "severity", "service", "team", "since", "ack_url"};
  for (size_t i = 0; i < COUNT(EMPTY); i++) map_put_c(&map, EMPTY[i], value_string(S("")));
  static const char *const NOTHING[] = {"page", "alert", "incident"};
  for (size_t i = 0; i < COUNT(NOTHING); i++) map_put_c(&map, NOTHING[i], value_null());
  static const char *const NONE[] = {"links", "storm", "also_told"};
  for (size_t i = 0; i < COUNT(NONE); i++) map_put_c(&map, NONE[i], (Value){.kind = VALUE_LIST});
  map_put_c(&map, "repeated", value_bool(false));
  map_put_c(&map, "user", map_done(&user));
  map_put_c(&map, "notification", map_done(&one));
  return map_done(&map);
}

/* Out ------------------------------------------------------------------------------------------------------------- */

typedef struct Work {
  Arena *arena;
  App *app;
  const Channel *channel;
  ChannelMessage message;
  Str address, mail;
  i64 job_id, token, connector_id;
} Work;

typedef struct Result {
  Arena *arena;
  SendVerdict verdict;
  Str error;
  i64 connector_id;
} Result;

static Str build_mail(Work *work, const Letter *letter, i64 now_ms) {
  Mail mail = {.from = str_from_c(work->app->relay.from),
               .to = letter->address,
               .subject = work->message.subject,
               .date_ms = now_ms,
               .message_id = str_format(work->arena, "<letter.%lld.%lld@tocsin.invalid>", (long long)letter->subject_id,
                                        (long long)letter->at_ms),
               .text = work->message.text,
               .html = work->message.html,
               .headers = work->message.headers,
               .header_count = work->message.header_count};
  return mime_build(work->arena, &mail);
}

static Work *work_new(Cycle *cycle, const Letter *letter, Error *err) {
  App *app = cycle_app(cycle);
  Provider provider = {0};
  if (!provider_choose(cycle, letter->org_id, letter->kind, 0, &provider, err)) return NULL;
  if (!provider.channel) return fail(err, ERR_INVALID, "no_provider"), NULL;
  const Channel *channel = provider.channel;
  if (channel_is_mail(channel) && !app->relay.url) return fail(err, ERR_INVALID, "no_smtp"), NULL;
  Value facts = context_of(cycle, letter), context = provider_context(app, cycle->arena, &provider, 0, &facts);
  Arena *arena = arena_new();
  Work *work = ARENA_NEW(arena, Work);
  *work = (Work){.arena = arena,
                 .app = app,
                 .channel = channel,
                 .address = str_copy(arena, letter->address),
                 .connector_id = provider.connector ? provider.connector->id : 0};
  if (!channel_render(channel, arena, &context, &work->message, err)) {
    arena_free(arena);
    return NULL;
  }
  if (channel_is_mail(channel)) work->mail = build_mail(work, letter, cycle->now_ms);
  return work;
}

static void answered(void *ctx, const OutboundResult *outbound) {
  Work *work = ctx;
  Arena *arena = arena_new();
  Result *result = ARENA_NEW(arena, Result);
  Str provider_id = STR_NONE, error = STR_NONE;
  i64 ignored = -1;
  *result = (Result){.arena = arena, .connector_id = work->connector_id};
  result->verdict = channel_judge(work->channel, arena, outbound, &provider_id, &error, &ignored);
  result->error = utf8_cut(str_copy(arena, error), 500);
  engine_job_result(work->app->engine, &LETTER_JOBS[0], work->job_id, work->token, result);
  arena_free(work->arena);
}

static void outside(Engine *engine, const Job *job, void *context) {
  Work *work = context;
  (void)engine;
  work->job_id = job->id;
  work->token = job->token;
  if (channel_is_mail(work->channel)) {
    MailCall call = {
        .relay = &work->app->relay, .to = work->address, .message = work->mail, .done = answered, .ctx = work};
    http_client_mail(work->app->outbound, &call);
    return;
  }
  HttpCall call = channel_call(&work->message, answered, work);
  http_client_call(work->app->outbound, &call);
}

/* What became of it ----------------------------------------------------------------------------------------------- */

static bool record(Cycle *cycle, const Letter *letter, const char *status, Str error, Error *err) {
  static const DbStmt RECORD = {"letter_record",
                                "UPDATE contact_method SET check_status = $2, check_error = $3, version = version + 1, "
                                "updated_at = $4 WHERE id = $1",
                                NULL};
  if (is_link(letter)) {
    if (error.len) log_warn("letter", "a link that sets a password could not be sent: %.*s", STR_ARG(error));
    return true;
  }
  cycle_publish(cycle, letter->org_id, "contact_method", letter->subject_id, 0);
  return db_run(cycle->db, &RECORD, err, db_int(letter->subject_id), db_text(str_from_c(status)),
                db_text_or_null(error), db_int(cycle->now_ms));
}

static Letter letter_of(const Job *job) {
  Letter letter = {
      .org_id = job->org_id, .subject_id = job->subject_id, .at_ms = value_int_or(value_get_c(&job->data, "at"), 0)};
  Str purpose = value_text_or(value_get_c(&job->data, "purpose"), STR_NONE);
  for (size_t i = 0; i < COUNT(PURPOSES); i++)
    if (str_equal_c(purpose, PURPOSES[i])) letter.purpose = (LetterPurpose)i;
  return letter;
}

static bool claim(Cycle *cycle, Job *job, JobVerdict *out_verdict, void **out_work, Error *err) {
  Letter letter = letter_of(job);
  bool found = false;
  Error why = {0};
  *out_verdict = JOB_DONE;
  if (!load(cycle, &letter, &found, err)) return false;
  if (!found) return true;
  const SetupUser *user = setup_user(setup_current(cycle_app(cycle)->setup), letter.user_id);
  letter.name = user ? user->name : S("");
  if (!say(cycle, &letter, err)) return false;
  Work *work = work_new(cycle, &letter, &why);
  if (!work) return record(cycle, &letter, "failed", str_copy(cycle->arena, str_from_c(why.message)), err);
  *out_work = work;
  *out_verdict = JOB_OUTSIDE;
  return true;
}

/* Whoever tests wants to know now; but a provider that refuses us leaves it to another one, as it would a page. */
static bool goes_again(Cycle *cycle, const Job *job, const Letter *letter, const Result *result, i64 *out_due_ms) {
  bool refused = result->verdict == SEND_CONFIGURATION &&
                 provider_other(cycle, letter->org_id, letter->kind, result->connector_id);
  bool later = result->verdict == SEND_RETRY && letter->purpose != LETTER_TEST;
  *out_due_ms = cycle->now_ms + (refused ? 0 : AGAIN_S * 1000);
  return (refused || later) && job->tries + 1 < TRIES_MAX;
}

static bool finish(Cycle *cycle, Job *job, void *context, JobVerdict *out_verdict, Error *err) {
  const Result *result = context;
  Letter letter = letter_of(job);
  bool sent = result->verdict == SEND_SENT || result->verdict == SEND_DELIVERED, found = false;
  *out_verdict = JOB_DONE;
  if (!provider_judged(cycle, result->connector_id, result->verdict, result->error, err) ||
      !load(cycle, &letter, &found, err))
    return false;
  if (!found) return true;
  if (goes_again(cycle, job, &letter, result, &job->due_ms)) return *out_verdict = JOB_AGAIN, true;
  return record(cycle, &letter, sent ? "sent" : "failed", sent ? STR_NONE : result->error, err);
}

static void free_result(void *result) {
  arena_free(((Result *)result)->arena);
}

const JobKind LETTER_JOBS[] = {
    {.name = "letter.send",
     .lease_ms = 60000,
     .claim = claim,
     .outside = outside,
     .finish = finish,
     .free_result = free_result},
    {.name = NULL},
};
