// The organisation's own login, by OpenID Connect.

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { IdentityProvider } from '@/api/contract';
import { useMe } from '@/session/queries';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { Switch } from '@/ui/Choice';
import { CopyField } from '@/ui/CopyField';
import { ConfirmByName } from '@/ui/Dialog';
import { given, useDraft } from '@/ui/draft';
import { PasswordField, TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';
import { organisation } from './calls';

export function Provider() {
    const provider = useQuery({ queryKey: ['identity-provider'], queryFn: organisation.provider });
    return (
        <Loaded query={provider} lines={6}>
            {(data) => <Edit key={data ? data.issuer : 'none'} provider={data} />}
        </Loaded>
    );
}

function Edit({ provider }: { provider: IdentityProvider | null }) {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const { member } = useMe();
    const [twoFactors, setTwoFactors] = useState(provider?.two_factors ?? false);
    const [isGoing, setGoing] = useState(false);
    const save = useAct(
        (): Promise<unknown> => {
            const { name, issuer, client_id, client_secret, scopes, acr_values } = draft.values;
            return organisation.saveProvider({
                name: name.trim(),
                issuer: issuer.trim(),
                client_id: client_id.trim(),
                client_secret: given(client_secret),
                scopes: scopes.split(/\s+/).filter(Boolean),
                acr_values: acr_values.split(/\s+/).filter(Boolean),
                mapping: provider?.mapping,
                two_factors: twoFactors,
            });
        },
        { renews: ['identity-provider'], says: u('saved') },
    );
    const draft = useDraft(
        {
            name: provider?.name ?? '',
            issuer: provider?.issuer ?? '',
            client_id: provider?.client_id ?? '',
            client_secret: '',
            scopes: provider?.scopes.join(' ') ?? 'openid email profile',
            acr_values: provider?.acr_values.join(' ') ?? '',
        },
        save.error,
        ['name', 'issuer', 'client_id'],
    );
    const remove = useAct(organisation.deleteProvider, {
        renews: ['identity-provider'],
        says: t('provider.removed'),
        after: () => setGoing(false),
    });
    const test = useAct(() => session.organisationLogin(member.email, '/organisation?tab=login'), {
        renews: [],
        after: ({ url }) => location.assign(url),
    });
    return (
        <div className="card stack-wide">
            <p className="prose">{t('provider.lead')}</p>
            <CopyField label={t('provider.callback')} value={`${location.origin}/api/login/oidc/callback`} />
            <Form
                onSubmit={() => draft.isReady() && save.mutate()}
                error={draft.rest}
                actions={
                    <>
                        <Button kind="primary" type="submit" isPending={save.isPending}>
                            {u('save')}
                        </Button>
                        {provider && (
                            <>
                                <Button isPending={test.isPending} onPress={() => test.mutate()}>
                                    {t('provider.test')}
                                </Button>
                                <Button kind="quiet" onPress={() => setGoing(true)}>
                                    {u('remove')}
                                </Button>
                            </>
                        )}
                    </>
                }
            >
                <TextField {...draft.bind('name')} label={u('name')} hint={t('provider.nameHint')} autoComplete="off" />
                <TextField
                    {...draft.bind('issuer')}
                    label={t('provider.issuer')}
                    hint={t('provider.issuerHint')}
                    type="url"
                    autoComplete="off"
                />
                <TextField {...draft.bind('client_id')} label={t('provider.clientId')} autoComplete="off" />
                <PasswordField
                    {...draft.bind('client_secret')}
                    label={t('provider.secret')}
                    hint={provider ? t('provider.secretKept') : undefined}
                    optional={Boolean(provider)}
                    autoComplete="off"
                />
                <TextField {...draft.bind('scopes')} label={t('provider.scopes')} autoComplete="off" />
                <TextField
                    {...draft.bind('acr_values')}
                    label={t('provider.acr')}
                    hint={t('provider.acrHint')}
                    optional
                    autoComplete="off"
                />
                <Switch isSelected={twoFactors} onChange={setTwoFactors} hint={t('provider.twoFactorsHint')}>
                    {t('provider.twoFactors')}
                </Switch>
                {test.error && <ProblemView error={test.error} />}
            </Form>
            {provider && <Notice title={t('provider.testHint')} />}
            <ConfirmByName
                isOpen={isGoing}
                onClose={() => setGoing(false)}
                title={t('provider.removeTitle')}
                name={provider?.name ?? ''}
                action={u('remove')}
                isPending={remove.isPending}
                onConfirm={() => remove.mutate()}
            >
                <p>{t('provider.removeBody')}</p>
                {remove.error && <ProblemView error={remove.error} />}
            </ConfirmByName>
        </div>
    );
}
