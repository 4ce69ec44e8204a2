// That the types of exchange.ts are the hub's own, with the words spelled out that
// the description only calls texts: each must have what the hub's has and nothing
// besides. Not run, only checked by the compiler, against the generated schema.

import type * as Ours from './exchange';
import type { components } from './schema';

type Hub = components['schemas'];
type Fits<Mine extends Theirs, Theirs> = Exclude<keyof Mine, keyof Theirs> extends never ? true : never;

export type Checked = [
    Fits<Ours.Patient, Hub['Patient']>,
    Fits<Ours.FoundStudy, Hub['FoundLine']>,
    Fits<Ours.SearchQuery, Hub['Asked']>,
    Fits<Ours.Recipient, Hub['Recipient']>,
    Fits<Ours.NewShare, Hub['NewShare']>,
    Fits<Ours.ShareLine, Hub['ShareLine']>,
    Fits<Ours.ShareStudy, Hub['ShareStudy']>,
    Fits<Ours.Delivery, Hub['Delivery']>,
    Fits<Ours.Event, Hub['TimelineEvent']>,
    Fits<Ours.Share, Hub['Share']>,
    Fits<Ours.InboxItem, Hub['InboxItem']>,
    Fits<Ours.InboxStudy, Hub['InboxStudy']>,
    Fits<Ours.InboxDetail, Hub['InboxDetail']>,
    Fits<Ours.InboxPage, Hub['Inbox']>,
    Fits<Ours.Match, Hub['Match']>,
    Fits<Ours.Colleagues, Hub['Colleagues']>,
    Fits<Ours.NewImageRequest, Hub['NewImageRequest']>,
    Fits<Ours.ImageRequest, Hub['ImageRequest']>,
    Fits<Ours.RequestPage, Hub['RequestList']>,
];

// A `never` among them is no `true`.
export type AllFit = Checked extends true[] ? true : never;
export const fits: AllFit = true;
