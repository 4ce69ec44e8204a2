// We do not need them any more.

import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { ImageRequest } from '@/api/exchange';
import { requests } from '@/exchange/calls';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { ProblemView } from '@/ui/ProblemView';

export function Withdraw({ request, onClose }: { request: ImageRequest; onClose(): void }) {
    const { t } = useTranslation('requests');
    const { name } = request.holder;
    const withdraw = useAct(() => requests.withdraw(request.id), {
        renews: ['requests'],
        says: t('withdraw.done'),
        after: onClose,
    });
    return (
        <Dialog
            isOpen
            onClose={onClose}
            title={t('withdraw.title', { name })}
            isAlert
            actions={
                <>
                    <Button onPress={onClose}>{t('withdraw.keep')}</Button>
                    <Button kind="danger" isPending={withdraw.isPending} onPress={() => withdraw.mutate()}>
                        {t('withdraw.action')}
                    </Button>
                </>
            }
        >
            <p>{t('withdraw.body', { name })}</p>
            {Boolean(withdraw.error) && <ProblemView error={withdraw.error} />}
        </Dialog>
    );
}
