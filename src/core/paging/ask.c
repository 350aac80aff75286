/* Asking a provider: the call between a claim and its finish. */
#include "core/paging/ask.h"

typedef struct AskWork {
  Arena *arena;
  App *app;
  const Channel *channel;
  ChannelAsk ask;
  const char *job_kind;
  ChannelMessage message;
  Str note;
  i64 job_id, token;
} AskWork;

bool ask_prepare(Cycle *cycle, const Asking *asking, void **out_work, Error *err) {
  Arena *arena = arena_new();
  AskWork *work = ARENA_NEW(arena, AskWork);
  *work = (AskWork){.arena = arena,
                    .app = cycle_app(cycle),
                    .channel = asking->provider.channel,
                    .ask = asking->ask,
                    .job_kind = asking->job_kind,
                    .note = str_copy(arena, asking->note)};
  *out_work = NULL;
  bool ok = channel_render_ask(work->channel, work->ask, arena, &asking->context, &work->message, err);
  if (ok && work->message.url.len)
    *out_work = work;
  else
    arena_free(arena);
  return ok;
}

static const JobKind *kind_named(const char *name) {
  for (const JobKind *kind = PAGING_JOBS; kind->name; kind++)
    if (str_equal_c(str_from_c(kind->name), name)) return kind;
  return NULL;
}

static void answered(void *ctx, const OutboundResult *outbound) {
  AskWork *work = ctx;
  Arena *arena = arena_new();
  AskResult *result = ARENA_NEW(arena, AskResult);
  Str error = STR_NONE;
  *result = (AskResult){.arena = arena, .note = str_copy(arena, work->note), .items = {.kind = VALUE_LIST}};
  result->verdict = channel_judge_ask(work->channel, work->ask, arena, outbound, &error);
  result->error = utf8_cut(str_copy(arena, error), 500);
  if (work->ask == CHANNEL_POLL && result->verdict == SEND_SENT)
    result->items = channel_polled(work->channel, arena, outbound, &result->cursor);
  engine_job_result(work->app->engine, kind_named(work->job_kind), work->job_id, work->token, result);
  arena_free(work->arena);
}

void ask_outside(Engine *engine, const Job *job, void *context) {
  AskWork *work = context;
  (void)engine;
  work->job_id = job->id;
  work->token = job->token;
  HttpCall call = channel_call(&work->message, answered, work);
  http_client_call(work->app->outbound, &call);
}

void ask_free(void *result) {
  arena_free(((AskResult *)result)->arena);
}
