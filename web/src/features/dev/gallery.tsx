/* Every part in its states, in development builds only. */
import { useState } from "react";
import { Problem } from "@/lib/api";
import { Button, IconButton } from "@/ui/button";
import { Area, Checkbox, Field, Input, Segments, Select } from "@/ui/form";
import { Badge, IncidentStatus, INCIDENT_STEPS, Person, Priority, Severity, Status } from "@/ui/marks";
import { Markdown } from "@/ui/markdown";
import { Dialog, Menu, MenuItem } from "@/ui/overlay";
import { Card, Code, Empty, Failure, Rows } from "@/ui/parts";
import { toast, toastProblem } from "@/ui/toast";

const LONG = "A very long title that goes on and on, عنوان طويل جدا, 🔥🔥🔥 <b>not bold</b>, withoutanyspacewithoutanyspacewithoutanyspacewithoutanyspace";

export default function Gallery() {
  const [open, setOpen] = useState(false);
  const [segment, setSegment] = useState("one");
  const problem = new Problem(500, "internal", "The storage is not writable.", [], "req_0000000000000");
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title="Buttons">
        <div className="flex flex-wrap gap-2">
          {(["primary", "plain", "quiet", "danger"] as const).map((look) => (
            <Button key={look} look={look}>
              {look}
            </Button>
          ))}
          <Button disabled>disabled</Button>
          <Button busy>busy</Button>
          <Button small shortcut="a">
            small
          </Button>
          <IconButton label="Icon">★</IconButton>
        </div>
      </Card>
      <Card title="Marks">
        <div className="flex flex-wrap items-center gap-3">
          {["p1", "p2", "p3", "p4", null].map((p) => (
            <Priority key={p} of={p} />
          ))}
          {[0, 1, 2, 3, 4].map((s) => (
            <Severity key={s} of={s} />
          ))}
          {["triggered", "acknowledged", "resolved", "dismissed", "active", "exhausted"].map((s) => (
            <Status key={s} of={s} />
          ))}
          {INCIDENT_STEPS.map((s) => (
            <IncidentStatus key={s} of={s} />
          ))}
          <Person name="Ann Lee" id="usr_1" />
          <Badge tone="blue">Badge</Badge>
        </div>
      </Card>
      <Card title="Fields">
        <div className="flex flex-col gap-3">
          <Field label="Text" hint="A hint.">{(a) => <Input {...a} placeholder="Something" />}</Field>
          <Field label="Wrong" error="This is wrong.">{(a) => <Input {...a} defaultValue="x" />}</Field>
          <Field label="Choice" optional>
            {(a) => (
              <Select {...a}>
                <option>One</option>
              </Select>
            )}
          </Field>
          <Field label="Long">{(a) => <Area {...a} />}</Field>
          <label className="flex items-center gap-2">
            <Checkbox defaultChecked /> Check
          </label>
          <Segments label="Segments" value={segment} onChange={setSegment} options={[{ value: "one", label: "One" }, { value: "two", label: "Two" }]} />
        </div>
      </Card>
      <Card title="States" flush>
        <Rows count={2} />
        <Empty title="Nothing">A sentence.</Empty>
        <Failure error={problem} retry={() => undefined} />
        <Failure error={new Problem(403, "forbidden", "Viewers change nothing.")} />
        <Failure error={new Problem(404, "not_found", "Gone.")} />
      </Card>
      <Card title={LONG}>
        <Markdown text={"# Head\n\nText with `code`, **bold**, https://example.org and <script>alert(1)</script>.\n\n- one\n- two\n\n    code block\n\n> quote"} />
        <Code text={LONG} />
      </Card>
      <Card title="Overlays">
        <div className="flex gap-2">
          <Button onClick={() => setOpen(true)}>Dialog</Button>
          <Button onClick={() => toast("Done", { undo: () => undefined })}>Toast</Button>
          <Button onClick={() => toastProblem("It failed", problem)}>Error</Button>
          <Menu trigger={<Button>Menu</Button>}>
            <MenuItem onSelect={() => undefined} shortcut="a">
              Item
            </MenuItem>
          </Menu>
        </div>
        <Dialog open={open} onClose={() => setOpen(false)} title="Title" sub="What it is for.">
          Content
        </Dialog>
      </Card>
    </div>
  );
}
