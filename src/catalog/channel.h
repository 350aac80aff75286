/* Channels: how one notification reaches one address. A channel is a YAML file under catalog/channels: the transport
 * (http or mail), the request or mail as Mustache templates, what success is, which answers are permanent (CEL over
 * status, headers, body, json), the provider's id, and what to do when the outcome is unknown. Compiled once,
 * immutable. */
#ifndef TOCSIN_CATALOG_CHANNEL_H
#define TOCSIN_CATALOG_CHANNEL_H

#include "catalog/catalog.h"
#include "net/http_client.h"

typedef struct Channel Channel;

const Channel *channel_find(const Catalog *catalog, Str kind); /* "email", "webhook", "ntfy"; NULL when unknown */
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

/* context: {address, title, text, urgency, priority, severity, status, service, team, since, links, alert, incident,
 * page, notification {id}, ack_url, user {name}, repeated, subject_line, thread, also_told[]}. */
MUST_CHECK bool channel_render(const Channel *channel, Arena *arena, const Value *context, ChannelMessage *out,
                               Error *err);

typedef enum SendVerdict {
  SEND_SENT,      /* the provider took it */
  SEND_DELIVERED, /* and says it reached the person */
  SEND_RETRY,     /* try again after the back-off, or retry_after_s */
  SEND_PERMANENT, /* never will: the next method at once */
  SEND_UNKNOWN    /* may have been taken */
} SendVerdict;
SendVerdict channel_judge(const Channel *channel, Arena *arena, const OutboundResult *result, Str *out_provider_id,
                          Str *out_error, i64 *out_retry_after_s);

#endif
