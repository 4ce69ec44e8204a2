// The first step: e-mail and password, or a login that somebody else vouches for.

import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import { ProblemError } from '@/api/problem';
import { meQuery, useArrive } from '@/session/queries';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { Form, TextInForm } from '@/ui/Form';
import { Link, LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import './login.css';

const route = getRouteApi('/plain/login');

export function LogIn() {
    const { t } = useTranslation('login');
    const { back, problem } = route.useSearch();
    const { data: now } = useSuspenseQuery(meQuery);
    const arrive = useArrive();
    const navigate = useNavigate();
    const shape = useMemo(
        () =>
            z.object({
                email: z.email(t('emailMissing')),
                password: z.string().min(1, t('passwordMissing')),
            }),
        [t],
    );
    const { control, handleSubmit, getValues } = useForm({
        resolver: zodResolver(shape),
        defaultValues: { email: '', password: '' },
    });
    const attempt = useMutation({
        mutationFn: ({ email, password }: z.infer<typeof shape>) => session.logIn(email, password),
        onSuccess: ({ level, factors }) =>
            level === 'first'
                ? navigate({ to: '/login/confirm', search: { back, factors: (factors ?? []).join(' ') } })
                : arrive(back),
    });
    // The address may belong to an organisation that has a login of its own.
    const [address, setAddress] = useState('');
    const means = useQuery({
        queryKey: ['means', address],
        queryFn: () => session.means(address),
        enabled: z.email().safeParse(address).success,
        retry: false,
    });
    const provider = means.data?.identity_provider;
    const elsewhere = useMutation({
        mutationFn: () => session.organisationLogin(getValues('email'), back),
        onSuccess: ({ url }) => location.assign(url),
    });
    const query = `?back=${encodeURIComponent(back)}`;
    return (
        <div className="card">
            <PageHeader title={t('title')} lead={t('lead')} />
            {problem && !attempt.error && (
                <div className="above">
                    <ProblemView error={new ProblemError({ word: problem, status: 0, mayRetry: false })} />
                </div>
            )}
            <Form
                label={t('title')}
                onSubmit={handleSubmit((values) => attempt.mutate(values))}
                error={attempt.error ?? elsewhere.error}
                actions={
                    <>
                        <Button kind="primary" type="submit" wide isPending={attempt.isPending}>
                            {t('logIn')}
                        </Button>
                        <Link href={`/login/forgotten${query}`}>{t('forgot')}</Link>
                    </>
                }
            >
                <TextInForm
                    control={control}
                    name="email"
                    label={t('email')}
                    type="email"
                    autoComplete="username webauthn"
                    onFocusChange={(isIn) => !isIn && setAddress(getValues('email'))}
                />
                {provider && (
                    <Button icon="building" wide isPending={elsewhere.isPending} onPress={() => elsewhere.mutate()}>
                        {t('byProvider', { name: provider.name })}
                    </Button>
                )}
                <TextInForm
                    control={control}
                    name="password"
                    label={t('password')}
                    isPassword
                    autoComplete="current-password"
                />
            </Form>
            <p className="or" role="presentation">
                <span>{t('or')}</span>
            </p>
            <div className="stack">
                <LinkButton href={`/login/organisation${query}`} icon="building" wide>
                    {t('organisation')}
                </LinkButton>
                {now.means.bankid && (
                    <LinkButton href={`/login/bankid${query}`} icon="phone" wide>
                        {t('bankId')}
                    </LinkButton>
                )}
            </div>
        </div>
    );
}
