// What we do not take: the sender is told, and why.

import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { InboxDetail } from '@/api/exchange';
import { inbox } from '@/exchange/calls';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';

export function Decline({ item, onClose }: { item: InboxDetail; onClose(): void }) {
    const { t } = useTranslation(['inbox', 'ui']);
    const { name } = item.sender;
    const decline = useAct((reason: string) => inbox.decline(item.id, reason), {
        renews: ['inbox'],
        says: t('inbox:decline.done', { name }),
        after: onClose,
    });
    const draft = useDraft({ reason: '' }, decline.error, ['reason']);
    return (
        <Dialog isOpen onClose={onClose} title={t('inbox:decline.title', { name })}>
            <p>{t('inbox:decline.body')}</p>
            <Form
                onSubmit={() => draft.isReady() && decline.mutate(draft.values.reason.trim())}
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{t('ui:cancel')}</Button>
                        <Button kind="danger" type="submit" isPending={decline.isPending}>
                            {t('inbox:decline.action')}
                        </Button>
                    </>
                }
            >
                <TextField
                    {...draft.bind('reason')}
                    label={t('inbox:decline.reason')}
                    hint={t('inbox:decline.reasonHint')}
                    lines
                />
            </Form>
        </Dialog>
    );
}
