// Topics as they are written, filtered and read back.
import { expect, test } from 'vitest';
import { deviceTopic, hubTopic, type Leaf, parseDeviceTopic, reportFilters } from '../../../fleet/wire/topics.ts';

const LEAVES: readonly Leaf[] = ['presence', 'status', 'event', 'cmd/reconcile'];

test.each(LEAVES)('the topic of %s reads back as what it was made of', (leaf) => {
  const topic = deviceTopic('acme', 'edge-01', leaf);
  expect(topic).toBe(`holdfast/v1/acme/edge-01/${leaf}`);
  expect(parseDeviceTopic(topic)).toEqual({ fleet: 'acme', device: 'edge-01', leaf });
});

test.each([
  '',
  'holdfast/v1',
  'holdfast/v1/acme/edge-01',
  'holdfast/v1/acme/edge-01/',
  'holdfast/v1/acme/edge-01/status/more',
  'holdfast/v1/acme/edge-01/cmd',
  'holdfast/v2/acme/edge-01/status',
  'other/v1/acme/edge-01/status',
  'holdfast/v1/+/edge-01/status',
  'holdfast/v1/acme/#/status',
  'holdfast/v1/acme//status',
  'holdfast/v1/ACME/edge-01/status',
  'holdfast/v1/acme/../status',
  '/holdfast/v1/acme/edge-01/status',
  hubTopic('acme', 'one'),
])('%j is not a topic of a device', (topic) => {
  expect(parseDeviceTopic(topic)).toBeNull();
});

test('a hub listens to reports of one fleet or of all, and never to its own hints', () => {
  expect(reportFilters('acme')).toEqual([
    'holdfast/v1/acme/+/presence',
    'holdfast/v1/acme/+/status',
    'holdfast/v1/acme/+/event',
  ]);
  expect(reportFilters()[0]).toBe('holdfast/v1/+/+/presence');
});

test('the state of a hub has a topic that no device can have', () => {
  expect(hubTopic('acme', 'one')).toBe('holdfast/v1/acme/_hub/one/state');
});
