// What a REST resource is: routes, each with who may call it, its schemas, and what it does. One file each in resources/.
import type { Refusal } from '../base/index.ts';
import type { Access, Caller } from './access.ts';
import type { Schema } from './schema.ts';
import type { ApiPorts } from './types.ts';

/** A request after its checks: caller known and allowed, sids are UUIDs in lower case, the body fits its schema. */
export interface ApiRequest {
  caller: Caller;
  params: Record<string, string>;
  /** Read as their schemas want them. */
  query: Record<string, string | number | boolean | undefined>;
  body: Record<string, unknown>;
  ports: ApiPorts;
}

export interface Answer {
  status: 200 | 201 | 202 | 204;
  /** JSON. */
  body?: unknown;
  /** Plain text, instead of a body. */
  text?: string;
  /** Audio, instead of a body. */
  audio?: { type: string; bytes: number; read(): AsyncIterable<Uint8Array> };
}

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below /v1. A parameter that ends in `_sid` must be a UUID. */
  path: string;
  /** One line for the documentation. */
  summary: string;
  access: Access;
  /** Query parameters by name. Others are let through. */
  query?: Record<string, Schema>;
  /** Absent: the body is ignored. */
  body?: Schema;
  /** For the documentation alone: a body that is checked elsewhere, and further answers. */
  documents?: { body?: Schema; answers?: Record<number, Schema> };
  /** What comes back when all is well. */
  reply: { status: Answer['status']; schema?: Schema; text?: string; audio?: boolean };
  handle(request: ApiRequest): Promise<Answer | Refusal>;
}

export interface Resource {
  /** As the contract names it; also the tag in the documentation. */
  name: string;
  routes: Route[];
}

export const defineResource = (resource: Resource): Resource => resource;

/** The answers that the contract has. */
export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (sid: string, more: object = {}): Answer => ({ status: 201, body: { sid, ...more } });
export const noContent: Answer = { status: 204 };
