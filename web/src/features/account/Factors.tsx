import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import { MakePasskey, MakeTotp } from '@/features/login/ChooseFactor';
import { useFormat } from '@/i18n/format';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { CopyButton } from '@/ui/CopyField';
import { ConfirmByName, Dialog } from '@/ui/Dialog';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { type Column, Table } from '@/ui/Table';

interface Row {
    id: string;
    name: string;
    kind: 'passkey' | 'totp';
    added: string;
    used?: string | null;
}

/** How one confirms that it is oneself. */
export function Factors() {
    const { t } = useTranslation('account');
    const { t: u } = useTranslation('ui');
    const { day, number } = useFormat();
    const held = useQuery({ queryKey: ['factors'], queryFn: session.factors });
    const [going, setGoing] = useState<Row>();
    const [adding, setAdding] = useState<'passkey' | 'totp'>();
    const remove = useAct(session.removeFactor, { renews: ['factors', 'me'], after: () => setGoing(undefined) });
    const codes = useAct(session.recoveryCodes, { renews: ['factors', 'me'] });
    const added = useAct(async () => {}, {
        renews: ['factors', 'me'],
        says: t('factors.isAdded'),
        after: () => setAdding(undefined),
    });
    const columns: Column<Row>[] = [
        { id: 'name', name: u('name'), value: ({ name }) => name, cell: ({ name }) => <strong>{name}</strong> },
        { id: 'kind', name: t('factors.kind'), cell: ({ kind }) => t(`factors.${kind}`) },
        { id: 'added', name: t('factors.added'), value: ({ added }) => added, cell: ({ added }) => day(added) },
        { id: 'used', name: t('factors.used'), cell: ({ used }) => (used ? day(used) : u('never')) },
        {
            id: 'remove',
            name: u('remove'),
            isAction: true,
            cell: (row) => (
                <Button aria-label={`${u('remove')}: ${row.name}`} onPress={() => setGoing(row)}>
                    {u('remove')}
                </Button>
            ),
        },
    ];
    return (
        <>
            <PageHeader
                title={t('factors.title')}
                lead={t('factors.lead')}
                actions={
                    <>
                        <Button icon="key" onPress={() => setAdding('passkey')}>
                            {t('factors.addPasskey')}
                        </Button>
                        {held.data && !held.data.totp && (
                            <Button icon="phone" onPress={() => setAdding('totp')}>
                                {t('factors.addTotp')}
                            </Button>
                        )}
                    </>
                }
            />
            <Loaded query={held}>
                {({ passkeys, totp, recovery_left }) => (
                    <div className="stack-wide">
                        <Table
                            label={t('factors.title')}
                            columns={columns}
                            rows={[
                                ...passkeys.map(
                                    ({ id, name, created_at, used_at }): Row => ({
                                        id,
                                        name,
                                        kind: 'passkey',
                                        added: created_at,
                                        used: used_at,
                                    }),
                                ),
                                ...(totp
                                    ? [
                                          {
                                              id: totp.id,
                                              name: t('factors.totp'),
                                              kind: 'totp' as const,
                                              added: totp.created_at,
                                              used: totp.used_at,
                                          },
                                      ]
                                    : []),
                            ]}
                            rowId={({ id }) => id}
                        />
                        <section className="card stack" aria-labelledby="codes">
                            <h2 id="codes">{t('factors.recoveryTitle')}</h2>
                            <p className="prose">
                                {t('factors.recoveryLeft', { count: recovery_left, n: number(recovery_left) })}
                            </p>
                            {codes.error && <ProblemView error={codes.error} />}
                            {codes.data && (
                                <>
                                    <ul className="codes">
                                        {codes.data.codes.map((code) => (
                                            <li key={code}>{code}</li>
                                        ))}
                                    </ul>
                                    <Notice kind="warning" title={t('factors.codesOnce')} isNews />
                                </>
                            )}
                            <div className="row">
                                {codes.data && <CopyButton value={codes.data.codes.join('\n')} />}
                                <Button isPending={codes.isPending} onPress={() => codes.mutate()}>
                                    {t('factors.anew')}
                                </Button>
                            </div>
                        </section>
                    </div>
                )}
            </Loaded>
            <Dialog
                isOpen={Boolean(adding)}
                onClose={() => setAdding(undefined)}
                title={t(adding === 'totp' ? 'factors.addTotp' : 'factors.addPasskey')}
            >
                {adding === 'passkey' && <MakePasskey onDone={() => added.mutate()} />}
                {adding === 'totp' && <MakeTotp onDone={() => added.mutate()} />}
            </Dialog>
            <ConfirmByName
                isOpen={Boolean(going)}
                onClose={() => setGoing(undefined)}
                title={t('factors.removeTitle')}
                name={going?.name ?? ''}
                action={u('remove')}
                isPending={remove.isPending}
                onConfirm={() => going && remove.mutate(going.id)}
            >
                <p>{t('factors.removeBody', { name: going?.name })}</p>
                {remove.error && <ProblemView error={remove.error} />}
            </ConfirmByName>
        </>
    );
}
