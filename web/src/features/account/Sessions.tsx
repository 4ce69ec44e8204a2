import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { SessionRow } from '@/api/contract';
import { useFormat } from '@/i18n/format';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Badge } from '@/ui/State';
import { type Column, Table } from '@/ui/Table';
import { deviceOf } from './device';

/** Where one is logged in. */
export function Sessions() {
    const { t } = useTranslation('account');
    const { moment } = useFormat();
    const rows = useQuery({ queryKey: ['sessions'], queryFn: session.sessions });
    const name = ({ agent }: SessionRow) => deviceOf(agent) ?? t('sessions.unknown');
    const end = useAct((row: SessionRow) => session.endSession(row.id), {
        renews: ['sessions'],
        says: (_, row) => t('sessions.ended', { device: name(row) }),
    });
    const others = useAct(session.endOthers, { renews: ['sessions'], says: t('sessions.othersEnded') });
    const columns: Column<SessionRow>[] = [
        {
            id: 'device',
            name: t('sessions.device'),
            value: name,
            cell: (row) => (
                <span className="row">
                    <strong>{name(row)}</strong> {row.current && <Badge accent>{t('sessions.this')}</Badge>}
                </span>
            ),
        },
        { id: 'place', name: t('sessions.place'), cell: ({ address }) => address || '–' },
        { id: 'unit', name: t('sessions.unit'), cell: ({ unit }) => unit ?? '–' },
        {
            id: 'since',
            name: t('sessions.since'),
            value: ({ created_at }) => created_at,
            cell: ({ created_at }) => moment(created_at),
        },
        {
            id: 'seen',
            name: t('sessions.seen'),
            value: ({ seen_at }) => seen_at,
            cell: ({ seen_at }) => moment(seen_at),
        },
        {
            id: 'end',
            name: t('sessions.end'),
            isAction: true,
            cell: (row) =>
                row.current ? null : (
                    <Button aria-label={`${t('sessions.end')}: ${name(row)}`} onPress={() => end.mutate(row)}>
                        {t('sessions.end')}
                    </Button>
                ),
        },
    ];
    const hasOthers = rows.data && rows.data.items.length > 1;
    return (
        <>
            <PageHeader
                title={t('sessions.title')}
                lead={t('sessions.lead')}
                actions={
                    hasOthers && (
                        <Button isPending={others.isPending} onPress={() => others.mutate()}>
                            {t('sessions.endOthers')}
                        </Button>
                    )
                }
            />
            <div className="stack">
                {(end.error || others.error) && <ProblemView error={end.error ?? others.error} />}
                <Loaded query={rows}>
                    {({ items }) => (
                        <Table label={t('sessions.title')} columns={columns} rows={items} rowId={({ id }) => id} />
                    )}
                </Loaded>
            </div>
        </>
    );
}
