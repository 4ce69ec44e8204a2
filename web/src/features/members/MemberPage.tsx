// One member: who it is, with what roles where, and what can be done for or about them.

import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import { type Assignment, isAsked, type Member } from '@/api/contract';
import { deviceOf } from '@/features/account/device';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { ConfirmByName, Dialog } from '@/ui/Dialog';
import { given, useDraft } from '@/ui/draft';
import { EmptyState } from '@/ui/EmptyState';
import { Facts } from '@/ui/Facts';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { LinkButton } from '@/ui/Link';
import { Loaded } from '@/ui/Loaded';
import { MailedLink } from '@/ui/MailedLink';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { type Column, Table } from '@/ui/Table';
import { members } from './calls';
import { MemberState } from './Members';
import { assignmentOf, noRole, RoleFields } from './RoleFields';

const route = getRouteApi('/shell/members/$id');

export function MemberPage() {
    const { t } = useTranslation('members');
    const { id } = route.useParams();
    const member = useQuery({ queryKey: ['members', 'one', id], queryFn: () => members.one(id) });
    return (
        <Loaded query={member} lines={8}>
            {(data) => (
                <>
                    <PageHeader
                        title={data.name}
                        lead={<MemberState member={data} />}
                        up={{ href: '/members', name: t('title') }}
                        actions={
                            <LinkButton href={`/members/${id}/permissions`} icon="info">
                                {t('explain.action')}
                            </LinkButton>
                        }
                    />
                    <div className="stack-wide">
                        <Roles member={data} />
                        <About member={data} />
                        <Access member={data} />
                        {data.active && <Sessions member={data} />}
                    </div>
                </>
            )}
        </Loaded>
    );
}

function Roles({ member }: { member: Member }) {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const [isAdding, setAdding] = useState(false);
    const withdraw = useAct((id: string) => members.unassign(member.id, id), {
        renews: ['members', 'explain'],
        says: t('withdrawn'),
    });
    const role = ({ role }: Assignment) => word('role', role.word) || role.name;
    const columns: Column<Assignment>[] = [
        { id: 'role', name: t('role'), value: role, cell: (row) => <strong>{role(row)}</strong> },
        { id: 'where', name: t('where'), cell: ({ unit }) => unit?.name ?? u('wholeOrganisation') },
        { id: 'commission', name: t('commission'), cell: ({ commission }) => commission || '–' },
        {
            id: 'withdraw',
            name: t('withdraw'),
            isAction: true,
            cell: (row) => (
                <Button
                    aria-label={`${t('withdraw')}: ${role(row)}`}
                    isPending={withdraw.isPending && withdraw.variables === row.id}
                    onPress={() => withdraw.mutate(row.id)}
                >
                    {t('withdraw')}
                </Button>
            ),
        },
    ];
    return (
        <section className="stack" aria-labelledby="roles">
            <div className="row between">
                <h2 id="roles">{t('rolesName')}</h2>
                {member.active && (
                    <Button icon="plus" onPress={() => setAdding(true)}>
                        {t('grant')}
                    </Button>
                )}
            </div>
            {withdraw.error && <ProblemView error={withdraw.error} />}
            {member.assignments.length === 0 ? (
                <EmptyState title={t('noRoles')}>{t('noRolesHint')}</EmptyState>
            ) : (
                <Table label={t('rolesName')} columns={columns} rows={member.assignments} rowId={({ id }) => id} />
            )}
            {isAdding && <Grant member={member} onClose={() => setAdding(false)} />}
        </section>
    );
}

function Grant({ member, onClose }: { member: Member; onClose(): void }) {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const [role, setRole] = useState(noRole);
    const [isTried, setTried] = useState(false);
    const grant = useAct(
        async () => {
            const assignment = assignmentOf(role);
            return assignment && members.assign(member.id, assignment);
        },
        {
            renews: ['members', 'explain', 'approvals'],
            says: (answer) => (isAsked(answer) ? u('approvalAsked') : t('granted')),
            after: onClose,
        },
    );
    return (
        <Dialog isOpen onClose={onClose} title={t('grantTitle', { name: member.name })}>
            <Form
                onSubmit={() => {
                    setTried(true);
                    if (role.role) grant.mutate();
                }}
                error={grant.error}
                actions={
                    <>
                        <Button onPress={onClose}>{u('cancel')}</Button>
                        <Button kind="primary" type="submit" isPending={grant.isPending}>
                            {t('grant')}
                        </Button>
                    </>
                }
            >
                <RoleFields value={role} onChange={setRole} isMissing={isTried} />
            </Form>
        </Dialog>
    );
}

function About({ member }: { member: Member }) {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const { moment } = useFormat();
    const [isOpen, setOpen] = useState(false);
    return (
        <section className="card stack" aria-labelledby="about">
            <div className="row between">
                <h2 id="about">{t('about')}</h2>
                <Button onPress={() => setOpen(true)}>{u('change')}</Button>
            </div>
            <Facts
                rows={[
                    [u('email'), member.email],
                    [u('hsaId'), member.hsa_id],
                    [t('lastLogin'), member.last_login ? moment(member.last_login) : u('never')],
                    [
                        t('factors'),
                        [
                            member.factors.passkeys > 0 && t('passkeys', { count: member.factors.passkeys }),
                            member.factors.totp && t('app'),
                        ]
                            .filter(Boolean)
                            .join(', ') || t('noFactors'),
                    ],
                ]}
            />
            {isOpen && <Change member={member} onClose={() => setOpen(false)} />}
        </section>
    );
}

