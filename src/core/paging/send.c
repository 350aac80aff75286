/* Hands one message to its provider after the commit, and brings the answer back as the job's result. */
#include "core/paging/notify.h"
#include "net/mime.h"

void send_work_free(SendWork *work) {
  if (work) arena_free(work->arena);
}

void notify_free_result(void *result) {
  arena_free(((SendResult *)result)->arena);
}

void notify_count(App *app, Str kind, const char *outcome) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Metric *metric =
      metrics_counter(app->metrics, "tocsin_notifications_total", "Notifications by kind and outcome.", "kind,outcome");
  metric_add(metric, str_to_c(arena, str_format(arena, "%.*s,%s", STR_ARG(kind), outcome)), 1);
}

/* Mails about one subject form a thread: each refers to the subject's first Message-ID. */
static Str build_mail(SendWork *work, const Notification *n, const Page *page, i64 now_ms) {
  Arena *arena = work->arena;
  Str domain = S("tocsin.invalid");
  Str from = str_from_c(work->app->relay.from);
  size_t at = str_find_char(from, '@', 0);
  if (at != SIZE_MAX) {
    domain = str_slice(from, at + 1, from.len);
    if (str_ends_with(domain, S(">"))) domain.len--;
  }
  i64 subject = page->subject_id ? page->subject_id : page->id ? page->id : n->id;
  Mail mail = {.from = from,
               .to = n->address,
               .subject = work->message.subject,
               .date_ms = now_ms,
               .message_id =
                   str_format(arena, "<%lld.%lld@%.*s>", (long long)n->id, (long long)n->attempts, STR_ARG(domain)),
               .references = str_format(arena, "<thread.%lld@%.*s>", (long long)subject, STR_ARG(domain)),
               .text = work->message.text,
               .html = work->message.html,
               .headers = work->message.headers,
               .header_count = work->message.header_count};
  return mime_build(arena, &mail);
}

/* Whom a push service may ask: services refuse a made-up one. */
static Str push_subject(App *app, Arena *arena) {
  Str url = str_from_c(app->public_url), from = str_from_c(app->relay.from);
  size_t open = str_find_char(from, '<', 0), close = str_find_char(from, '>', 0);
  if (str_starts_with(url, S("https://"))) return url;
  if (open != SIZE_MAX && close != SIZE_MAX && open < close) from = str_slice(from, open + 1, close);
  return str_format(arena, "mailto:%.*s", STR_ARG(from));
}

/* What the message itself does not know: the provider's settings, and where it calls back. */
Value provider_context(App *app, Arena *arena, const Provider *provider, i64 notification_id, const Value *facts) {
  MapBuilder map = map_builder(arena);
  Str token = notification_id ? ack_token(app, arena, notification_id) : S("");
  for (size_t i = 0; i < facts->size; i++) map_put(&map, value_text(&facts->members[i].key), facts->members[i].value);
  map_put_c(&map, "settings",
            channel_settings(provider->channel, arena, provider->connector ? &provider->connector->settings : NULL));
  map_put_c(&map, "secret", value_string(provider->connector ? provider->connector->secret : S("")));
  map_put_c(&map, "has_signing_secret", value_bool(provider->connector && provider->connector->signing_secret.len));
  if (channel_is_push(provider->channel)) {
    map_put_c(&map, "push_key", value_string(app->push_key));
    map_put_c(&map, "push_subject", value_string(push_subject(app, arena)));
  }
  map_put_c(&map, "token", value_string(token));
  map_put_c(&map, "callback_url", value_string(str_format(arena, "%s/ack/%.*s", app->public_url, STR_ARG(token))));
  return map_done(&map);
}

SendWork *send_work_new(Cycle *cycle, const Provider *provider, const Notification *n, const Page *page, Error *err) {
  App *app = cycle_app(cycle);
  const Channel *channel = provider->channel;
  Value context = value_null();
  if (channel_is_mail(channel) && !app->relay.url) return fail(err, ERR_INVALID, "no_smtp"), NULL;
  if (!message_context(cycle, n, page, &context, err)) return NULL;
  context = provider_context(app, cycle->arena, provider, n->id, &context);
  Arena *arena = arena_new();
  SendWork *work = ARENA_NEW(arena, SendWork);
  *work = (SendWork){.arena = arena,
                     .app = app,
                     .channel = channel,
                     .urgent = str_equal_c(page->urgency, "high"),
                     .address = str_copy(arena, n->address)};
  if (!channel_render(channel, arena, &context, &work->message, err)) {
    send_work_free(work);
    return NULL;
  }
  if (channel_is_mail(channel)) work->mail = build_mail(work, n, page, cycle->now_ms);
  return work;
}

static void answered(void *ctx, const OutboundResult *outbound) {
  SendWork *work = ctx;
  Arena *arena = arena_new();
  SendResult *result = ARENA_NEW(arena, SendResult);
  Str provider_id = STR_NONE, error = STR_NONE;
  result->arena = arena;
  result->retry_after_s = -1;
  result->receipts = channel_receipts(work->channel);
  result->resend_unknown = channel_resend_unknown(work->channel);
  result->verdict = channel_judge(work->channel, arena, outbound, &provider_id, &error, &result->retry_after_s);
  result->provider_id = str_copy(arena, provider_id);
  result->doubtful = outbound->outcome == OUTBOUND_UNKNOWN ||
                     (outbound->outcome == OUTBOUND_ANSWERED && !work->mail.len && outbound->status >= 500);
  result->not_started = outbound->not_started;
  result->error = utf8_cut(str_copy(arena, error), 500);
  engine_fault(work->app->engine, "send.after_provider");
  for (const JobKind *kind = PAGING_JOBS; kind->name; kind++)
    if (str_equal_c(str_from_c(kind->name), "notify.send"))
      engine_job_result(work->app->engine, kind, work->job_id, work->token, result);
  send_work_free(work);
}

void notify_outside(Engine *engine, const Job *job, void *context) {
  SendWork *work = context;
  work->job_id = job->id;
  work->token = job->token;
  engine_fault(engine, "send.before_provider");
  if (channel_is_mail(work->channel)) {
    MailCall call = {.relay = &work->app->relay,
                     .to = work->address,
                     .message = work->mail,
                     .done = answered,
                     .ctx = work,
                     .for_page = true};
    http_client_mail(work->app->outbound, &call);
    return;
  }
  HttpCall call = channel_call(&work->message, answered, work);
  call.for_page = true;
  http_client_call(work->app->outbound, &call);
}
