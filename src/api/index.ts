// api: REST over HTTP.
export { type Api, buildApi } from './http.ts';
export * from './types.ts';