function Change({ member, onClose }: { member: Member; onClose(): void }) {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const save = useAct(
        (): Promise<unknown> => {
            const { name, email, hsa_id, personal_number } = draft.values;
            return members.change(member.id, {
                name,
                email,
                hsa_id: given(hsa_id),
                personal_number: given(personal_number.replace(/\D/g, '')),
            });
        },
        { renews: ['members'], says: u('saved'), after: onClose },
    );
    const draft = useDraft(
        { name: member.name, email: member.email, hsa_id: member.hsa_id ?? '', personal_number: '' },
        save.error,
        ['name', 'email'],
    );
    return (
        <Dialog isOpen onClose={onClose} title={t('changeTitle')}>
            <Form
                onSubmit={() => draft.isReady() && save.mutate()}
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{u('cancel')}</Button>
                        <Button kind="primary" type="submit" isPending={save.isPending}>
                            {u('save')}
                        </Button>
                    </>
                }
            >
                <TextField {...draft.bind('name')} label={u('name')} autoComplete="off" />
                <TextField {...draft.bind('email')} label={u('email')} type="email" autoComplete="off" />
                <TextField {...draft.bind('hsa_id')} label={u('hsaId')} optional autoComplete="off" />
                <TextField
                    {...draft.bind('personal_number')}
                    label={t('invite.number')}
                    hint={t('numberKept')}
                    optional
                    autoComplete="off"
                />
            </Form>
        </Dialog>
    );
}

/** Getting in again, and no longer. */
function Access({ member }: { member: Member }) {
    const { t } = useTranslation('members');
    const { t: u } = useTranslation('ui');
    const [asking, setAsking] = useState<'password' | 'factors' | 'close'>();
    const invite = useAct(() => members.inviteAgain(member.id), { renews: ['members'] });
    const reset = useAct((what: 'password' | 'factors') => members.reset(member.id, what), {
        renews: ['members'],
        says: t('resetDone'),
        after: () => setAsking(undefined),
    });
    const close = useAct(() => members.close(member.id, member.name), {
        renews: ['members', 'approvals'],
        says: (answer) => (isAsked(answer) ? u('approvalAsked') : t('closed', { name: member.name })),
        after: () => setAsking(undefined),
    });
    const open = useAct(() => members.open(member.id), {
        renews: ['members'],
        says: t('opened', { name: member.name }),
    });
    const invitation = invite.data?.invitation ?? reset.data?.invitation;
    const error = invite.error ?? open.error;
    return (
        <section className="card stack" aria-labelledby="access">
            <h2 id="access">{t('access')}</h2>
            {error && <ProblemView error={error} />}
            {invitation && <MailedLink invitation={invitation} email={member.email} />}
            <div className="row">
                {member.active && member.invited && (
                    <Button isPending={invite.isPending} onPress={() => invite.mutate()}>
                        {t('inviteAgain')}
                    </Button>
                )}
                {member.active && !member.invited && (
                    <>
                        <Button onPress={() => setAsking('password')}>{t('reset.password')}</Button>
                        <Button onPress={() => setAsking('factors')}>{t('reset.factors')}</Button>
                    </>
                )}
                {member.active ? (
                    <Button kind="quiet" onPress={() => setAsking('close')}>
                        {t('close')}
                    </Button>
                ) : (
                    <Button isPending={open.isPending} onPress={() => open.mutate()}>
                        {t('open')}
                    </Button>
                )}
            </div>
            <Dialog
                isOpen={asking === 'password' || asking === 'factors'}
                onClose={() => setAsking(undefined)}
                title={t(asking === 'factors' ? 'reset.factors' : 'reset.password')}
                actions={
                    <>
                        <Button onPress={() => setAsking(undefined)}>{u('cancel')}</Button>
                        <Button
                            kind="primary"
                            isPending={reset.isPending}
                            onPress={() => (asking === 'password' || asking === 'factors') && reset.mutate(asking)}
                        >
                            {t('reset.action')}
                        </Button>
                    </>
                }
            >
                <p>{t(asking === 'factors' ? 'reset.factorsBody' : 'reset.passwordBody', { name: member.name })}</p>
                {reset.error && <ProblemView error={reset.error} />}
            </Dialog>
            <ConfirmByName
                isOpen={asking === 'close'}
                onClose={() => setAsking(undefined)}
                title={t('closeTitle')}
                name={member.name}
                action={t('close')}
                isPending={close.isPending}
                onConfirm={() => close.mutate()}
            >
                <p>{t('closeBody')}</p>
                {close.error && <ProblemView error={close.error} />}
            </ConfirmByName>
        </section>
    );
}

function Sessions({ member }: { member: Member }) {
    const { t } = useTranslation('members');
    const { moment } = useFormat();
    const rows = useQuery({
        queryKey: ['members', 'sessions', member.id],
        queryFn: () => members.sessions(member.id),
    });
    const end = useAct(() => members.endSessions(member.id), { renews: ['members'], says: t('sessionsEnded') });
    return (
        <section className="card stack" aria-labelledby="sessions">
            <h2 id="sessions">{t('sessions')}</h2>
            {end.error && <ProblemView error={end.error} />}
            <Loaded query={rows} lines={2}>
                {({ items }) =>
                    items.length === 0 ? (
                        <p className="muted">{t('noSessions')}</p>
                    ) : (
                        <>
                            <ul className="plain-list">
                                {items.map(({ id, agent, address, seen_at }) => (
                                    <li key={id}>
                                        <strong>{deviceOf(agent) ?? '–'}</strong>
                                        <span className="muted">
                                            {' '}
                                            · {address || '–'} · {moment(seen_at)}
                                        </span>
                                    </li>
                                ))}
                            </ul>
                            <div>
                                <Button isPending={end.isPending} onPress={() => end.mutate()}>
                                    {t('endSessions')}
                                </Button>
                            </div>
                        </>
                    )
                }
            </Loaded>
        </section>
    );
}
