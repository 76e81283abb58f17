// edge: who may call in, and where calls go out.
export { type Admission, admit, type InboundSettings } from './inbound.ts';
export { type Credentials, chooseRoute, type Destination, type Gateway, type Route } from './outbound.ts';
