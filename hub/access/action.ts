// The name of what a request does, for the audit: `POST /api/v1/devices/edge-01/reconcile` is `device.reconcile` of
// `edge-01`. Pure; holds for every endpoint that follows the API's shape `/<things>/<id>/<verb>`.

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'replace', PATCH: 'change', DELETE: 'delete' };
const PART_CHARS = 128;

export function actionOf(method: string, path: string): { readonly action: string; readonly subject: string } {
  const [, , , things = '', id = '', verb] = path.split('/', 8).map((part) => part.slice(0, PART_CHARS));
  const thing = things.replace(/s$/, '');
  return { action: `${thing}.${verb ?? VERBS[method] ?? method.toLowerCase()}`, subject: id };
}
