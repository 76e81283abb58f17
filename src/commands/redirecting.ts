// Redirecting: asks the hooks of a redirect, and changes course in one turn of the call. Nothing changes when one hook fails.
import { Fault, refusalText } from '../base/index.ts';
import {
  type Answer,
  adult,
  type Call,
  type CallEvent,
  finalStatuses,
  type HookInput,
  type Step,
} from '../calls/index.ts';
import { badValue } from './refusals.ts';

/** What a redirect wants done. */
export interface Course {
  order: number;
  /** Verbs for the call itself, or its hook's answer without verbs. */
  answer?: Answer;
  /** Verbs for the leg it dialled. */
  child?: Step[];
  queue?: boolean;
}

interface RedirectHooks {
  hook?: HookInput;
  childHook?: HookInput;
  statusHook?: HookInput;
}

/** While the hooks think, running out of verbs does not end the call: their answers decide. */
export async function fetchAndTurn(session: Call, hooks: RedirectHooks, order: number): Promise<{ at: number }> {
  session.redirects.waiting++;
  const asked = await ask(session, hooks).catch((error: unknown) => ({ error }));
  return new Promise((resolve, reject) => {
    const over = !session.turn('redirected', () => {
      session.redirects.waiting--;
      const failure = 'error' in asked ? asked.error : failureOf(session, asked, order);
      if (failure !== undefined) {
        reject(failure);
        return session.endIfIdle();
      }
      const { own, child } = asked as Asked;
      if (hooks.statusHook !== undefined) session.conversation.setStatusHook(hooks.statusHook);
      turnTo(session, {
        order,
        ...(own && { answer: own }),
        ...(child && { child: child.kind === 'verbs' ? child.steps : [] }),
      }).then(resolve, reject);
    });
    if (over) reject(gone());
  });
}

interface Asked {
  own: Answer | undefined;
  child: Answer | undefined;
}

/** Both hooks at once, each with the payload of its own leg. */
async function ask(session: Call, { hook, childHook }: RedirectHooks): Promise<Asked> {
  const leg = session.parts.get('dial')?.selected();
  const [own, child] = await Promise.all([
    hook === undefined ? undefined : session.askRedirect(hook),
    childHook === undefined ? undefined : leg?.askRedirect(childHook, { aside: true }),
  ]);
  return { own, child };
}

/** Why these answers are not applied; the application stays as it was. */
function failureOf(session: Call, { own, child }: Asked, order: number): Fault | undefined {
  if (session.ended) return gone();
  if (order < session.redirects.applied)
    return new Fault('redirect-overtaken', 'a later redirect was applied before it');
  for (const answer of [own, child]) {
    if (answer?.kind !== 'other' && answer?.kind !== 'invalid') continue;
    const refusal =
      answer.kind === 'invalid' ? answer.refusal : badValue('the hook must answer with an array of verbs');
    session.conversation.refused(refusal);
    return new Fault('redirect-invalid', refusalText(refusal));
  }
  return undefined;
}

/** In a turn of the session. Resolves when the far ends hear the change. */
export async function turnTo(session: Call, course: Course): Promise<{ at: number }> {
  const effects: Promise<{ at: number }>[] = [];
  const dial = session.parts.get('dial');
  const leg = course.child && dial?.release();
  if (course.child && !leg) {
    if (!course.answer) throw new Fault('child-gone', 'the dialled leg is with this call no longer');
    session.events.append('error', { what: 'child_call_hook', reason: 'the dialled leg is with this call no longer' });
  }
  if (leg && course.child) {
    const steps = course.child;
    effects.push(steps.length > 0 ? nextAudible(leg) : now(leg));
    leg.turn('redirected', () => adult(leg, steps));
  }
  if (course.answer) {
    const audible = nextAudible(session);
    replace(session, course.answer, course);
    // With nothing to run the change is that what ran has stopped.
    effects.push(session.program.running ? audible : now(session));
  }
  const all = await Promise.all(effects);
  return { at: Math.max(...all.map((effect) => effect.at)) };
}

function replace(session: Call, answer: Answer, { order, queue }: Course): void {
  if (queue) return session.program.append(answer.kind === 'verbs' ? answer.steps : []);
  session.redirects.applied = order;
  if (answer.kind !== 'nothing') return session.run(answer.kind === 'verbs' ? answer.steps : []);
  // The running verb ends and the queue goes on; a dial's action hook has its say first (2.2 item 9).
  const dial = session.parts.get('dial');
  if (dial) dial.finish();
  else session.program.skip('redirected to nothing');
}

const gone = (): Fault => new Fault('call-gone', 'the call has ended');

const now = async ({ clock }: Call): Promise<{ at: number }> => ({ at: clock.now() });

/** When the far end hears the change: the next packet of a new prompt, or when a verb without sound begins in its place. */
async function nextAudible(call: Call): Promise<{ at: number }> {
  const { packet_at: packetAt, at } = await call.events.next(isHeard);
  return { at: typeof packetAt === 'number' ? packetAt : at };
}

function isHeard({ type, layer, audible, status }: CallEvent): boolean {
  if (type === 'play-started') return layer === 'prompt';
  if (type === 'verb-started') return audible === false;
  return type === 'verb-finished' || type === 'ended' || (type === 'status' && finalStatuses.has(String(status)));
}
