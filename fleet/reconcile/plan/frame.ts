// How a service's steps name it.
import type { DesiredApp, Service } from '../../model/desired.ts';
import { resourceKey } from '../../names.ts';
import type { StepFrame } from './draft.ts';

export function frameOf(app: DesiredApp, service: Service): Omit<StepFrame, 'cause'> {
  return {
    subject: `${app.name}/${service.name}`,
    app: app.name,
    resource: resourceKey('service', app.name, service.name),
  };
}
