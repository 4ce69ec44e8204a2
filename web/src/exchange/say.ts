// Counts, states and what happened, in the person's language.

import { useTranslation } from 'react-i18next';
import type { Delivery, Event, Happening, ImageRequest, InboxItem, ShareLine } from '@/api/exchange';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { arrived, nextOf, recipientOf } from './states';

const LEAST: ShareLine['state'][] = ['under_way', 'retrying', 'stopped'];
/** What happens at the hub alone happens at no recipient. */
const isAtRecipient = (what: Happening): what is Exclude<Happening, 'shared'> => what !== 'shared';
const raised = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const A_MINUTE = 60;
const AN_HOUR = 3600;

export function useSay() {
    const { t } = useTranslation('exchange');
    const { number, at, bytes } = useFormat();
    const word = useWord();
    const now = new Date();
    const counted = (count: number) => ({ count, n: number(count) });
    const ofAll = (part: number, all: number | null) =>
        all === null
            ? t('imagesSoFar', counted(part))
            : t('imagesOf', { count: all, n: number(part), of: number(all) });
    const to = (share: Pick<ShareLine, 'recipients'>) => {
        const { name, count } = recipientOf(share);
        if (count === 1) return name;
        return count === 2 ? t('bothRecipients') : t('allRecipients', counted(count));
    };
    return {
        studies: (count: number) => t('studies', counted(count)),
        images: (count: number | null | undefined) =>
            count === null || count === undefined ? t('imagesUnknown') : t('images', counted(count)),
        ofAll,
        to,
        modalities: (all: string[]) =>
            [...new Set(all.map((one) => word('modality', one)))].filter(Boolean).join(', ') || t('study'),
        /** "CT skalle, 2026-11-20" */
        study: ({ modalities, description }: { modalities: string[]; description: string }) =>
            description || modalities.map((one) => word('modality', one)).join(', ') || t('study'),
        shareState: (share: ShareLine) => {
            const { state, expected, here, delivered, changed_at } = share;
            const passed = state === 'fetching' ? ofAll(here, expected) : ofAll(delivered, expected ?? here);
            // Of many recipients it is the one that has come least far.
            const isLeast = share.recipients.length > 1 && LEAST.includes(state);
            const images = isLeast ? t('atLeast', { images: passed }) : passed;
            return raised(t(`share.${state}`, { images, to: to(share), at: at(changed_at, now) }));
        },
        deliveryState: (delivery: Delivery) => {
            const images = ofAll(arrived(delivery), delivery.expected ?? delivery.images);
            const { state, recipient, changed_at } = delivery;
            return t(`delivery.${state}`, { images, to: recipient.name, at: at(changed_at, now) });
        },
        next: (item: InboxItem) => {
            const images = ofAll(arrived(item), item.expected ?? item.images);
            const { sender, opened_at, opened_by, changed_at } = item;
            return t(`next.${nextOf(item)}`, {
                images,
                sender: sender.name,
                by: opened_by ?? '',
                at: at(opened_at ?? changed_at, now),
            });
        },
        request: ({ side, state, asker, holder, asked_at, handled_at, handled_by, ...rest }: ImageRequest) => {
            const since = state === 'open' ? asked_at : state === 'being_handled' ? handled_at : rest.changed_at;
            const name = side === 'asked' ? holder.name : asker.name;
            const at_ = at(since ?? rest.changed_at, now);
            return t(`request.${side}.${state}`, { name, by: handled_by ?? '', at: at_ });
        },
        happened: ({ what, recipient, images }: Event) => {
            const isAt = recipient !== null && isAtRecipient(what);
            const words = isAt ? t(`happenedAt.${what}`, { to: recipient }) : t(`happened.${what}`);
            return images === null ? words : `${words}: ${t('images', counted(images))}`;
        },
        unopened: (hours: number) => t('unopened', counted(hours)),
        speed: (perSecond: number) => t('speed', { size: bytes(perSecond) }),
        left: (seconds: number) => {
            if (seconds < A_MINUTE) return t('left.soon');
            if (seconds < AN_HOUR) return t('left.minutes', counted(Math.round(seconds / A_MINUTE)));
            return t('left.hours', counted(Math.round(seconds / AN_HOUR)));
        },
        at: (moment: string) => at(moment, now),
    };
}
