// How a service's steps name it.
import type { DesiredApp } from '../../model/desired.ts';
import type { Service } from '../../model/service.ts';
import { containerKey, resourceKey } from '../../names.ts';
import type { StepFrame } from './draft.ts';

export function frameOf(app: DesiredApp, service: Service): Omit<StepFrame, 'cause'> {
  return {
    subject: `${app.name}/${containerKey(service)}`,
    app: app.name,
    resource: serviceResource(app, service),
  };
}

export function serviceResource(app: DesiredApp, service: Service): string {
  return resourceKey('service', app.name, containerKey(service));
}
