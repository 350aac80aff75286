/* What a provider is asked beside sending: a check, an update, a poll, a response. One shape for all: rendered in the
 * transaction, asked after the commit, and the answer is the job's result. Never in the way of a page: the outbound
 * client keeps places for those. */
#ifndef TOCSIN_CORE_ASK_H
#define TOCSIN_CORE_ASK_H

#include "core/paging/notify.h"

typedef struct AskResult {
  Arena *arena;
  SendVerdict verdict; /* as channel_judge_ask */
  Str error, note;     /* note: what the claim gave along */
  Value items;         /* of a poll */
  Str cursor;
} AskResult;

typedef struct Asking {
  const char *job_kind;
  Provider provider;
  ChannelAsk ask;
  Value context; /* with the provider's settings: provider_context */
  Str note;
} Asking;
/* For a claim. *out_work NULL: there is nothing to ask. False: the templates cannot be filled (*err). */
MUST_CHECK bool ask_prepare(Cycle *cycle, const Asking *asking, void **out_work, Error *err);
void ask_outside(Engine *engine, const Job *job, void *work);
void ask_free(void *result);

#endif
