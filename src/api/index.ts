// api: the REST API over HTTP. Records and live calls, for those whose key allows it.
export { type Api, buildApi } from './http.ts';
export * from './types.ts';
