// The mark: an anchor. The same drawing as public/holdfast.svg.
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 24 24" width="24" height="24" fill="none" aria-hidden="true">
      <g stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
        <path d="M12 7.4V21" />
        <circle cx="12" cy="4.9" r="2.4" />
        <path d="M8.4 11h7.2" />
        <path d="M3.5 13.5c.3 4.6 3.6 7.5 8.5 7.5s8.2-2.9 8.5-7.5" />
        <path d="M1.9 15.6l1.6-2.5 2.4 1.7M22.1 15.6l-1.6-2.5-2.4 1.7" />
      </g>
    </svg>
  );
}
