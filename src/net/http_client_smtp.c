/* The mail kind of call: one message to one recipient through the relay.
 * A relay takes a message with its reply to the final dot, so "unknown" begins when curl has read the last byte, and
 * ends with any reply to it. STARTTLS is tried when offered; with a user it is required, unless the relay is this
 * machine. Opportunistic TLS does not verify certificates: it would otherwise be weaker than none (RFC 7435), as a
 * relay with a self-made certificate could then not be used at all. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "net/http_client_internal.h"

enum {
  ADDRESS_BYTES_MAX = 320, /* RFC 3696: 64 + 1 + 255 */
};

/* Checks. */

static bool check_address(Str address, const char *what, Error *err) {
  size_t at = str_find_char(address, '@', 0);
  if (address.len == 0 || address.len > ADDRESS_BYTES_MAX || at == 0 || at >= address.len - 1)
    return fail(err, ERR_INVALID, "the %s is not a mail address; use a form such as name@example.org", what);
  for (size_t i = 0; i < address.len; i++)
    if ((u8)address.ptr[i] <= ' ' || strchr("<>\x7f", address.ptr[i]))
      return fail(err, ERR_INVALID, "the %s holds a space, line break, bracket or control character", what);
  if (!utf8_valid(address)) return fail(err, ERR_INVALID, "the %s is not UTF-8", what);
  return true;
}

/* "Tocsin <tocsin@example.org>" or a bare address. */
static Str bare_address(Str text) {
  size_t open = str_find_char(text, '<', 0);
  if (open == SIZE_MAX) return str_trim(text);
  size_t close = str_find_char(text, '>', open);
  return str_slice(text, open + 1, close == SIZE_MAX ? text.len : close);
}

static bool is_this_machine(const char *host) {
  struct in_addr four;
  if (str_equal_nocase(str_from_c(host), S("localhost")) || strcmp(host, "[::1]") == 0) return true;
  return inet_pton(AF_INET, host, &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
}

static void plan_tls(MailPlan *plan, bool smtps, bool this_machine) {
  bool required = smtps || (plan->user && !this_machine);
  plan->tls = required ? CURLUSESSL_ALL : CURLUSESSL_TRY;
  plan->verify = required;
}

/* The password in the URL is taken too, but a password file wins. */
static bool plan_relay(Call *call, Error *err) {
  const SmtpRelay *relay = call->mail.relay;
  MailPlan *plan = &call->plan;
  CURLU *url;
  Str target;
  if (!transfer_target(call->arena, str_from_c(relay->url), call->kind->protocols, &target, &url, err)) return false;
  plan->user = url_part(call->arena, url, CURLUPART_USER, CURLU_URLDECODE);
  plan->password = relay->password ? relay->password : url_part(call->arena, url, CURLUPART_PASSWORD, CURLU_URLDECODE);
  const char *scheme = url_part(call->arena, url, CURLUPART_SCHEME, 0);
  const char *host = url_part(call->arena, url, CURLUPART_HOST, 0);
  plan_tls(plan, strcmp(scheme, "smtps") == 0, is_this_machine(host));
  if (curl_url_set(url, CURLUPART_USER, NULL, 0) || curl_url_set(url, CURLUPART_PASSWORD, NULL, 0))
    return fail(err, ERR_INTERNAL, "the relay's URL could not be taken apart");
  plan->url = url_part(call->arena, url, CURLUPART_URL, 0);
  if (plan->user && has_control(str_from_c(plan->user)))
    return fail(err, ERR_INVALID, "the relay's user holds a control character");
  return true;
}

/* A lone CR or LF could end the message early for a lenient relay, and start another one (SMTP smuggling): every line
 * ends with CRLF. NUL is not allowed in mail and is left out. */
static Str message_clean(Arena *arena, Str text) {
  ASSERT(text.len < SIZE_MAX / 2);
  char *out = arena_alloc(arena, text.len * 2);
  size_t count = 0;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '\0') continue;
    if (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n') i++;
    if (c == '\r' || c == '\n') out[count++] = '\r';
    out[count++] = c == '\r' ? '\n' : c;
  }
  return (Str){out, count};
}

static bool mail_check(Call *call, Str *out_host, Error *err) {
  Str from = bare_address(str_from_c(call->mail.relay->from));
  if (!check_address(from, "sender", err) || !check_address(call->mail.to, "recipient", err)) return false;
  if (!plan_relay(call, err)) return false;
  *out_host = S("mail"); /* all relays share the slots of one host, since they share the mailers */
  call->plan.from = str_to_c(call->arena, str_format(call->arena, "<%.*s>", STR_ARG(from)));
  call->plan.to = str_to_c(call->arena, str_format(call->arena, "<%.*s>", STR_ARG(call->mail.to)));
  call->mail.message = message_clean(call->arena, call->mail.message);
  return true;
}

