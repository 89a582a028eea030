// A service that has no container: everything that it needs, then the container, its networks, its start and its hooks.
import type { Declaration } from '../attribute.ts';
import { createBody } from '../attributes.ts';
import type { AppSteps, ServiceSteps } from './app-steps.ts';
import type { StepFrame } from './draft.ts';
import { prepare } from './prepare.ts';
import type { Scope } from './scope.ts';
import { afterStart, connectOthers, platformOf } from './steps.ts';

export function planCreate(
  scope: Scope,
  declaration: Declaration,
  steps: AppSteps,
  frame: StepFrame & { readonly changed: boolean },
): ServiceSteps {
  const { service } = declaration;
  const name = service.container_name;
  const prepared = prepare(scope, declaration, steps, frame);
  const created = scope.draft.add(
    {
      kind: 'create-container',
      name,
      ...platformOf(service),
      body: createBody(declaration, [], scope.observed.engine),
    },
    { ...frame, after: [...prepared, ...steps.joined(), ...(frame.after ?? [])] },
  );
  const connected = connectOthers(scope, declaration, name, { ...frame, after: [created] });
  const started = scope.draft.add(
    { kind: 'start-container', container: name },
    { ...frame, after: [created, ...connected, ...steps.dependencies()] },
  );
  const ended = afterStart(scope, declaration, name, frame, started);
  return { started: [ended], interrupted: true, replaced: true };
}
