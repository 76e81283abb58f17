// What tidy reads off a syntax tree: imports, functions, globals, the default export.
import { posix } from 'node:path';
import { SyntaxKind as K, type Node, type SourceFile as Tree } from 'typescript/unstable/ast';
import * as is from 'typescript/unstable/ast/is';
import type { FunctionFact, Import, Syntax } from './project.ts';

/** Owners of members that are told apart, such as Date.now; every other global counts as a whole. */
const owners = new Set(['Date', 'Math', 'performance', 'process', 'AbortSignal', 'crypto']);
const functionKinds = new Set([
  K.FunctionDeclaration,
  K.FunctionExpression,
  K.ArrowFunction,
  K.MethodDeclaration,
  K.Constructor,
  K.GetAccessor,
  K.SetAccessor,
]);

export function readSyntax(tree: Tree, path: string): Syntax {
  return new Reader(tree, path).read();
}

class Reader {
  readonly #tree: Tree;
  readonly #path: string;
  readonly #isTest: boolean;
  readonly #starts: readonly number[];
  readonly #imports: Import[] = [];
  readonly #functions: FunctionFact[] = [];
  readonly #touched: { what: string; owner: string; line: number }[] = [];
  readonly #declared = new Set<string>();
  readonly #identifiers = new Map<string, number>();
  #defaultExportLine: number | undefined;

  constructor(tree: Tree, path: string) {
    this.#tree = tree;
    this.#path = path;
    this.#isTest = path.startsWith('test/') || path.endsWith('.test.ts');
    this.#starts = tree.getLineStarts();
  }

  read(): Syntax {
    this.#visit(this.#tree);
    return {
      imports: this.#imports,
      functions: this.#functions,
      globals: this.#touched.filter((use) => !this.#declared.has(use.owner)),
      defaultExportLine: this.#defaultExportLine,
      identifiers: this.#identifiers,
    };
  }

  #line(offset: number): number {
    let [low, high] = [0, this.#starts.length];
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  #lineOf(node: Node): number {
    return this.#line(node.getStart(this.#tree));
  }

  #visit(node: Node): void {
    if (is.isImportDeclaration(node) || is.isExportDeclaration(node)) this.#importOrExport(node);
    else if (is.isExportAssignment(node)) this.#defaultExportLine ??= this.#lineOf(node);
    else if (node.kind === K.DefaultKeyword && node.parent.kind !== K.DefaultClause) {
      this.#defaultExportLine ??= this.#lineOf(node);
    } else if (is.isCallExpression(node)) this.#call(node);
    else if (is.isNewExpression(node)) this.#new(node);
    else if (is.isImportTypeNode(node)) this.#importType(node);
    else if (is.isIdentifier(node)) this.#identifier(node, node.text);
    if (functionKinds.has(node.kind)) this.#function(node);
    if (is.isImportDeclaration(node)) return;
    node.forEachChild((child) => {
      this.#visit(child);
      return undefined;
    });
  }

  #add(specifier: string, node: Node, more: Partial<Import>): void {
    const local = specifier.startsWith('.');
    const target = local ? posix.normalize(posix.join(posix.dirname(this.#path), specifier)) : undefined;
    const basic = { specifier, target, line: this.#lineOf(node), typeOnly: false, kind: 'import' as const };
    this.#imports.push({ ...basic, names: [], locals: [], ...more });
  }

  #importOrExport(node: Node): void {
    if (is.isImportDeclaration(node)) {
      const clause = node.importClause;
      const found = { names: [] as string[], locals: [] as string[], allTypes: true };
      const note = (name: string, local: string, typeOnly: boolean): void => {
        this.#declared.add(local);
        found.names.push(name);
        found.locals.push(local);
        if (!typeOnly) found.allTypes = false;
      };
      if (clause?.name) note('default', clause.name.text, false);
      const bindings = clause?.namedBindings;
      if (bindings && is.isNamespaceImport(bindings)) note('*', bindings.name.text, false);
      else if (bindings) {
        for (const one of bindings.elements)
          note(one.propertyName?.text ?? one.name.text, one.name.text, one.isTypeOnly);
      }
      const typeOnly = clause?.phaseModifier === K.TypeKeyword || (found.names.length > 0 && found.allTypes);
      this.#add(textOf(node.moduleSpecifier), node, { typeOnly, names: found.names, locals: found.locals });
    } else if (is.isExportDeclaration(node)) {
      const clause = node.exportClause;
      const elements = clause && is.isNamedExports(clause) ? clause.elements : [];
      if (elements.some((one) => one.name.text === 'default')) this.#defaultExportLine ??= this.#lineOf(node);
      if (!node.moduleSpecifier) return;
      const names = elements.length > 0 ? elements.map((one) => (one.propertyName ?? one.name).text) : ['*'];
      const typeOnly = node.isTypeOnly || (elements.length > 0 && elements.every((one) => one.isTypeOnly));
      this.#add(textOf(node.moduleSpecifier), node, { typeOnly, names, kind: 'reexport' });
    }
  }

  #call(node: Node): void {
    if (!is.isCallExpression(node)) return;
    const [first] = node.arguments;
    if (node.expression.kind === K.ImportKeyword && first && is.isStringLiteralLikeNode(first)) {
      this.#add(first.text, node, { kind: 'dynamic', names: ['*'] });
    }
    this.#startedFile(node.arguments);
    if (is.isIdentifier(node.expression) && node.expression.text === 'Date' && node.arguments.length === 0) {
      this.#touch('Date()', 'Date', node);
    }
  }

  /** join(import.meta.dirname, './thread.ts'): how a thread or a process names the file it starts. */
  #startedFile([folder, name]: readonly Node[]): void {
    if (!folder || !name || !is.isPropertyAccessExpression(folder) || folder.name.text !== 'dirname') return;
    if (!is.isMetaProperty(folder.expression) || !textOf(name).endsWith('.ts')) return;
    this.#add(`./${textOf(name)}`, name, { kind: 'url' });
  }

  #new(node: Node): void {
    if (!is.isNewExpression(node) || !is.isIdentifier(node.expression)) return;
    const [first] = node.arguments ?? [];
    if (node.expression.text === 'Date' && !first) this.#touch('new Date()', 'Date', node);
    // new URL('./thread.ts', import.meta.url), likewise.
    if (node.expression.text === 'URL' && first && is.isStringLiteralLikeNode(first) && first.text.startsWith('.')) {
      this.#add(first.text, node, { kind: 'url' });
    }
  }

  #importType(node: Node): void {
    if (!is.isImportTypeNode(node) || !is.isLiteralTypeNode(node.argument)) return;
    this.#add(textOf(node.argument.literal), node, { typeOnly: true });
  }

  #touch(what: string, owner: string, node: Node): void {
    this.#touched.push({ what, owner, line: this.#lineOf(node) });
  }

  #identifier(node: Node, name: string): void {
    const { parent } = node;
    if (isDeclarationName(node, parent)) this.#declared.add(name);
    else if (is.isPropertyAccessExpression(parent) && parent.name === node) {
      // globalThis.setTimeout is setTimeout.
      if (is.isIdentifier(parent.expression) && parent.expression.text === 'globalThis') this.#touch(name, name, node);
    } else if (!isNameOnly(node, parent)) {
      this.#identifiers.set(name, (this.#identifiers.get(name) ?? 0) + 1);
      if (!owners.has(name)) this.#touch(name, name, node);
      else if (is.isPropertyAccessExpression(parent)) this.#touch(`${name}.${parent.name.text}`, name, node);
    }
  }

  #function(node: Node): void {
    const from = this.#lineOf(node);
    const lines = this.#line(node.getEnd()) - from + 1;
    if (!(this.#isTest && isTestList(node))) this.#functions.push({ name: functionName(node), line: from, lines });
  }
}

