import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import type { Invitation, SessionState, Spoken } from '@/api/contract';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { TextField } from '@/ui/Field';
import { Form, TextInForm } from '@/ui/Form';
import { PasswordRule, SHORTEST } from './PasswordRule';

export function AboutYou(props: { token: string; invitation: Invitation; onDone(session: SessionState): void }) {
    const { t, i18n } = useTranslation('login');
    const { token, invitation, onDone } = props;
    const shape = useMemo(
        () =>
            z.object({
                name: z.string().trim().min(1, t('invitation.nameMissing')),
                password: z.string().min(SHORTEST, t('invitation.passwordShort')),
            }),
        [t],
    );
    const { control, handleSubmit, watch } = useForm({
        resolver: zodResolver(shape),
        defaultValues: { name: invitation.name ?? '', password: '' },
    });
    const accept = useMutation({
        mutationFn: ({ name, password }: z.infer<typeof shape>) =>
            session.acceptInvitation(token, { name, password, language: i18n.language as Spoken }),
        onSuccess: onDone,
    });
    return (
        <Form
            label={t('invitation.steps.you')}
            onSubmit={handleSubmit((values) => accept.mutate(values))}
            error={accept.error}
            actions={
                <Button kind="primary" type="submit" isPending={accept.isPending}>
                    {t('next')}
                </Button>
            }
        >
            <TextField label={t('invitation.email')} value={invitation.email} isReadOnly autoComplete="username" />
            {invitation.kind === 'invitation' && (
                <TextInForm
                    control={control}
                    name="name"
                    label={t('invitation.name')}
                    hint={t('invitation.nameHint')}
                    autoComplete="name"
                />
            )}
            <TextInForm
                control={control}
                name="password"
                label={t('invitation.password')}
                hint={t('invitation.passwordHint')}
                isPassword
                autoComplete="new-password"
            />
            <PasswordRule password={watch('password')} />
        </Form>
    );
}
