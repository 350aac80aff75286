/* Who carried it: hours and pages by person and by the hour of their day, and how evenly it fell. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Download, Scale } from "lucide-react";
import { useState } from "react";
import { api, type GetReportsOnCallAnswer } from "@/lib/api";
import { useTitle } from "@/lib/hooks";
import { useMe } from "@/lib/query";
import { dayName, localZone, midnight } from "@/lib/time";
import { Button } from "@/ui/button";
import { Segments } from "@/ui/form";
import { Person } from "@/ui/marks";
import { Card, Empty, Failure, PageHead, Rows } from "@/ui/parts";

type Report = GetReportsOnCallAnswer;
type Someone = Report["people"][number];
const SPANS = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
];
/* In the order of a day that gets worse; each has a pattern of its own, so that no colour is needed. */
const CLASSES = [
  { name: "business", label: "Business hours", look: "bg-accent" },
  { name: "off", label: "Off hours", look: "bg-[repeating-linear-gradient(45deg,var(--amber)_0_3px,transparent_3px_6px)] outline outline-1 -outline-offset-1 outline-amber" },
  { name: "sleep", label: "Sleep hours", look: "bg-red" },
] as const;

const number = (value: unknown) => (typeof value === "number" ? value : Number(value ?? 0));
export const hours = (value: unknown) => {
  const n = number(value);
  return n >= 10 || Number.isInteger(n) ? String(Math.round(n)) : n.toFixed(1);
};
const percent = (value: unknown) => {
  const n = number(value) * 100;
  return n > 99 && n < 100 ? "99.9 %" : `${Math.round(n)} %`; // what is not whole is not called whole
};

export default function OnCallReport() {
  useTitle("On-call report");
  const me = useMe();
  const zone = me?.time_zone ?? localZone();
  const [days, setDays] = useState("30");
  const [opened] = useState(Date.now);
  const query = { from: new Date(midnight(opened, zone, -Number(days))).toISOString(), to: new Date(opened).toISOString() };
  const report = useQuery({ queryKey: ["on-call", "report", query], queryFn: () => api("GET /reports/on-call", { query }), placeholderData: keepPreviousData });
  const data = report.data;
  return (
    <div className="mx-auto max-w-6xl">
      <PageHead
        title="On-call report"
        sub={
          <>
            <Link to="/on-call" className="hover:underline">
              On call
            </Link>
            {data && ` · ${dayName(data.from, zone)} – ${dayName(data.to, zone)}, as it was, each person by their own clock`}
          </>
        }
      >
        <Segments label="Range" value={days} options={SPANS} onChange={setDays} />
        <Button asChild>
          <a href={`/api/v1/reports/on-call.csv?${new URLSearchParams(query)}`} download="on-call.csv">
            <Download className="size-4" aria-hidden /> CSV
          </a>
        </Button>
      </PageHead>
      {report.isPending ? (
        <Card flush>
          <Rows />
        </Card>
      ) : report.isError ? (
        <Failure error={report.error} retry={() => report.refetch()} />
      ) : report.data.people.length === 0 ? (
        <Card>
          <Empty icon={<Scale className="size-6" aria-hidden />} title="Nobody was on call in that time">
            What is past is counted here, hour by hour; what is to come is not.
          </Empty>
        </Card>
      ) : (
        <Whole data={report.data} />
      )}
    </div>
  );
}

