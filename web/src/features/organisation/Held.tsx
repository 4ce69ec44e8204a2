// What others have sent and we have not let in yet.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { HeldDelivery } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { EmptyState } from '@/ui/EmptyState';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { type Column, Table } from '@/ui/Table';
import { organisation } from './calls';

export function Held() {
    const { t } = useTranslation('organisation');
    const { moment, number } = useFormat();
    const word = useWord();
    const rows = useQuery({ queryKey: ['held'], queryFn: organisation.held });
    const [declined, setDeclined] = useState<HeldDelivery>();
    const accept = useAct(({ id }: HeldDelivery) => organisation.accept(id), {
        renews: ['held'],
        says: (_, row) => t('held.accepted', { sender: row.sender.name }),
    });
    const columns: Column<HeldDelivery>[] = [
        {
            id: 'sender',
            name: t('held.sender'),
            value: ({ sender }) => sender.name,
            cell: ({ sender }) => <strong>{sender.name}</strong>,
        },
        { id: 'purpose', name: t('held.purpose'), cell: ({ purpose }) => word('purpose', purpose) },
        {
            id: 'images',
            name: t('held.images'),
            isNumber: true,
            value: ({ images }) => images,
            cell: ({ images }) => number(images),
        },
        {
            id: 'at',
            name: t('held.at'),
            value: ({ created_at }) => created_at,
            cell: ({ created_at }) => moment(created_at),
        },
        {
            id: 'act',
            name: t('held.accept'),
            isAction: true,
            cell: (row) => (
                <span className="row">
                    <Button
                        aria-label={`${t('held.accept')}: ${row.sender.name}, ${moment(row.created_at)}`}
                        isPending={accept.isPending && accept.variables?.id === row.id}
                        onPress={() => accept.mutate(row)}
                    >
                        {t('held.accept')}
                    </Button>
                    <Button
                        kind="quiet"
                        aria-label={`${t('held.decline')}: ${row.sender.name}, ${moment(row.created_at)}`}
                        onPress={() => setDeclined(row)}
                    >
                        {t('held.decline')}
                    </Button>
                </span>
            ),
        },
    ];
    return (
        <>
            <PageHeader title={t('held.title')} lead={t('held.lead')} />
            <div className="stack">
                {accept.error && <ProblemView error={accept.error} />}
                <Loaded query={rows} lines={4}>
                    {({ items }) =>
                        items.length === 0 ? (
                            <EmptyState title={t('held.emptyTitle')}>{t('held.empty')}</EmptyState>
                        ) : (
                            <Table label={t('held.title')} columns={columns} rows={items} rowId={({ id }) => id} />
                        )
                    }
                </Loaded>
            </div>
            {declined && <Decline delivery={declined} onClose={() => setDeclined(undefined)} />}
        </>
    );
}

function Decline({ delivery, onClose }: { delivery: HeldDelivery; onClose(): void }) {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const decline = useAct((reason: string) => organisation.decline(delivery.id, reason), {
        renews: ['held'],
        says: t('held.declined', { sender: delivery.sender.name }),
        after: onClose,
    });
    const draft = useDraft({ reason: '' }, decline.error, ['reason']);
    return (
        <Dialog isOpen onClose={onClose} title={t('held.declineTitle', { sender: delivery.sender.name })}>
            <p>{t('held.declineBody')}</p>
            <Form
                onSubmit={() => draft.isReady() && decline.mutate(draft.values.reason.trim())}
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{u('cancel')}</Button>
                        <Button kind="danger" type="submit" isPending={decline.isPending}>
                            {t('held.decline')}
                        </Button>
                    </>
                }
            >
                <TextField {...draft.bind('reason')} label={t('held.reason')} hint={t('held.reasonHint')} lines />
            </Form>
        </Dialog>
    );
}
