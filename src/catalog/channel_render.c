/* A message out of a channel's templates, and what the provider's answer means for it. */
#include "catalog/channel_internal.h"
#include "lang/json.h"
#include "net/http_server.h"

enum { ENCODED_WORD_BYTES = 45 /* 60 characters of base64: an encoded word has at most 75 */ };

bool channel_fill(const Mustache *template, Arena *arena, const Value *context, size_t max, Str *out, Error *err) {
  CelRun cel = {.now_ms = value_int_or(value_get_c(context, "now_ms"), 0)};
  Buf buf = buf_new(arena, max);
  *out = S("");
  if (!template) return true;
  if (!mustache_render(template, arena, context, &cel, &buf, err)) return false;
  if (buf.len) *out = buf_str(&buf);
  return true;
}

/* One line: what stands in a header or subject must not start another. */
static Str flatten(Arena *arena, Str s) {
  char *out = arena_alloc(arena, s.len + 1);
  size_t len = 0;
  for (size_t i = 0; i < s.len; i++) {
    char c = (u8)s.ptr[i] < ' ' || s.ptr[i] == 0x7f ? ' ' : s.ptr[i];
    if (c != ' ' || (len && out[len - 1] != ' ')) out[len++] = c;
  }
  return str_trim((Str){out, len});
}

static bool is_ascii(Str s) {
  for (size_t i = 0; i < s.len; i++)
    if ((u8)s.ptr[i] >= 0x80) return false;
  return true;
}

/* HTTP headers are ASCII; other text travels as words of RFC 2047. */
static Str header_text(Arena *arena, Str s) {
  s = flatten(arena, s);
  if (is_ascii(s)) return s;
  Buf buf = buf_new(arena, CHANNEL_LINE_MAX * 2);
  while (s.len) {
    Str word = utf8_cut(s, ENCODED_WORD_BYTES);
    if (word.len == 0) break;
    if (buf.len) buf_putc(&buf, ' ');
    Str text = base64_encode(arena, word);
    buf_format(&buf, "=?UTF-8?B?%.*s?=", STR_ARG(text));
    s = str_slice(s, word.len, s.len);
  }
  return buf_str(&buf);
}

/* Headers that render empty are left out. Mail encodes its own. */
static bool render_headers(const ChannelRequest *request, bool mail, Arena *arena, const Value *context,
                           ChannelMessage *out, Error *err) {
  Str *headers = ARENA_ARRAY(arena, Str, request->header_count + CHANNEL_SIGN_HEADERS_MAX);
  for (size_t i = 0; i < request->header_count; i++) {
    const ChannelHeader *header = &request->headers[i];
    Str value;
    if (!channel_fill(header->value, arena, context, CHANNEL_LINE_MAX, &value, err))
      return error_prefix(err, "header %.*s: ", STR_ARG(header->name));
    value = mail ? flatten(arena, value) : header_text(arena, value);
    if (value.len)
      headers[out->header_count++] = str_format(arena, "%.*s: %.*s", STR_ARG(header->name), STR_ARG(value));
  }
  out->headers = headers;
  return true;
}

/* Two dozen names of the context may be absent; templates then show nothing, and conditions are false. */
static Value with_defaults(Arena *arena, const Value *context) {
  static const char *const TEXTS[] = {
      "address",      "title", "headline", "text",        "urgency", "priority",   "severity",     "status",
      "service",      "team",  "since",    "ack_url",     "purpose", "thread",     "subject_line", "secret",
      "callback_url", "jwt",   "said",     "provider_id", "state",   "state_line", "cursor",       "handle"};
  MapBuilder map = map_builder(arena);
  for (size_t i = 0; i < COUNT(TEXTS); i++) (void)map_put_c(&map, TEXTS[i], value_c(""));
  for (u32 i = 0; value_is(context, VALUE_MAP) && i < context->size; i++)
    if (context->members[i].value.kind != VALUE_NULL)
      (void)map_put_value(&map, context->members[i].key, context->members[i].value);
  if (!value_text_or(value_get_c(context, "headline"), STR_NONE).len && value_get_c(context, "title"))
    (void)map_put_c(&map, "headline", *value_get_c(context, "title"));
  return map_done(&map);
}

