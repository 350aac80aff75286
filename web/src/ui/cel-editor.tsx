/* A field for CEL: colours, completion from the server's vocabulary and from the data at hand, a mark where the error is.
 *
 * It lives in a shadow root: CodeMirror brings its rules as <style> elements, which the page's policy forbids, and as
 * adopted sheets where it has a root of its own. Only editors load this chunk. */
import { autocompletion, type Completion, type CompletionContext, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "@/lib/api";

export interface Place {
  line: number;
  column: number;
}
interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  place: "rule" | "mapping" | "message";
  data?: unknown; // what the variables hold now: names below them are completed from it
  error?: Place;
  hint?: string;
}

const cel = StreamLanguage.define<unknown>({
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match("//")) return stream.skipToEnd(), "comment";
    if (stream.match(/^[rRbB]{0,2}("""|''')/)) return stream.skipToEnd(), "string";
    if (stream.match(/^[rRbB]{0,2}("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)/)) return "string";
    if (stream.match(/^(0x[\da-fA-F]+|\d+(\.\d+)?([eE][+-]?\d+)?)u?/)) return "number";
    if (stream.match(/^(true|false|null|in)\b/)) return "keyword";
    if (stream.match(/^[A-Za-z_]\w*(?=\s*\()/)) return "function";
    if (stream.match(/^[A-Za-z_]\w*/)) return "variableName";
    if (stream.match(/^[=!<>&|+\-*/%?:]+/)) return "operator";
    stream.next();
    return null;
  },
  tokenTable: { function: tags.function(tags.variableName) },
});

const colours = HighlightStyle.define([
  { tag: tags.string, color: "var(--green)" },
  { tag: tags.number, color: "var(--amber)" },
  { tag: tags.keyword, color: "var(--accent-ink)", fontWeight: "600" },
  { tag: tags.function(tags.variableName), color: "var(--accent-ink)" },
  { tag: tags.operator, color: "var(--quiet)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
]);

const looks = EditorView.theme({
  "&": { fontSize: "12px", border: "1px solid color-mix(in srgb, var(--edge) 60%, transparent)", borderRadius: "6px", backgroundColor: "var(--surface)", color: "var(--ink)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, monospace", lineHeight: "20px" },
  ".cm-content": { padding: "5px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0 9px" },
  ".cm-placeholder": { color: "var(--quiet)" },
  ".cm-wrong": { textDecoration: "underline wavy var(--red)", textUnderlineOffset: "3px", backgroundColor: "var(--red-wash)" },
  ".cm-tooltip": { border: "1px solid var(--line)", borderRadius: "8px", backgroundColor: "var(--raised)", color: "var(--ink)", overflow: "hidden" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "ui-monospace, Menlo, monospace", maxHeight: "16em" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--hover)", color: "var(--ink)" },
  ".cm-completionDetail": { color: "var(--quiet)", fontStyle: "normal", marginLeft: "1em" },
  ".cm-completionInfo": { padding: "6px 10px", maxWidth: "22rem" },
  ".cm-selectionBackground, &.cm-focused .cm-selectionBackground": { backgroundColor: "var(--accent-wash) !important" },
});

const setWrong = StateEffect.define<Place | undefined>();
const wrong = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = transaction.docChanged ? Decoration.none : marks;
    for (const effect of transaction.effects) {
      if (!effect.is(setWrong)) continue;
      next = Decoration.none;
      const at = effect.value;
      if (!at || at.line < 1 || at.line > transaction.state.doc.lines || !transaction.state.doc.length) continue;
      const line = transaction.state.doc.line(at.line);
      const from = Math.min(line.from + Math.max(0, at.column - 1), Math.max(line.from, line.to - 1));
      if (from < line.to) next = Decoration.set([Decoration.mark({ class: "cm-wrong" }).range(from, Math.min(from + 1, line.to))]);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/* The value at a path of names and places: payload.alerts[0].labels */
export function lookUp(data: unknown, path: string): unknown {
  let at = data;
  for (const part of path.split(/[.[\]"']+/).filter(Boolean)) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

export interface Words {
  variables: { name: string; type: string; doc: string | null }[];
  functions: { name: string; kind: string; signatures: string[]; doc: string | null }[];
}

/* What may come at the end of this text. */
export function complete(before: string, words: Words, data: unknown): { from: number; options: Completion[] } | null {
  const member = /((?:[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*|\[\d+\]|\["[^"]*"\])*)\.(\w*)$/.exec(before);
  if (member) {
    const [, path, part] = member;
    const value = lookUp(data, path!);
    const known = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value as Record<string, unknown>) : [];
    const options: Completion[] = known.filter(([name]) => /^[A-Za-z_]\w*$/.test(name)).map(([name, v]) => ({ label: name, type: "property", detail: short(v), boost: 2 }));
    for (const variable of words.variables) {
      const rest = variable.name.startsWith(`${path}.`) ? variable.name.slice(path!.length + 1) : "";
      if (rest && !rest.includes(".") && !options.some((one) => one.label === rest)) options.push({ label: rest, type: "property", detail: variable.type, info: variable.doc ?? undefined, boost: 1 });
    }
    for (const one of words.functions) if (one.kind !== "operator" && /^\w+$/.test(one.name)) options.push(call(one));
    return { from: before.length - part!.length, options };
  }
  const word = /[A-Za-z_]\w*$/.exec(before);
  if (!word && before.trim() && !/[\s(,&|!=<>+[?:]$/.test(before)) return null;
  const options: Completion[] = words.variables.filter((v) => !v.name.includes(".")).map((v) => ({ label: v.name, type: "variable", detail: v.type, info: v.doc ?? undefined, boost: 1 }));
  for (const one of words.functions) if (one.kind !== "operator") options.push(call(one));
  return { from: before.length - (word?.[0].length ?? 0), options };
}
const call = (one: Words["functions"][number]): Completion => ({ label: one.name, type: "function", detail: one.signatures[0], info: one.doc ?? undefined });
const short = (value: unknown) => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > 30 ? `${text.slice(0, 29)}…` : text;
};

export default function CelEditor({ label, value, onChange, place, data, error, hint }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const vocabulary = useQuery({ queryKey: ["vocabulary", place], queryFn: () => api("GET /expressions/vocabulary", { query: { place } }), staleTime: Number.POSITIVE_INFINITY }).data;
  const latest = useRef({ onChange, data, words: { variables: [], functions: [] } as Words });
  latest.current = { onChange, data, words: { variables: vocabulary?.places.find((p) => p.name === place)?.variables ?? [], functions: vocabulary?.functions ?? [] } };

  useEffect(() => {
    const host = box.current!;
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    const source = (context: CompletionContext) => {
      const { words, data } = latest.current;
      const line = context.state.doc.lineAt(context.pos);
      const found = complete(line.text.slice(0, context.pos - line.from), words, data);
      if (!found || (!context.explicit && found.from === context.pos - line.from && !/[.]$/.test(line.text.slice(0, context.pos - line.from)))) return null;
      return { from: line.from + found.from, options: found.options, validFor: /^\w*$/ };
    };
    const made = new EditorView({
      parent: root as unknown as Element,
      root,
      state: EditorState.create({
        doc: value,
        extensions: [
          history(),
          cel,
          syntaxHighlighting(colours),
          bracketMatching(),
          autocompletion({ override: [source], icons: false }),
          // Tab leaves the field, as everywhere.
          keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap.filter((binding) => binding.key !== "Tab")]),
          EditorView.lineWrapping,
          wrong,
          looks,
          placeholder(hint ?? ""),
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off", translate: "no" }),
          EditorView.updateListener.of((update) => update.docChanged && latest.current.onChange(update.state.doc.toString())),
        ],
      }),
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
    // Made once; what changes is told to it below.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [label]);
  useEffect(() => {
    const now = view.current;
    if (now && now.state.doc.toString() !== value) now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } });
  }, [value]);
  useEffect(() => {
    view.current?.dispatch({ effects: setWrong.of(error) });
  }, [error?.line, error?.column, error]);
  return <div ref={box} className="min-w-0" data-cel={label} />;
}
