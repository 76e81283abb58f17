// Pages that point somewhere: links to files, folders and headings, and files named in the text, are there.
import { posix } from 'node:path';
import * as house from './house.ts';
import { lineAt, type Project } from './project.ts';
import type { Complaint } from './rules.ts';

/** `[text](target)` or an image; a target with a scheme is not ours to look up. */
const link = /\]\(([^()\s]+)\)/g;
/** A file named in code: `calls/call.ts`. Names with a placeholder (`<name>.ts`) or a wildcard are none. */
const named = /`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|md|sh|sql|cjs))`/g;

export function* links(project: Project): Iterable<Complaint> {
  for (const [path, text] of project.texts) {
    if (posix.extname(path) !== '.md') continue;
    const prose = withoutFences(text);
    for (const { 1: target = '', index } of prose.matchAll(link)) {
      const fault = linkFault(project, path, target);
      if (fault) yield { path, line: lineAt(prose, index + 1), text: fault };
    }
    for (const { 1: name = '', index } of prose.matchAll(named)) {
      if (house.namesOfOthers.includes(name) || isThere(project, path, name)) continue;
      yield { path, line: lineAt(prose, index + 1), text: `names ${name}, which is not there; say where it is now` };
    }
  }
}

function linkFault(project: Project, from: string, target: string): string | undefined {
  if (/^[a-z]+:/i.test(target)) return undefined;
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : posix.normalize(posix.join(posix.dirname(from), file)).replace(/\/$/, '');
  const page = project.texts.get(path);
  if (page === undefined && !isPath(project, path)) return `links to ${target}, which is not there`;
  if (anchor === undefined || page === undefined || headings(page).has(anchor)) return undefined;
  return `links to ${target}, but ${path} has no such heading`;
}

/** A text of ours, a folder of such, or something generated, which tidy does not read. */
function isPath({ texts }: Project, path: string): boolean {
  if (path === 'LICENSE' || path.split('/').some((part) => house.skippedFolders.includes(part))) return true;
  return texts.has(path) || [...texts.keys()].some((one) => one.startsWith(`${path}/`));
}

/** Named from the root, from src, from where the page is or below it; without a folder, anywhere. */
function isThere(project: Project, from: string, name: string): boolean {
  const here = posix.dirname(from);
  if (['', 'src', here].some((folder) => isPath(project, posix.normalize(posix.join(folder, name))))) return true;
  return [...project.texts.keys()].some((one) => one.endsWith(`/${name}`));
}

/** Anchors as they are made of headings: small letters, no marks, dashes for spaces. */
function headings(text: string): Set<string> {
  const titles = withoutFences(text).matchAll(/^#+ +(.+)$/gm);
  return new Set(
    [...titles].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

/** The same lines, those in code fences empty. */
function withoutFences(text: string): string {
  let fenced = false;
  const lines = text.split('\n').map((line) => {
    if (/^\s*(```|~~~)/.test(line)) {
      fenced = !fenced;
      return '';
    }
    return fenced ? '' : line;
  });
  return lines.join('\n');
}
