// Ten seconds in which what was sent by slip has not gone yet. Taken back, all
// that was chosen lies in the basket again.

import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Share } from '@/api/exchange';
import { useBasket } from '@/exchange/basket';
import { exchange } from '@/exchange/calls';
import { Button } from '@/ui/Button';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';

const TICK_MS = 250;

/** Whole seconds until it leaves; nothing, when it has left. */
export function secondsLeft({ sends_at, taken_back_at }: Share, now: number): number {
    if (!sends_at || taken_back_at) return 0;
    return Math.max(0, Math.ceil((Date.parse(sends_at) - now) / 1000));
}

export function UndoBar({ share }: { share: Share }) {
    const { t } = useTranslation('shares');
    const navigate = useNavigate();
    const { sent, change, drop } = useBasket();
    const [now, setNow] = useState(Date.now);
    const left = secondsLeft(share, now);
    const isMine = sent?.id === share.id;
    const undo = useAct(() => exchange.takeBack(share.id, 'other', t('one.undoReason')), {
        renews: ['shares'],
        says: t('one.undone'),
        after: async () => {
            if (!isMine) return;
            change((before) => ({ ...before, id: crypto.randomUUID(), isSent: false }));
            await navigate({ to: '/share' });
        },
    });
    const isCounting = left > 0 && !undo.isPending;
    useEffect(() => {
        if (!isCounting) return undefined;
        const timer = setInterval(() => setNow(Date.now()), TICK_MS);
        return () => clearInterval(timer);
    }, [isCounting]);
    // It has gone: what it was made of is not needed any more.
    const isGone = left === 0 && isMine && undo.isIdle;
    useEffect(() => {
        if (isGone) drop();
    }, [isGone, drop]);
    if (undo.error) return <ProblemView error={undo.error} />;
    if (left === 0 && !undo.isPending) return null;
    return (
        <Notice
            title={t('one.leaves')}
            isNews
            actions={
                <Button kind="primary" isPending={undo.isPending} onPress={() => undo.mutate()}>
                    {t('one.undo')}
                    <span className="countdown" aria-hidden="true">
                        {left}
                    </span>
                </Button>
            }
        >
            {t('one.leavesHint')}
        </Notice>
    );
}
