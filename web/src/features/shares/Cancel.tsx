// One recipient is to get no more.

import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Delivery, Share } from '@/api/exchange';
import { exchange } from '@/exchange/calls';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';

export function Cancel(props: { share: Share; delivery: Delivery; onClose(): void }) {
    const { share, delivery, onClose } = props;
    const { t } = useTranslation('shares');
    const { name } = delivery.recipient;
    const cancel = useAct((reason: string) => exchange.cancel(share.id, delivery.id, reason), {
        renews: ['shares'],
        says: t('one.cancelled', { name }),
        after: onClose,
    });
    const draft = useDraft({ reason: '' }, cancel.error, ['reason']);
    return (
        <Dialog isOpen onClose={onClose} title={t('one.cancelTitle', { name })} isAlert>
            <p>{t('one.cancelBody')}</p>
            <Form
                onSubmit={() => draft.isReady() && cancel.mutate(draft.values.reason.trim())}
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{t('one.keep')}</Button>
                        <Button kind="danger" type="submit" isPending={cancel.isPending}>
                            {t('one.cancel')}
                        </Button>
                    </>
                }
            >
                <TextField {...draft.bind('reason')} label={t('one.reason')} hint={t('one.reasonHint')} lines />
            </Form>
        </Dialog>
    );
}