function Whole({ data }: { data: Report }) {
  return (
    <div className="flex flex-col gap-4">
      <p className="flex flex-wrap gap-x-5 gap-y-1 text-xs text-quiet">
        {CLASSES.map((one) => (
          <span key={one.name} className="flex items-center gap-1.5">
            <span aria-hidden className={`h-2.5 w-5 rounded-sm ${one.look}`} /> {one.label}
          </span>
        ))}
      </p>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Bars title="Hours on call" unit="h" people={data.people} of={(one, part) => number(one[`hours_${part}`])} all={(one) => number(one.hours)} />
        <Bars title="Pages" unit="" people={data.people} of={(one, part) => one[`pages_${part}`]} all={(one) => one.pages} />
      </div>
      <Card title="How evenly it fell">
        <p className="text-quiet">Gini: 0 when all have the same, near 1 when one has all. Most to mean: how many times the mean the one has who has most.</p>
        <div className="mt-3 grid gap-3 sm:grid-cols-2">
          <Fair label="Hours on call" of={data.fairness.hours} people={data.fairness.people} />
          <Fair label="Pages in sleep hours" of={data.fairness.pages_sleep} people={data.fairness.people} />
        </div>
      </Card>
      <Card title="By person" flush>
        <div className="overflow-x-auto" role="region" aria-label="By person" tabIndex={0}>
          <table className="w-full min-w-[46rem] text-right tabular-nums">
            <thead className="text-xs text-quiet">
              <tr className="border-b border-line [&>th]:px-3 [&>th]:py-2 [&>th]:font-medium">
                <th scope="col" className="text-left">Who</th>
                <th scope="col">Shifts</th>
                <th scope="col">Hours</th>
                <th scope="col">On weekends</th>
                <th scope="col">Pages</th>
                <th scope="col">Interruptions</th>
                <th scope="col">Nights with a page</th>
                <th scope="col">Covers done</th>
                <th scope="col">Was covered</th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {data.people.map((one) => (
                <tr key={one.user_id} className="[&>td]:px-3 [&>td]:py-2">
                  <th scope="row" className="px-3 py-2 text-left font-normal">
                    <Person id={one.user_id} name={one.name ?? "Somebody who left"} />
                  </th>
                  <td>{one.shifts}</td>
                  <td>{hours(one.hours)}</td>
                  <td>{hours(one.hours_weekend)}</td>
                  <td>{one.pages}</td>
                  <td>{one.interruptions}</td>
                  <td>{one.nights ? `${one.nights_paged} of ${one.nights}` : "–"}</td>
                  <td>{one.covers_taken}</td>
                  <td>{one.covers_given}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Card>
      {data.schedules.length > 0 && (
        <Card title="Schedules and their gaps" flush>
          <ul className="divide-y divide-line">
            {data.schedules.map((one) => (
              <li key={one.schedule_id} className="flex flex-wrap gap-x-3 px-4 py-2">
                <Link to="/on-call/$id" params={{ id: one.schedule_id }} className="foreign min-w-40 flex-1 hover:underline">
                  {one.schedule}
                </Link>
                <span className={one.gaps ? "text-red" : "text-quiet"}>{one.gaps ? `${one.gaps} ${one.gaps === 1 ? "gap" : "gaps"}, ${hours(one.gap_hours)} h` : "no gap"}</span>
                <span className="w-32 whitespace-nowrap text-right tabular-nums">{one.covered === null ? "made later" : `${percent(one.covered)} covered`}</span>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}

function Bars({ title, unit, people, of, all }: { title: string; unit: string; people: Someone[]; of: (one: Someone, part: (typeof CLASSES)[number]["name"]) => number; all: (one: Someone) => number }) {
  const most = Math.max(1e-9, ...people.map(all));
  if (people.every((one) => all(one) === 0))
    return (
      <Card title={title}>
        <p className="text-quiet">None in that time.</p>
      </Card>
    );
  return (
    <Card title={title} flush>
      <ul className="divide-y divide-line">
        {people.map((one) => (
          <li key={one.user_id} className="px-4 py-2">
            <p className="flex gap-2">
              <span className="foreign min-w-0 flex-1 truncate">{one.name ?? "Somebody who left"}</span>
              <span className="tabular-nums">
                {hours(all(one))} {unit}
              </span>
            </p>
            <div className="mt-1 flex h-3 overflow-hidden rounded-sm" role="img" aria-label={CLASSES.map((part) => `${part.label} ${hours(of(one, part.name))}`).join(", ")}>
              {CLASSES.map((part) => (
                <span key={part.name} title={`${part.label}: ${hours(of(one, part.name))} ${unit}`} className={part.look} style={{ width: `${(of(one, part.name) / most) * 100}%` }} />
              ))}
            </div>
            <p className="mt-0.5 text-xs text-quiet tabular-nums">{CLASSES.map((part) => `${part.name} ${hours(of(one, part.name))}`).join(" · ")}</p>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Fair({ label, of, people }: { label: string; of: Report["fairness"]["hours"]; people: number }) {
  const none = typeof of.gini !== "number" || typeof of.max_to_mean !== "number"; // nobody had any
  return (
    <div className="rounded-md border border-line p-3">
      <p className="font-medium">{label}</p>
      {none ? (
        <p className="text-quiet">{people < 3 ? "Said from 3 people on." : "There was nothing to share."}</p>
      ) : (
        <p className="tabular-nums">
          Gini {number(of.gini).toFixed(2)}
          {typeof of.max_to_mean === "number" && ` · most to mean ${of.max_to_mean.toFixed(1)}`}
        </p>
      )}
    </div>
  );
}