/* As forms are encoded (and as moto and botocore encode them anew): a space is a plus. */
static Str form_encode(Arena *arena, Str text) {
  Str encoded = url_encode(arena, text);
  Buf out = buf_new(arena, encoded.len + 1);
  for (size_t i = 0; i < encoded.len; i++) {
    bool space = encoded.ptr[i] == '%' && encoded.ptr[i + 1] == '2' && encoded.ptr[i + 2] == '0';
    buf_putc(&out, space ? '+' : encoded.ptr[i]);
    if (space) i += 2;
  }
  return buf_str(&out);
}

static bool render_form(const ChannelRequest *request, Arena *arena, const Value *context, ChannelMessage *out,
                        Error *err) {
  Buf body = buf_new(arena, CHANNEL_BODY_MAX);
  for (size_t i = 0; i < request->form_count; i++) {
    Str value;
    if (!channel_fill(request->form[i].value, arena, context, CHANNEL_BODY_MAX, &value, err)) return false;
    if (value.len == 0) continue;
    buf_format(&body, "%s%.*s=%.*s", body.len ? "&" : "", STR_ARG(request->form[i].name),
               STR_ARG(form_encode(arena, value)));
  }
  if (request->form_count) out->body = buf_str(&body);
  return true;
}

static bool render_request(const Channel *channel, const ChannelRequest *request, Arena *arena, const Value *context,
                           ChannelMessage *out, Error *err) {
  out->method = request->method;
  out->timeout_ms = request->timeout_ms;
  if (!channel_fill(request->url, arena, context, CHANNEL_LINE_MAX, &out->url, err) ||
      !channel_fill(request->body, arena, context, CHANNEL_BODY_MAX, &out->body, err) ||
      !render_headers(request, channel->mail, arena, context, out, err) ||
      !render_form(request, arena, context, out, err))
    return false;
  out->url = str_trim(out->url);
  return channel_sign_after(channel, arena, context, out, err);
}

static bool prepare(const Channel *channel, Arena *arena, const Value *context, Value *out, Error *err) {
  Value full = with_defaults(arena, context);
  MapBuilder map = map_builder(arena);
  for (u32 i = 0; i < full.size; i++) (void)map_put_value(&map, full.members[i].key, full.members[i].value);
  if (!channel_sign_before(channel, arena, &full, &map, err)) return false;
  *out = map_done(&map);
  return true;
}

bool channel_render(const Channel *channel, Arena *arena, const Value *context, ChannelMessage *out, Error *err) {
  ChannelMessage message = {0};
  Value full;
  if (!prepare(channel, arena, context, &full, err) ||
      !channel_fill(channel->subject, arena, &full, CHANNEL_LINE_MAX, &message.subject, err) ||
      !channel_fill(channel->text, arena, &full, CHANNEL_BODY_MAX, &message.text, err) ||
      !channel_fill(channel->html, arena, &full, CHANNEL_BODY_MAX, &message.html, err) ||
      !render_request(channel, &channel->request, arena, &full, &message, err))
    return error_prefix(err, "channel %.*s: ", STR_ARG(channel->name));
  message.subject = flatten(arena, message.subject);
  *out = message;
  return true;
}

bool channel_can(const Channel *channel, ChannelAsk ask) {
  return channel->asks[ask].url != NULL;
}

bool channel_render_ask(const Channel *channel, ChannelAsk ask, Arena *arena, const Value *context, ChannelMessage *out,
                        Error *err) {
  ChannelMessage message = {0};
  Value full;
  if (!prepare(channel, arena, context, &full, err) ||
      !render_request(channel, &channel->asks[ask], arena, &full, &message, err))
    return error_prefix(err, "channel %.*s: ", STR_ARG(channel->name));
  *out = message;
  return true;
}

/* Answers --------------------------------------------------------------------------------------------------------- */

typedef struct Answer {
  Arena *arena;
  Value vars[ANSWER_COUNT];
} Answer;

static void read_answer(Answer *answer, Arena *arena, const OutboundResult *result) {
  Error ignored = {0};
  JsonOptions lenient = {.lenient_text = true};
  Str body = utf8_clean(arena, str_copy(arena, result->body));
  answer->arena = arena;
  answer->vars[ANSWER_STATUS] = value_int(result->status);
  answer->vars[ANSWER_BODY] = value_string(body.len ? body : S(""));
  if (!json_parse(arena, body, &lenient, &answer->vars[ANSWER_JSON], &ignored))
    answer->vars[ANSWER_JSON] = value_null();
}

