// Types of the generated validators: one function per verb name, the options each accepts, what they may have in them, and every verb name there is.
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
type Known = { [name: string]: Known } | string | 0;
declare const schemas: {
  accepts: Record<string, string[]>;
  inside: Record<string, Known>;
  known: string[];
} & Record<string, Validator>;
export = schemas;
