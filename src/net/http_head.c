/* Request heads: where one ends, and what it says. Two passes: http_head_scan finds the empty line (and refuses bare LF
 * at once, so that such a client is not left waiting for its time-out), http_head_parse then reads the whole block.
 * Cost: each byte is looked at twice; the only allocations are the header table and a decoded path. */
#include "net/http_head.h"

#include <string.h>

enum { CHAR_TOKEN = 1, CHAR_VALUE = 2, CHAR_HOST = 4, CHAR_TARGET = 8 };

#define P CHAR_VALUE | CHAR_TARGET /* printable */
static const u8 CHAR_KINDS[256] = {
    ['\t'] = CHAR_VALUE,
    [' '] = CHAR_VALUE,
    ['!'] = CHAR_TOKEN | P,
    ['"'] = P,
    ['#'] = CHAR_TOKEN | CHAR_VALUE, /* a fragment has no place in a request */
    ['$'] = CHAR_TOKEN | P,
    ['%'] = CHAR_TOKEN | CHAR_HOST | P,
    ['&' ... '\''] = CHAR_TOKEN | P,
    ['(' ... ')'] = P,
    ['*' ... '+'] = CHAR_TOKEN | P,
    [','] = P,
    ['-' ... '.'] = CHAR_TOKEN | CHAR_HOST | P,
    ['/'] = P,
    ['0' ... '9'] = CHAR_TOKEN | CHAR_HOST | P,
    [':'] = CHAR_HOST | P,
    [';' ... '@'] = P,
    ['A' ... 'Z'] = CHAR_TOKEN | CHAR_HOST | P,
    ['['] = CHAR_HOST | P,
    ['\\'] = P,
    [']'] = CHAR_HOST | P,
    ['^'] = CHAR_TOKEN | P,
    ['_'] = CHAR_TOKEN | CHAR_HOST | P,
    ['`'] = CHAR_TOKEN | P,
    ['a' ... 'z'] = CHAR_TOKEN | CHAR_HOST | P,
    ['{'] = P,
    ['|'] = CHAR_TOKEN | P,
    ['}'] = P,
    ['~'] = CHAR_TOKEN | CHAR_HOST | P,
    [0x80 ... 0xff] = CHAR_VALUE, /* obs-text */
};
#undef P

bool http_is_token_char(char c) {
  return CHAR_KINDS[(u8)c] & CHAR_TOKEN;
}
bool http_is_value_char(char c) {
  return CHAR_KINDS[(u8)c] & CHAR_VALUE;
}

static bool all_of(Str text, u8 kind) {
  for (size_t i = 0; i < text.len; i++)
    if (!(CHAR_KINDS[(u8)text.ptr[i]] & kind)) return false;
  return true;
}

bool http_is_token(Str text) {
  return text.len > 0 && all_of(text, CHAR_TOKEN);
}

static bool refuse(HttpProblem *out, int status, const char *message) {
  *out = (HttpProblem){.status = status, .message = message};
  return false;
}

/* ---- where the head ends ---- */

static HttpStep scan_refuse(HttpProblem *out, int status, const char *message) {
  refuse(out, status, message);
  return HTTP_STEP_BAD;
}

HttpStep http_head_scan(HttpScan *scan, Str bytes, size_t *out_bytes, HttpProblem *out_problem) {
  size_t end = MIN(bytes.len, (size_t)HTTP_HEAD_BYTES_MAX);
  if (bytes.len > 0 && !http_is_token_char(bytes.ptr[0]))
    return scan_refuse(out_problem, 400, "a request begins with its method, without white space before it");
  while (scan->seen_bytes < end) {
    const char *from = bytes.ptr + scan->seen_bytes;
    const char *newline = memchr(from, '\n', end - scan->seen_bytes);
    if (!newline) {
      scan->seen_bytes = end;
      break;
    }
    size_t at = (size_t)(newline - bytes.ptr);
    if (at == scan->line_start || bytes.ptr[at - 1] != '\r')
      return scan_refuse(out_problem, 400, "lines of a request end with CR LF; a bare LF was found");
    scan->seen_bytes = at + 1;
    if (at - 1 == scan->line_start) {
      *out_bytes = at + 1;
      return HTTP_STEP_DONE;
    }
    scan->line_start = at + 1;
    /* The request line is one line, the fields are the others. */
    if (++scan->lines > HTTP_HEADERS_MAX + 1)
      return scan_refuse(out_problem, 431, "the request has more than 100 header fields");
  }
  if (bytes.len >= HTTP_HEAD_BYTES_MAX && scan->lines == 0)
    return scan_refuse(out_problem, 414, "the request line is longer than 16 KiB");
  if (bytes.len >= HTTP_HEAD_BYTES_MAX)
    return scan_refuse(out_problem, 431, "the head of the request is larger than 16 KiB");
  return HTTP_STEP_MORE;
}

/* ---- the request line ---- */

