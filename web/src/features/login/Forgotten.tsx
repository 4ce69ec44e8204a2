import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Spoken } from '@/api/contract';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Notice } from '@/ui/Notice';
import { PageHeader } from '@/ui/PageHeader';

const route = getRouteApi('/plain/login/forgotten');

/** The answer is the same whether the account exists or not: who has one is nobody else's to know. */
export function Forgotten() {
    const { t, i18n } = useTranslation('login');
    const { back } = route.useSearch();
    const ask = useMutation({ mutationFn: (email: string) => session.forgotten(email, i18n.language as Spoken) });
    const draft = useDraft({ email: '' }, ask.error, ['email']);
    return (
        <div className="card">
            <PageHeader
                title={t('forgotten.title')}
                lead={t('forgotten.lead')}
                up={{ href: `/login?back=${encodeURIComponent(back)}`, name: t('back') }}
            />
            {ask.isSuccess ? (
                <Notice kind="success" title={t('forgotten.sent')} isNews>
                    {t('forgotten.sentHint')}
                </Notice>
            ) : (
                <Form
                    label={t('forgotten.title')}
                    onSubmit={() => draft.isReady() && ask.mutate(draft.values.email)}
                    error={draft.rest}
                    actions={
                        <Button kind="primary" type="submit" wide isPending={ask.isPending}>
                            {t('forgotten.send')}
                        </Button>
                    }
                >
                    <TextField {...draft.bind('email')} label={t('email')} type="email" autoComplete="username" />
                </Form>
            )}
        </div>
    );
}
