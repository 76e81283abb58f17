// Types of the generated validators: one function per verb name, the options each accepts, and every verb name there is.
interface SchemaError {
  instancePath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
}
interface Validator {
  (value: unknown): boolean;
  errors?: SchemaError[] | null;
}
declare const schemas: { accepts: Record<string, string[]>; known: string[] } & Record<string, Validator>;
export = schemas;
