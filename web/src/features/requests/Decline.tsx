// What we do not hand out: whoever asked is told, and why.

import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { ImageRequest } from '@/api/exchange';
import { requests } from '@/exchange/calls';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';

export function Decline({ request, onClose }: { request: ImageRequest; onClose(): void }) {
    const { t } = useTranslation(['requests', 'ui']);
    const { name } = request.asker;
    const decline = useAct((reason: string) => requests.decline(request.id, reason), {
        renews: ['requests'],
        says: t('requests:decline.done', { name }),
        after: onClose,
    });
    const draft = useDraft({ reason: '' }, decline.error, ['reason']);
    return (
        <Dialog isOpen onClose={onClose} title={t('requests:decline.title', { name })}>
            <p>{t('requests:decline.body', { name })}</p>
            <Form
                onSubmit={() => draft.isReady() && decline.mutate(draft.values.reason.trim())}
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{t('ui:cancel')}</Button>
                        <Button kind="danger" type="submit" isPending={decline.isPending}>
                            {t('requests:decline.action')}
                        </Button>
                    </>
                }
            >
                <TextField
                    {...draft.bind('reason')}
                    label={t('requests:decline.reason')}
                    hint={t('requests:decline.reasonHint')}
                    maxLength={500}
                    lines
                />
            </Form>
        </Dialog>
    );
}
