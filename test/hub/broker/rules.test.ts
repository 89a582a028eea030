import { describe, expect, test } from 'vitest';
import { hashPassword } from '../../../hub/access/credentials.ts';
import {
  admit,
  type DeviceCredential,
  type Hello,
  mayPublish,
  maySubscribe,
  type Speaker,
} from '../../../hub/broker/rules.ts';

const enrolled: DeviceCredential = { ...hashPassword('right'), revoked: false };
const revoked: DeviceCredential = { salt: '', hash: '', revoked: true };
const hello = (changes: Partial<Hello>): Hello => ({
  clientId: 'holdfast:acme:edge-01',
  username: undefined,
  password: undefined,
  certificate: null,
  ...changes,
});
const right = { username: 'edge-01', password: 'right' };
const certificate = (CN: string, O?: string) => ({ certificate: { CN, O } });

describe('who may connect', () => {
  test.each<[string, Partial<Hello>, DeviceCredential | null, boolean, boolean]>([
    // what            hello                                             known     anonymous  admitted
    ['its password', right, enrolled, false, true],
    ['its password where nobody needs one', right, enrolled, true, true],
    ['a wrong password', { username: 'edge-01', password: 'wrong' }, enrolled, false, false],
    ['an empty password', { username: 'edge-01', password: '' }, enrolled, false, false],
    ['no password', {}, enrolled, false, false],
    ['no password, though enrolled, where others need none', {}, enrolled, true, false],
    ["the name of another device's user", { username: 'edge-02', password: 'right' }, enrolled, false, false],
    ['a password, never enrolled', right, null, false, false],
    ['nothing, never enrolled', {}, null, false, false],
    ['nothing, where nothing is needed', {}, null, true, true],
    ['its old password, revoked', right, revoked, false, false],
    ['nothing, revoked, where nothing is needed', {}, revoked, true, false],
    ['an empty password, revoked', { username: 'edge-01', password: '' }, revoked, false, false],
    ['its certificate', certificate('edge-01'), null, false, true],
    ['its certificate for the fleet', certificate('edge-01', 'acme'), null, false, true],
    ['its certificate for another fleet', certificate('edge-01', 'beta'), null, false, false],
    ["another's certificate", certificate('edge-02'), null, false, false],
    ["another's certificate and its own password", { ...certificate('edge-02'), ...right }, enrolled, false, false],
    ['its certificate, revoked', certificate('edge-01'), revoked, false, false],
    ['its check', { ...right, clientId: 'holdfast:acme:edge-01:check-00ff' }, enrolled, false, true],
    ['a client id that names no device', { clientId: 'anything' }, null, false, false],
    ['an id of ours with a wildcard', { clientId: 'holdfast:acme:+' }, null, true, false],
    ['an id of ours with a slash', { clientId: 'holdfast:acme:a/b' }, null, true, false],
    ['an id of ours with too many parts', { clientId: 'holdfast:acme:a:check-1:x' }, null, true, false],
    ['a client id of 500 characters', { clientId: 'x'.repeat(500) }, null, true, false],
  ])('%s', (_what, changes, known, anonymous, admitted) => {
    expect(admit(hello(changes), known, anonymous).admitted).toBe(admitted);
  });
});

const proven: Speaker = { fleet: 'acme', device: 'edge-01', check: false, proven: true };
const claimed: Speaker = { ...proven, proven: false };
const check: Speaker = { ...proven, check: true };

test.each<[string, Speaker, string, boolean]>([
  ['a device', proven, 'holdfast/v1/acme/edge-01/presence', true],
  ['a device', proven, 'holdfast/v1/acme/edge-01/status', true],
  ['a device', proven, 'holdfast/v1/acme/edge-01/event', true],
  ['a device', proven, 'holdfast/v1/acme/edge-01/cmd/reconcile', false],
  ['a device', proven, 'holdfast/v1/acme/edge-02/status', false],
  ['a device', proven, 'holdfast/v1/beta/edge-01/status', false],
  ['a device', proven, 'holdfast/v1/acme/_hub/hub/state', false],
  ['a device', proven, 'holdfast/v1/acme/edge-01/status/more', false],
  ['a device', proven, '$SYS/x', false],
  ['a check', check, 'holdfast/v1/acme/edge-01/presence', false],
  ['who speaks for no device', null, 'holdfast/v1/acme/edge-01/status', false],
])('%s %j publishing to %s: %s', (_who, speaker, topic, allowed) => {
  expect(mayPublish(speaker, topic)).toBe(allowed);
});

test.each<[string, Speaker, string, boolean]>([
  ['a device', proven, 'holdfast/v1/acme/edge-01/cmd/reconcile', true],
  ['a device', proven, 'holdfast/v1/acme/edge-01/status', false],
  ['a device', proven, 'holdfast/v1/acme/edge-02/cmd/reconcile', false],
  ['a device', proven, 'holdfast/v1/acme/+/cmd/reconcile', false],
  ['a device', proven, 'holdfast/v1/acme/edge-01/#', false],
  ['a device', proven, '#', false],
  ['a device', proven, '$share/g/holdfast/v1/acme/edge-01/cmd/reconcile', false],
  ['a device that proved nothing', claimed, 'holdfast/v1/acme/edge-01/cmd/reconcile', true],
  ['a device that proved nothing', claimed, 'holdfast/v1/acme/edge-02/status', false],
  ['a check', check, 'holdfast/v1/acme/edge-01/cmd/reconcile', false],
])('%s %j reading %s: %s', (_who, speaker, topic, allowed) => {
  expect(maySubscribe(speaker, topic)).toBe(allowed);
});
