/* Filters under a name. What is kept is the query of the address: a view and a link are one thing. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Bookmark, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { AlertSearch } from "@/app/router";
import { api, isProblem, type Problem } from "@/lib/api";
import { queryClient, useMe } from "@/lib/query";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/form";
import { Dialog, Menu, MenuHead, MenuItem, MenuLine } from "@/ui/overlay";
import { toast, toastProblem } from "@/ui/toast";

const textOf = (search: AlertSearch) => new URLSearchParams(Object.entries(search).filter(([, value]) => value) as [string, string][]).toString();

export function Views({ search }: { search: AlertSearch }) {
  const me = useMe();
  const navigate = useNavigate();
  const [saving, setSaving] = useState(false);
  const views = useQuery({ queryKey: ["saved-views", me?.id], queryFn: () => api("GET /saved-views", { query: { user_id: me!.id, limit: 100 } }), enabled: !!me }).data?.items ?? [];
  const now = textOf(search);
  const here = views.find((view) => view.search === now);
  const remove = async (id: string, name: string) => {
    try {
      await api("DELETE /saved-views/{id}", { id });
      toast(`“${name}” is removed`);
    } catch (error) {
      toastProblem("It was not removed", error);
    }
    void queryClient.invalidateQueries({ queryKey: ["saved-views"] });
  };
  return (
    <>
      <Menu
        trigger={
          <Button>
            <Bookmark className="size-4" aria-hidden /> <span className="max-w-32 truncate">{here?.name ?? "Views"}</span>
          </Button>
        }
      >
        <MenuHead>My views</MenuHead>
        {views.length === 0 && <p className="max-w-56 px-2 pb-1 text-quiet">A filter that you save under a name stands here.</p>}
        {[...views]
          .sort((a, b) => a.name.localeCompare(b.name))
          .map((view) => (
            <MenuItem key={view.id} onSelect={() => navigate({ to: "/alerts", search: Object.fromEntries(new URLSearchParams(view.search)) as AlertSearch })}>
              <span className="max-w-64 truncate">{view.name}</span>
            </MenuItem>
          ))}
        <MenuLine />
        <MenuItem disabled={!now || !!here} onSelect={() => setSaving(true)}>
          Save this filter…
        </MenuItem>
        {here && (
          <MenuItem danger onSelect={() => void remove(here.id, here.name)}>
            <X className="size-4" aria-hidden /> Remove “{here.name}”
          </MenuItem>
        )}
      </Menu>
      {saving && me && <Save user={me.id} search={now} onClose={() => setSaving(false)} />}
    </>
  );
}

function Save({ user, search, onClose }: { user: string; search: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      await api("POST /saved-views", { body: { user_id: user, name, screen: "alerts", search } });
      await queryClient.invalidateQueries({ queryKey: ["saved-views"] });
      onClose();
    } catch (error) {
      if (isProblem(error)) setProblem(error);
      setBusy(false);
    }
  }
  return (
    <Dialog open onClose={onClose} title="Save this filter">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <Field label="Name" error={problem?.at("/name") ?? problem?.message}>
          {(a) => <Input {...a} required maxLength={80} placeholder="Mine, urgent" value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
