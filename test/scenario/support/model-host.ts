// One host without Git and files: desired state goes straight to the planner, its steps to the real Engine.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applyPlan } from '../../../agent/apply/apply-plan.ts';
import { createEngine } from '../../../agent/docker/create-engine.ts';
import { messageOf } from '../../../fleet/error.ts';
import type { Desired, DesiredApp } from '../../../fleet/model/desired.ts';
import type { InventoryItem } from '../../../fleet/model/inventory.ts';
import type { Network } from '../../../fleet/model/network.ts';
import type { ContentState, Observed } from '../../../fleet/model/observed.ts';
import type { Plan } from '../../../fleet/model/plan.ts';
import type { Service } from '../../../fleet/model/service.ts';
import { declaredInventory, settleInventory } from '../../../fleet/reconcile/inventory.ts';
import { lookFor } from '../../../fleet/reconcile/look.ts';
import { makePlan } from '../../../fleet/reconcile/plan.ts';
import { engineSocket } from '../../support/engine.ts';

export interface ModelHost {
  plan(app: DesiredApp): Promise<Plan>;
  /** Plans, carries out and settles; returns what failed, was skipped or blocked, as text. */
  apply(app: DesiredApp): Promise<string[]>;
  /** What the Engine's warnings and hooks said. */
  readonly log: string[];
}

export function modelApp(services: readonly Service[], networks: readonly Network[] = []): DesiredApp {
  return {
    name: 'model',
    drift: 'correct',
    dependsOn: [],
    strategy: 'stop-first',
    healthTimeoutMs: 20_000,
    rollback: true,
    correct: [],
    warn: [],
    suspend: false,
    windows: [],
    ignore: [],
    insideMs: null,
    services,
    networks,
    volumes: [{ key: 'stuff', name: 'model_stuff', external: false, driver_opts: {}, labels: {} }],
  };
}

export function createModelHost(device: string, folder: string): ModelHost {
  const log: string[] = [];
  const engine = createEngine({ socket: engineSocket(), log: (message) => void log.push(message) });
  const paths = { content: join(folder, 'content'), data: join(folder, 'volumes'), secrets: join(folder, 'secrets') };
  const written = new Map<string, ContentState>();
  let inventory: InventoryItem[] = [];
  const put = (item: InventoryItem): void => {
    inventory = [...inventory.filter(({ kind, name }) => kind !== item.kind || name !== item.name), item];
  };
  const desiredOf = (app: DesiredApp): Desired => ({
    device,
    revision: `main@sha1:${'a'.repeat(40)}`,
    labels: {},
    intervalMs: null,
    suspend: false,
    apps: [app],
    secretValues: [],
    salt: '',
    origins: {},
  });
  const look = async (desired: Desired): Promise<Observed> => ({
    ...(await engine.observe({ device, ...lookFor(desired, inventory) }, AbortSignal.timeout(60_000))),
    content: written,
  });
  const planOf = (desired: Desired, observed: Observed): Plan =>
    makePlan({ desired, observed, inventory, paths, limits: { steps: 2000, deletes: 200 }, hide: (text) => text });

  return {
    log,
    plan: async (app) => planOf(desiredOf(app), await look(desiredOf(app))),
    async apply(app) {
      const desired = desiredOf(app);
      const plan = planOf(desired, await look(desired));
      const declared = declaredInventory(desired, paths);
      const { failed, skipped } = await applyPlan(
        plan,
        {
          execute: {
            ...engine.steps,
            'write-content': async ({ content }) => {
              const root = content.kind === 'secret' ? paths.secrets : paths.content;
              await mkdir(root, { recursive: true });
              await writeFile(join(root, content.id), content.kind === 'inline' ? content.text : 'content');
              written.set(content.id, { kind: 'intact' });
            },
            'write-live': async ({ content, place }) => {
              const root = content.kind === 'secret' ? paths.secrets : paths.content;
              await mkdir(join(root, place), { recursive: true });
              await writeFile(join(root, place, 'content'), content.kind === 'inline' ? content.text : 'content');
              written.set(place, { kind: 'intact' });
            },
            'make-data-folder': async ({ path }) => {
              await mkdir(join(paths.data, path), { recursive: true });
            },
          },
          declared,
          inventory: () => inventory,
          putInventory: put,
          monotonicMs: () => performance.now(),
          log: () => undefined,
        },
        AbortSignal.timeout(240_000),
      );
      const bad = new Set([...failed.map(({ step }) => step.resource), ...skipped.map(({ resource }) => resource)]);
      const settled = settleInventory(inventory, declared, await look(desired), device, bad);
      inventory = inventory.filter((item) => !settled.remove.includes(item));
      for (const item of settled.put) put(item);
      return [
        ...failed.map(({ step, error }) => `${step.id}: ${messageOf(error)}`),
        ...skipped.map(({ id }) => `skipped ${id}`),
        ...plan.blocked.map(({ resource, message }) => `${resource}: ${message}`),
      ];
    },
  };
}