static Value ask(const Answer *answer, const CelProgram *program) {
  CelRun run = {.vars = answer->vars};
  Error ignored = {0};
  Value v = value_null();
  if (!program || !cel_eval(program, answer->arena, &run, &v, &ignored)) return value_null();
  return v;
}

static bool says(const Answer *answer, const CelProgram *program) {
  Value v = ask(answer, program);
  return value_bool_or(&v, false);
}

static Str told(const Answer *answer, const CelProgram *program) {
  Value v = ask(answer, program);
  return utf8_cut(value_display(answer->arena, &v), 200);
}

static Str reason(const Channel *channel, const Answer *answer, const OutboundResult *result) {
  if (result->error[0]) return utf8_clean(answer->arena, str_copy(answer->arena, str_from_c(result->error)));
  Str words = told(answer, channel->error);
  if (!words.len) words = flatten(answer->arena, utf8_cut(value_text(&answer->vars[ANSWER_BODY]), 200));
  return str_format(answer->arena, "%s %ld%s%.*s", channel->mail ? "SMTP" : "HTTP", result->status,
                    words.len ? ": " : "", STR_ARG(words));
}

static SendVerdict judge_answered(const Channel *channel, const Answer *answer) {
  if (says(answer, channel->success)) return says(answer, channel->delivered) ? SEND_DELIVERED : SEND_SENT;
  if (says(answer, channel->configuration)) return SEND_CONFIGURATION;
  if (says(answer, channel->broken)) return SEND_BROKEN;
  return says(answer, channel->permanent) ? SEND_PERMANENT : SEND_RETRY;
}

static SendVerdict judge(const Channel *channel, const Answer *answer, const OutboundResult *result) {
  switch (result->outcome) {
  case OUTBOUND_ANSWERED: return judge_answered(channel, answer);
  case OUTBOUND_UNKNOWN: return SEND_UNKNOWN;
  case OUTBOUND_REFUSED:
    if (result->target_refused) return SEND_PERMANENT;
    if (result->status && says(answer, channel->configuration)) return SEND_CONFIGURATION;
    if (result->status && says(answer, channel->broken)) return SEND_BROKEN;
    return result->status && says(answer, channel->permanent) ? SEND_PERMANENT : SEND_RETRY;
  case OUTBOUND_CANCELLED:
  case OUTBOUND_OUTCOME_COUNT: break;
  }
  return SEND_RETRY;
}

/* A provider that answers anything else but a refusal of us is not said to be misconfigured. */
SendVerdict channel_judge_ask(const Channel *channel, ChannelAsk ask, Arena *arena, const OutboundResult *result,
                              Str *out_error) {
  Answer answer;
  read_answer(&answer, arena, result);
  *out_error = STR_NONE;
  bool answered = result->outcome == OUTBOUND_ANSWERED;
  if (answered && says(&answer, channel->ask_success[ask])) return SEND_SENT;
  *out_error = reason(channel, &answer, result);
  if (answered && says(&answer, channel->configuration)) return SEND_CONFIGURATION;
  bool refused = answered && ask != CHANNEL_CHECK && says(&answer, channel->permanent);
  return refused ? SEND_PERMANENT : SEND_RETRY;
}

Value channel_polled(const Channel *channel, Arena *arena, const OutboundResult *result, Str *out_cursor) {
  Answer answer;
  read_answer(&answer, arena, result);
  *out_cursor = told(&answer, channel->poll_cursor);
  Value items = ask(&answer, channel->poll_items);
  return items.kind == VALUE_LIST ? items : (Value){.kind = VALUE_LIST};
}

SendVerdict channel_judge(const Channel *channel, Arena *arena, const OutboundResult *result, Str *out_provider_id,
                          Str *out_error, i64 *out_retry_after_s) {
  Answer answer;
  read_answer(&answer, arena, result);
  SendVerdict verdict = judge(channel, &answer, result);
  bool taken = verdict == SEND_SENT || verdict == SEND_DELIVERED;
  *out_provider_id = taken ? told(&answer, channel->provider_id) : STR_NONE;
  *out_error = taken ? STR_NONE : reason(channel, &answer, result);
  *out_retry_after_s = result->retry_after_s;
  Value said = ask(&answer, channel->retry_after);
  i64 seconds = value_int_or(&said, 0);
  if (seconds > 0) *out_retry_after_s = seconds;
  return verdict;
}
