// apps: the customer's application, over webhooks and WebSocket.
export * from './types.ts';
