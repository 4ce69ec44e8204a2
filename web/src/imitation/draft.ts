// The played hub's drafts and recipients. The real one keeps a draft sealed; this
// one, for as long as the tab is open.

import type { Recipient } from '@/api/exchange';
import { type Answers, mustBeIn } from './session';

const PLACE = 'bildbro-imitation-draft';

export const recipients: Recipient[] = [
    ['halland', 'Region Halland', 'region', 'open', true, '2026-11-23T14:00:00Z'],
    ['vgr', 'Västra Götalandsregionen', 'region', 'open', true, '2026-11-20T09:00:00Z'],
    ['karolinska', 'Karolinska Universitetssjukhuset', 'region', 'open', false, '2026-11-24T07:40:00Z'],
    ['aleris', 'Aleris Röntgen', 'private_clinic', 'hold', false, '2026-11-11T08:00:00Z'],
    ['uppsala', 'Region Uppsala', 'region', 'open', false, null],
    ['jonkoping', 'Region Jönköpings län', 'region', 'open', false, null],
    ['capio', 'Capio Specialistkliniker', 'private_clinic', 'closed', false, '2026-10-02T08:00:00Z'],
    ['lof', 'Löf, regionernas ömsesidiga försäkringsbolag', 'insurer', 'open', false, null],
].map(([id, name, kind, takes, favourite, last_at]) => ({
    id,
    name,
    kind,
    takes,
    favourite,
    last_at,
    // The smaller ones have not said who is on call.
    on_call: kind === 'region',
    in_care: kind !== 'insurer',
})) as Recipient[];

const favour = (id: string, favourite: boolean) => {
    for (const one of recipients) if (one.id === id) one.favourite = favourite;
};

export const draftAnswers: Answers = {
    'GET /api/recipients': () => ({ items: recipients }),
    'PUT /api/recipients/:id/favourite': ({ id }) => favour(id, true),
    'DELETE /api/recipients/:id/favourite': ({ id }) => favour(id, false),
    'GET /api/draft': () => ({ draft: JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') }),
    'PUT /api/draft': ({ body }) => {
        mustBeIn();
        sessionStorage.setItem(PLACE, JSON.stringify(body.draft));
    },
    'DELETE /api/draft': () => sessionStorage.removeItem(PLACE),
};
