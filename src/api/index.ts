// api: the REST API over HTTP. Records and live calls, for those whose key allows it.
export { type Api, buildApi, openapiText } from './http.ts';
export * from './types.ts';
