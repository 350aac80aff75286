/* Channels: how one notification reaches one address. A channel is a YAML file under catalog/channels: the transport
 * (http or mail), the request or mail as Mustache templates, what success is, which answers are permanent (CEL over
 * status, headers, body, json), the provider's id, and what to do when the outcome is unknown. Compiled once,
 * immutable. */
#ifndef TOCSIN_CATALOG_CHANNEL_H
#define TOCSIN_CATALOG_CHANNEL_H

#include "catalog/catalog.h"
#include "net/http_client.h"

typedef struct Channel Channel;

const Channel *channel_find(const Catalog *catalog, Str name); /* "email", "ntfy", "twilio_sms"; NULL when unknown */
/* A contact method's kind ("sms") may be served by several channels ("twilio_sms", "vonage_sms"). */
Str channel_kind(const Channel *channel);
/* It cannot be used without a connector's settings. */
bool channel_needs_connector(const Channel *channel);
/* Settings of a connector: texts by name. Which are known, which are missing; says what each is for. */
MUST_CHECK bool channel_check_settings(const Channel *channel, const Value *settings, Str secret, Str signing_secret,
                                       Error *err);
/* The same with what is left out; for the context. */
Value channel_settings(const Channel *channel, Arena *arena, const Value *settings);
bool channel_is_push(const Channel *channel); /* to a browser: needs push_key and push_subject in the context */
bool channel_has_replies(const Channel *channel);
/* For people: name, kind, title, guide, address_hint, needs_connector, secret, settings[]. */
/* As its file says; why_not: nothing of its kind can be sent (NULL: it can). */
Value channel_facts(const Channel *channel, const char *why_not, Str public_key, Arena *arena);
bool channel_bundles(const Channel *channel);  /* for people: messages that follow within a minute become one */
bool channel_receipts(const Channel *channel); /* the provider says later whether it arrived */
/* At most `count` messages to one address in `within_s`; 0: no limit at place i. */
typedef struct ChannelLimit {
  i64 count, within_s;
} ChannelLimit;
enum { CHANNEL_LIMITS_MAX = 4 };
const ChannelLimit *channel_limits(const Channel *channel, size_t *out_count);
size_t channel_count(const Catalog *catalog);
const Channel *channel_at(const Catalog *catalog, size_t i);
/* What the templates of messages see. */
const CelEnv *channel_env_new(Arena *arena, ZoneDb *zones);
Str channel_name(const Channel *channel);
bool channel_is_mail(const Channel *channel);
bool channel_resend_unknown(
    const Channel *channel); /* a crash or cut in sending: send again, marked "(may be repeated)" */
/* Does this look like an address of the channel? Says how one looks. */
MUST_CHECK bool channel_check_address(const Channel *channel, Str address, Error *err);

typedef struct ChannelMessage {
  Str method, url, body; /* http */
  Str *headers;          /* "Name: value" */
  size_t header_count;
  i64 timeout_ms;
  Str subject, text, html; /* mail */
} ChannelMessage;
/* The message as a call; its texts stay where they are. */
HttpCall channel_call(const ChannelMessage *message, OutboundDone done, void *ctx);

/* context: {address, title, text, urgency, priority, severity, status, service, team, since, links, alert, incident,
 * page, notification {id}, ack_url, user {name}, repeated, subject_line, thread, also_told[]}. */
MUST_CHECK bool channel_render(const Channel *channel, Arena *arena, const Value *context, ChannelMessage *out,
                               Error *err);

/* What a provider can be asked beside sending; not every one can. */
typedef enum ChannelAsk {
  CHANNEL_CHECK,   /* whether it takes our credentials: nobody is sent anything */
  CHANNEL_UPDATE,  /* an earlier message now says what became of the page, or is taken back */
  CHANNEL_POLL,    /* what people answered, where the provider cannot call us */
  CHANNEL_RESPOND, /* the words for somebody who pressed a button, where they cannot stand in the HTTP answer */
  CHANNEL_ASK_COUNT
} ChannelAsk;
bool channel_can(const Channel *channel, ChannelAsk ask);
/* context: as for channel_render, with the provider's settings and secret. UPDATE: provider_id, state, state_line.
 * POLL: cursor. RESPOND: handle, said. An empty out->url: there is nothing to ask. */
