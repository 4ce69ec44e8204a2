import { useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { session } from '@/session/session';
import { Button } from '@/ui/Button';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { PageHeader } from '@/ui/PageHeader';

const route = getRouteApi('/plain/login/organisation');

/** One's employer vouches: the browser goes to its login and comes back. Which one, the address says. */
export function OrganisationLogin() {
    const { t } = useTranslation('login');
    const { back } = route.useSearch();
    const go = useMutation({
        mutationFn: (email: string) => session.organisationLogin(email, back),
        onSuccess: ({ url }) => location.assign(url),
    });
    const draft = useDraft({ email: '' }, go.error, ['email']);
    return (
        <div className="card">
            <PageHeader
                title={t('organisationLogin.title')}
                lead={t('organisationLogin.lead')}
                up={{ href: `/login?back=${encodeURIComponent(back)}`, name: t('back') }}
            />
            <Form
                label={t('organisationLogin.title')}
                onSubmit={() => draft.isReady() && go.mutate(draft.values.email)}
                error={draft.rest}
                actions={
                    <Button kind="primary" type="submit" wide isPending={go.isPending}>
                        {t('next')}
                    </Button>
                }
            >
                <TextField {...draft.bind('email')} label={t('email')} type="email" autoComplete="username" />
            </Form>
        </div>
    );
}
