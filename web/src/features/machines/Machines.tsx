// Other machines that ask Bildbro: their scopes, their keys, and when they were last here.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Answer, Machine } from '@/api/contract';
import { request } from '@/api/request';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { CheckboxGroup } from '@/ui/Choice';
import { CopyField } from '@/ui/CopyField';
import { ConfirmByName, Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { EmptyState } from '@/ui/EmptyState';
import { Facts } from '@/ui/Facts';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { StateLight } from '@/ui/State';

const SCOPES = ['system/AuditEvent.rs'];

export function Machines() {
    const { t } = useTranslation('machines');
    const rows = useQuery({
        queryKey: ['machines'],
        queryFn: () => request('GET', '/api/machines'),
    });
    const [isAdding, setAdding] = useState(false);
    const add = (
        <Button icon="plus" onPress={() => setAdding(true)}>
            {t('add')}
        </Button>
    );
    return (
        <>
            <PageHeader title={t('title')} lead={t('lead')} actions={rows.data && rows.data.items.length > 0 && add} />
            <Loaded query={rows} lines={5}>
                {({ items }) =>
                    items.length === 0 ? (
                        <EmptyState title={t('emptyTitle')} action={add}>
                            {t('empty')}
                        </EmptyState>
                    ) : (
                        <div className="stack-wide">
                            {items.map((machine) => (
                                <MachineCard key={machine.id} machine={machine} />
                            ))}
                        </div>
                    )
                }
            </Loaded>
            {isAdding && <Add onClose={() => setAdding(false)} />}
        </>
    );
}

function MachineCard({ machine }: { machine: Machine }) {
    const { t } = useTranslation('machines');
    const { t: u } = useTranslation('ui');
    const { day, moment } = useFormat();
    const word = useWord();
    const [asking, setAsking] = useState<'key' | 'revoke'>();
    const revoke = useAct(() => request('DELETE', '/api/machines/{id}', { path: { id: machine.id } }), {
        renews: ['machines'],
        says: t('revoked', { name: machine.name }),
        after: () => setAsking(undefined),
    });
    const remove = useAct(
        (kid: string) => request('DELETE', '/api/machines/{id}/keys/{kid}', { path: { id: machine.id, kid } }),
        { renews: ['machines'], says: t('keyRemoved') },
    );
    const keys = machine.keys.filter(({ removed_at }) => !removed_at);
    return (
        <section className="card stack" aria-labelledby={machine.id}>
            <div className="row between">
                <h2 id={machine.id}>{machine.name}</h2>
                <StateLight is={!machine.active ? 'off' : machine.last_seen ? 'good' : 'waiting'}>
                    {!machine.active
                        ? t('state.revoked')
                        : machine.last_seen
                          ? t('state.seen', { at: moment(machine.last_seen) })
                          : t('state.never')}
                </StateLight>
            </div>
            <Facts
                rows={[
                    [t('clientId'), <code key="id">{machine.id}</code>],
                    [t('scopes'), machine.scopes.map((scope) => word('scope', scope)).join(', ')],
                    [u('added'), day(machine.created_at)],
                ]}
            />
            {machine.active && (
                <>
                    <h3>{t('keys')}</h3>
                    {remove.error && <ProblemView error={remove.error} />}
                    <ul className="stack">
                        {keys.map(({ kid, alg, added_at }) => (
                            <li key={kid} className="row between">
                                <span>
                                    <code>{kid}</code>{' '}
                                    <span className="muted">
                                        {alg} · {day(added_at)}
                                    </span>
                                </span>
                                <Button
                                    kind="quiet"
                                    aria-label={`${u('remove')}: ${kid}`}
                                    isDisabled={keys.length < 2}
                                    onPress={() => remove.mutate(kid)}
                                >
                                    {u('remove')}
                                </Button>
                            </li>
                        ))}
                    </ul>
                    {keys.length === 1 && <p className="muted small">{t('lastKey')}</p>}
                    <div className="row">
                        <Button icon="key" onPress={() => setAsking('key')}>
                            {t('addKey')}
                        </Button>
                        <Button kind="quiet" onPress={() => setAsking('revoke')}>
                            {t('revoke')}
                        </Button>
                    </div>
                </>
            )}
            {asking === 'key' && <AddKey machine={machine} onClose={() => setAsking(undefined)} />}
            <ConfirmByName
                isOpen={asking === 'revoke'}
                onClose={() => setAsking(undefined)}
                title={t('revokeTitle')}
                name={machine.name}
                action={t('revoke')}
                isPending={revoke.isPending}
                onConfirm={() => revoke.mutate()}
            >
                <p>{t('revokeBody')}</p>
                {revoke.error && <ProblemView error={revoke.error} />}
            </ConfirmByName>
        </section>
    );
}

/** What was pasted, if it is JSON of the right kind; a private part must never leave the machine. */
export function readKeys(text: string): { keys: object[] } | 'unreadable' | 'private' {
    let read: unknown;
    try {
        read = JSON.parse(text);
    } catch {
        return 'unreadable';
    }
    const isThing = (thing: unknown): thing is Record<string, unknown> => typeof thing === 'object' && thing !== null;
    const keys = isThing(read) && Array.isArray(read.keys) ? read.keys : [read];
    if (keys.length === 0 || !keys.every((key) => isThing(key) && typeof key.kty === 'string')) return 'unreadable';
    return keys.some((key) => 'd' in key || 'k' in key) ? 'private' : { keys };
}

function AddKey({ machine, onClose }: { machine: Machine; onClose(): void }) {
    const { t } = useTranslation('machines');
    const { t: u } = useTranslation('ui');
    const [isTried, setTried] = useState(false);
    const add = useAct(
        (jwk: object) => request('POST', '/api/machines/{id}/keys', { path: { id: machine.id }, body: { jwk } }),
        {
            renews: ['machines'],
            says: t('keyAdded'),
            after: onClose,
        },
    );
    const draft = useDraft({ jwk: '' }, add.error, ['jwk']);
    const read = readKeys(draft.values.jwk);
    const field = draft.bind('jwk');
    return (
        <Dialog isOpen onClose={onClose} title={t('addKey')}>
            <p>{t('addKeyBody')}</p>
            <Form
                onSubmit={() => {
                    setTried(true);
                    if (draft.isReady() && typeof read === 'object' && read.keys[0]) add.mutate(read.keys[0]);
                }}
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{u('cancel')}</Button>
                        <Button kind="primary" type="submit" isPending={add.isPending}>
                            {t('addKey')}
                        </Button>
                    </>
                }
            >
                <TextField
                    {...field}
                    label={t('jwk')}
                    error={isTried && typeof read === 'string' ? t(`jwks_.${read}`) : field.error}
                    lines
                />
            </Form>
        </Dialog>
    );
}