const char *http_method_name(HttpMethod method) {
  static const char *const NAMES[HTTP_METHOD_COUNT] = {
      [HTTP_GET] = "GET",     [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",       [HTTP_PUT] = "PUT",
      [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS", [HTTP_OTHER] = "other",
  };
  ASSERT(method >= 0 && method < HTTP_METHOD_COUNT);
  return NAMES[method];
}

static HttpMethod method_of(Str text) {
  for (int method = 0; method < HTTP_OTHER; method++)
    if (str_equal_c(text, http_method_name((HttpMethod)method))) return (HttpMethod)method;
  return HTTP_OTHER;
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool parse_version(Str text, HttpHead *head, HttpProblem *out_problem) {
  if (text.len != 8 || memcmp(text.ptr, "HTTP/", 5) != 0 || !is_digit(text.ptr[5]) || text.ptr[6] != '.' ||
      !is_digit(text.ptr[7]))
    return refuse(out_problem, 400, "the request line is not of the form METHOD SP TARGET SP HTTP/1.1");
  if (text.ptr[5] != '1' || text.ptr[7] > '1')
    return refuse(out_problem, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  head->old = text.ptr[7] == '0';
  return true;
}

static bool has_dot_segment(Str path) {
  Str rest = path, segment;
  bool more = true;
  while (more) {
    more = str_cut(rest, '/', &segment, &rest);
    if (str_equal_c(segment, ".") || str_equal_c(segment, "..")) return true;
  }
  return false;
}

static bool has_control(Str text) {
  for (size_t i = 0; i < text.len; i++)
    if ((u8)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) return true;
  return false;
}

/* Every "%" is followed by two hex digits. */
static bool escapes_are_whole(Str text) {
  for (size_t at = str_find_char(text, '%', 0); at != SIZE_MAX; at = str_find_char(text, '%', at + 1)) {
    if (text.len - at < 3) return false;
    for (size_t i = at + 1; i <= at + 2; i++) {
      char lower = (char)(text.ptr[i] | 0x20);
      if (!is_digit(text.ptr[i]) && (lower < 'a' || lower > 'f')) return false;
    }
  }
  return true;
}

static bool parse_target(Arena *arena, Str target, HttpHead *head, HttpProblem *out_problem) {
  if (target.len > HTTP_TARGET_BYTES_MAX) return refuse(out_problem, 414, "the request target is longer than 8 KiB");
  if (target.len == 0 || target.ptr[0] != '/')
    return refuse(out_problem, 400, "the request target must be a path that begins with \"/\"");
  if (!all_of(target, CHAR_TARGET))
    return refuse(out_problem, 400, "the request target has a character that must be percent-encoded");
  head->query = S("");
  str_cut(target, '?', &head->raw_path, &head->query);
  if (!escapes_are_whole(target)) return refuse(out_problem, 400, "the request target has a malformed percent escape");
  head->path = head->raw_path;
  if (str_find_char(head->raw_path, '%', 0) != SIZE_MAX && !url_decode(arena, head->raw_path, false, &head->path))
    return refuse(out_problem, 400, "the request target has a malformed percent escape");
  if (has_control(head->path) || !utf8_valid(head->path))
    return refuse(out_problem, 400, "the decoded path has control characters or is not UTF-8");
  if (has_dot_segment(head->path)) return refuse(out_problem, 400, "the path has a \".\" or \"..\" segment");
  return true;
}

static bool parse_request_line(Arena *arena, Str line, HttpHead *head, HttpProblem *out_problem) {
  Str rest, target, version;
  if (!str_cut(line, ' ', &head->method_text, &rest) || !str_cut(rest, ' ', &target, &version))
    return refuse(out_problem, 400, "the request line is not of the form METHOD SP TARGET SP HTTP/1.1");
  if (!http_is_token(head->method_text) || head->method_text.len > HTTP_METHOD_BYTES_MAX)
    return refuse(out_problem, 400, "the method is not a token of at most 32 characters");
  head->method = method_of(head->method_text);
  return parse_version(version, head, out_problem) && parse_target(arena, target, head, out_problem);
}

/* ---- fields ---- */

static Str trim_blanks(Str s) {
  while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) s = str_slice(s, 1, s.len);
  while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t')) s.len--;
  return s;
}

static bool parse_field(Str line, HttpHeader *out, HttpProblem *out_problem) {
  if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
    return refuse(out_problem, 400, "a header field is folded over several lines (obs-fold)");
  if (!str_cut(line, ':', &out->name, &out->value)) return refuse(out_problem, 400, "a header field has no colon");
  if (!http_is_token(out->name))
    return refuse(out_problem, 400, "the name of a header field is not a token (white space before the colon?)");
  if (!all_of(out->value, CHAR_VALUE))
    return refuse(out_problem, 400, "a header field has a control character in its value");
  out->value = trim_blanks(out->value);
  return true;
}

/* What the fields that frame or route the message said, and how often. */
typedef struct Framing {
  u32 hosts, lengths, encodings;
  Str host, length, encoding;
  bool close, keep_alive;
} Framing;

static void read_connection(Str value, Framing *framing) {
  Str rest = value, word;
  bool more = true;
  while (more) {
    more = str_cut(rest, ',', &word, &rest);
    word = trim_blanks(word);
    if (str_equal_nocase(word, S("close"))) framing->close = true;
    if (str_equal_nocase(word, S("keep-alive"))) framing->keep_alive = true;
  }
}

static bool read_expect(Str value, HttpHead *head, HttpProblem *out_problem) {
  if (head->old) return true; /* RFC 9110, 10.1.1: ignored from an HTTP/1.0 client */
  if (!str_equal_nocase(value, S("100-continue")))
    return refuse(out_problem, 417, "the only expectation that can be met is 100-continue");
  head->expect_continue = true;
  return true;
}

/* Told apart by length first: most fields are none of these. */
static bool note_field(const HttpHeader *field, Framing *framing, HttpHead *head, HttpProblem *out_problem) {
  switch (field->name.len) {
  case 4:
    if (str_equal_nocase(field->name, S("host"))) framing->hosts++, framing->host = field->value;
    break;
  case 6:
    if (str_equal_nocase(field->name, S("expect"))) return read_expect(field->value, head, out_problem);
    break;
  case 10:
    if (str_equal_nocase(field->name, S("connection"))) read_connection(field->value, framing);
    break;
  case 14:
    if (str_equal_nocase(field->name, S("content-length"))) framing->lengths++, framing->length = field->value;
    break;
  case 17:
    if (str_equal_nocase(field->name, S("transfer-encoding"))) framing->encodings++, framing->encoding = field->value;
    break;
  default: break;
  }
  return true;
}

static bool parse_fields(Arena *arena, Str lines, HttpHead *head, Framing *framing, HttpProblem *out_problem) {
  HttpHeader fields[HTTP_HEADERS_MAX];
  size_t count = 0;
  while (lines.len > 0) {
    size_t end = str_find(lines, S("\r\n"), 0);
    if (end == SIZE_MAX || end == 0) break;
    if (count == HTTP_HEADERS_MAX) return refuse(out_problem, 431, "the request has more than 100 header fields");
    if (!parse_field(str_slice(lines, 0, end), &fields[count], out_problem)) return false;
    if (!note_field(&fields[count], framing, head, out_problem)) return false;
    count++;
    lines = str_slice(lines, end + 2, lines.len);
  }
  head->header_count = count;
  head->headers = arena_alloc(arena, count * sizeof(*fields));
  if (count > 0) memcpy(head->headers, fields, count * sizeof(*fields));
  return true;
}

/* ---- what follows from them ---- */

static bool parse_length(Str text, u64 *out) {
  u64 total = 0;
  if (text.len == 0 || text.len > 18) return false;
  for (size_t i = 0; i < text.len; i++) {
    if (!is_digit(text.ptr[i])) return false;
    total = total * 10 + (u64)(text.ptr[i] - '0');
  }
  *out = total;
  return true;
}

static bool check_host(const Framing *framing, const HttpHead *head, HttpProblem *out_problem) {
  if (framing->hosts > 1) return refuse(out_problem, 400, "the request has two Host fields");
  if (framing->hosts == 0) return head->old || refuse(out_problem, 400, "an HTTP/1.1 request must have a Host field");
  if (framing->host.len == 0 || !all_of(framing->host, CHAR_HOST))
    return refuse(out_problem, 400, "the Host field is not a host with an optional port");
  return true;
}

static bool check_framing(const Framing *framing, HttpHead *head, HttpProblem *out_problem) {
  if (framing->lengths > 1) return refuse(out_problem, 400, "the request has two Content-Length fields");
  if (framing->encodings > 0) {
    if (framing->lengths > 0)
      return refuse(out_problem, 400, "the request has both Content-Length and Transfer-Encoding");
    if (head->old) return refuse(out_problem, 400, "Transfer-Encoding does not exist in HTTP/1.0");
    if (framing->encodings > 1 || !str_equal_nocase(framing->encoding, S("chunked")))
      return refuse(out_problem, 400, "the only Transfer-Encoding that is understood is a single \"chunked\"");
    head->chunked = true;
  }
  if (framing->lengths == 1 && !parse_length(framing->length, &head->content_length))
    return refuse(out_problem, 400, "Content-Length must be decimal digits only");
  return true;
}

bool http_head_parse(Arena *arena, Str block, HttpHead *out, HttpProblem *out_problem) {
  HttpHead head = {0};
  Framing framing = {0};
  size_t end = str_find(block, S("\r\n"), 0);
  if (end == SIZE_MAX) return refuse(out_problem, 400, "the request has no request line");
  if (!parse_request_line(arena, str_slice(block, 0, end), &head, out_problem)) return false;
  if (!parse_fields(arena, str_slice(block, end + 2, block.len), &head, &framing, out_problem)) return false;
  if (!check_host(&framing, &head, out_problem) || !check_framing(&framing, &head, out_problem)) return false;
  head.keep_alive = !framing.close && (!head.old || framing.keep_alive);
  *out = head;
  return true;
}
