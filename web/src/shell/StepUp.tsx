// Asks for a fresh second factor when the hub wants one, and lets the request
// that met it go on. See api/guard.ts.

import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { setGuards } from '@/api/client';
import { FactorPanel } from '@/session/FactorPanel';
import { session } from '@/session/facade';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';

export function StepUp() {
    const router = useRouter();
    const [settle, setSettle] = useState<(isProven: boolean) => void>();
    useEffect(() => {
        setGuards({
            stepUp: () => new Promise((resolve) => setSettle(() => resolve)),
            sessionEnded: () => {
                const { pathname, searchStr } = router.state.location;
                void router.navigate({ to: '/ended', search: { why: 'closed', back: pathname + searchStr } });
            },
        });
    }, [router]);
    const end = (isProven: boolean) => {
        settle?.(isProven);
        setSettle(undefined);
    };
    return <StepUpDialog isOpen={Boolean(settle)} onEnd={end} />;
}

export function StepUpDialog({ isOpen, onEnd }: { isOpen: boolean; onEnd(isProven: boolean): void }) {
    const { t } = useTranslation(['login', 'ui']);
    const kinds = useQuery({ queryKey: ['factor-kinds'], queryFn: session.factorKinds, enabled: isOpen });
    return (
        <Dialog
            isOpen={isOpen}
            onClose={() => onEnd(false)}
            title={t('login:stepUp.title')}
            actions={<Button onPress={() => onEnd(false)}>{t('ui:cancel')}</Button>}
        >
            <p className="muted">{t('login:stepUp.lead')}</p>
            {kinds.isPending && <Skeleton />}
            {kinds.error && <ProblemView error={kinds.error} onRetry={kinds.refetch} />}
            {kinds.data && <FactorPanel kinds={kinds.data} confirm={session.confirmAgain} onDone={() => onEnd(true)} />}
        </Dialog>
    );
}
