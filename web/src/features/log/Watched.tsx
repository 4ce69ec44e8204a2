// Patients whose records draw the curious: spot checks by that rule look at them.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { WatchedPatient } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { Button } from '@/ui/Button';
import { useDraft } from '@/ui/draft';
import { EmptyState } from '@/ui/EmptyState';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { type Column, Table } from '@/ui/Table';
import { log } from './calls';

export function Watched() {
    const { t } = useTranslation('log');
    const { t: u } = useTranslation('ui');
    const { day } = useFormat();
    const rows = useQuery({ queryKey: ['watched'], queryFn: log.watched });
    const remove = useAct(log.unwatch, {
        renews: ['watched'],
        says: t('watched.removed'),
    });
    const add = useAct(log.watch, { renews: ['watched'], says: t('watched.added'), after: (): void => draft.reset() });
    const draft = useDraft({ patient_id: '' }, add.error, ['patient_id']);
    const columns: Column<WatchedPatient>[] = [
        { id: 'patient', name: t('patient'), cell: (row) => <strong>{row.patient_id}</strong> },
        { id: 'since', name: u('added'), cell: ({ added_at }) => day(added_at) },
        { id: 'by', name: t('watched.by'), cell: ({ added_by }) => added_by },
        {
            id: 'act',
            name: u('remove'),
            isAction: true,
            cell: (row) => (
                <Button aria-label={`${u('remove')}: ${row.patient_id}`} onPress={() => remove.mutate(row.patient_id)}>
                    {u('remove')}
                </Button>
            ),
        },
    ];
    return (
        <>
            <PageHeader
                title={t('watched.title')}
                lead={t('watched.lead')}
                up={{ href: '/spot-checks', name: t('spot.title') }}
            />
            <div className="stack-wide">
                {remove.error && <ProblemView error={remove.error} />}
                <Loaded query={rows}>
                    {({ items }) =>
                        items.length === 0 ? (
                            <EmptyState title={t('watched.emptyTitle')}>{t('watched.empty')}</EmptyState>
                        ) : (
                            <Table
                                label={t('watched.title')}
                                columns={columns}
                                rows={items}
                                rowId={(row) => row.patient_id}
                            />
                        )
                    }
                </Loaded>
                <section className="card" aria-label={t('watched.add')}>
                    <Form
                        onSubmit={() => draft.isReady() && add.mutate(draft.values.patient_id.replace(/[\s-]/g, ''))}
                        error={draft.rest}
                        actions={
                            <Button type="submit" icon="plus" isPending={add.isPending}>
                                {t('watched.add')}
                            </Button>
                        }
                    >
                        <TextField
                            {...draft.bind('patient_id')}
                            label={t('patientNumber')}
                            placeholder={u('patientNumberForm')}
                            autoComplete="off"
                        />
                    </Form>
                </section>
            </div>
        </>
    );
}
