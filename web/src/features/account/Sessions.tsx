import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/i18n/format';
import { type SessionRow, session } from '@/session/facade';
import { Button } from '@/ui/Button';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { Badge } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';
import { toast } from '@/ui/Toast';

const KEY = ['sessions'];

/** Where one is logged in. */
export function Sessions() {
    const { t } = useTranslation('account');
    const { moment } = useFormat();
    const client = useQueryClient();
    const rows = useQuery({ queryKey: KEY, queryFn: session.sessions });
    const end = useMutation({
        mutationFn: ({ id }: SessionRow) => session.endSession(id),
        onSuccess: (_, { name }) => {
            toast(t('sessions.ended', { device: name }));
            return client.invalidateQueries({ queryKey: KEY });
        },
    });
    const columns: Column<SessionRow>[] = [
        {
            id: 'device',
            name: t('sessions.device'),
            value: ({ name }) => name,
            cell: ({ name, isThis }) => (
                <span className="row">
                    <strong>{name}</strong> {isThis && <Badge accent>{t('sessions.this')}</Badge>}
                </span>
            ),
        },
        { id: 'place', name: t('sessions.place'), cell: ({ place }) => place },
        { id: 'since', name: t('sessions.since'), value: ({ since }) => since, cell: ({ since }) => moment(since) },
        { id: 'seen', name: t('sessions.seen'), value: ({ seen }) => seen, cell: ({ seen }) => moment(seen) },
        {
            id: 'end',
            name: t('sessions.end'),
            isAction: true,
            cell: (row) =>
                row.isThis ? null : (
                    <Button aria-label={`${t('sessions.end')}: ${row.name}`} onPress={() => end.mutate(row)}>
                        {t('sessions.end')}
                    </Button>
                ),
        },
    ];
    return (
        <>
            <PageHeader title={t('sessions.title')} lead={t('sessions.lead')} />
            {end.error && <ProblemView error={end.error} />}
            {rows.isPending && <Skeleton />}
            {rows.error && <ProblemView error={rows.error} onRetry={rows.refetch} />}
            {rows.data && (
                <Table label={t('sessions.title')} columns={columns} rows={rows.data} rowId={({ id }) => id} />
            )}
        </>
    );
}