const textOf = (node: Node): string => (is.isStringLiteralLikeNode(node) ? node.text : '');

function isDeclarationName(node: Node, parent: Node): boolean {
  const named =
    is.isVariableDeclaration(parent) ||
    is.isParameterDeclaration(parent) ||
    is.isFunctionDeclaration(parent) ||
    is.isFunctionExpression(parent) ||
    is.isClassDeclaration(parent) ||
    is.isBindingElement(parent);
  return named && parent.name === node;
}

/** A name in a type, a key, or a member's own name: nothing is read from the global scope. */
function isNameOnly(node: Node, parent: Node): boolean {
  if (is.isPropertyAssignment(parent) || is.isBindingElement(parent)) return parent.initializer !== node;
  return (
    is.isTypeReferenceNode(parent) ||
    is.isTypeQueryNode(parent) ||
    is.isQualifiedName(parent) ||
    is.isMethodDeclaration(parent) ||
    is.isMethodSignatureDeclaration(parent) ||
    (is.isPropertyDeclaration(parent) && parent.initializer !== node) ||
    is.isPropertySignatureDeclaration(parent) ||
    is.isInterfaceDeclaration(parent) ||
    is.isTypeAliasDeclaration(parent) ||
    is.isExportSpecifier(parent) ||
    is.isImportSpecifier(parent) ||
    is.isLabeledStatement(parent) ||
    is.isExpressionWithTypeArguments(parent)
  );
}

/** A list of named tests, as the body of describe() is, is not a function to keep in one's head. */
function isTestList(node: Node): boolean {
  const { body } = node as { body?: Node };
  if (!body || !is.isBlock(body)) return false;
  return body.statements.some((one) => is.isExpressionStatement(one) && isTestCall(one.expression));
}

/** it('does this', () => ...), by whatever name. */
function isTestCall(node: Node): boolean {
  if (!is.isCallExpression(node) || !is.isIdentifier(node.expression) || node.arguments.length < 2) return false;
  const [title] = node.arguments;
  return is.isStringLiteralLikeNode(title!) || is.isTemplateExpression(title!);
}

function functionName(node: Node): string {
  const name = (node as { name?: Node }).name;
  if (name) return name.getText();
  const { parent } = node;
  if (is.isVariableDeclaration(parent) || is.isPropertyAssignment(parent) || is.isPropertyDeclaration(parent)) {
    return parent.name.getText();
  }
  return node.kind === K.Constructor ? 'constructor' : 'function';
}
