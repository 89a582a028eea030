// The smallest agent configuration that reaches this hub. Pure text.

/** `host`: the hub as the browser reached it; the embedded broker listens on the same host. */
export function agentConfig(host: string): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return ['source:', '  url: https://git.example.com/acme/fleet.git', 'mqtt:', `  url: mqtt://${name}:1883`].join('\n');
}
