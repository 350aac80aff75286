import { KEY_MAP } from "@/lib/keys";
import { Dialog } from "@/ui/overlay";

export default function KeySheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title="Keys" sub="Off while you type. Your menu switches keys of one letter off." wide reading>
      <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
        {KEY_MAP.map((group) => (
          <section key={group.title}>
            <h3 className="mb-1.5 text-xs font-semibold text-quiet">{group.title}</h3>
            <dl>
              {group.keys.map(([key, what]) => (
                <div key={key} className="flex items-center justify-between border-b border-line py-1.5 last:border-0">
                  <dt>{what}</dt>
                  <dd className="flex gap-1">
                    {key.split(/\s+/).map((part) => (
                      <kbd key={part} className="min-w-6 rounded border border-edge bg-hover px-1.5 text-center font-sans text-xs">
                        {part}
                      </kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
