// The rules of the house, each a function from the project to what is wrong with it. The tables are in house.ts.
import { posix } from 'node:path';
import * as house from './house.ts';
import { links } from './links.ts';
import { type Import, lineAt, type Project, type SourceFile } from './project.ts';

export interface Complaint {
  path: string;
  line: number;
  text: string;
}

export type Rule = (project: Project) => Iterable<Complaint>;

const isTest = (path: string): boolean =>
  path.endsWith('.test.ts') || path.startsWith('test/') || house.testSupport.test(path);
const isProduct = (path: string): boolean => path.startsWith('src/') && !isTest(path);

/** The room of a file; undefined for composers and for what is outside src. */
function roomOf(path: string): string | undefined {
  const [top, room, ...rest] = path.split('/');
  return top === 'src' && rest.length > 0 && !house.composerFolders.includes(room!) ? room : undefined;
}

const isComposer = (path: string): boolean => path.startsWith('src/') && roomOf(path) === undefined;

export const rooms: Rule = function* (project) {
  for (const file of project.sources.values()) {
    if (!/^(src|test)\//.test(file.path)) continue;
    const from = roomOf(file.path);
    if (from !== undefined && !house.arrows[from]) {
      yield complaint(
        file,
        1,
        `${from} is no room; put the file into a room, or add the room and its arrows to scripts/tidy/house.ts`,
      );
      continue;
    }
    for (const one of file.imports) {
      const text = arrowFault(file, from, one) ?? doorFault(file, from, one);
      if (text) yield complaint(file, one.line, text);
    }
  }
};

function arrowFault(file: SourceFile, from: string | undefined, { target, specifier }: Import): string | undefined {
  if (target === undefined) return undefined;
  if (target.startsWith('..')) return `${specifier} is outside the repository`;
  const to = roomOf(target);
  if (isTest(file.path)) return undefined;
  if (!target.startsWith('src/') || isTest(target))
    return `the product may not import ${target}; move what it needs into src`;
  if (from === undefined || to === from) return undefined;
  if (isComposer(target))
    return `only composers import composers; let wire.ts hand in what ${from} needs from ${target}`;
  const allowed = house.arrows[from]!;
  if (to === undefined || allowed.includes(to)) return undefined;
  return `${from} may not import ${to} (only ${allowed.join(', ') || 'nothing'}); take it as an argument or a port, and let wire.ts hand it in`;
}

function doorFault(file: SourceFile, from: string | undefined, { target }: Import): string | undefined {
  const to = target === undefined ? undefined : roomOf(target);
  if (target === undefined || to === undefined || to === from || !house.arrows[to]) return undefined;
  if (isTest(file.path) && house.testSupport.test(target)) return undefined;
  const inside = target.slice(`src/${to}/`.length);
  const all = house.doors[to] ?? [{ file: 'index.ts', for: 'all' as const }];
  const who = isTest(file.path) || from === undefined ? 'composers' : from;
  const open = all.filter((door) => door.for === 'all' || door.for.includes(who));
  if (open.some((door) => door.file === inside)) return undefined;
  return `${target} is inside the room ${to}; import from ${open.map((door) => `src/${to}/${door.file}`).join(' or ')}, and export it there if others need it`;
}

export const bans: Rule = function* (project) {
  for (const file of project.sources.values()) {
    if (!isProduct(file.path)) continue;
    const may = new Set(house.rim.filter((entry) => entry.files.test(file.path)).flatMap((entry) => entry.may));
    for (const ban of house.bans) {
      if (may.has(ban.name)) continue;
      for (const { what, line } of bannedIn(file, ban)) {
        yield complaint(file, line, `${what} is ${ban.name}, which only the rim touches; ${ban.instead}`);
      }
    }
  }
};

function* bannedIn(file: SourceFile, ban: house.Ban): Iterable<{ what: string; line: number }> {
  for (const { specifier, line, typeOnly, names } of file.imports) {
    if (typeOnly) continue;
    const module = specifier.startsWith('node:') || !isBuiltin(specifier) ? specifier : `node:${specifier}`;
    const impure = names.filter((name) => !ban.pure?.includes(name));
    if (ban.modules?.includes(module) && (impure.length > 0 || names.length === 0)) yield { what: specifier, line };
    for (const name of ban.imports?.[module] ?? []) {
      if (names.includes(name)) yield { what: `${name} of ${specifier}`, line };
    }
  }
  for (const use of file.globals) if (ban.globals?.includes(use.what)) yield use;
}

const isBuiltin = (specifier: string): boolean =>
  house.bans.some((ban) => ban.modules?.includes(`node:${specifier}`) || ban.imports?.[`node:${specifier}`]);

export const shape: Rule = function* (project) {
  for (const file of project.sources.values()) {
    const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
    const limit = file.path in house.longFiles ? house.longFileLimitLines : house.fileLimitLines;
    if (lines > limit) yield complaint(file, 1, `${lines} lines, at most ${limit}; split it by what changes together`);
    for (const fn of file.functions) {
      if (fn.lines <= house.functionLimitLines) continue;
      yield complaint(
        file,
        fn.line,
        `${fn.name} has ${fn.lines} lines, at most ${house.functionLimitLines}; give its steps names`,
      );
    }
    if (file.defaultExportLine) yield complaint(file, file.defaultExportLine, 'a default export; export it by name');
    const [first, second] = file.text.split('\n');
    const opening = first?.startsWith('#!') ? second : first;
    if (!/^(\/\/ \S|\/\*)/.test(opening ?? ''))
      yield complaint(file, 1, 'the first line says what the file is: // Name: what it does');
    const empty = file.path.split(/[/.-]/).find((part) => house.emptyNames.includes(part));
    if (empty) yield complaint(file, 1, `"${empty}" says nothing; name the file after what it does`);
  }
};

/** Exceptions that no file needs any more. */
export const stale: Rule = function* (project) {
  const paths = [...project.sources.keys()];
  const where = { path: 'scripts/tidy/house.ts', line: 1 };
  for (const path of Object.keys(house.longFiles)) {
    if (!project.sources.has(path))
      yield { ...where, text: `longFiles names ${path}, which is not there; delete the line` };
  }
  for (const { files } of house.rim) {
    if (paths.some((path) => files.test(path))) continue;
    yield { ...where, text: `the rim names ${files}, which matches no file; delete the line` };
  }
};

/** Files that nobody imports. A file that only its own tests import is dead as well. */
export const dead: Rule = function* (project) {
  const used = new Set<string>();
  for (const file of project.sources.values()) {
    for (const { target } of file.imports)
      if (target && (isTest(target) || !isTest(file.path) || !isProduct(target))) used.add(target);
  }
  for (const { path } of project.sources.values()) {
    if (used.has(path) || house.entryPoints.some((entry) => entry.test(path))) continue;
    yield { path, line: 1, text: 'nobody imports it (tests do not count); put it to use or delete it' };
  }
};

export const kinds: Rule = function* (project) {
  for (const kind of house.kinds) {
    const list = project.sources.get(kind.list);
    const entries = entriesOf(project, kind);
    if (!list) {
      for (const path of entries)
        yield { path, line: 1, text: `is of the kind ${kind.what}, but its list ${kind.list} is not there` };
      continue;
    }
    for (const path of entries) {
      const times = timesListed(list, path);
      if (times === 1) continue;
      const text = times === 0 ? `is of the kind ${kind.what}, but not in its list` : `is in its list ${times} times`;
      yield { path, line: 1, text: `${text}; it stands there once: ${kind.list}` };
    }
  }
};

/** Files of the folder that carry the kind's mark, or that no sibling uses. */
function entriesOf(project: Project, kind: house.Kind): string[] {
  const eachFolder = kind.folder.endsWith('/*');
  const folder = eachFolder ? kind.folder.slice(0, -2) : kind.folder;
  const isEntry = (path: string): boolean => {
    if (!path.startsWith(`${folder}/`) || isTest(path) || path === kind.list) return false;
    const inside = path.slice(folder.length + 1).split('/');
    return eachFolder ? inside.length === 2 && inside[1] === 'index.ts' : inside.length === 1;
  };
  const siblings = [...project.sources.values()].filter((file) => file.path.startsWith(`${folder}/`));
  const usedBySibling = (path: string): boolean =>
    siblings.some(
      (file) => file.path !== kind.list && !isTest(file.path) && file.imports.some((one) => one.target === path),
    );
  return siblings
    .filter(({ path, text }) => isEntry(path) && (kind.mark?.test(text) || !usedBySibling(path)))
    .map((file) => file.path);
}

/** How often the entry's most used name stands in the list; handing it on counts where nothing of it is used. */
function timesListed(list: SourceFile, path: string): number {
  const lines = list.imports.filter((one) => one.target === path && !one.typeOnly);
  const locals = new Set(lines.flatMap((one) => one.locals));
  if (locals.size === 0) return lines.length;
  return Math.max(...[...locals].map((local) => list.identifiers.get(local) ?? 0));
}

export const texts: Rule = function* (project) {
  for (const [path, text] of project.texts) {
    for (const forbidden of house.forbiddenTexts) {
      if (forbidden.files && !forbidden.files.test(path)) continue;
      for (const match of text.matchAll(new RegExp(forbidden.pattern, 'g'))) {
        yield { path, line: lineAt(text, match.index + 1), text: `"${match[0]}" may not stay; ${forbidden.instead}` };
      }
    }
    if (posix.extname(path) === '.md') yield* titles(path, text);
  }
};

function* titles(path: string, text: string): Iterable<Complaint> {
  let fenced = false;
  let count = 0;
  for (const line of text.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    else if (!fenced && /^# \S/.test(line)) count++;
  }
  if (count !== 1) yield { path, line: 1, text: `has ${count} titles; a page has one, "# What it is"` };
}

const complaint = (file: SourceFile, line: number, text: string): Complaint => ({ path: file.path, line, text });

export const rules: readonly Rule[] = [rooms, bans, shape, dead, kinds, texts, links, stale];
