// The dashboard and the alerts of docs/monitoring speak of what hubs and agents really expose, and Prometheus itself takes
// the rules.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Watched, watch } from '../../agent/metrics/watch.ts';
import { partsWith } from '../agent/loop/support/parts.ts';
import { STATUS } from '../agent/mqtt/statuses.ts';
import { type Running, startHub } from '../hub/running.ts';
import { temporaryFolder } from '../support/machine.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'monitoring');
const RULES = join(FOLDER, 'holdfast.rules.yml');
const TESTS = join(import.meta.dirname, 'rules.test.yml');
/** Recorded by the rules. */
const RECORDED = /^holdfast:/;
/** Of Prometheus itself. */
const BUILT_IN = ['up'];

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: { readonly severity: string };
  readonly annotations?: { readonly summary: string; readonly description: string };
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const dashboard = JSON.parse(readFileSync(join(FOLDER, 'holdfast-dashboard.json'), 'utf8')) as {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
};
const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

let hub: Running;
let agent: Watched;
let exposed: { readonly hub: string; readonly agent: string };

beforeAll(async () => {
  hub = await startHub();
  const { parts } = partsWith({});
  agent = await watch({ ...parts, config: { ...parts.config, mqtt: { url: 'mqtt://127.0.0.1:1' } } }, '127.0.0.1:0');
  agent.parts.reporter.status(STATUS);
  await hub.get('/api/v1/summary');
  const read = async (url: string | null) => await (await fetch(`${url}/metrics`)).text();
  exposed = { hub: await read(hub.http), agent: await read(agent.url) };
});
afterAll(async () => {
  await agent.stop();
  await hub.stop();
});

/** Each metric of an expression with the label values that it is asked for: `name`, or `name{label="value"}`. */
function asked(expr: string): string[] {
  const metric = /(?<![\w:"$])((?:holdfast|process|nodejs)[\w:]*|up)\b(?:\{([^}]*)\})?/g;
  return [...expr.matchAll(metric)].flatMap(([, name = '', labels = '']) => {
    if (RECORDED.test(name) || BUILT_IN.includes(name)) return [];
    const values = [...labels.matchAll(/(\w+)=~?"([^"]*)"/g)].filter(([, label]) => label !== 'job');
    return [name, ...values.flatMap(([, label, all = '']) => all.split('|').map((one) => `${name} ${label}="${one}"`))];
  });
}

function isExposed(one: string): boolean {
  const [name = '', label = ''] = one.split(/ (.*)/);
  return [exposed.hub, exposed.agent].some((text) =>
    text
      .split('\n')
      .some((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(label)),
  );
}

describe('alerts', () => {
  it('are valid, and each does what its test says', async () => {
    const { stdout } = await promisify(execFile)('promtool', ['check', 'rules', RULES]);
    expect(stdout).toContain(`SUCCESS: ${rules.length} rules found`);
    await promisify(execFile)('promtool', ['test', 'rules', TESTS]);
  });

  it('all have a test that sees them fire', () => {
    const { tests } = parse(readFileSync(TESTS, 'utf8')) as {
      tests: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[];
    };
    const fired = tests.flatMap(({ alert_rule_test = [] }) =>
      alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
    );
    const alerts = rules.flatMap(({ alert }) => alert ?? []);
    expect(alerts.length).toBeGreaterThan(15);
    expect(alerts.filter((alert) => !fired.includes(alert))).toEqual([]);
  });

  it('say how bad it is, what it is, and what to do', () => {
    const lacking = rules.filter(
      ({ alert, labels, annotations }) =>
        alert !== undefined && !(labels?.severity && annotations?.summary && annotations.description),
    );
    expect(lacking).toEqual([]);
  });

  it('ask for what is exposed', () => {
    const all = rules.flatMap(({ expr }) => asked(expr));
    expect(all).toContain('holdfast_messages_dropped_total cause="devices"');
    expect(all.filter((one) => !isExposed(one))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('asks for what is exposed', () => {
    expect(shown.length).toBeGreaterThan(25);
    expect(shown.flatMap(asked).filter((one) => !isExposed(one))).toEqual([]);
  });

  it('asks in a way that Prometheus understands', async () => {
    const exprs = shown.map((expr) => expr.replaceAll('$__rate_interval', '5m'));
    const text = JSON.stringify({
      groups: [{ name: 'dashboard', rules: exprs.map((expr, at) => ({ record: `dashboard:${at}`, expr })) }],
    });
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'dashboard.yml');
    await writeFile(file, text);
    const { stdout } = await promisify(execFile)('promtool', ['check', 'rules', file]);
    expect(stdout).toContain(`SUCCESS: ${exprs.length} rules found`);
  });

  it('has panels of their own place and number', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

it('hubs and agents expose what promtool has nothing to say against', async () => {
  for (const text of Object.values(exposed)) {
    // Of prom-client's own, whose names are what everybody knows them by.
    const own = text.replace(/^(?:# \w+ )?nodejs_.*\n/gm, '').replace(/^(?:# \w+ )?process_.*\n/gm, '');
    const checking = promisify(execFile)('promtool', ['check', 'metrics']);
    checking.child.stdin?.end(own);
    const { stdout, stderr } = await checking;
    expect(`${stdout}${stderr}`).toBe('');
  }
});
