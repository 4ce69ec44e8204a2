// The first step: e-mail and password, or a login that somebody else vouches for.

import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import { session } from '@/session/facade';
import { Button } from '@/ui/Button';
import { Form, TextInForm } from '@/ui/Form';
import { LinkButton } from '@/ui/Link';
import { PageHeader } from '@/ui/PageHeader';
import './login.css';

const route = getRouteApi('/plain/login');

export function LogIn() {
    const { t } = useTranslation('login');
    const { back } = route.useSearch();
    const navigate = useNavigate();
    const shape = useMemo(
        () =>
            z.object({
                email: z.email(t('emailMissing')),
                password: z.string().min(1, t('passwordMissing')),
            }),
        [t],
    );
    const { control, handleSubmit } = useForm({
        resolver: zodResolver(shape),
        defaultValues: { email: '', password: '' },
    });
    const attempt = useMutation({
        mutationFn: ({ email, password }: z.infer<typeof shape>) => session.logIn(email, password),
        onSuccess: ({ factors }) => navigate({ to: '/login/confirm', search: { back, factors: factors.join(' ') } }),
    });
    return (
        <div className="card">
            <PageHeader title={t('title')} lead={t('lead')} />
            <Form
                label={t('title')}
                onSubmit={handleSubmit((values) => attempt.mutate(values))}
                error={attempt.error}
                actions={
                    <Button kind="primary" type="submit" wide isPending={attempt.isPending}>
                        {t('logIn')}
                    </Button>
                }
            >
                <TextInForm control={control} name="email" label={t('email')} type="email" autoComplete="username" />
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
                <LinkButton href={`/login/organisation?back=${encodeURIComponent(back)}`} icon="building" wide>
                    {t('organisation')}
                </LinkButton>
                <LinkButton href={`/login/bankid?back=${encodeURIComponent(back)}`} icon="phone" wide>
                    {t('bankId')}
                </LinkButton>
                <p className="muted small">{t('forgot')}</p>
            </div>
        </div>
    );
}
