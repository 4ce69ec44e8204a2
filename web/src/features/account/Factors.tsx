import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/i18n/format';
import { type FactorRow, session } from '@/session/facade';
import { Button } from '@/ui/Button';
import { ConfirmByName } from '@/ui/Dialog';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { type Column, Table } from '@/ui/Table';

const KEY = ['factors'];

/** How one confirms that it is oneself. */
export function Factors() {
    const { t } = useTranslation('account');
    const { day, number } = useFormat();
    const client = useQueryClient();
    const held = useQuery({ queryKey: KEY, queryFn: session.factors });
    const [going, setGoing] = useState<FactorRow>();
    const remove = useMutation({
        mutationFn: session.removeFactor,
        onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
        onSettled: () => setGoing(undefined),
    });
    const columns: Column<FactorRow>[] = [
        { id: 'name', name: t('factors.name'), value: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
        { id: 'kind', name: t('factors.kind'), cell: ({ kind }) => t(`factors.${kind}`) },
        { id: 'added', name: t('factors.added'), value: ({ added }) => added, cell: ({ added }) => day(added) },
        { id: 'used', name: t('factors.used'), cell: ({ used }) => (used ? day(used) : t('factors.never')) },
        {
            id: 'remove',
            name: t('factors.remove'),
            isAction: true,
            cell: (row) => (
                <Button aria-label={`${t('factors.remove')}: ${row.name}`} onPress={() => setGoing(row)}>
                    {t('factors.remove')}
                </Button>
            ),
        },
    ];
    return (
        <>
            <PageHeader title={t('factors.title')} lead={t('factors.lead')} />
            <div className="stack">
                {remove.error && <ProblemView error={remove.error} />}
                {held.isPending && <Skeleton />}
                {held.error && <ProblemView error={held.error} onRetry={held.refetch} />}
                {held.data && (
                    <>
                        <Table
                            label={t('factors.title')}
                            columns={columns}
                            rows={held.data.factors}
                            rowId={({ id }) => id}
                        />
                        <p className="muted">
                            {t('factors.recoveryLeft', {
                                count: held.data.recoveryLeft,
                                n: number(held.data.recoveryLeft),
                            })}
                        </p>
                    </>
                )}
            </div>
            <ConfirmByName
                isOpen={Boolean(going)}
                onClose={() => setGoing(undefined)}
                title={t('factors.removeTitle')}
                name={going?.name ?? ''}
                action={t('factors.remove')}
                isPending={remove.isPending}
                onConfirm={() => going && remove.mutate(going.id)}
            >
                <p>{t('factors.removeBody', { name: going?.name })}</p>
            </ConfirmByName>
        </>
    );
}