function Add({ onClose }: { onClose(): void }) {
    const { t } = useTranslation('machines');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const [scopes, setScopes] = useState<string[]>(SCOPES.slice(0, 1));
    const [isTried, setTried] = useState(false);
    const add = useAct(
        (jwks: object): Promise<Answer<'POST', '/api/machines'>> =>
            request('POST', '/api/machines', { body: { name: draft.values.name.trim(), scopes, jwks } }),
        { renews: ['machines'] },
    );
    const draft = useDraft({ name: '', jwks: '' }, add.error, ['name', 'jwks']);
    const read = readKeys(draft.values.jwks);
    const field = draft.bind('jwks');
    return (
        <Dialog
            isOpen
            onClose={onClose}
            title={t(add.data ? 'added' : 'add')}
            wide
            actions={
                add.data && (
                    <Button kind="primary" onPress={onClose}>
                        {u('close')}
                    </Button>
                )
            }
        >
            {add.data ? (
                <div className="stack">
                    <Notice kind="success" title={t('addedHint')} isNews />
                    <CopyField label={t('clientId')} value={add.data.id} />
                    <CopyField label={t('tokenUrl')} value={add.data.token_url} />
                    <CopyField label={t('audience')} value={add.data.audience} />
                </div>
            ) : (
                <Form
                    onSubmit={() => {
                        setTried(true);
                        if (draft.isReady() && scopes.length > 0 && typeof read === 'object') add.mutate(read);
                    }}
                    error={draft.rest}
                    actions={
                        <>
                            <Button onPress={onClose}>{u('cancel')}</Button>
                            <Button kind="primary" type="submit" isPending={add.isPending}>
                                {t('add')}
                            </Button>
                        </>
                    }
                >
                    <TextField {...draft.bind('name')} label={u('name')} hint={t('nameHint')} autoComplete="off" />
                    <CheckboxGroup
                        label={t('scopes')}
                        value={scopes}
                        onChange={setScopes}
                        error={isTried && scopes.length === 0 ? u('fill') : undefined}
                        options={SCOPES.map((id) => ({ id, name: word('scope', id), hint: id }))}
                    />
                    <TextField
                        {...field}
                        label={t('jwks')}
                        hint={t('jwksHint')}
                        error={isTried && typeof read === 'string' ? t(`jwks_.${read}`) : field.error}
                        lines
                    />
                </Form>
            )}
        </Dialog>
    );
}
