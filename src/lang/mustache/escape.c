/* Escaping, one function for each context. Runs of harmless bytes are copied whole.
 *
 * Surprise: in JSON a value is written by where it stands. The scanner below follows the quotes of the text written so
 * far, so that a list inside quotes becomes text of that string, and outside of them stays JSON: a value can never
 * break out. */
#include "lang/mustache/internal.h"

static const char HEX[] = "0123456789ABCDEF";

static const char *html_entity(char c) {
  switch (c) {
  case '&': return "&amp;";
  case '<': return "&lt;";
  case '>': return "&gt;";
  case '"': return "&quot;";
  case '\'': return "&#39;";
  default: return NULL;
  }
}

/* Slack knows three entities and shows all others as they are. */
static const char *slack_entity(char c) {
  return c == '"' || c == '\'' ? NULL : html_entity(c);
}

static void put_with_entities(Buf *out, Str text, const char *(*entity)(char)) {
  size_t done = 0;
  for (size_t i = 0; i < text.len; i++) {
    const char *replacement = entity(text.ptr[i]);
    if (!replacement) continue;
    buf_put(out, str_slice(text, done, i));
    buf_puts(out, replacement);
    done = i + 1;
  }
  buf_put(out, str_slice(text, done, text.len));
}

void escape_html(Buf *out, Str text) {
  put_with_entities(out, text, html_entity);
}

void escape_slack(Buf *out, Str text) {
  put_with_entities(out, text, slack_entity);
}

/* RFC 3986: unreserved characters. */
static bool url_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void escape_url(Buf *out, Str text) {
  for (size_t i = 0; i < text.len; i++) {
    u8 byte = (u8)text.ptr[i];
    if (url_plain(text.ptr[i])) {
      buf_putc(out, text.ptr[i]);
      continue;
    }
    buf_putc(out, '%');
    buf_putc(out, HEX[byte >> 4]);
    buf_putc(out, HEX[byte & 15]);
  }
}

static void put_json_escape(Buf *out, char c) {
  switch (c) {
  case '"': buf_puts(out, "\\\""); return;
  case '\\': buf_puts(out, "\\\\"); return;
  case '\n': buf_puts(out, "\\n"); return;
  case '\r': buf_puts(out, "\\r"); return;
  case '\t': buf_puts(out, "\\t"); return;
  default: break;
  }
  buf_puts(out, "\\u00");
  buf_putc(out, HEX[(u8)c >> 4]);
  buf_putc(out, HEX[(u8)c & 15]);
}

void escape_json(Buf *out, Str text) {
  size_t done = 0;
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    if ((u8)c >= 0x20 && c != '"' && c != '\\') continue;
    buf_put(out, str_slice(text, done, i));
    put_json_escape(out, c);
    done = i + 1;
  }
  buf_put(out, str_slice(text, done, text.len));
}

bool json_place_in_string(JsonPlace *place, const Buf *out) {
  for (; place->seen < out->len; place->seen++) {
    char c = out->ptr[place->seen];
    if (place->after_backslash)
      place->after_backslash = false;
    else if (c == '\\')
      place->after_backslash = place->in_string;
    else if (c == '"')
      place->in_string = !place->in_string;
  }
  return place->in_string;
}
