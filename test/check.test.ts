// The checks of `npm run check`, each as a test, so that one summary tells everything.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checks } from '../scripts/check.ts';

for (const check of checks) {
  it(check.name, () => {
    const complaints = check.run();
    assert.ok(complaints === '', complaints);
  });
}
