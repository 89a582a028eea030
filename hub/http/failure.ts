// Every error that the API answers has this one shape.
import { errorSchema } from '../api/schemas.ts';

export type FailureCode =
  | 'BadRequest'
  | 'NotFound'
  | 'Ambiguous'
  | 'Unauthorized'
  | 'Forbidden'
  | 'AlreadyExists'
  | 'TooManyRequests'
  | 'TooLarge'
  | 'MisdirectedRequest'
  | 'BrokerUnavailable'
  | 'TooManyStreams'
  | 'Internal';

export function failure(code: FailureCode, message: string): { error: { code: FailureCode; message: string } } {
  return { error: { code, message } };
}

/** An OpenAPI response of this shape. */
export function failureResponse(description: string) {
  return { description, content: { 'application/json': { schema: errorSchema } } };
}
