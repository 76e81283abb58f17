// alert: lets an unanswered caller's phone ring in a given way (180 with Alert-Info) and tells the account.
import { defineVerb } from './define.ts';

export const alert = defineVerb<{ message: string }>({
  name: 'alert',
  needs: 'none',
  run: async ({ message }, { call }) => {
    call.leg.ring({ 'Alert-Info': message });
    call.alert('alert-from-application', message);
  },
});
