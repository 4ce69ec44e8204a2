// A delivery that does not go on: what happened, what Bildbro does, what one can do.

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Delivery, Share } from '@/api/exchange';
import { exchange } from '@/exchange/calls';
import { useSay } from '@/exchange/say';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';
import { Cancel } from './Cancel';
import { SendToAnother } from './SendToAnother';

export function Trouble({ share, delivery }: { share: Share; delivery: Delivery }) {
    const { t } = useTranslation('shares');
    const { number } = useFormat();
    const say = useSay();
    const word = useWord();
    const [isCancelling, setCancelling] = useState(false);
    const { id, state, recipient, failure, failed, pending, next_attempt_at, silent_since, decline_reason } = delivery;
    const retry = useAct(() => exchange.retry(share.id, id), {
        renews: ['shares'],
        says: t('one.retried', { name: recipient.name }),
    });
    const isStopped = state === 'stopped';
    const isWaiting = state === 'waiting' || state === 'under_way' || state === 'retrying';
    const mayCancel = isStopped || isWaiting || state === 'held';
    const missing = failed + pending;
    const what = () => {
        if (isStopped) {
            return (
                <Notice
                    kind="error"
                    title={t('one.failed', { name: recipient.name, what: word('failure', failure ?? 'internal') })}
                >
                    <p>{t('one.stoppedDoes', { count: missing, n: number(missing) })}</p>
                    <p>{t('one.stoppedCan')}</p>
                </Notice>
            );
        }
        if (state === 'declined') {
            return (
                <Notice kind="error" title={t('one.declined', { name: recipient.name })}>
                    {decline_reason && <p>{t('one.declinedReason', { reason: decline_reason })}</p>}
                    <p>{t('one.declinedCan')}</p>
                </Notice>
            );
        }
        if (isWaiting && silent_since) {
            return (
                <Notice kind="warning" title={t('one.silent', { name: recipient.name, at: say.at(silent_since) })}>
                    {t('one.silentHint')}
                </Notice>
            );
        }
        if (state === 'retrying') {
            return (
                <Notice
                    kind="warning"
                    title={t('one.failed', { name: recipient.name, what: word('failure', failure ?? 'internal') })}
                >
                    {next_attempt_at ? t('one.retryingHint', { at: say.at(next_attempt_at) }) : t('one.retryingSoon')}
                </Notice>
            );
        }
        return null;
    };
    return (
        <>
            {what()}
            {retry.error && <ProblemView error={retry.error} />}
            {(mayCancel || state === 'declined') && (
                <div className="row delivery-deeds">
                    {(isStopped || state === 'retrying') && (
                        <Button
                            kind={isStopped ? 'primary' : 'secondary'}
                            isPending={retry.isPending}
                            onPress={() => retry.mutate()}
                        >
                            {t('one.retry')}
                        </Button>
                    )}
                    {(isStopped || state === 'declined') && <SendToAnother share={share} />}
                    {mayCancel && (
                        <Button kind="quiet" onPress={() => setCancelling(true)}>
                            {t('one.cancel')}
                        </Button>
                    )}
                </div>
            )}
            {isCancelling && <Cancel share={share} delivery={delivery} onClose={() => setCancelling(false)} />}
        </>
    );
}