/* The talk. */

static size_t on_read(char *out, size_t size, size_t count, void *ctx) {
  Call *call = ctx;
  Str left = str_slice(call->mail.message, call->plan.bytes_read, call->mail.message.len);
  size_t bytes = MIN(left.len, size * count);
  if (bytes > 0) memcpy(out, left.ptr, bytes);
  call->plan.bytes_read += bytes;
  call->sent = call->plan.bytes_read == call->mail.message.len;
  return bytes;
}

/* Every line that the relay says. */
static size_t on_reply(char *bytes, size_t size, size_t count, void *ctx) {
  Call *call = ctx;
  MailPlan *plan = &call->plan;
  Str line = str_trim((Str){bytes, size * count});
  i64 code;
  if (plan->leaving || line.len < 3 || !str_to_i64(str_slice(line, 0, 3), 100, 599, &code)) return size * count;
  if (line.len > 3 && line.ptr[3] == '-') return size * count;
  plan->reply_code = (long)code;
  line = utf8_cut(utf8_clean(call->arena, utf8_cut(line, sizeof(plan->reply) - 1)), sizeof(plan->reply) - 1);
  memcpy(plan->reply, line.ptr, line.len);
  plan->reply[line.len] = '\0';
  return size * count;
}

/* After QUIT curl waits up to two minutes for the farewell, past every timeout: it gets the end of the stream instead.
 */
static int on_talk(CURL *easy, curl_infotype type, char *bytes, size_t count, void *ctx) {
  Call *call = ctx;
  (void)easy;
  if (type != CURLINFO_HEADER_OUT || !str_starts_with((Str){bytes, count}, S("QUIT"))) return 0;
  call->plan.leaving = true;
  mailer_hang_up(call->mailer);
  return 0;
}

static void prepare_login(Call *call) {
  const MailPlan *plan = &call->plan;
  must(curl_easy_setopt(call->easy, CURLOPT_USE_SSL, plan->tls));
  must(curl_easy_setopt(call->easy, CURLOPT_SSL_VERIFYPEER, plan->verify ? 1L : 0L));
  must(curl_easy_setopt(call->easy, CURLOPT_SSL_VERIFYHOST, plan->verify ? 2L : 0L));
  if (!plan->user) return;
  must(curl_easy_setopt(call->easy, CURLOPT_USERNAME, plan->user));
  must(curl_easy_setopt(call->easy, CURLOPT_PASSWORD, plan->password ? plan->password : ""));
}

static void prepare_talk(Call *call) {
  CURL *easy = call->easy;
  must(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_reply));
  must(curl_easy_setopt(easy, CURLOPT_HEADERDATA, call));
  must(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_reply));
  must(curl_easy_setopt(easy, CURLOPT_WRITEDATA, call));
  must(curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_talk));
  must(curl_easy_setopt(easy, CURLOPT_DEBUGDATA, call));
  must(curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L));
}

static void mail_prepare(Call *call) {
  CURL *easy = call->easy;
  call->lines = curl_slist_append(NULL, call->plan.to);
  ASSERT(call->lines);
  must(curl_easy_setopt(easy, CURLOPT_URL, call->plan.url));
  must(curl_easy_setopt(easy, CURLOPT_MAIL_FROM, call->plan.from));
  must(curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, call->lines));
  must(curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L));
  must(curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read));
  must(curl_easy_setopt(easy, CURLOPT_READDATA, call));
  prepare_login(call);
  prepare_talk(call);
  mailer_prepare(call);
}

/* A reply of 400 and more after the last byte is the relay's final no. */
static void mail_judge(Call *call, CURLcode code, OutboundResult *out) {
  bool refused = call->plan.reply_code >= 400;
  if (code == CURLE_OK)
    out->outcome = OUTBOUND_ANSWERED;
  else
    out->outcome = call->sent && !refused ? OUTBOUND_UNKNOWN : OUTBOUND_REFUSED;
  if (code == CURLE_OK || refused) out->status = call->plan.reply_code;
}

const CallKind MAIL_KIND = {
    .check = mail_check,
    .prepare = mail_prepare,
    .judge = mail_judge,
    .protocols = "smtp,smtps",
    .timeout_ms_default = 20 * 1000,
    .connect_ms_max = 15 * 1000, /* relays let strangers wait for the greeting, on purpose */
};