MUST_CHECK bool channel_render_ask(const Channel *channel, ChannelAsk ask, Arena *arena, const Value *context,
                                   ChannelMessage *out, Error *err);

typedef enum SendVerdict {
  SEND_SENT,          /* the provider took it */
  SEND_DELIVERED,     /* and says it reached the person */
  SEND_RETRY,         /* try again after the back-off, or retry_after_s */
  SEND_PERMANENT,     /* never will: the next method at once */
  SEND_BROKEN,        /* the same, and nothing will ever arrive at this address */
  SEND_CONFIGURATION, /* the provider refuses us: another provider, and somebody must look */
  SEND_UNKNOWN        /* may have been taken */
} SendVerdict;
/* What a provider calls back with: a receipt of one message, or what a person answered (a button, a key, a text). */
typedef struct ChannelCallback {
  Str method, url, body, content_type; /* url: as the provider was given it */
  Str signature;                       /* header X-Twilio-Signature or X-Slack-Signature */
  Str timestamp;                       /* header X-Slack-Request-Timestamp */
  Str authorization;                   /* header Authorization */
  Str token_header;                    /* header X-Telegram-Bot-Api-Secret-Token */
} ChannelCallback;
/* What it is held against. */
typedef struct ChannelSecrets {
  Str secret, signing_secret; /* the connector's */
  Str hook_token;             /* what a provider sends back in a header to prove itself */
  i64 now_s;                  /* true time */
} ChannelSecrets;
typedef struct ChannelReceipt {
  SendVerdict verdict; /* SEND_RETRY: it says nothing (yet); SEND_UNKNOWN: nobody can say */
  Str error;
} ChannelReceipt;
/* False: it is not from the provider (err). */
MUST_CHECK bool channel_read_receipt(const Channel *channel, Arena *arena, const ChannelCallback *callback,
                                     const ChannelSecrets *secrets, ChannelReceipt *out, Error *err);
typedef struct ChannelReply {
  Str action;    /* acknowledge, resolve, escalate, repeat, end (a call: say nothing more); empty: none */
  Str from;      /* the sender's address; empty when the callback belongs to one message */
  Str token;     /* of a button: the message's */
  Str number;    /* of an alert that a text names; empty: the last message */
  Str handle;    /* for CHANNEL_RESPOND */
  bool stop;     /* "STOP": nothing more to this address */
  bool start;    /* "START": how is it to be sent to again? */
  Value payload; /* for the answer */
} ChannelReply;
MUST_CHECK bool channel_read_reply(const Channel *channel, Arena *arena, const ChannelCallback *callback,
                                   const ChannelSecrets *secrets, ChannelReply *out, Error *err);
bool channel_replies_by_token(const Channel *channel); /* its file reads a token: what has none names no message */
Str channel_reply_help(const Channel *channel);        /* to an answer that is none */
/* The same of one item of a poll. */
void channel_read_item(const Channel *channel, Arena *arena, const Value *item, ChannelReply *out);
/* What the provider is answered: `said` in its form; empty: nothing. */
bool channel_answers(const Channel *channel); /* `said` stands in the HTTP answer */
Str channel_answer(const Channel *channel, Arena *arena, const Value *context, const char **out_content_type);

/* SEND_SENT, SEND_CONFIGURATION, SEND_PERMANENT (never will), or SEND_RETRY with the provider's words. */
SendVerdict channel_judge_ask(const Channel *channel, ChannelAsk ask, Arena *arena, const OutboundResult *result,
                              Str *out_error);
/* Of a poll that was answered: the items, and where the next one goes on (empty: where this one did). */
Value channel_polled(const Channel *channel, Arena *arena, const OutboundResult *result, Str *out_cursor);
SendVerdict channel_judge(const Channel *channel, Arena *arena, const OutboundResult *result, Str *out_provider_id,
                          Str *out_error, i64 *out_retry_after_s);

#endif
