/* The Markdown of guides and notes, as elements: headings, lists, code, quotes, bold, code words, links. No HTML of
 * others ever becomes HTML of ours; links lead to http and https only. */
import { Fragment, type ReactNode } from "react";
import { Code } from "./parts";

const INLINE = /(`[^`]+`)|(\*\*[^*]+\*\*)|(\[[^\]]+\]\([^)\s]+\))|(https?:\/\/[^\s)<>]+[^\s)<>.,;:!?'"])/g;

export function inline(text: string): ReactNode[] {
  const out: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) out.push(text.slice(at, match.index));
    out.push(<Fragment key={match.index}>{piece(match[0])}</Fragment>);
    at = match.index + match[0].length;
  }
  if (at < text.length) out.push(text.slice(at));
  return out;
}

function piece(text: string): ReactNode {
  if (text.startsWith("`")) return <code className="rounded bg-hover px-1 font-mono text-[0.9em]">{text.slice(1, -1)}</code>;
  if (text.startsWith("**")) return <strong>{text.slice(2, -2)}</strong>;
  const link = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(text);
  const href = link?.[2] ?? text;
  if (!/^https?:\/\//.test(href)) return link?.[1] ?? text;
  return (
    <a href={href} target="_blank" rel="noreferrer noopener" className="text-accent-ink underline">
      {link?.[1] ?? text}
    </a>
  );
}

function blocks(text: string): string[][] {
  const out: string[][] = [];
  let block: string[] = [];
  let fenced = false;
  const end = () => {
    if (block.length) out.push(block);
    block = [];
  };
  for (const line of text.replace(/\r/g, "").split("\n")) {
    if (line.startsWith("```")) {
      if (!fenced) end();
      block.push(line);
      if (fenced) end();
      fenced = !fenced;
    } else if (fenced) block.push(line);
    else if (/^ {4}/.test(line) || (line === "" && block[0]?.startsWith("    "))) {
      if (!block[0]?.startsWith("    ")) end();
      block.push(line);
    } else if (line.trim() === "") end();
    else {
      if (block[0]?.startsWith("    ")) end();
      block.push(line);
    }
  }
  end();
  return out;
}

export function Markdown({ text }: { text: string }) {
  return (
    <div className="foreign flex flex-col gap-2.5">
      {blocks(text).map((lines, i) => (
        <Block key={i} lines={lines} />
      ))}
    </div>
  );
}

function Block({ lines }: { lines: string[] }) {
  const first = lines[0]!;
  if (first.startsWith("```")) return <Code text={lines.slice(1, lines.at(-1)?.startsWith("```") ? -1 : undefined).join("\n")} />;
  if (first.startsWith("    ")) return <Code text={lines.map((line) => line.slice(4)).join("\n").trimEnd()} />;
  const heading = /^(#{1,4}) (.*)$/.exec(first);
  if (heading) return <h3 className="pt-1 font-semibold">{inline(heading[2]!)}</h3>;
  if (/^(\d+\.|[-*]) /.test(first)) return <List lines={lines} />;
  if (first.startsWith("> ")) return <blockquote className="border-l-2 border-edge pl-3 text-quiet">{inline(lines.map((line) => line.replace(/^> ?/, "")).join(" "))}</blockquote>;
  return <p>{inline(lines.join(" "))}</p>;
}

function List({ lines }: { lines: string[] }) {
  const items: string[] = [];
  for (const line of lines) {
    const item = /^\s*(?:\d+\.|[-*]) (.*)$/.exec(line);
    if (item) items.push(item[1]!);
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  const Element = /^\d/.test(lines[0]!) ? "ol" : "ul";
  return (
    <Element className={`flex flex-col gap-1 pl-5 ${Element === "ol" ? "list-decimal" : "list-disc"}`}>
      {items.map((item, i) => (
        <li key={i}>{inline(item)}</li>
      ))}
    </Element>
  );
}
