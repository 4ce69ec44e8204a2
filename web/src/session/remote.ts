// The hub's answers. Its description (openapi/bildbro.json) has no addresses for
// people yet: until it has, whatever is asked says that the hub is not ready.

import { ProblemError } from '@/api/problem';
import type { Session } from './facade';

export const remote: Session = new Proxy({} as Session, {
    get: (_, name) => async () => {
        if (name === 'me') return null;
        throw new ProblemError({ word: 'not-ready', status: 503, mayRetry: true });
    },
});
