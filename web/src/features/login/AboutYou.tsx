import { zodResolver } from '@hookform/resolvers/zod';
import { useMutation } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useForm } from 'react-hook-form';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import { type Invitation, session } from '@/session/facade';
import { Button } from '@/ui/Button';
import { TextField } from '@/ui/Field';
import { Form, TextInForm } from '@/ui/Form';

/** NIST SP 800-63B: length, and the hub looks for known ones; no rules about signs. */
const SHORTEST = 12;

export function AboutYou(props: { token: string; invitation: Invitation; onDone(): void }) {
    const { t } = useTranslation('login');
    const { token, invitation, onDone } = props;
    const shape = useMemo(
        () =>
            z.object({
                name: z.string().trim().min(1, t('invitation.nameMissing')),
                password: z.string().min(SHORTEST, t('invitation.passwordShort')),
            }),
        [t],
    );
    const { control, handleSubmit } = useForm({
        resolver: zodResolver(shape),
        defaultValues: { name: invitation.name ?? '', password: '' },
    });
    const accept = useMutation({
        mutationFn: ({ name, password }: z.infer<typeof shape>) => session.acceptInvitation(token, name, password),
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
            <TextInForm
                control={control}
                name="name"
                label={t('invitation.name')}
                hint={t('invitation.nameHint')}
                autoComplete="name"
            />
            <TextInForm
                control={control}
                name="password"
                label={t('invitation.password')}
                hint={t('invitation.passwordHint')}
                isPassword
                autoComplete="new-password"
            />
        </Form>
    );
}
