export function Bell({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={className} aria-hidden>
      <rect width="32" height="32" rx="8" fill="#4f46e5" />
      <path d="M16 6.5a6.5 6.5 0 0 0-6.5 6.5v4.2L7.4 21a1 1 0 0 0 .9 1.5h15.4a1 1 0 0 0 .9-1.5l-2.1-3.8V13A6.5 6.5 0 0 0 16 6.5Z" fill="none" stroke="#fff" strokeWidth="2.2" strokeLinejoin="round" />
      <path d="M13 25.2a3.2 3.2 0 0 0 6 0" fill="none" stroke="#fff" strokeWidth="2.2" strokeLinecap="round" />
    </svg>
  );
}
