// The repository as tidy sees it: every text, and of each TypeScript file what its syntax tree tells. Judges nothing.
import type { FileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';
import { readSyntax } from './syntax.ts';

export interface Import {
  specifier: string;
  /** Path in the repository; undefined for a package. */
  target: string | undefined;
  line: number;
  /** Only types come over, nothing runs. */
  typeOnly: boolean;
  kind: 'import' | 'reexport' | 'dynamic' | 'url';
  /** Names as the other file exports them; `*` for all. */
  names: string[];
  /** The same, as used here. */
  locals: string[];
}

export interface FunctionFact {
  name: string;
  line: number;
  lines: number;
}

export interface Use {
  what: string;
  line: number;
}

export interface Syntax {
  imports: Import[];
  functions: FunctionFact[];
  /** Globals the file touches, as written: `Date.now`, `setTimeout`. */
  globals: Use[];
  defaultExportLine: number | undefined;
  /** How often the value of each name is used. */
  identifiers: ReadonlyMap<string, number>;
}

export interface SourceFile extends Syntax {
  /** Relative to the repository, with slashes. */
  path: string;
  text: string;
}

export interface Project {
  sources: ReadonlyMap<string, SourceFile>;
  /** All texts, the sources included. */
  texts: ReadonlyMap<string, string>;
}

/** `texts` by path; `fs` when they are not on the disk. */
export function readProject(root: string, texts: ReadonlyMap<string, string>, fs?: FileSystem): Project {
  const api = new API({ cwd: root, ...(fs ? { fs } : {}) });
  try {
    const config = `${root}/tsconfig.json`;
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config);
    if (!project) throw new Error(`TypeScript does not read ${config}`);
    const sources = new Map<string, SourceFile>();
    for (const [path, text] of texts) {
      if (!path.endsWith('.ts')) continue;
      const tree = project.program.getSourceFile(`${root}/${path}`);
      if (tree) sources.set(path, { path, text, ...readSyntax(tree, path) });
    }
    return { sources, texts };
  } finally {
    api.close();
  }
}

/** 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) line++;
  return line;
}
