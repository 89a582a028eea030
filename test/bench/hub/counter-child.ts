// The floor of the hub's benches: a bare mqtt.js subscriber to what a hub subscribes to, which only counts.
import { connect } from 'mqtt';
import { reportFilters } from '../../../fleet/wire/topics.ts';

const TELL_MS = 20;

const [url = '', protocol = '4'] = process.argv.slice(2);
const client = connect(url, { protocolVersion: protocol === '5' ? 5 : 4, clientId: 'counter', clean: true });
let count = 0;
let told = -1;
client.on('message', () => {
  count++;
});
client.on('connect', () => client.subscribe([...reportFilters()], { qos: 1 }));
setInterval(() => {
  if (told !== count) process.stdout.write(`${count}\n`);
  told = count;
}, TELL_MS);
