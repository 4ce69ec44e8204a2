// One recipient of a share: how far it has come there, live.

import { useTranslation } from 'react-i18next';
import type { Delivery, Share } from '@/api/exchange';
import { CallThem } from '@/exchange/CallThem';
import { useSay } from '@/exchange/say';
import { DELIVERY_CONDITIONS, deliveryLine } from '@/exchange/states';
import { StageLine } from '@/ui/StageLine';
import { StateLight } from '@/ui/State';
import { Trouble } from './Trouble';

export function DeliveryCard({ share, delivery }: { share: Share; delivery: Delivery }) {
    const { t } = useTranslation('shares');
    const say = useSay();
    const { id, recipient, state, bytes_per_second, seconds_left, opened_at, already_there, on_call, unopened_hours } =
        delivery;
    const isOver = Boolean(share.taken_back_at) || share.state === 'expired';
    // Nobody there is e-mailed of it, so somebody here must call.
    const mustCall =
        share.priority === 'emergency' &&
        !on_call &&
        !opened_at &&
        !isOver &&
        !['declined', 'withdrawn'].includes(state);
    const isGoing = state === 'under_way';
    const notes = [
        isGoing && bytes_per_second ? say.speed(bytes_per_second) : undefined,
        isGoing && seconds_left !== null ? say.left(seconds_left) : undefined,
        already_there > 0 ? t('one.alreadyThere', { count: already_there, n: already_there }) : undefined,
        opened_at
            ? t('one.openedAt', { at: say.at(opened_at) })
            : state === 'delivered' && unopened_hours === null
              ? t('one.notOpened')
              : undefined,
    ].filter(Boolean);
    return (
        <article className="card stack" aria-labelledby={`to-${id}`}>
            <div className="row between">
                <h3 id={`to-${id}`}>{recipient.name}</h3>
                <StateLight is={DELIVERY_CONDITIONS[state]}>{say.deliveryState(delivery)}</StateLight>
            </div>
            <StageLine {...deliveryLine(delivery)} />
            {notes.length > 0 && <p className="muted small delivery-notes">{notes.join(' · ')}</p>}
            {unopened_hours !== null && <StateLight is="act">{say.unopened(unopened_hours)}</StateLight>}
            {mustCall && <CallThem name={recipient.name} />}
            <Trouble share={share} delivery={delivery} />
        </article>
    );
}
