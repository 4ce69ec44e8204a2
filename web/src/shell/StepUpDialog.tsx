// The question itself, fetched when it is first asked.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { FactorPanel } from '@/session/FactorPanel';
import { meQuery } from '@/session/queries';
import { kindsOf } from '@/session/session';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';

export function StepUpDialog({ onEnd }: { onEnd(isProven: boolean): void }) {
    const { t } = useTranslation(['login', 'ui']);
    const kinds = useQuery(meQuery);
    return (
        <Dialog
            isOpen
            onClose={() => onEnd(false)}
            title={t('login:stepUp.title')}
            actions={<Button onPress={() => onEnd(false)}>{t('ui:cancel')}</Button>}
        >
            <p className="muted">{t('login:stepUp.lead')}</p>
            {kinds.isPending && <Skeleton />}
            {kinds.error && <ProblemView error={kinds.error} onRetry={kinds.refetch} />}
            {kinds.data && (
                <FactorPanel
                    kinds={kindsOf(kinds.data).filter((kind) => kind !== 'recovery')}
                    at="session/step-up"
                    onDone={() => onEnd(true)}
                />
            )}
        </Dialog>
    );
}
